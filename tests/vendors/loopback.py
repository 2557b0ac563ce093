"""A real HTTP server on 127.0.0.1 that behaves, and misbehaves, like the vendors."""

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer. The server says `declared_length` but sends `body`; with `drip_s` one byte at a time."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    declared_length: int | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    etag: str | None = None
    """Answered with 304 when the request has it in If-None-Match."""
    is_chunked: bool = False


def gzipped(body: bytes, **headers: str) -> Answer:
    """A body under Content-Encoding gzip."""
    return Answer(gzip.compress(body), headers={"Content-Encoding": "gzip", **headers})


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Vendor:
    """Answers by path, in order, the last one again and again; `absent` for any other path."""

    port: int
    absent: Answer = Answer(b"not found", status=404)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, path: str, *answers: Answer) -> str:
        """Script a path and return its URL."""
        self.answers[path] = list(answers)
        return self.url + path

    def next_answer(self, path: str) -> Answer:
        scripted = self.answers.get(path)
        if not scripted:
            return self.absent
        return scripted.pop(0) if len(scripted) > 1 else scripted[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: Vendor

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.vendor.asked.append(Asked(parts.path, params, dict(self.headers), time.monotonic()))
        answer = self.vendor.next_answer(parts.path)
        time.sleep(answer.delay_s)
        self.close_connection = True
        try:
            self._answer(answer)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client gave up, as it should

    def _answer(self, answer: Answer) -> None:
        if answer.etag and self.headers.get("If-None-Match") == answer.etag:
            self.send_response(304)
            self.send_header("Connection", "close")
            self.end_headers()
            return
        self.send_response(answer.status)
        self.send_header("Connection", "close")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.etag:
            self.send_header("ETag", answer.etag)
        if answer.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            length = len(answer.body) if answer.declared_length is None else answer.declared_length
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        if answer.is_chunked:  # announces more than it sends, then hangs up
            self.wfile.write(f"{len(answer.body) + 50:x}\r\n".encode() + answer.body)
        elif answer.drip_s:
            for position in range(len(answer.body)):
                self.wfile.write(answer.body[position : position + 1])
                self.wfile.flush()
                time.sleep(answer.drip_s)
        else:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def vendor_server() -> Iterator[Vendor]:
    """A vendor on a free port of this machine."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    vendor = Vendor(server.server_port)
    handler.vendor = vendor  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
