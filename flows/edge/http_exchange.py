"""One HTTP exchange: a request, its redirects and its body, as a reply or as a failure; never an exception.

A disk that cannot take a large body is the one exception.

Failures are values because the exceptions of requests and urllib3 carry the whole URL, secrets included: they
are caught here, named by their type, and go no further.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests import exceptions as errors

from flows.edge.aside import Aside
from flows.edge.clock import utc_now
from flows.edge.compressed import MIB, BadCompression, gunzip

MAX_BODY_BYTES = 256 * MIB
MAX_REDIRECTS = 5
SHORTEST_SECRET = 8
"""A shorter value may stand in a body by chance, so it is no proof that the reply repeats a secret."""
_CHUNK_BYTES = 64 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABSENT_STATUS = frozenset({404, 410})
_TOO_OFTEN = 429
_STATUS_MEANING = {401: ": the key is missing or wrong", 403: ": access refused"}
_ERROR_PAGE_BYTES = 64 * 1024
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
_HOPELESS = (
    errors.SSLError,
    errors.InvalidURL,
    errors.InvalidSchema,
    errors.MissingSchema,
    errors.InvalidHeader,
)


@dataclass(frozen=True)
class Throttle:
    """How a host says that it is asked too often, beside HTTP 429, what that means, and what to do then.

    `absent_mark`: what the body of such a status holds where it only means that there is no such file.
    """

    statuses: frozenset[int]
    meaning: str
    next_step: str
    absent_mark: bytes = b""


@dataclass(frozen=True)
class HttpRequest:
    """One GET request. Secrets stand in `secret_params`, `secret_headers` or the URL's password."""

    url: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_bytes: int = MAX_BODY_BYTES
    deadline_s: float | None = None
    """Seconds for this file altogether, where the client's own are not meant for it."""
    throttle: Throttle | None = None

    @property
    def host(self) -> str:
        """Host name, for the rate limit."""
        return urlsplit(self.url).hostname or ""

    @property
    def redacted_url(self) -> str:
        """The URL with its declared parameters, without credentials: what sidecars and messages show."""
        parts = urlsplit(self.url)
        netloc = parts.netloc.rpartition("@")[2]
        shown = urlencode(self.params) + "".join(f"&{name}=***" for name in self.secret_params)
        query = "&".join(part for part in (parts.query, shown.lstrip("&")) if part)
        return urlunsplit((parts.scheme, netloc, parts.path, query, ""))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value; of a header such as `api-key KEY` also its last word."""
        password = urlsplit(self.url).password or ""
        values = [*self.secret_params.values(), *self.secret_headers.values(), password]
        words = [value.split()[-1] for value in values if value.split()]
        return tuple(dict.fromkeys(value for value in [*values, *words] if len(value) >= SHORTEST_SECRET))


@dataclass(frozen=True)
class Validators:
    """What the last reply said about itself, to ask only for something newer."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The request headers of a conditional request; empty when nothing is known."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Reply:
    """A served body with what was said about it. `fault` tells that the body is not whole.

    A large body lies `aside`, in a file that is whoever receives the reply's to keep or to remove.
    """

    payload: bytes = field(repr=False)
    status: int
    url: str
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    fault: str | None = None
    aside: Aside | None = None

    @property
    def size_bytes(self) -> int:
        """Size of the body."""
        return self.aside.size_bytes if self.aside else len(self.payload)

    @property
    def is_not_modified(self) -> bool:
        """Nothing new since the last landed file."""
        return bool(self.status == requests.codes.not_modified)


@dataclass(frozen=True)
class Failure:
    """Why an exchange gave nothing usable. `partial` is what was served before a body broke off."""

    field: str
    detail: str
    is_transient: bool = False
    retry_after_s: float = 0.0
    partial: Reply | None = None
    is_absent: bool = False
    is_block: bool = False


Outcome = Reply | Failure
ReadBody = Callable[[requests.Response, HttpRequest, threading.Event], Outcome]


@dataclass(frozen=True)
class Timeouts:
    """Seconds for one exchange."""

    connect_s: float
    read_s: float


class _HideQueries(logging.Filter):
    """Cuts query strings out of urllib3's debug log, which prints every URL in full."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message by one without query strings."""
        words = record.getMessage().split(" ")
        record.msg = " ".join(word.partition("?")[0] + "?***" if "?" in word else word for word in words)
        record.args = ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_HideQueries())


