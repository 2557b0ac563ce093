"""Facts of several vintages, and what was known of a company at the end of a session."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import polars as pl
import pytest

from transforms.core.fundamentals import Statements, collect_statements, fundamentals_rows
from transforms.measures.company_fundamentals import EntityStates, company_fundamentals_asof, entity_states

V2021, V2025A, V2025B = date(2021, 7, 28), date(2025, 5, 14), date(2025, 9, 22)
ENDS = {"Q1": (3, 31), "Q2": (6, 30), "Q3": (9, 30), "Q4": (12, 31), "FY": (12, 31)}
PUBLISHED = {"Q1": (0, 5, 5), "Q2": (0, 8, 4), "Q3": (0, 11, 3), "Q4": (1, 2, 20), "FY": (1, 2, 20)}


def report(
    year: int,
    period: str,
    net_income: int | None = 0,
    *,
    published: date | None = None,
    vintage: date = V2025A,
    revenue: int | None = 100,
    equity: int | None = 50,
    currency: str = "USD",
    entity: str = "1",
    period_end: date | None = None,
    restated: date | None = None,
) -> dict[str, object]:
    """One report; by default of a calendar year, published as companies do."""
    later, month, day = PUBLISHED[period]
    return {
        "source_entity": entity,
        "fiscal_year": year,
        "fiscal_period": period,
        "report_date": period_end or date(year, *ENDS[period]),
        "publish_date": published or date(year + later, month, day),
        "restated_date": restated,
        "vintage_date": vintage,
        "currency": currency,
        "net_income": net_income,
        "revenue": revenue,
        "total_equity": equity,
    }


SCHEMA = {
    "source_entity": pl.String,
    "fiscal_year": pl.Int64,
    "fiscal_period": pl.String,
    "report_date": pl.Date,
    "publish_date": pl.Date,
    "restated_date": pl.Date,
    "vintage_date": pl.Date,
    "currency": pl.String,
    "net_income": pl.Int64,
    "revenue": pl.Int64,
    "total_equity": pl.Int64,
}
OTHER_LINES = (
    "operating_income", "pretax_income", "interest_expense_net", "net_income_common", "shares_basic",
    "shares_diluted", "cash_and_short_term_investments", "current_assets", "total_assets", "short_term_debt",
    "current_liabilities", "long_term_debt", "total_liabilities", "retained_earnings",
)  # fmt: skip


def staged(rows: Sequence[dict[str, object]], statement: str) -> pl.DataFrame:
    """Rows as staging hands them over; the annual file's balance is called Q4 and comes as variant annual."""
    blank = [pl.lit(None, pl.Int64).alias(name) for name in OTHER_LINES]
    is_annual = pl.col("fiscal_period") == "FY"
    frame = pl.DataFrame(rows, schema=SCHEMA).with_columns(
        pl.lit(statement).alias("statement"),
        pl.when(is_annual).then(pl.lit("annual")).otherwise(pl.lit("quarterly")).alias("variant"),
        *blank,
    )
    if statement == "balance":
        frame = frame.with_columns(
            pl.when(is_annual).then(pl.lit("Q4")).otherwise("fiscal_period").alias("fiscal_period")
        )
    return frame


def statements(*rows: dict[str, object]) -> Statements:
    return collect_statements([staged(rows, "income"), staged(rows, "balance")])


def year(number: int, *net_income: int, **settings: object) -> list[dict[str, object]]:
    return [report(number, f"Q{i + 1}", value, **settings) for i, value in enumerate(net_income)]  # type: ignore[arg-type]


LINKS = pl.DataFrame(
    {
        "company_id": ["C:A"],
        "source_entity": ["1"],
        "valid_from": [date(2020, 1, 2)],
        "rule": ["ticker_and_name"],
        "rule_rank": [0],
    }
)


def states(facts: Statements, caps: pl.DataFrame) -> EntityStates:
    sessions = caps["session_date"].to_list()
    return entity_states(facts, min(sessions), max(sessions))


def known(facts: Statements, *days: date, links: pl.DataFrame = LINKS) -> list[dict[str, object]]:
    caps = pl.DataFrame({"session_date": days, "company_id": ["C:A"] * len(days), "cap_usd": [1000] * len(days)})
    return company_fundamentals_asof(caps, links, states(facts, caps)).sort("session_date").to_dicts()


