"""The exchange calendar of New York: which days have a session, when it closes, which one is complete."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache

import exchange_calendars
import polars as pl

from flows.errors import UsageError

EXCHANGE = "XNYS"
FIRST_DAY = "2000-01-03"
"""The library begins twenty years ago unless told; then the calendar would begin elsewhere every day."""
QUOTES_DELAY = timedelta(minutes=30)
"""The vendor's quotes are those of the consolidated close, delayed by a quarter of an hour; half an hour is safe."""


@cache
def _calendar() -> exchange_calendars.ExchangeCalendar:
    return exchange_calendars.get_calendar(EXCHANGE, start=FIRST_DAY)


@cache
def all_sessions() -> tuple[date, ...]:
    """Every session the calendar knows, in order."""
    return tuple(stamp.date() for stamp in _calendar().sessions)


@cache
def early_closes() -> frozenset[date]:
    """Sessions that end at 13:00 New York time."""
    return frozenset(stamp.date() for stamp in _calendar().early_closes)


def sessions_between(first: date, last: date) -> list[date]:
    """Sessions from first to last, both included."""
    return [session for session in all_sessions() if first <= session <= last]


def known_at(sessions: list[date]) -> pl.DataFrame:
    """session_date and known_at (UTC): the close of each session, half days included, plus the vendor's delay."""
    closes = [_calendar().session_close(session.isoformat()).to_pydatetime() + QUOTES_DELAY for session in sessions]
    return pl.DataFrame(
        {"session_date": sessions, "known_at": closes},
        schema={"session_date": pl.Date, "known_at": pl.Datetime("us", "UTC")},
    )


def last_completed(now: datetime) -> date:
    """The last session whose quotes are out at ``now``."""
    begun = all_sessions()[: bisect_right(all_sessions(), now.astimezone(UTC).date())]
    return next(session for session in reversed(begun) if _quotes_out(session) <= now.astimezone(UTC))


def is_under_way(now: datetime) -> bool:
    """Whether a session has opened whose quotes are not out: what the market shows belongs to no completed session."""
    following = all_sessions()[all_sessions().index(last_completed(now)) + 1]
    opens: datetime = _calendar().session_open(following.isoformat()).to_pydatetime()
    return opens <= now.astimezone(UTC)


def _quotes_out(session: date) -> datetime:
    close: datetime = _calendar().session_close(session.isoformat()).to_pydatetime()
    return close + QUOTES_DELAY


def require_session(day: date, now: datetime) -> date:
    """The day itself, if it is a completed session.

    Raises:
        UsageError: the exchange is closed that day, or its session is not over yet.
    """
    if day not in set(all_sessions()):
        near = [session for session in all_sessions() if session < day]
        hint = f"Ask for {near[-1]}." if near else ""
        raise UsageError(f"{day} has no session: the exchange is closed.", next_step=hint)
    if _quotes_out(day) > now.astimezone(UTC):
        raise UsageError(
            f"The session {day} is in the future or not over yet.",
            next_step=f"Ask for {last_completed(now)} or wait until half an hour after the close.",
        )
    return day
