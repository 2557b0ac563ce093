"""How far a cap can be trusted: a second source of the count, by what was published."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.core import cap_quality
from transforms.core.check_counts import check_counts
from transforms.core.fundamentals import Statements
from transforms.core.period_counts import MONTHLY_COUNTS, SPLITS, monthly_counts, with_counts

D1 = date(2024, 3, 1)


def statements(*reports: tuple[str, date, date, int | None], diluted: int | None = None) -> Statements:
    """Quarters' income statements: entity, end of the period, day of publication, basic shares."""
    rows = [
        {
            "source_entity": entity,
            "period_kind": "quarter",
            "fiscal_period": f"Q{(end.month + 2) // 3}",
            "period_start": date(end.year, end.month - 2, 1),
            "report_date": end,
            "publish_date": published,
            "vintage_date": date(2025, 1, 1),
            "shares_basic": shares,
            "shares_diluted": diluted,
        }
        for entity, end, published, shares in reports
    ]
    income = pl.DataFrame(rows, schema_overrides={"shares_basic": pl.Int64, "shares_diluted": pl.Int64})
    return Statements(income=income, balance=income)


def judged(
    shares: float,
    facts: Statements,
    day: date = D1,
    *,
    tier: str = "vendor_implied",
    vendor: float | None = None,
    months: pl.DataFrame | None = None,
    splits: pl.DataFrame | None = None,
) -> dict[str, Any]:
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
    return cap_quality.cap_quality(caps, entities, check_counts(facts), months, splits).row(0, named=True)


def rated(shares: float, facts: Statements, day: date = D1, **given: Any) -> tuple[Any, Any]:
    row = judged(shares, facts, day, **given)
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


Q1 = statements(("7", date(2024, 3, 31), date(2024, 5, 6), 100_000_000))
JUNE = date(2024, 6, 28)


def months(**shares: float) -> pl.DataFrame:
    """Our counts in months of 2024, two sessions each: `jan=1e8`."""
    names = ("jan", "feb", "mar", "apr", "may", "jun")
    rows = [("C:A", date(2024, names.index(name) + 1, 1), int(2 * count), 2) for name, count in shares.items()]
    return pl.DataFrame(rows, schema=MONTHLY_COUNTS, orient="row")


def split(day: date, ratio: float, company: str = "C:A") -> pl.DataFrame:
    return pl.DataFrame([(company, day, ratio)], schema=SPLITS, orient="row")


class TestOverThePeriod:
    """A period's average is compared with the mean of our counts over the period and the two months after it."""

    def test_a_diluter_agrees_over_the_period_though_its_count_has_moved(self) -> None:
        ours = months(jan=92e6, feb=96e6, mar=100e6, apr=104e6, may=108e6)
        assert rated(112_000_000, Q1, JUNE, months=ours) == ("trusted", cap_quality.AGREES_IN_PERIOD)
        assert rated(112_000_000, Q1, JUNE) == ("disputed", cap_quality.DIFFERS)

    def test_a_count_that_has_moved_too_far_since_has_no_second_source(self) -> None:
        ours = months(jan=100e6, feb=100e6, mar=100e6, apr=100e6, may=100e6)
        assert rated(120_000_000, Q1, JUNE, months=ours)[0] == "trusted"
        assert rated(120_100_000, Q1, JUNE, months=ours) == ("disputed", cap_quality.MOVED)
        assert rated(83_000_000, Q1, JUNE, months=ours) == ("disputed", cap_quality.MOVED)

    def test_a_count_that_was_wrong_over_the_period_stays_disputed(self) -> None:
        ours = months(jan=130e6, feb=130e6, mar=130e6, apr=130e6, may=130e6)
        assert rated(130_000_000, Q1, JUNE, months=ours) == ("disputed", cap_quality.DIFFERS)

    def test_months_outside_the_period_say_nothing(self) -> None:
        december = pl.DataFrame([("C:A", date(2023, 12, 1), 2 * 10**8, 2)], schema=MONTHLY_COUNTS, orient="row")
        assert rated(112_000_000, Q1, JUNE, months=december)[0] == "disputed"
        assert rated(112_000_000, Q1, JUNE, months=months(jun=100e6))[0] == "disputed"

    def test_the_month_of_the_session_and_what_comes_after_it_say_nothing(self) -> None:
        later = months(may=100e6, jun=100e6)
        assert rated(112_000_000, Q1, date(2024, 5, 31), months=later)[0] == "disputed"
        assert rated(112_000_000, Q1, date(2024, 6, 3), months=later)[0] == "trusted"

    def test_another_companys_months_say_nothing(self) -> None:
        other = months(jan=100e6, feb=100e6).with_columns(company_id=pl.lit("C:B"))
        assert rated(112_000_000, Q1, JUNE, months=other)[0] == "disputed"

    def test_session_by_session_gives_the_months_of_all_at_once(self) -> None:
        days = [date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 1)]
        caps = pl.DataFrame({"session_date": days, "company_id": ["C:A"] * 3, "shares": [10.9, 20.0, None]})
        night_by_night = pl.DataFrame(schema=MONTHLY_COUNTS)
        for day in days:
            night_by_night = with_counts(night_by_night, caps.filter(session_date=day))
        assert night_by_night.equals(monthly_counts(caps))
        assert night_by_night.rows() == [("C:A", date(2024, 1, 1), 30, 2)]


