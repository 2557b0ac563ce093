"""Which session is complete, and when nothing may be asked of a source that only shows the present."""

from datetime import UTC, date, datetime

import pytest

from flows.errors import UsageError
from flows.market_calendar import (
    all_sessions,
    is_under_way,
    known_at,
    last_completed,
    require_session,
    sessions_between,
)

# New York closes at 21:00 UTC in winter and 20:00 in summer, on half days at 18:00; quotes are out half an hour later.


@pytest.mark.parametrize(
    ("now", "session", "under_way"),
    [
        (datetime(2025, 1, 2, 21, 29, tzinfo=UTC), date(2024, 12, 31), True),
        (datetime(2025, 1, 2, 21, 30, tzinfo=UTC), date(2025, 1, 2), False),
        (datetime(2025, 1, 3, 14, 29, tzinfo=UTC), date(2025, 1, 2), False),
        (datetime(2025, 1, 3, 14, 30, tzinfo=UTC), date(2025, 1, 2), True),
        (datetime(2025, 1, 5, 18, 0, tzinfo=UTC), date(2025, 1, 3), False),
        (datetime(2024, 12, 24, 18, 30, tzinfo=UTC), date(2024, 12, 24), False),
        (datetime(2025, 7, 7, 20, 30, tzinfo=UTC), date(2025, 7, 7), False),
    ],
    ids=["before_quotes", "quotes_out", "before_the_open", "open", "sunday", "half_day", "summer"],
)
def test_last_completed_session(now: datetime, session: date, under_way: bool) -> None:
    assert last_completed(now) == session
    assert is_under_way(now) is under_way


@pytest.mark.parametrize("day", [date(2024, 12, 25), date(2025, 1, 9), date(2024, 12, 28), date(1999, 1, 4)])
def test_day_without_session(day: date) -> None:
    with pytest.raises(UsageError, match="no session"):
        require_session(day, datetime(2025, 6, 2, tzinfo=UTC))


def test_session_that_is_not_over() -> None:
    now = datetime(2025, 1, 3, 20, 59, tzinfo=UTC)
    with pytest.raises(UsageError, match="not over"):
        require_session(date(2025, 1, 3), now)
    assert require_session(date(2025, 1, 2), now) == date(2025, 1, 2)


def test_sessions_skip_what_the_exchange_skips() -> None:
    found = sessions_between(date(2024, 12, 23), date(2025, 1, 10))
    absent = {date(2024, 12, 25), date(2025, 1, 1), date(2025, 1, 9)}
    assert len(found) == 12
    assert not absent & set(found)
    assert list(all_sessions()) == sorted(set(all_sessions()))


def test_quotes_are_known_half_an_hour_after_the_close() -> None:
    known = known_at([date(2024, 12, 23), date(2024, 12, 24)])["known_at"].to_list()
    assert known == [datetime(2024, 12, 23, 21, 30, tzinfo=UTC), datetime(2024, 12, 24, 18, 30, tzinfo=UTC)]