def exchange(
    request: HttpRequest,
    validators: Validators | None,
    timeouts: Timeouts,
    cancelled: threading.Event,
    read_body: ReadBody | None = None,
) -> Outcome:
    """Send the request, follow redirects and receive the body; never raises for what a server can do.

    ``read_body`` receives the body of a good answer; without it the body is kept in memory.
    """
    try:
        with requests.Session() as session:
            session.trust_env = request.host not in _LOOPBACK  # a proxy is not asked for this machine
            response = _send(session, request, validators or Validators(), timeouts)
            if isinstance(response, Failure):
                return response
            with closing(response):
                status = response.status_code
                if status == requests.codes.not_modified and validators and validators.headers():
                    return reply_of(response, request)
                if status != requests.codes.ok:
                    return _status_failure(response, request)
                return (read_body or _in_memory)(response, request, cancelled)
    except _HOPELESS as error:
        return Failure("connection", f"bad address, header or certificate ({type(error).__name__})")
    except (errors.Timeout, urllib3.exceptions.TimeoutError) as error:
        return Failure("connection", f"no answer in time ({type(error).__name__})", is_transient=True)
    except (errors.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        return Failure("connection", f"connection failed ({type(error).__name__})", is_transient=True)
    except ValueError as error:
        return Failure("request", f"the request cannot be sent ({type(error).__name__})")


def _keep_headers(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in for an authentication, so that requests does not put one from ~/.netrc over ours."""
    return prepared


def _send(
    session: requests.Session, request: HttpRequest, validators: Validators, timeouts: Timeouts
) -> requests.Response | Failure:
    url, params = request.url, {**request.params, **request.secret_params}
    headers = {"Accept-Encoding": "gzip", **request.headers, **validators.headers(), **request.secret_headers}
    for _ in range(MAX_REDIRECTS + 1):
        response = session.get(
            url,
            params=params,
            headers=headers,
            stream=True,
            allow_redirects=False,
            auth=None if urlsplit(url).username else _keep_headers,
            timeout=(timeouts.connect_s, timeouts.read_s),
        )
        target = response.headers.get("Location")
        if response.status_code not in _REDIRECT_STATUS or not target:
            return response
        response.close()
        previous, url, params = urlsplit(url), urljoin(url, target), {}
        if previous.scheme == "https" and urlsplit(url).scheme != "https":
            return Failure("redirect", "redirected from https to an unprotected address")
        if urlsplit(url).netloc != previous.netloc:
            headers = {name: value for name, value in headers.items() if name not in request.secret_headers}
    return Failure("redirect", f"redirected more than {MAX_REDIRECTS} times")


def _in_memory(response: requests.Response, request: HttpRequest, cancelled: threading.Event) -> Outcome:
    body, broken = _read_body(response.raw, request.max_bytes, cancelled)
    if isinstance(body, Failure):
        return body
    if broken:
        return _refuse_echo(body, request) or broken_off(response, reply_of(response, request, body))
    plain = _decode(body, response.headers.get("Content-Encoding", ""), request.max_bytes)
    if isinstance(plain, Failure):
        return plain
    return _refuse_echo(plain, request) or reply_of(response, request, plain)


def broken_off(response: requests.Response, partial: Reply) -> Failure:
    """The failure of a body that is not whole, with what was served of it."""
    declared = response.headers.get("Content-Length", "unknown")
    fault = f"body broke off after {partial.size_bytes} of {declared} bytes"
    return Failure("body", fault, is_transient=True, partial=replace(partial, fault=fault))


def reply_of(response: requests.Response, request: HttpRequest, body: bytes = b"", aside: Aside | None = None) -> Reply:
    """The reply with this body."""
    return Reply(
        payload=body,
        status=response.status_code,
        url=request.redacted_url,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        content_type=response.headers.get("Content-Type"),
        aside=aside,
    )


def _status_failure(response: requests.Response, request: HttpRequest) -> Failure:
    status, throttle = response.status_code, request.throttle
    is_refusal = throttle is not None and status in throttle.statuses
    if status in _ABSENT_STATUS or (is_refusal and _says_absent(response, request)):
        return Failure("status", f"HTTP {status}: no such file", is_absent=True)
    is_block = is_refusal or (throttle is not None and status == _TOO_OFTEN)
    meaning = f": {throttle.meaning}" if is_block and throttle else _STATUS_MEANING.get(status, "")
    return Failure(
        "status",
        f"HTTP {status}{meaning}",
        is_transient=is_block or status in _TRANSIENT_STATUS,
        retry_after_s=retry_after_s(response.headers.get("Retry-After")),
        is_block=is_block,
    )


def _says_absent(response: requests.Response, request: HttpRequest) -> bool:
    mark = request.throttle.absent_mark if request.throttle else b""
    if not mark:
        return False
    page, _ = _read_body(response.raw, _ERROR_PAGE_BYTES, threading.Event())
    return isinstance(page, bytes) and mark in page


def retry_after_s(header: str | None) -> float:
    """Seconds that a Retry-After header asks for, given as seconds or as an HTTP date; 0 when unreadable."""
    if not header:
        return 0.0
    if header.strip().isdigit():
        return float(header)
    try:
        return max((parsedate_to_datetime(header) - utc_now()).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 0.0


def _read_body(
    raw: urllib3.BaseHTTPResponse, max_bytes: int, cancelled: threading.Event
) -> tuple[bytes | Failure, bool]:
    """The body as sent, still encoded, and whether it broke off."""
    parts: list[bytes] = []
    failure, broken = receive(raw, parts.append, max_bytes, cancelled)
    return failure or b"".join(parts), broken


def receive(
    raw: urllib3.BaseHTTPResponse, keep: Callable[[bytes], object], max_bytes: int, cancelled: threading.Event
) -> tuple[Failure | None, bool]:
    """Hand the body over as sent, chunk by chunk: why it is of no use, if so, and whether it broke off."""
    read: Callable[..., bytes] = raw.read1  # read() would wait until a whole chunk is there
    total = 0
    while True:
        try:
            chunk = read(_CHUNK_BYTES, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError):
            return None, True
        if not chunk:
            return None, False
        total += len(chunk)
        if total > max_bytes:
            return too_large(max_bytes), False
        if cancelled.is_set():
            return Failure("deadline", "given up"), False
        keep(chunk)


def too_large(max_bytes: int) -> Failure:
    """The failure of a body beyond its limit."""
    return Failure("size", f"body is larger than the limit of {max_bytes} bytes")


def _decode(body: bytes, encoding: str, max_bytes: int) -> bytes | Failure:
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        return Failure("Content-Encoding", "the body is encoded in a way that was not asked for")
    try:
        return gunzip(body, limit_bytes=max_bytes) if body else body
    except BadCompression as error:
        return Failure("Content-Encoding", f"the body's gzip encoding cannot be opened: {error}")


def _refuse_echo(body: bytes, request: HttpRequest) -> Failure | None:
    if any(secret.encode() in body for secret in request.secrets):
        return Failure("body", "the reply repeats the secret that was sent, so it is not kept")
    return None