def net_income(facts: Statements, day: date) -> object:
    rows = known(facts, day)
    return rows[0]["net_income_ttm_usd"] if rows else None


# --- the trailing year


def test_the_trailing_year_is_the_last_four_quarters() -> None:
    facts = statements(*year(2022, 1, 2, 4, 8), *year(2023, 16))
    row = known(facts, date(2023, 6, 1))[0]

    assert row["net_income_ttm_usd"] == 2 + 4 + 8 + 16
    assert row["net_income_quarter_usd"] == 16
    assert row["revenue_ttm_usd"] == 400
    assert (row["income_period_end"], row["income_basis"]) == (date(2023, 3, 31), "quarters")


def test_a_report_counts_from_the_day_of_its_publication_on() -> None:
    facts = statements(*year(2022, 1, 2, 4, 8), *year(2023, 16))

    assert net_income(facts, date(2023, 5, 4)) == 15
    assert net_income(facts, date(2023, 5, 5)) == 30


def test_fewer_than_four_quarters_are_no_year() -> None:
    facts = statements(*year(2022, 1, 2, 4))
    row = known(facts, date(2022, 12, 1))[0]
    assert row["net_income_ttm_usd"] is None
    assert row["total_equity_usd"] == 50


def test_quarters_with_a_gap_are_no_year() -> None:
    facts = statements(*year(2021, 1, 2, 4, 8), report(2022, "Q2", 16))
    assert net_income(facts, date(2022, 9, 1)) is None


def test_a_gap_ends_the_year_that_was_known_before() -> None:
    facts = statements(*year(2021, 1, 2, 4, 8), report(2022, "Q2", 16))
    before, after = known(facts, date(2022, 8, 3), date(2022, 8, 4))
    assert (before["net_income_ttm_usd"], after["net_income_ttm_usd"]) == (15, None)


def test_the_annual_figure_stands_in_where_quarters_have_a_gap() -> None:
    facts = statements(*year(2021, 1, 2, 4, 8), report(2021, "FY", 15), report(2022, "Q2", 16))
    row = known(facts, date(2022, 9, 1))[0]
    assert (row["net_income_ttm_usd"], row["income_basis"]) == (15, "annual")
    assert row["income_period_end"] == date(2021, 12, 31)


def test_the_annual_figure_stands_alone_for_a_company_that_reports_yearly() -> None:
    assert net_income(statements(report(2021, "FY", 15)), date(2022, 9, 1)) == 15


def test_quarters_newer_than_the_year_win_and_older_ones_lose() -> None:
    quarters = [*year(2021, 1, 2, 4, 8), *year(2022, 16)]
    assert net_income(statements(*quarters, report(2021, "FY", 99)), date(2022, 6, 1)) == 30
    assert net_income(statements(*quarters, report(2022, "FY", 99)), date(2023, 3, 1)) == 99
    same_end = statements(*year(2021, 1, 2, 4, 8), report(2021, "FY", 99))
    assert net_income(same_end, date(2022, 3, 1)) == 15


def test_a_missing_fourth_quarter_is_the_year_less_nine_months() -> None:
    facts = statements(*year(2022, 1, 2, 4), report(2022, "FY", 15, revenue=1000), *year(2023, 16))
    row = known(facts, date(2023, 6, 1))[0]

    assert row["net_income_ttm_usd"] == 2 + 4 + (15 - 7) + 16
    assert row["revenue_ttm_usd"] == 100 + 100 + (1000 - 300) + 100
    assert row["income_basis"] == "quarters"


def test_the_fourth_quarter_is_not_guessed_from_two_quarters() -> None:
    facts = statements(report(2022, "Q2", 2), report(2022, "Q3", 4), report(2022, "FY", 15), *year(2023, 16))
    row = known(facts, date(2023, 6, 1))[0]
    assert (row["net_income_ttm_usd"], row["income_basis"]) == (15, "annual")


def test_a_line_missing_in_one_quarter_is_missing_in_the_year() -> None:
    quarters = year(2022, 1, 2, 4, 8)
    quarters[1]["revenue"] = None
    row = known(statements(*quarters), date(2023, 3, 1))[0]
    assert row["revenue_ttm_usd"] is None
    assert row["net_income_ttm_usd"] == 15


