"""How far a cap can be trusted: a second source of the count, by what was published."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.core import cap_quality
from transforms.core.cap_quality import check_counts
from transforms.core.fundamentals import Statements

D1 = date(2024, 3, 1)


def statements(*reports: tuple[str, date, date, int | None]) -> Statements:
    """Income statements: entity, end of the period, day of publication, basic shares."""
    rows = [
        {
            "source_entity": entity,
            "period_kind": "quarter",
            "report_date": end,
            "publish_date": published,
            "vintage_date": date(2025, 1, 1),
            "shares_basic": shares,
        }
        for entity, end, published, shares in reports
    ]
    income = pl.DataFrame(rows, schema_overrides={"shares_basic": pl.Int64})
    return Statements(income=income, balance=income)


def rated(
    shares: float, facts: Statements, day: date = D1, *, tier: str = "vendor_implied", vendor: float | None = None
) -> tuple[Any, Any]:
    caps = pl.DataFrame(
        [(day, "C:A", shares, tier, vendor)],
        schema={
            "session_date": pl.Date,
            "company_id": pl.String,
            "shares": pl.Float64,
            "tier": pl.String,
            "vendor_shares": pl.Float64,
        },
        orient="row",
    )
    entities = pl.DataFrame({"session_date": [day], "company_id": ["C:A"], "source_entity": ["7"]})
    row = cap_quality.cap_quality(caps, entities, check_counts(facts)).row(0, named=True)
    return row["quality"], row["reason"]


ONE = statements(("7", date(2023, 12, 31), date(2024, 2, 20), 100_000_000))


@pytest.mark.parametrize(
    ("shares", "quality", "reason"),
    [
        (100_000_000, "trusted", cap_quality.AGREES),
        (104_900_000, "trusted", cap_quality.AGREES),
        (95_300_000, "trusted", cap_quality.AGREES),
        (105_100_000, "disputed", cap_quality.DIFFERS),
        (130_000_000, "disputed", cap_quality.DIFFERS),
        (10_100_000, "disputed", cap_quality.SPLIT_RATIO),
        (400_000_000, "disputed", cap_quality.SPLIT_RATIO),
    ],
)
def test_two_counts_agree_within_five_percent(shares: float, quality: str, reason: str) -> None:
    assert rated(shares, ONE) == (quality, reason)


def test_a_report_counts_from_its_publication() -> None:
    assert rated(100_000_000, ONE, date(2024, 2, 19)) == ("single_source", cap_quality.NO_SECOND)
    assert rated(100_000_000, ONE, date(2024, 2, 20))[0] == "trusted"


def test_a_report_older_than_fifteen_months_says_nothing() -> None:
    assert rated(100_000_000, ONE, date(2025, 3, 31))[0] == "trusted"
    assert rated(100_000_000, ONE, date(2025, 4, 1))[0] == "single_source"


def test_the_newest_period_counts_though_an_older_one_is_published_later() -> None:
    late = statements(
        ("7", date(2023, 12, 31), date(2024, 2, 20), 100_000_000),
        ("7", date(2023, 9, 30), date(2024, 2, 28), 50_000_000),
    )
    assert rated(100_000_000, late)[0] == "trusted"


def test_of_a_year_and_its_last_quarter_the_quarter_counts_in_any_order_of_rows() -> None:
    both = statements(
        ("7", date(2023, 12, 31), date(2024, 2, 20), 80_000_000),
        ("7", date(2023, 12, 31), date(2024, 2, 20), 100_000_000),
    )
    income = both.income.with_columns(period_kind=pl.Series(["annual", "quarter"]))
    for rows in (income, income.reverse()):
        assert rated(100_000_000, Statements(income=rows, balance=rows))[0] == "trusted"


def test_another_entitys_count_checks_nothing() -> None:
    other = statements(("8", date(2023, 12, 31), date(2024, 2, 20), 100_000_000))
    assert rated(100_000_000, other) == ("single_source", cap_quality.NO_SECOND)


def test_without_any_count_there_is_one_source() -> None:
    assert rated(1.0, statements(("7", date(2023, 12, 31), date(2024, 2, 20), None)))[0] == "single_source"


@pytest.mark.parametrize(
    ("vendor", "quality", "reason"),
    [
        (101_000_000.0, "trusted", cap_quality.FILES_AGREE),
        (140_000_000.0, "disputed", cap_quality.FILES_DIFFER),
        (None, "single_source", cap_quality.NO_SECOND),
    ],
)
def test_a_supplied_count_is_checked_against_the_vendors(vendor: float | None, quality: str, reason: str) -> None:
    none = statements(("8", date(2023, 12, 31), date(2024, 2, 20), 1))
    assert rated(100_000_000, none, tier="files_shares", vendor=vendor) == (quality, reason)


def test_a_supplied_count_is_trusted_where_the_report_agrees_though_the_vendor_does_not() -> None:
    assert rated(100_000_000, ONE, tier="files_shares", vendor=140_000_000.0) == ("trusted", cap_quality.AGREES)
