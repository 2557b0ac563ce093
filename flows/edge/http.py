"""The one HTTP client: timeouts, a total deadline, retries, rate limit, size limit, conditional requests."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import tenacity

from flows.edge.http_exchange import Failure, HttpRequest, Outcome, Reply, Timeouts, Validators, exchange
from flows.edge.rate_limit import HostRateLimit
from flows.errors import SourceError

__all__ = ["HttpClient", "HttpLimits", "HttpRequest", "Reply", "Validators"]

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

    def fetch(self, request: HttpRequest, *, source: str, file: str, validators: Validators | None = None) -> Reply:
        """The served bytes, or a reply with `is_not_modified`, or one with `fault` when the body broke off.

        A body that broke off at every attempt is returned, not raised, so that it can be landed as evidence.

        Raises:
            SourceError: when there is nothing to land; names source, file and URL, never a secret.
        """
        deadline = self._clock() + self._limits.deadline_s
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(_may_pass),
            wait=self._wait,
            stop=lambda state: self._is_last(state, deadline),
            sleep=self._sleep,
            before_sleep=lambda state: self._log_retry(state, request),
            retry_error_callback=_last_outcome,
        )
        outcome: Outcome = retrying(self._attempt, request, validators, deadline)
        if isinstance(outcome, Failure) and outcome.partial is not None:
            outcome = outcome.partial
        if isinstance(outcome, Reply):
            logger.info("GET %s: HTTP %s, %s bytes", outcome.url, outcome.status, len(outcome.payload))
            return outcome
        raise self._error(outcome, request, source, file, retrying)

    def _attempt(self, request: HttpRequest, validators: Validators | None, deadline: float) -> Outcome:
        """One exchange in a thread of its own: name resolution and dripping headers know no timeout."""
        self._rate_limit.wait(request.host)
        left_s = max(deadline - self._clock(), 0.001)
        timeouts = Timeouts(min(self._limits.connect_s, left_s), min(self._limits.read_s, left_s))
        cancelled = threading.Event()
        result: Future[Outcome] = Future()

        def work() -> None:
            try:
                result.set_result(exchange(request, validators, timeouts, cancelled))
            except BaseException as error:
                result.set_exception(error)

        threading.Thread(target=work, name=f"fetch-{request.host}", daemon=True).start()
        try:
            return result.result(timeout=left_s)
        except TimeoutError:
            cancelled.set()
            return Failure("deadline", f"not finished within {self._limits.deadline_s:g} s")

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

    def _log_retry(self, state: tenacity.RetryCallState, request: HttpRequest) -> None:
        failure = _last_outcome(state)
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
        step = "Run again later." if failure.is_transient else "Check the address and the key."
        return SourceError(source, file, failure.field, detail, step)


def _may_pass(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.is_transient


def _last_outcome(state: tenacity.RetryCallState) -> Outcome:
    if state.outcome is None:
        raise RuntimeError("asked for the outcome of an attempt that has not been made")
    outcome: Outcome = state.outcome.result()
    return outcome