def test_quarters_moved_to_month_ends_still_follow_each_other() -> None:
    ends = (date(2022, 3, 31), date(2022, 6, 30), date(2022, 8, 31), date(2022, 11, 30))
    quarters = [
        report(2022, f"Q{i + 1}", 1, period_end=end, published=end.replace(day=28)) for i, end in enumerate(ends)
    ]
    assert net_income(statements(*quarters), date(2023, 3, 1)) is None  # 62 days: a quarter of two months
    ends = (date(2022, 2, 28), date(2022, 5, 31), date(2022, 8, 31), date(2022, 11, 30))
    quarters = [report(2022, f"Q{i + 1}", 1, period_end=end, published=date(2023, 1, 5)) for i, end in enumerate(ends)]
    assert net_income(statements(*quarters), date(2023, 3, 1)) == 4


@pytest.mark.parametrize(("day", "expected"), [(date(2024, 3, 29), 15), (date(2024, 4, 1), None)])
def test_a_report_goes_stale_fifteen_months_after_its_period(day: date, expected: int | None) -> None:
    row = known(statements(*year(2022, 1, 2, 4, 8)), day)[0]
    assert row["net_income_ttm_usd"] == expected
    assert (row["total_equity_usd"] is None) == (expected is None)
    assert (row["income_is_restated"] is None) == (expected is None)


def test_statements_in_another_currency_stay_uncovered() -> None:
    facts = statements(*year(2022, 1, 2, 4, 8, currency="EUR"))
    row = known(facts, date(2023, 3, 1))[0]
    assert row["net_income_ttm_usd"] is None
    assert row["total_equity_usd"] is None


def test_the_newest_published_balance_counts() -> None:
    facts = statements(report(2022, "Q1", equity=50), report(2022, "Q2", equity=-60))
    row = known(facts, date(2022, 9, 1))[0]
    assert (row["total_equity_usd"], row["balance_period_end"]) == (-60, date(2022, 6, 30))


# --- vintages


def test_the_latest_vintage_downloaded_by_the_session_counts() -> None:
    early = report(2020, "FY", 10, vintage=V2021, published=date(2021, 2, 20))
    late = report(2020, "FY", 11, vintage=V2025A, published=date(2021, 2, 20))
    facts = statements(early, late)

    before, between = known(facts, date(2021, 3, 1), date(2022, 1, 3))
    assert (before["net_income_ttm_usd"], before["income_is_restated"]) == (10, True)
    assert (between["net_income_ttm_usd"], between["income_is_restated"]) == (10, False)


def test_a_restatement_counts_from_its_download_on() -> None:
    facts = statements(
        report(2024, "FY", 10, vintage=V2025A, published=date(2025, 2, 20)),
        report(2024, "FY", 11, vintage=V2025B, published=date(2025, 2, 20)),
    )
    assert net_income(facts, date(2025, 3, 3)) == 10
    assert net_income(facts, date(2025, 9, 19)) == 10
    assert net_income(facts, date(2025, 9, 22)) == 11


def test_without_an_earlier_download_the_earliest_later_one_counts_and_is_marked() -> None:
    facts = statements(*year(2022, 1, 1, 1, 1, vintage=V2025A), *year(2022, 2, 2, 2, 2, vintage=V2025B))
    row = known(facts, date(2023, 3, 1))[0]
    assert (row["net_income_ttm_usd"], row["income_is_restated"]) == (4, True)


def test_a_vintage_that_dates_a_publication_later_does_not_hide_the_fact() -> None:
    facts = statements(
        report(2024, "FY", 10, vintage=V2025A, published=date(2025, 3, 1)),
        report(2024, "FY", 11, vintage=V2025B, published=date(2025, 2, 1)),
    )
    assert net_income(facts, date(2025, 2, 10)) == 11
    assert net_income(facts, date(2025, 3, 10)) == 10
    assert net_income(facts, date(2025, 10, 1)) == 11


def test_a_vintage_that_repeats_a_value_adds_no_version() -> None:
    facts = statements(report(2022, "Q1", 1, vintage=V2025A), report(2022, "Q1", 1, vintage=V2025B))
    assert facts.income["vintage_date"].to_list() == [V2025A]


