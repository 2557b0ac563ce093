"""Fragility, maturity and information of companies, each worked by hand, and what segments make of them."""

from datetime import date

import polars as pl
import pytest

from transforms.contracts.fields import SEGMENTS
from transforms.contracts.fragility import (
    FRAGILITY_DAILY,
    FRAGILITY_MEASURES,
    INFORMATION_DAILY,
    INFORMATION_MEASURES,
    LEAST_COMPANIES,
)
from transforms.contracts.measures import Measure
from transforms.measures.company_fragility import (
    FRAGILITY,
    FRAGILITY_FIGURES,
    INFORMATION_FIGURES,
    INFORMED,
    company_fragility,
    fragility_and_information,
)
from transforms.measures.company_fundamentals import KNOWN
from transforms.measures.company_traits import NOT_TOLD, with_traits
from transforms.measures.segment_figures import SegmentFigure
from transforms.measures.statement_lines import LINES

DAY, START = date(2024, 8, 30), date(2022, 1, 3)
SOUND = {
    "net_income_ttm_usd": 40,
    "operating_income_ttm_usd": 60,
    "operating_income_year_before_usd": 50,
    "operating_income_two_years_before_usd": 40,
    "interest_expense_net_ttm_usd": 20,
    "interest_expense_net_year_before_usd": 20,
    "interest_expense_net_two_years_before_usd": 20,
    "operating_cash_flow_ttm_usd": 75,
    "capital_expenditure_ttm_usd": 25,
    "revenue_ttm_usd": 660,
    "revenue_year_before_usd": 600,
    "total_assets_usd": 1000,
    "total_liabilities_usd": 500,
    "current_assets_usd": 400,
    "current_liabilities_usd": 300,
    "retained_earnings_usd": 200,
    "cash_usd": 100,
    "debt_usd": 280,
    "income_period_end": date(2024, 6, 30),
    "income_publish_date": date(2024, 8, 9),
    "balance_period_end": date(2024, 6, 30),
}


def fragility(
    sector: str | None = "Technology",
    first_session: date = START,
    start: date = START,
    cap: int = 1000,
    listing_year: int | None = None,
    **lines: object,
) -> dict[str, object]:
    """A sound company in which some lines are others."""
    told = {"session_date": DAY, "company_id": "A", "cap_usd": cap, **SOUND, **lines}
    schema = {"session_date": pl.Date, "company_id": pl.String, "cap_usd": pl.Int64, **KNOWN, **LINES}
    listed = (
        NOT_TOLD if listing_year is None else pl.DataFrame([(DAY, "A", listing_year)], NOT_TOLD.schema, orient="row")
    )
    securities = pl.DataFrame(
        {
            "company_id": ["A"],
            "security_type": ["common"],
            "sector": [sector],
            "valid_from": [first_session],
            "first_session": [first_session],
        },
        schema_overrides={"sector": pl.String},
    )
    known = with_traits(pl.DataFrame([told], schema=schema | INFORMED), securities, listed)
    return company_fragility(known, start).row(0, named=True)


@pytest.mark.parametrize(("earned", "is_unprofitable"), [(1, False), (0, True), (-1, True), (None, None)])
def test_who_does_not_earn_is_unprofitable(earned: int | None, is_unprofitable: bool | None) -> None:
    row = fragility(net_income_ttm_usd=earned)
    assert row["is_unprofitable"] is row["is_unprofitable_excl_financials"] is is_unprofitable


@pytest.mark.parametrize(
    ("income", "expense", "is_below"),
    [
        (20, 20, False),
        (19, 20, True),
        (-5, 20, True),
        (-5, 0, None),
        (-5, -3, None),
        (19, None, None),
        (None, 20, None),
    ],
)
def test_coverage_is_asked_of_those_who_pay_interest(
    income: int | None, expense: int | None, is_below: bool | None
) -> None:
    row = fragility(operating_income_ttm_usd=income, interest_expense_net_ttm_usd=expense)
    assert row["is_coverage_below_1"] is is_below


