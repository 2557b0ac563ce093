"""Hosts that turn away whoever asks too often, and hosts that say so although they only lack the file."""

import pickle
from collections.abc import Iterator

import pytest

from flows.edge.http import HttpClient, HttpLimits, HttpRequest, Throttle
from flows.edge.rate_limit import HostRateLimit
from flows.errors import AbsentFile, Blocked, SourceError
from tests.faults.test_http import OK, Sleeps
from tests.vendors.loopback import Answer, Vendor, vendor_server

BLOCK = Answer(b"<html>Request Rate Threshold Exceeded</html>", status=403)
ABSENT = Answer(b"<Error><Code>AccessDenied</Code></Error>", status=403)
THROTTLE = Throttle(frozenset({403}), "it blocks for ten minutes", "Wait ten minutes.", b"<Code>AccessDenied</Code>")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_server() as running:
        yield running


def fetch(url: str, sleeps: Sleeps, throttle: Throttle | None = THROTTLE, **limits: float) -> bytes:
    chosen = HttpLimits(**{"backoff_s": 1.0, "deadline_s": 60.0, "max_attempts": 4, **limits})  # type: ignore[arg-type]
    client = HttpClient(chosen, HostRateLimit(default_per_second=10_000), sleep=sleeps)
    return client.fetch(HttpRequest(url, throttle=throttle), source="sec", file="x").payload


def test_403_that_passes_is_waited_for_as_429_is(vendor: Vendor) -> None:
    sleeps = Sleeps()
    assert fetch(vendor.serve("/x", BLOCK, BLOCK, OK), sleeps) == OK.body
    assert len(vendor.asked) == 3
    assert [1 <= sleeps[0] <= 2, 2 <= sleeps[1] <= 3] == [True, True]


@pytest.mark.parametrize("status", [403, 429])
def test_asked_to_wait(vendor: Vendor, status: int) -> None:
    sleeps = Sleeps()
    fetch(vendor.serve("/x", Answer(status=status, headers={"Retry-After": "9"}), OK), sleeps)
    assert 9 <= sleeps[0] < 10


@pytest.mark.parametrize("status", [403, 429])
def test_a_block_that_stays_says_what_to_do(vendor: Vendor, status: int) -> None:
    with pytest.raises(Blocked, match=f"HTTP {status}: it blocks for ten minutes") as caught:
        fetch(vendor.serve("/x", Answer(BLOCK.body, status=status)), Sleeps())
    assert len(vendor.asked) == 4
    assert caught.value.next_step == "Wait ten minutes."
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), Blocked)  # noqa: S301 (our own)


def test_a_longer_wait_than_the_deadline_is_told_at_once(vendor: Vendor) -> None:
    sleeps = Sleeps()
    with pytest.raises(Blocked, match="asks to wait 600 s"):
        fetch(vendor.serve("/x", Answer(status=403, headers={"Retry-After": "600"})), sleeps)
    assert (len(vendor.asked), sleeps) == (1, [])


@pytest.mark.parametrize("answer", [ABSENT, Answer(b"no", status=404), Answer(b"no", status=410)])
def test_no_such_file_is_no_block(vendor: Vendor, answer: Answer) -> None:
    with pytest.raises(AbsentFile, match="no such file"):
        fetch(vendor.serve("/x", answer), Sleeps())
    assert len(vendor.asked) == 1


def test_other_hosts_mean_a_403(vendor: Vendor) -> None:
    with pytest.raises(SourceError, match="access refused") as caught:
        fetch(vendor.serve("/x", ABSENT), Sleeps(), throttle=None)
    assert not isinstance(caught.value, Blocked | AbsentFile)
    assert len(vendor.asked) == 1
