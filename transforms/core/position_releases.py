"""When a report of the CFTC about traders' positions was out: the rule, and the weeks in which it did not hold."""

from datetime import date, time
from typing import Final, Literal, NamedTuple

import polars as pl

from transforms.core.federal_days import each_working_days_after

RELEASED_AT: Final = time(15, 30)
"""In New York."""
WORKING_DAYS: Final = 3
"""After the report date: from a Tuesday to the Friday, or the Monday where a federal holiday lies between."""
MARKET_TIME_ZONE: Final = "America/New_York"


class Delay(NamedTuple):
    """A report that was out on another day than the rule says. ``stated``: told of that day by the CFTC.

    ``scheduled``: by the schedule that the CFTC announced before; what it then did is not at hand. ``bound``: out by
    then at the latest.
    """

    report: date
    released: date
    confidence: Literal["stated", "scheduled", "bound"]
    source: str


_LAPSE_2013 = "CFTC release 6745-13: publication again from 25 October, on schedule by 8 November 2013"
_LAPSE_2019 = "CFTC release 7864-19: 1 February 2019, then each Tuesday and Friday"
_ION_2023 = "CFTC, historical special announcements of 2023 (cyber incident at ION)"
_LAPSE_2025 = "CFTC, schedule of 18 November 2025 as amended on 9 December"


def _delays() -> tuple[Delay, ...]:
    told: list[tuple[str, Literal["stated", "scheduled", "bound"], str]] = [
        ("2013-10-01 2013-10-25, 2013-10-08 2013-11-08, 2013-10-15 2013-11-08, 2013-10-22 2013-11-08, "
         "2013-10-29 2013-11-08", "bound", _LAPSE_2013),
        ("2018-12-24 2019-02-01, 2018-12-31 2019-02-05, 2019-01-08 2019-02-08, 2019-01-15 2019-02-12, "
         "2019-01-22 2019-02-15, 2019-01-29 2019-02-19, 2019-02-05 2019-02-22, 2019-02-12 2019-02-26, "
         "2019-02-19 2019-03-01, 2019-02-26 2019-03-05", "scheduled", _LAPSE_2019),
        ("2023-01-31 2023-02-24, 2023-02-07 2023-03-03, 2023-02-14 2023-03-08, 2023-02-21 2023-03-10, "
         "2023-02-28 2023-03-14, 2023-03-07 2023-03-16, 2023-03-14 2023-03-21", "stated", _ION_2023),
        ("2025-09-30 2025-11-19, 2025-10-07 2025-11-21, 2025-10-14 2025-11-25, 2025-10-21 2025-12-02, "
         "2025-10-28 2025-12-05, 2025-11-04 2025-12-09, 2025-11-10 2025-12-10, 2025-11-18 2025-12-12, "
         "2025-11-25 2025-12-15, 2025-12-02 2025-12-17, 2025-12-09 2025-12-19, 2025-12-16 2025-12-23",
         "scheduled", _LAPSE_2025),
        ("2025-12-23 2025-12-31", "bound", _LAPSE_2025),
    ]  # fmt: skip
    return tuple(
        Delay(date.fromisoformat(report), date.fromisoformat(released), confidence, source)
        for pairs, confidence, source in told
        for report, released in (pair.split() for pair in pairs.split(", "))
    )


DELAYS: Final = _delays()
"""The lapses in appropriations of 2013, 2018-19 and 2025, and the failure of a vendor of many brokers in 2023."""


def released_on(report: pl.Expr) -> pl.Expr:
    """The day on which a report was out, by its report date."""
    delayed = {delay.report: delay.released for delay in DELAYS}
    told = report.replace_strict(list(delayed), list(delayed.values()), default=None, return_dtype=pl.Date)
    return pl.coalesce(told, each_working_days_after(report, WORKING_DAYS))


def released_at(report: pl.Expr) -> pl.Expr:
    """The moment (UTC): half past three in New York on that day."""
    moment = released_on(report).dt.combine(RELEASED_AT, "us").dt.replace_time_zone(MARKET_TIME_ZONE)
    return moment.dt.convert_time_zone("UTC")
