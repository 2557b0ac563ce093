"""The only home of the clock: whoever needs the time asks here, once, at the top of a run."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def new_york_now() -> datetime:
    """The current instant, aware, in New York: the exchanges' time."""
    return datetime.now(NEW_YORK)


def new_york_today() -> date:
    """The current calendar date in New York."""
    return new_york_now().date()


def monotonic_seconds() -> float:
    """Seconds on a clock that never goes back, for durations."""
    return time.perf_counter()
