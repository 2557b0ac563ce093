"""The only home of the clock: whoever needs the time asks here, once, at the top of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


_ahead = timedelta(0)


@contextmanager
def starting_at(moment: datetime) -> Iterator[None]:
    """Let the clocks of this process show this moment and run on from there, for a market that never was."""
    global _ahead
    before, _ahead = _ahead, moment - datetime.now(UTC)
    try:
        yield
    finally:
        _ahead = before


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC) + _ahead


def new_york_now() -> datetime:
    """The current instant, aware, in New York: the exchanges' time."""
    return utc_now().astimezone(NEW_YORK)


def new_york_today() -> date:
    """The current calendar date in New York."""
    return new_york_now().date()


def new_york_date(moment: datetime) -> date:
    """The calendar date in New York at an instant."""
    return moment.astimezone(NEW_YORK).date()


def monotonic_seconds() -> float:
    """Seconds on a clock that never goes back, for durations."""
    return time.perf_counter()


def wall_seconds() -> float:
    """Seconds since 1970 on the machine's own clock, the same for all its processes; it may be set back or forth."""
    return time.time()