class TestSplits:
    """An average may be as before a split that the company had since the period began; no other ratio will do."""

    def test_an_average_from_before_a_split_agrees_after_it(self) -> None:
        told = ("trusted", "SimFin's average count agrees within 5 % after the split of 2024-06-10")
        assert rated(1_000_000_000, Q1, JUNE, splits=split(date(2024, 6, 10), 10.0)) == told

    def test_a_reverse_split_of_the_period_itself(self) -> None:
        told = rated(5_000_000, Q1, JUNE, splits=split(date(2024, 3, 15), 0.05))
        assert told == ("trusted", f"{cap_quality.AGREES_AFTER_SPLIT}2024-03-15")

    @pytest.mark.parametrize(
        "splits",
        [
            split(date(2024, 7, 1), 10.0),
            split(date(2024, 1, 1), 10.0),
            split(date(2024, 6, 10), 5.0),
            split(date(2024, 6, 10), 0.1),
            split(date(2024, 6, 10), 10.0, "C:B"),
        ],
        ids=["after the session", "before the period", "another ratio", "the other way", "another company"],
    )
    def test_the_ratio_of_a_split_alone_proves_nothing(self, splits: pl.DataFrame) -> None:
        assert rated(1_000_000_000, Q1, JUNE, splits=splits) == ("disputed", cap_quality.SPLIT_RATIO)

    def test_two_splits_multiply_and_the_first_one_missing_is_named(self) -> None:
        two = pl.concat([split(date(2024, 2, 1), 0.1), split(date(2024, 6, 3), 0.5)])
        assert rated(5_000_000, Q1, JUNE, splits=two)[1] == f"{cap_quality.AGREES_AFTER_SPLIT}2024-02-01"
        assert rated(50_000_000, Q1, JUNE, splits=two)[1] == f"{cap_quality.AGREES_AFTER_SPLIT}2024-06-03"

    def test_months_before_a_split_are_restated_and_its_own_month_is_left_out(self) -> None:
        """The average is restated, today's count has moved: over the period both are 1,000 million new shares."""
        restated = statements(("7", date(2024, 3, 31), date(2024, 5, 6), 1_000_000_000))
        ours = months(jan=100e6, feb=100e6, mar=100e6, apr=550e6, may=1_000e6)
        told = rated(1_150_000_000, restated, JUNE, months=ours, splits=split(date(2024, 4, 15), 10.0))
        assert told == ("trusted", cap_quality.AGREES_IN_PERIOD)
        assert rated(1_150_000_000, restated, JUNE, months=ours)[0] == "disputed"


def test_where_the_newest_quarter_is_a_computed_one_the_last_reported_quarter_counts_too() -> None:
    """American Assets Trust 2022: 60.0 million in three quarters, then 4 x 76.2 less those: 124.8."""
    facts = statements(
        ("7", date(2023, 9, 30), date(2023, 10, 28), 60_044_117),
        ("7", date(2023, 12, 31), date(2024, 2, 10), 124_835_365),
    )
    assert rated(60_718_000, facts) == ("trusted", cap_quality.QUARTER_AGREES)
    assert rated(64_000_000, facts)[0] == "disputed"


def test_a_reported_quarter_is_not_passed_over_for_an_older_one() -> None:
    facts = statements(
        ("7", date(2023, 6, 30), date(2023, 7, 28), 60_000_000),
        ("7", date(2023, 9, 30), date(2023, 10, 28), 124_000_000),
    )
    assert rated(60_000_000, facts)[0] == "disputed"


def test_a_class_that_is_not_listed_is_named_and_proves_nothing() -> None:
    """Rocket Companies 2024: 137 million class A, and 1,848 million units that convert into it."""
    facts = statements(("7", date(2024, 3, 31), date(2024, 5, 6), 136_991_743), diluted=1_992_000_000)
    assert rated(1_988_400_000, facts, JUNE) == ("disputed", cap_quality.UNLISTED_CLASS)


def test_options_are_no_class_of_their_own() -> None:
    """Apple 2022: 16.39 billion, diluted 16.52; the vendor once gave 17.34."""
    facts = statements(("7", date(2024, 3, 31), date(2024, 5, 6), 16_391_724_000), diluted=16_519_291_000)
    assert rated(17_337_340_000, facts, JUNE) == ("disputed", cap_quality.DIFFERS)


@pytest.mark.parametrize(
    ("day", "check"), [(date(2024, 2, 19), None), (date(2024, 2, 20), 100_000_000), (date(2025, 4, 1), None)]
)
def test_the_average_that_checks_a_count_is_told_as_published(day: date, check: int | None) -> None:
    assert judged(250_000_000, ONE, day)["check_shares"] == check
