"""When a scheme is reviewed: which session's caps are ranked, and from which session on the result counts."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from transforms.schemes.model import Reviews, Scheme, Version

FRIDAY = 4
_FRIDAYS = {"second_friday": 2, "third_friday": 3, "fourth_friday": 4}


class Review(NamedTuple):
    """One review; both are sessions of the exchange, whether the warehouse has them or not."""

    rank_session: date
    effective_session: date
    version: Version


def reviews(scheme: Scheme, sessions: Sequence[date], first: date, last: date) -> list[Review]:
    """The reviews that take effect from ``first`` to ``last``, in order; the version of the effective session counts.

    ``sessions``: those of the exchange's calendar, in order; a review that they do not reach is left out. A scheme
    that is reviewed every session has one on each, of its own caps. The rule is as it stands in the review's month.
    """
    found = []
    for version in scheme.versions:
        for ranked, effective, month in _days(version.reviews, sessions, first, last):
            if scheme.version(effective) is version:
                found.append(Review(ranked, effective, version.of_month(month)))
    return sorted(found, key=lambda review: review.effective_session)


def _days(rule: Reviews, sessions: Sequence[date], first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """Rank session, effective session and month of the reviews."""
    if not rule.months:
        days = sessions[bisect_left(sessions, first) : bisect_right(sessions, last)]
        yield from ((day, day, day.month) for day in days)
    for year in range(first.year - 1, last.year + 1):
        for month in rule.months:
            effective = _effective(rule, sessions, year, month)
            ranked = _last_before(sessions, _month_begin(year, month - rule.rank_months_before + 1))
            if ranked and effective and first <= effective <= last:
                yield ranked, effective, month


def _effective(rule: Reviews, sessions: Sequence[date], year: int, month: int) -> date | None:
    effective = rule.effective_of(month)
    if effective == "month_begin":
        return _first_from(sessions, _month_begin(year, month))
    if effective == "month_end":
        return _first_from(sessions, _month_begin(year, month + 1))
    return _first_from(sessions, _friday(year, month, _FRIDAYS[effective]) + timedelta(days=1))


def _month_begin(year: int, month: int) -> date:
    """The first day of a month, which may lie in another year: 0 is the December before."""
    years, at = divmod(month - 1, 12)
    return date(year + years, at + 1, 1)


def _friday(year: int, month: int, number: int) -> date:
    begin = date(year, month, 1)
    return begin + timedelta(days=(FRIDAY - begin.weekday()) % 7 + 7 * (number - 1))


def _first_from(sessions: Sequence[date], day: date) -> date | None:
    at = bisect_left(sessions, day)
    return sessions[at] if at < len(sessions) else None


def _last_before(sessions: Sequence[date], day: date) -> date | None:
    at = bisect_left(sessions, day)
    return sessions[at - 1] if at else None
