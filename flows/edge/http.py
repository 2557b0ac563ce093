"""The one HTTP client: timeouts, a total deadline, retries, rate limit, size limit, conditional requests."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import tenacity

from flows.edge.http_exchange import (
    Failure,
    HttpRequest,
    Outcome,
    ReadBody,
    Reply,
    Throttle,
    Timeouts,
    Validators,
    exchange,
)
from flows.edge.http_stream import into
from flows.edge.rate_limit import HostRateLimit
from flows.errors import AbsentFile, Blocked, SourceError

__all__ = ["HttpClient", "HttpLimits", "HttpRequest", "Reply", "Throttle", "Validators"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HttpLimits:
    """How long and how often a request is tried; all times in seconds."""

    connect_s: float = 10.0
    read_s: float = 30.0
    deadline_s: float = 180.0
    """For one file altogether: attempts, waits and a body that drips in byte by byte."""
    max_attempts: int = 4
    backoff_s: float = 1.0
    """First wait; doubles with each attempt, plus up to as much again at random."""
    max_backoff_s: float = 30.0


class HttpClient:
    """Fetches one file per call. Safe between threads; holds no connection between calls."""

    def __init__(
        self,
        limits: HttpLimits | None = None,
        rate_limit: HostRateLimit | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits or HttpLimits()
        self._rate_limit = rate_limit or HostRateLimit()
        self._clock = clock
        self._sleep = sleep

    def fetch(
        self,
        request: HttpRequest,
        *,
        source: str,
        file: str,
        validators: Validators | None = None,
        aside: Path | None = None,
    ) -> Reply:
        """The served bytes, or a reply with `is_not_modified`, or one with `fault` when the body broke off.

        A body that broke off at every attempt is returned, not raised, so that it can be landed as evidence.
        With a folder ``aside`` the body goes straight into a file there.

        Raises:
            AbsentFile: the source says that it has no such file.
            Blocked: the source turns us away for asking too often.
            SourceError: when there is nothing to land; names source, file and URL, never a secret.
            UsageError: the folder ``aside`` cannot take the body.
        """
        if aside and request.secrets:
            raise ValueError("a body that goes straight into a file cannot be searched for the secret that is sent")
        deadline = self._clock() + self._deadline_s(request)
        read_body = into(aside, file.replace("/", "-")) if aside else None
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(_may_pass),
            wait=self._wait,
            stop=lambda state: self._is_last(state, deadline),
            sleep=self._sleep,
            before_sleep=lambda state: self._before_retry(state, request),
            retry_error_callback=_last_outcome,
        )
        outcome: Outcome = retrying(self._attempt, request, validators, deadline, read_body)
        if isinstance(outcome, Failure) and outcome.partial is not None:
            outcome = outcome.partial
        if isinstance(outcome, Reply):
            logger.info("GET %s: HTTP %s, %s bytes", outcome.url, outcome.status, outcome.size_bytes)
            return outcome
        raise self._error(outcome, request, source, file, retrying)

    def _deadline_s(self, request: HttpRequest) -> float:
        return request.deadline_s or self._limits.deadline_s

    def _attempt(
        self, request: HttpRequest, validators: Validators | None, deadline: float, read_body: ReadBody | None
    ) -> Outcome:
        """One exchange in a thread of its own: name resolution and dripping headers know no timeout."""
        self._rate_limit.wait(request.host)
        left_s = max(deadline - self._clock(), 0.001)
        timeouts = Timeouts(min(self._limits.connect_s, left_s), min(self._limits.read_s, left_s))
        cancelled = threading.Event()
        result: Future[Outcome] = Future()

        def work() -> None:
            try:
                outcome = exchange(request, validators, timeouts, cancelled, read_body)
                if cancelled.is_set():  # nobody waits for it any more
                    _discard(outcome)
                result.set_result(outcome)
            except BaseException as error:
                result.set_exception(error)

        threading.Thread(target=work, name=f"fetch-{request.host}", daemon=True).start()
        try:
            return result.result(timeout=left_s)
        except TimeoutError:
            cancelled.set()
            return Failure("deadline", f"not finished within {self._deadline_s(request):g} s")

    def _wait(self, state: tenacity.RetryCallState) -> float:
        limits = self._limits
        backoff = tenacity.wait_exponential(multiplier=limits.backoff_s, max=limits.max_backoff_s)
        jitter = tenacity.wait_random(0, limits.backoff_s)
        failure = _last_outcome(state)
        asked = failure.retry_after_s if isinstance(failure, Failure) else 0.0
        return max(backoff(state) + jitter(state), asked)

    def _is_last(self, state: tenacity.RetryCallState, deadline: float) -> bool:
        is_too_late = self._clock() + state.upcoming_sleep >= deadline
        return state.attempt_number >= self._limits.max_attempts or is_too_late

    def _before_retry(self, state: tenacity.RetryCallState, request: HttpRequest) -> None:
        failure = _last_outcome(state)
        _discard(failure)
        detail = failure.detail if isinstance(failure, Failure) else ""
        logger.warning(
            "GET %s: %s; attempt %s again in %.1f s",
            request.redacted_url,
            detail,
            state.attempt_number + 1,
            state.upcoming_sleep,
        )

    def _error(
        self, failure: Failure, request: HttpRequest, source: str, file: str, retrying: tenacity.Retrying
    ) -> SourceError:
        attempts = int(retrying.statistics.get("attempt_number", 1))
        times = "once" if attempts == 1 else f"{attempts} times"
        asked = f"; the host asks to wait {failure.retry_after_s:g} s" if failure.retry_after_s else ""
        detail = f"{failure.detail}{asked} (tried {times}: GET {request.redacted_url})"
        if failure.is_absent:
            return AbsentFile(source, file, failure.field, detail, "Check the address.")
        if failure.is_block and request.throttle:
            return Blocked(source, file, failure.field, detail, request.throttle.next_step)
        step = "Run again later." if failure.is_transient else "Check the address and the key."
        return SourceError(source, file, failure.field, detail, step)


def _discard(outcome: Outcome) -> None:
    """Remove the file that a reply left aside."""
    reply = outcome.partial if isinstance(outcome, Failure) else outcome
    if reply and reply.aside:
        reply.aside.remove()


def _may_pass(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.is_transient


def _last_outcome(state: tenacity.RetryCallState) -> Outcome:
    if state.outcome is None:
        raise RuntimeError("asked for the outcome of an attempt that has not been made")
    outcome: Outcome = state.outcome.result()
    return outcome