def test_the_order_of_files_does_not_matter() -> None:
    rows = [*year(2022, 1, 2, 4, 8), *year(2022, 1, 2, 4, 9, vintage=V2025B)]
    files = [staged(rows[:4], "income"), staged(rows[4:], "income"), staged(rows, "balance").unique()]
    forward, backward = collect_statements(files), collect_statements(files[::-1])
    assert forward.income.equals(backward.income)
    assert forward.balance.equals(backward.balance)


def test_of_one_download_the_quarterly_balance_counts() -> None:
    rows = [report(2022, "Q4", equity=50), report(2022, "FY", equity=51)]
    assert statements(*rows).balance.select("fiscal_period", "total_equity").rows() == [("Q4", 50)]
    assert statements(*reversed(rows)).balance.select("fiscal_period", "total_equity").rows() == [("Q4", 50)]


# --- links


def test_a_company_without_a_link_has_no_row() -> None:
    facts = statements(*year(2022, 1, 2, 4, 8))
    assert known(facts, date(2023, 3, 1), links=LINKS.clear()) == []
    late = LINKS.with_columns(pl.lit(date(2023, 3, 2)).alias("valid_from"))
    assert known(facts, date(2023, 3, 1), links=late) == []
    assert len(known(facts, date(2023, 3, 1), date(2023, 3, 2), links=late)) == 1


def test_of_two_companies_with_one_entity_the_larger_has_the_earnings() -> None:
    facts = statements(*year(2022, 1, 2, 4, 8))
    links = pl.concat([LINKS, LINKS.with_columns(pl.lit("C:B").alias("company_id"))])
    day, next_day = date(2023, 3, 1), date(2023, 3, 2)
    caps = pl.DataFrame(
        {"session_date": [day, day, next_day], "company_id": ["C:A", "C:B", "C:A"], "cap_usd": [5, 6, 5]}
    )
    rows = company_fundamentals_asof(caps, links, states(facts, caps)).sort("session_date")
    assert rows.select("session_date", "company_id").rows() == [(day, "C:B"), (next_day, "C:A")]


# --- core.fundamentals


def test_core_rows_carry_period_publication_and_vintage() -> None:
    facts = statements(report(2022, "Q1", 7, restated=date(2023, 5, 4)), report(2021, "FY", 9, entity="2"))
    rows = fundamentals_rows(facts, LINKS)
    row = rows.filter(concept="net_income_common").row(0, named=True)

    assert rows["company_id"].unique().to_list() == ["C:A"]
    assert (row["period_start"], row["period_end"], row["fiscal_period"]) == (
        date(2022, 1, 1),
        date(2022, 3, 31),
        "2022Q1",
    )
    assert row["known_at"] == datetime(2022, 5, 6, 3, 59, 59, tzinfo=UTC)
    assert (row["value"], row["restated_vintage"], row["vintage_date"]) == (7.0, True, V2025A)
    equity = rows.filter(concept="total_equity").row(0, named=True)
    assert equity["period_start"] == equity["period_end"] == date(2022, 3, 31)


def test_a_year_starts_twelve_months_before_its_end() -> None:
    rows = fundamentals_rows(statements(report(2021, "FY", 9)), LINKS)
    assert rows.filter(concept="revenue")["period_start"].to_list() == [date(2021, 1, 1)]


def test_net_income_stands_in_for_net_income_of_the_common_shares() -> None:
    frame = staged([report(2022, "Q1", 7), report(2022, "Q2", 8)], "income").with_columns(
        pl.Series("net_income_common", [6, None])
    )
    assert collect_statements([frame]).income["net_income_common"].to_list() == [6, 8]


def test_periods_before_since_are_left_out() -> None:
    facts = statements(*year(2021, 1, 2, 4, 8))
    rows = fundamentals_rows(facts, LINKS, since=date(2021, 9, 30))
    assert rows["period_end"].unique().sort().to_list() == [date(2021, 9, 30), date(2021, 12, 31)]


def test_no_statements_give_empty_frames() -> None:
    facts = collect_statements([])
    assert known(facts, date(2022, 1, 3))[0]["net_income_ttm_usd"] is None
    assert fundamentals_rows(facts, LINKS).is_empty()
