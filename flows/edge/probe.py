"""Whether a source answers: one exchange of which the body is left unread."""

import threading

import requests

from flows.edge.http_exchange import Failure, HttpRequest, Outcome, Timeouts, exchange, reply_of


def probe(request: HttpRequest, timeouts: Timeouts) -> str:
    """Empty where the source would serve the file, else why not; never a secret, never an exception."""
    outcome = exchange(request, None, timeouts, threading.Event(), _unread)
    return outcome.detail if isinstance(outcome, Failure) else ""


def _unread(response: requests.Response, request: HttpRequest, cancelled: threading.Event) -> Outcome:
    del cancelled
    return reply_of(response, request)
