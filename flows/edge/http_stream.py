"""A large body straight into a file: hashed on the way, never whole in memory."""

import threading
from pathlib import Path

import requests

from flows.edge.aside import AsideWriter
from flows.edge.http_exchange import (
    Failure,
    HttpRequest,
    Outcome,
    ReadBody,
    broken_off,
    receive,
    reply_of,
    too_large,
)

UNENCODED = {"Accept-Encoding": "identity"}
"""What a request for a large body says: the bytes that are hashed are the file's own."""


def into(folder: Path, what: str) -> ReadBody:
    """Receive bodies as files under a temporary name in ``folder``; ``what`` names them in errors.

    It raises UsageError where the disk cannot take the body; then nothing is left of it.
    """

    def read_body(response: requests.Response, request: HttpRequest, cancelled: threading.Event) -> Outcome:
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return Failure("Content-Encoding", "the body is encoded in a way that was not asked for")
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > request.max_bytes:
            return too_large(request.max_bytes)
        writer = AsideWriter(folder, what)
        try:
            if declared.isdigit():
                writer.expect(int(declared))
            return _received(writer, response, request, cancelled)
        except BaseException:
            writer.discard()
            raise

    return read_body


def _received(
    writer: AsideWriter, response: requests.Response, request: HttpRequest, cancelled: threading.Event
) -> Outcome:
    failure, broken = receive(response.raw, writer.write, request.max_bytes, cancelled)
    if failure:
        writer.discard()
        return failure
    reply = reply_of(response, request, aside=writer.close())
    return broken_off(response, reply) if broken else reply
