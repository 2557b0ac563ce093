"""core.positions: when each report was known, by the rule, in the weeks of failures, and by what downloads show."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from transforms.core.position_releases import DELAYS, released_at
from transforms.core.positions import position_rows
from transforms.staging.cftc import POSITIONS

D = date


def release(report: date) -> datetime:
    found: datetime = pl.DataFrame({"report": [report]}).select(released_at(pl.col("report"))).item()
    return found


@pytest.mark.parametrize(
    ("report", "released"),
    [
        (D(2024, 6, 4), datetime(2024, 6, 7, 19, 30, tzinfo=UTC)),  # summer time
        (D(2024, 12, 3), datetime(2024, 12, 6, 20, 30, tzinfo=UTC)),
        (D(2014, 12, 23), datetime(2014, 12, 30, 20, 30, tzinfo=UTC)),  # the day after Christmas by order
        (D(2015, 6, 30), datetime(2015, 7, 6, 19, 30, tzinfo=UTC)),  # as the CFTC announced
        (D(2020, 12, 21), datetime(2020, 12, 28, 20, 30, tzinfo=UTC)),  # a Monday's report
        (D(2021, 6, 15), datetime(2021, 6, 21, 19, 30, tzinfo=UTC)),  # the first Juneteenth
        (D(2025, 1, 7), datetime(2025, 1, 13, 20, 30, tzinfo=UTC)),  # a day of mourning
        (D(2025, 12, 30), datetime(2026, 1, 5, 20, 30, tzinfo=UTC)),
        (D(2018, 12, 24), datetime(2019, 2, 1, 20, 30, tzinfo=UTC)),
        (D(2023, 2, 7), datetime(2023, 3, 3, 20, 30, tzinfo=UTC)),
        (D(2025, 11, 10), datetime(2025, 12, 10, 20, 30, tzinfo=UTC)),
    ],
)
def test_releases_as_they_were(report: date, released: datetime) -> None:
    assert release(report) == released


def test_delays_are_later_than_the_rule_in_order_and_say_who_told() -> None:
    by_rule = [report.report for report in DELAYS]
    assert by_rule == sorted(set(by_rule))
    assert all((delay.released - delay.report).days > 3 and delay.source for delay in DELAYS)
    assert {delay.confidence for delay in DELAYS} == {"stated", "scheduled", "bound"}


def row(report: date, vintage: date, long: int = 10) -> dict[str, object]:
    return {"contract": "239742", "as_of": report, "category": "leveraged", "long_contracts": long,
            "short_contracts": 20, "spread_contracts": 1, "open_interest": 90, "vintage_date": vintage,
            "source": "cftc"}  # fmt: skip


def known(*rows: dict[str, object]) -> list[tuple[date, int, datetime]]:
    told = position_rows(pl.DataFrame(rows, POSITIONS), {"cftc": "public-domain"})
    return told.select("as_of", "long_contracts", "known_at").rows()


FIRST, SECOND = D(2024, 6, 4), D(2024, 6, 11)


def test_of_one_download_each_report_is_known_at_its_release() -> None:
    late = D(2024, 8, 1)
    assert known(row(FIRST, late), row(SECOND, late)) == [(FIRST, 10, release(FIRST)), (SECOND, 10, release(SECOND))]


def test_a_download_that_lacks_a_report_proves_that_it_was_not_out() -> None:
    friday, monday = D(2024, 6, 14), D(2024, 6, 17)
    found = known(row(FIRST, friday), row(FIRST, monday), row(SECOND, monday))
    assert found == [
        (FIRST, 10, release(FIRST)),
        (SECOND, 10, datetime(2024, 6, 16, 3, 59, 59, tzinfo=UTC)),  # after Friday's evening, by Monday
    ]


def test_a_corrected_report_is_known_with_the_download_that_corrects_it() -> None:
    found = known(row(FIRST, D(2024, 6, 7)), row(FIRST, D(2024, 6, 10)), row(FIRST, D(2024, 6, 12), long=11))
    assert found == [(FIRST, 10, release(FIRST)), (FIRST, 11, datetime(2024, 6, 13, 3, 59, 59, tzinfo=UTC))]


def test_a_report_that_was_out_early_is_known_with_its_download() -> None:
    assert known(row(FIRST, D(2024, 6, 6))) == [(FIRST, 10, datetime(2024, 6, 7, 3, 59, 59, tzinfo=UTC))]
