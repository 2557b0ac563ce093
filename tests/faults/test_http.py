"""The HTTP client against a real server that misbehaves as vendors do."""

import base64
import gzip
import logging
import pickle
import socket
import time
import traceback
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from flows.edge.clock import utc_now
from flows.edge.http import HttpClient, HttpLimits, HttpRequest, Reply, Validators
from flows.edge.http_exchange import retry_after_s
from flows.edge.rate_limit import HostRateLimit
from flows.errors import SourceError
from tests.vendors.loopback import Answer, Vendor, gzipped, vendor_server

KEY = "s3cr3t-k3y-0123456789"
OK = Answer(b'{"rows": []}')


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_server() as running:
        yield running


class Sleeps(list[float]):
    """Stands in for sleep: remembers how long was asked for and returns at once."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(sleeps: Sleeps | None = None, **limits: float) -> HttpClient:
    chosen = HttpLimits(**{"backoff_s": 0.01, "read_s": 5.0, "deadline_s": 20.0, **limits})  # type: ignore[arg-type]
    fast = HostRateLimit(default_per_second=10_000)
    return HttpClient(chosen, fast, sleep=sleeps if sleeps is not None else time.sleep)


def fetch(url: str, http: HttpClient | None = None, **request: object) -> Reply:
    return (http or client()).fetch(HttpRequest(url, **request), source="vendor", file="quotes/x")  # type: ignore[arg-type]


def test_gives_the_bytes_and_what_was_said_about_them(vendor: Vendor) -> None:
    headers = {"ETag": '"a1"', "Last-Modified": "Fri, 02 Jan 2026 22:00:00 GMT", "Content-Type": "text/csv"}
    url = vendor.serve("/quotes", Answer(b"a,b\n1,2\n", headers=headers))
    reply = fetch(url, params={"exchange": "NYSE"}, headers={"User-Agent": "us"})
    assert (reply.payload, reply.status, reply.fault) == (b"a,b\n1,2\n", 200, None)
    assert (reply.etag, reply.last_modified) == ('"a1"', "Fri, 02 Jan 2026 22:00:00 GMT")
    assert reply.url == f"{url}?exchange=NYSE"
    assert vendor.asked[0].params == {"exchange": "NYSE"}
    assert vendor.asked[0].headers["User-Agent"] == "us"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_tries_again_when_it_may_pass(vendor: Vendor, status: int) -> None:
    url = vendor.serve("/quotes", Answer(b"busy", status=status), OK)
    assert fetch(url).payload == OK.body
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(("status", "word"), [(400, "400"), (401, "key"), (403, "refused"), (404, "no such file")])
def test_does_not_try_again_when_it_cannot_pass(vendor: Vendor, status: int, word: str) -> None:
    url = vendor.serve("/quotes", Answer(b"no", status=status), OK)
    with pytest.raises(SourceError, match=word) as caught:
        fetch(url)
    assert len(vendor.asked) == 1
    assert (caught.value.source, caught.value.file, caught.value.field) == ("vendor", "quotes/x", "status")
    assert caught.value.exit_code == 3


def test_waits_as_long_as_the_host_asks(vendor: Vendor) -> None:
    sleeps = Sleeps()
    url = vendor.serve("/quotes", Answer(status=429, headers={"Retry-After": "7"}), OK)
    fetch(url, client(sleeps))
    assert len(sleeps) == 1
    assert 7 <= sleeps[0] < 7.1


def test_gives_up_at_once_when_the_host_asks_for_more_than_the_deadline(vendor: Vendor) -> None:
    sleeps = Sleeps()
    url = vendor.serve("/quotes", Answer(status=429, headers={"Retry-After": "3600"}), OK)
    with pytest.raises(SourceError, match="asks to wait 3600 s"):
        fetch(url, client(sleeps))
    assert sleeps == []
    assert len(vendor.asked) == 1


def test_retry_after_as_date_and_as_nonsense() -> None:
    soon = format_datetime(utc_now() + timedelta(seconds=100), usegmt=True)
    past = format_datetime(utc_now() - timedelta(seconds=100), usegmt=True)
    assert 97 <= retry_after_s(soon) <= 100
    assert retry_after_s(past) == 0
    assert retry_after_s("soon") == 0
    assert retry_after_s(None) == 0


def test_waits_grow_and_differ(vendor: Vendor) -> None:
    sleeps = Sleeps()
    url = vendor.serve("/quotes", Answer(status=500))
    with pytest.raises(SourceError, match="tried 5 times"):
        fetch(url, client(sleeps, max_attempts=5, backoff_s=1.0, deadline_s=1000))
    for attempt, slept in enumerate(sleeps):
        assert 2**attempt <= slept <= 2**attempt + 1
    assert len({slept % 1 for slept in sleeps}) == 4, "no jitter"


def test_server_that_does_not_answer(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", Answer(delay_s=3.0), OK)
    assert fetch(url, client(read_s=0.2)).payload == OK.body


def test_body_that_drips_ends_at_the_deadline(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", Answer(b"x" * 200, drip_s=0.05))  # each byte is in time, all are not
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"not finished within 0\.6 s") as caught:
        fetch(url, client(deadline_s=0.6, read_s=0.3))
    assert time.monotonic() - started < 3
    assert caught.value.field == "deadline"


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        with pytest.raises(SourceError, match="connection failed") as caught:
            fetch(f"http://127.0.0.1:{taken.getsockname()[1]}/quotes", client(max_attempts=2))
    assert caught.value.field == "connection"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "no address", "http://"])
def test_bad_address_is_not_tried_again(url: str) -> None:
    with pytest.raises(SourceError, match="tried once"):
        fetch(url)


def test_body_that_breaks_off_is_tried_again(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", Answer(b"half", declared_length=8), Answer(b"half and", declared_length=8))
    reply = fetch(url)
    assert (reply.payload, reply.fault) == (b"half and", None)


@pytest.mark.parametrize("answer", [Answer(b"half", declared_length=8), Answer(b"half", is_chunked=True)])
def test_body_that_always_breaks_off_is_handed_over_with_its_fault(vendor: Vendor, answer: Answer) -> None:
    url = vendor.serve("/quotes", answer)
    reply = fetch(url, client(max_attempts=3))
    assert reply.payload == b"half"
    assert reply.fault is not None
    assert "broke off after 4 of" in reply.fault
    assert len(vendor.asked) == 3


def test_empty_body_and_web_page_are_bytes_like_any_other(vendor: Vendor) -> None:
    assert fetch(vendor.serve("/empty", Answer(b""))).payload == b""
    page = b"<!DOCTYPE html><html>Access denied</html>"
    assert fetch(vendor.serve("/page", Answer(page, headers={"Content-Type": "text/html"}))).payload == page


def test_body_larger_than_the_limit(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", Answer(b"x" * 5000))
    assert len(fetch(url, max_bytes=5000).payload) == 5000
    with pytest.raises(SourceError, match="limit of 4999 bytes") as caught:
        fetch(url, max_bytes=4999)
    assert caught.value.field == "size"


def test_gzip_encoding_is_opened(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", gzipped(b"a,b\n" * 1000))
    assert fetch(url).payload == b"a,b\n" * 1000
    assert vendor.asked[0].headers["Accept-Encoding"] == "gzip"


def test_gzip_that_explodes_is_refused(vendor: Vendor) -> None:
    bomb = gzipped(b"\0" * 50_000_000)
    assert len(bomb.body) < 100_000
    url = vendor.serve("/quotes", bomb)
    with pytest.raises(SourceError, match="expands") as caught:
        fetch(url, max_bytes=1_000_000)
    assert caught.value.field == "Content-Encoding"


@pytest.mark.parametrize(
    ("body", "encoding", "word"),
    [
        (b"plain", "gzip", "not gzip"),
        (gzip.compress(b"x" * 1000)[:-9], "gzip", "cut off"),
        (gzip.compress(b"x" * 1000) + b"more", "gzip", "follow"),
        (b"\x01\x02", "br", "not asked for"),
    ],
    ids=["none", "cut", "more", "other"],
)
def test_encoding_that_lies(vendor: Vendor, body: bytes, encoding: str, word: str) -> None:
    url = vendor.serve("/quotes", Answer(body, headers={"Content-Encoding": encoding}))
    with pytest.raises(SourceError, match=word):
        fetch(url)


def test_conditional_request_with_nothing_new(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", Answer(b"old", etag='"v1"'))
    http = client()
    reply = http.fetch(HttpRequest(url), source="v", file="f", validators=Validators('"v1"', "yesterday"))
    assert reply.is_not_modified
    assert vendor.asked[0].headers["If-None-Match"] == '"v1"'
    assert vendor.asked[0].headers["If-Modified-Since"] == "yesterday"
    again = http.fetch(HttpRequest(url), source="v", file="f", validators=Validators('"v0"'))
    assert (again.payload, again.is_not_modified) == (b"old", False)


def test_not_modified_without_having_asked_is_an_error(vendor: Vendor) -> None:
    with pytest.raises(SourceError, match="HTTP 304"):
        fetch(vendor.serve("/quotes", Answer(status=304)))


def test_rate_limit_spaces_requests_to_one_host(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", OK)
    http = HttpClient(HttpLimits(), HostRateLimit({"127.0.0.1": 10}))
    for _ in range(3):
        fetch(url, http)
    gaps = [later.at - earlier.at for earlier, later in zip(vendor.asked, vendor.asked[1:], strict=False)]
    assert all(gap > 0.09 for gap in gaps), gaps


def test_redirect_is_followed_and_another_host_gets_no_secret(vendor: Vendor) -> None:
    with vendor_server() as other:
        there = other.serve("/bucket", OK).replace("127.0.0.1", "localhost") + "?signature=abc"
        url = vendor.serve("/bulk", Answer(status=302, headers={"Location": there}))
        reply = fetch(url, secret_headers={"X-Key": KEY}, secret_params={"token": KEY})
        assert reply.payload == OK.body
        assert reply.url == f"{url}?token=***"
        assert vendor.asked[0].headers["X-Key"] == KEY
        assert KEY not in str(other.asked)


def test_redirect_on_the_same_host_keeps_the_secret(vendor: Vendor) -> None:
    url = vendor.serve("/bulk", Answer(status=307, headers={"Location": "/moved"}))
    vendor.serve("/moved", OK)
    assert fetch(url, secret_headers={"X-Key": KEY}).payload == OK.body
    assert vendor.asked[1].headers["X-Key"] == KEY


def test_redirects_in_a_circle(vendor: Vendor) -> None:
    url = vendor.serve("/round", Answer(status=302, headers={"Location": "/round"}))
    with pytest.raises(SourceError, match="redirected more than"):
        fetch(url)


FAILURES = [
    Answer(status=401),
    Answer(status=500),
    Answer(b"half", declared_length=8),
    Answer(f"your key {KEY} is over its limit".encode()),
    Answer(b"x" * 200, drip_s=0.05),
    Answer(b"plain", headers={"Content-Encoding": "gzip"}),
    Answer(status=302, headers={"Location": f"http://127.0.0.1:9/?echo={KEY}"}),
]


@pytest.mark.parametrize("answer", FAILURES, ids=range(len(FAILURES)))
def test_secret_is_sent_and_shown_nowhere(vendor: Vendor, answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = HttpRequest(
        vendor.serve("/quotes", answer),
        {"exchange": "NYSE"},
        secret_params={"api_key": KEY},
        secret_headers={"Authorization": f"api-key {KEY}"},
    )
    shown = [repr(request), str(request), request.redacted_url]
    error = None
    try:
        reply = client(max_attempts=2, deadline_s=1.0).fetch(request, source="vendor", file="quotes/x")
        shown += [repr(reply), reply.url, reply.fault or ""]
    except SourceError as caught:
        error = caught
        shown += [error.one_line, repr(error), "".join(traceback.format_exception(error))]
        shown.append(str(pickle.dumps(error)))
    assert error is None or (error.__cause__, error.__context__) == (None, None)
    assert vendor.asked[0].params["api_key"] == KEY
    assert vendor.asked[0].headers["Authorization"] == f"api-key {KEY}"
    assert any(record.name == "urllib3.connectionpool" for record in caplog.records), "nothing was logged"
    assert KEY not in "".join(shown) + caplog.text


def test_connection_error_does_not_show_the_secret() -> None:
    with pytest.raises(SourceError) as caught:
        fetch("http://127.0.0.1:9/quotes", client(max_attempts=1), secret_params={"api_key": KEY})
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert "api_key=***" in str(caught.value)


@pytest.mark.parametrize("value", [f"{KEY}\nX-Other: 1", f"{KEY}\u2026"])
def test_secret_that_no_header_can_hold_is_not_shown(vendor: Vendor, value: str) -> None:
    with pytest.raises(SourceError) as caught:
        fetch(vendor.serve("/quotes", OK), secret_headers={"X-Key": value})
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert vendor.asked == []


def test_credentials_in_an_address_are_used_and_not_shown(vendor: Vendor) -> None:
    url = vendor.serve("/quotes", OK)
    request = HttpRequest(url.replace("//", f"//user:{KEY}@") + "?b=1", {"c": "2"})
    assert client().fetch(request, source="vendor", file="f").url == f"{url}?b=1&c=2"
    sent = base64.b64encode(f"user:{KEY}".encode()).decode()
    assert vendor.asked[0].headers["Authorization"] == f"Basic {sent}"
    assert KEY not in repr(request)


def test_netrc_does_not_replace_our_header(
    vendor: Vendor, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.1 login other password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "*")
    url = vendor.serve("/quotes", OK).replace("127.0.0.1", "127.1")  # another name: the environment counts
    fetch(url, secret_headers={"Authorization": f"api-key {KEY}"})
    assert vendor.asked[0].headers["Authorization"] == f"api-key {KEY}"
