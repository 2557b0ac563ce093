"""How often one host may be asked."""

import threading
import time
from collections.abc import Callable, Mapping

from flows.edge.shared_rate import SharedRate

DEFAULT_PER_SECOND = 1.0


class HostRateLimit:
    """Spaces the requests to one host evenly; hosts do not wait for each other. Safe between threads.

    ``shared``: hosts whose limit counts for all processes together; hosts with the same one share it.
    """

    def __init__(
        self,
        per_second: Mapping[str, float] | None = None,
        *,
        default_per_second: float = DEFAULT_PER_SECOND,
        shared: Mapping[str, SharedRate] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        rates = {**(per_second or {}), "": default_per_second}
        if any(rate <= 0 for rate in rates.values()):
            raise ValueError("a rate limit must be above zero requests per second")
        self._interval_s = {host: 1 / rate for host, rate in rates.items()}
        self._shared = dict(shared or {})
        self._clock = clock
        self._sleep = sleep
        self._next_free: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Return when the host may be asked again, and take that turn."""
        if host in self._shared:
            return self._shared[host].wait()
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_free.get(host, now))
            self._next_free[host] = turn + self._interval_s.get(host, self._interval_s[""])
        if turn > now:
            self._sleep(turn - now)
        return None