@pytest.mark.parametrize(
    ("incomes", "is_zombie"),
    [
        ((29, 29, 29), True),
        ((29, 30, 29), False),
        ((30, 29, 29), False),
        ((-5, 0, 29), True),
        ((29, None, 29), None),
        ((90, 90, None), None),
    ],
)
def test_three_years_below_one_and_a_half_make_a_zombie(
    incomes: tuple[int | None, ...], is_zombie: bool | None
) -> None:
    names = ("ttm", "year_before", "two_years_before")
    lines = {f"operating_income_{name}_usd": income for name, income in zip(names, incomes, strict=True)}
    assert fragility(**lines)["is_zombie"] is is_zombie


def test_a_year_without_interest_to_pay_makes_no_zombie() -> None:
    lines = {f"operating_income_{name}_usd": -9 for name in ("ttm", "year_before", "two_years_before")}
    assert fragility(**lines)["is_zombie"] is True
    assert fragility(**lines, interest_expense_net_year_before_usd=-1)["is_zombie"] is False


def test_net_debt_is_set_against_operating_income_of_those_who_have_some() -> None:
    assert fragility()["net_debt_to_ebit"] == (280 - 100) / 60
    assert fragility(debt_usd=0)["net_debt_to_ebit"] == -100 / 60
    assert fragility(debt_usd=None)["net_debt_to_ebit"] is None


@pytest.mark.parametrize(
    ("income", "debt", "has"), [(0, 101, True), (-1, 101, True), (0, 100, False), (1, 101, False), (None, 101, None)]
)
def test_loss_makers_with_net_debt_stand_apart(income: int | None, debt: int, has: bool | None) -> None:
    row = fragility(operating_income_ttm_usd=income, debt_usd=debt)
    assert row["has_net_debt_and_losses"] is has
    assert (row["net_debt_to_ebit"] is None) is (income != 1)


def test_altmans_score() -> None:
    """1.2 x 0.1 + 1.4 x 0.2 + 3.3 x 0.06 + 0.6 x 2 + 0.66."""
    row = fragility()
    assert row["altman_z"] == pytest.approx(2.458, rel=1e-12)
    assert row["is_distressed"] is False
    poor = fragility(cap=10)  # 1.258 + 0.6 x 0.02
    assert poor["altman_z"] == pytest.approx(1.27, rel=1e-12)
    assert poor["is_distressed"] is True


@pytest.mark.parametrize(
    "line",
    ["total_assets_usd", "total_liabilities_usd", "current_assets_usd", "current_liabilities_usd",
     "retained_earnings_usd", "operating_income_ttm_usd", "revenue_ttm_usd"],
)  # fmt: skip
def test_altmans_score_needs_every_line(line: str) -> None:
    row = fragility(**{line: None})
    assert (row["altman_z"], row["is_distressed"]) == (None, None)


def test_nobody_without_liabilities_has_a_score() -> None:
    assert fragility(total_liabilities_usd=0)["altman_z"] is None


@pytest.mark.parametrize("sector", ["Finance", "Real Estate"])
def test_financials_stand_apart(sector: str) -> None:
    row = fragility(sector)
    apart = ("is_unprofitable_excl_financials", "is_coverage_below_1", "is_zombie", "net_debt_to_ebit",
             "has_net_debt_and_losses", "altman_z", "is_distressed")  # fmt: skip
    assert {name: row[name] for name in apart} == dict.fromkeys(apart)
    assert (row["is_unprofitable"], row["sales_growth"]) == (False, 0.1)


def test_a_company_whose_sector_nobody_told_is_no_financial() -> None:
    assert fragility(None)["is_zombie"] is False


def test_what_a_session_did_not_know_of_a_sector_plays_no_part() -> None:
    assert fragility("Finance", first_session=date(2024, 9, 3))["is_zombie"] is False


@pytest.mark.parametrize(
    ("revenue", "before", "growth"), [(660, 600, 0.1), (0, 600, -1.0), (660, 0, None), (660, None, None)]
)
def test_sales_grow_from_something(revenue: int, before: int | None, growth: float | None) -> None:
    assert fragility(revenue_ttm_usd=revenue, revenue_year_before_usd=before)["sales_growth"] == growth


