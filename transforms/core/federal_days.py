"""The federal government's working days: when its offices publish. Statutory holidays, and closures by order."""

from calendar import MONDAY, THURSDAY
from datetime import date, timedelta
from functools import cache
from typing import Final

import polars as pl

_SATURDAY, _SUNDAY = 5, 6
JUNETEENTH_SINCE: Final = 2021
CLOSED_BY_ORDER: Final = frozenset(
    {
        date(2012, 12, 24),
        date(2014, 12, 26),
        date(2018, 12, 5),
        date(2018, 12, 24),
        date(2019, 12, 24),
        date(2020, 12, 24),
        date(2024, 12, 24),
        date(2025, 1, 9),
        date(2025, 12, 24),
        date(2025, 12, 26),
    }
)
"""Days on which presidents closed the federal offices: Christmas Eves, the day after Christmas, days of mourning."""
FIRST_YEAR, LAST_YEAR = 1970, 2100


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Days of a year on which federal offices are closed; a holiday on a weekend is kept on the Friday or Monday by it.

    Source: 5 U.S.C. 6103. A new year's day that is kept on the last day of the year before stands in that year.
    """
    kept = {_kept(day) for around in (year - 1, year, year + 1) for day in _fixed(around)}
    moving = {
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        _last_monday(year, 5),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2),
        _nth(year, 11, THURSDAY, 4),
    }
    return frozenset(day for day in kept | moving | CLOSED_BY_ORDER if day.year == year)


def is_federal_working_day(day: date) -> bool:
    """Whether federal offices are open."""
    return day.weekday() < _SATURDAY and day not in federal_holidays(day.year)


def working_days_after(day: date, count: int) -> date:
    """The count-th federal working day after a day."""
    found = day
    for _ in range(count):
        found += timedelta(days=1)
        while not is_federal_working_day(found):
            found += timedelta(days=1)
    return found


def each_working_days_after(days: pl.Expr, count: int) -> pl.Expr:
    """`working_days_after` of a column of dates; null stays null."""
    closed = sorted(day for year in range(FIRST_YEAR, LAST_YEAR) for day in federal_holidays(year))
    # An offset begins on a working day: that of a closed day is counted from the last working day before it.
    before = days.dt.add_business_days(0, holidays=closed, roll="backward")
    return before.dt.add_business_days(count, holidays=closed)


def _fixed(year: int) -> list[date]:
    days = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    return [*days, date(year, 6, 19)] if year >= JUNETEENTH_SINCE else days


def _kept(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == _SUNDAY else day


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=last.weekday())