def test_age_counts_from_the_first_session() -> None:
    row = fragility(first_session=date(2022, 8, 30))
    assert row["age_years"] == 731 / 365.25
    assert row["is_new_listing"] is False
    assert fragility(first_session=date(2023, 9, 1))["is_new_listing"] is True
    assert fragility(first_session=date(2023, 8, 31))["is_new_listing"] is False
    assert fragility(start=date(2023, 8, 31))["is_new_listing"] is None


@pytest.mark.parametrize(
    ("first_session", "listing_year", "listed_on"),
    [
        (START, 1993, date(1993, 7, 1)),
        (date(2023, 3, 1), 1993, date(1993, 7, 1)),  # came back, or moved over from another market
        (START, 2022, START),  # listed before the year began, whatever is told
        (date(2023, 3, 1), 2023, date(2023, 3, 1)),
        (date(2023, 11, 1), 2023, date(2023, 11, 1)),
        (date(2023, 3, 1), 2024, date(2023, 3, 1)),
        (date(2023, 3, 1), None, date(2023, 3, 1)),
        (START, None, None),
    ],
)
def test_age_counts_from_the_year_of_listing_where_one_is_told(
    first_session: date, listing_year: int | None, listed_on: date | None
) -> None:
    age = fragility(first_session=first_session, listing_year=listing_year)["age_years"]
    assert age == (None if listed_on is None else (DAY - listed_on).days / 365.25)


def test_reports_have_an_age_and_a_lag() -> None:
    row = fragility()
    assert (row["report_age_days"], row["filing_lag_days"]) == (61, 40)
    assert (row["has_fundamentals"], row["has_recent_report"]) == (True, True)
    assert fragility(income_period_end=date(2024, 2, 12))["has_recent_report"] is True
    assert fragility(income_period_end=date(2024, 2, 11))["has_recent_report"] is False


def test_of_a_company_without_statements_nothing_is_known() -> None:
    row = fragility(**dict.fromkeys(SOUND))
    known = {name: value for name, value in row.items() if name in FRAGILITY and value is not None}
    assert known == {"is_new_listing": False, "has_fundamentals": False}


def test_cash_lasts_as_long_as_operations_burn_it() -> None:
    sound, burning = fragility(), fragility(operating_cash_flow_ttm_usd=-240)
    assert (sound["cash_runway_months"], sound["is_burning_cash"], sound["fcf_yield"]) == (None, False, 0.05)
    # 100 in cash, 20 a month; and 240 and 25 went out, of a cap of 1,000.
    assert (burning["cash_runway_months"], burning["is_burning_cash"], burning["fcf_yield"]) == (5.0, True, -0.265)
    assert fragility("Finance", operating_cash_flow_ttm_usd=-240)["cash_runway_months"] is None
    assert fragility(capital_expenditure_ttm_usd=None)["fcf_yield"] is None


def test_what_nobody_tells_is_null() -> None:
    row = fragility(operating_cash_flow_ttm_usd=None)
    assert (row["cash_runway_months"], row["is_burning_cash"], row["fcf_yield"]) == (None, None, None)
    assert (row["analyst_coverage"], row["has_analyst_source"]) == (None, None)
    followed = fragility(has_analyst_source=True, analysts=0)
    assert (followed["analyst_coverage"], followed["has_no_analyst"]) == (0.0, True)


# --- segments


def segments(*companies: dict[str, object]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Small companies with caps of 100, of which some columns of FRAGILITY are known."""
    blank = {"session_date": DAY, "bucket": "small", "cap_usd": 100, "has_fundamentals": False}
    schema = {"session_date": pl.Date, "bucket": pl.String, "cap_usd": pl.Int64, **FRAGILITY}
    members = pl.DataFrame([blank | company for company in companies], schema=schema)
    return fragility_and_information(members, "fixed_usd")


def one(rows: pl.DataFrame, measure: str, segment: str = "small") -> tuple[object, object, object]:
    row = rows.filter(segment=segment, measure=measure).row(0, named=True)
    return row["value"], row["observations"], row["null_reason"]


def test_every_measure_of_every_segment_has_a_row() -> None:
    fragile, informed = segments({"is_unprofitable": True})
    assert fragile.height == len(SEGMENTS) * len(FRAGILITY_MEASURES)
    assert informed.height == len(SEGMENTS) * len(INFORMATION_MEASURES)
    assert (
        FRAGILITY_DAILY.conform(fragile).filter(pl.col("value").is_null() == pl.col("null_reason").is_null()).is_empty()
    )
    assert INFORMATION_DAILY.conform(informed).height == informed.height


@pytest.mark.parametrize(
    ("figures", "measures"), [(FRAGILITY_FIGURES, FRAGILITY_MEASURES), (INFORMATION_FIGURES, INFORMATION_MEASURES)]
)
def test_every_measure_is_told_and_made(figures: tuple[SegmentFigure, ...], measures: tuple[Measure, ...]) -> None:
    assert [(figure.measure, figure.least) for figure in figures] == [(m.name, m.least) for m in measures]
    assert {figure.column for figure in figures} <= set(FRAGILITY)


def test_shares_are_of_those_known() -> None:
    losers = [{"is_unprofitable": True, "cap_usd": 50}] * 4
    earners = [{"is_unprofitable": False}] * 8
    fragile, _ = segments(*losers, *earners, {}, {})
    assert one(fragile, "unprofitable_share") == (4 / 12, 12, None)
    assert one(fragile, "unprofitable_cap_share") == (0.2, 12, None)


def test_analysts_are_told_by_whoever_has_a_licence() -> None:
    source = {"has_analyst_source": True}
    followed = [
        source | {"analyst_coverage": float(count), "has_no_analyst": count == 0} for count in (0, 0, *range(1, 9))
    ]
    _, informed = segments(*followed, source)
    assert one(informed, "analyst_coverage") == (3.5, 10, None)
    assert one(informed, "without_analysts_share") == (0.2, 10, None)
    _, informed = segments(*followed[1:], source)
    assert one(informed, "analyst_coverage") == (None, 9, "too_few")


def test_too_few_companies_have_no_value() -> None:
    fragile, _ = segments(*[{"altman_z": 2.0}] * (LEAST_COMPANIES - 1))
    assert one(fragile, "altman_z") == (None, LEAST_COMPANIES - 1, "too_few")
    fragile, _ = segments(*[{"altman_z": 2.0}] * LEAST_COMPANIES)
    assert one(fragile, "altman_z") == (2.0, LEAST_COMPANIES, None)


def test_what_no_source_gives_says_so() -> None:
    fragile, informed = segments({}, {})
    assert one(fragile, "cash_runway_months") == (None, 0, "no_cash_flow_source")
    assert one(fragile, "fcf_yield") == (None, 0, "no_cash_flow_source")
    burning = [{"is_burning_cash": True, "cash_runway_months": float(months)} for months in range(10)]
    fragile, _ = segments(*burning, {"is_burning_cash": False})
    assert one(fragile, "cash_runway_months") == (4.5, 10, None)
    assert one(fragile, "burning_cash_share") == (10 / 11, 11, None)
    assert one(fragile, "fcf_yield") == (None, 0, "too_few")
    assert one(informed, "analyst_coverage") == (None, 0, "no_licensed_source")


def test_a_median_age_is_told_where_that_of_half_of_the_companies_is_known() -> None:
    told, unknown = [{"age_years": float(number)} for number in range(10)], [{"age_years": None}]
    assert one(segments(*told, *unknown * 10)[0], "age_years") == (4.5, 10, None)
    assert one(segments(*told, *unknown * 11)[0], "age_years") == (None, 10, "history_too_short")


def test_the_first_year_of_a_history_knows_no_new_listings() -> None:
    fragile, _ = segments({"is_new_listing": None})
    assert one(fragile, "new_listing_share") == (None, 0, "history_too_short")
