"""Statements from the rows of core.fundamentals: what measures know of companies is the same."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.what_if import published_states
from tests.unit.test_fundamentals import LINKS, report, statements, year
from transforms.core.fundamentals import Statements, fundamentals_rows
from transforms.core.fx import NO_RATES
from transforms.core.published_statements import published_statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states

D = date
QUARTERS = year(2022, 1, 2, 4, 8)
DAYS = [D(2022, 1, 3), D(2022, 5, 5), D(2023, 2, 20), D(2023, 6, 1), D(2025, 9, 22), D(2026, 1, 5)]


def known(facts: Statements, links: pl.DataFrame = LINKS) -> pl.DataFrame:
    companies = links["company_id"].to_list()
    rows = [(day, company, 1_000 + number) for day in DAYS for number, company in enumerate(companies)]
    schema = {"session_date": pl.Date, "company_id": pl.String, "cap_usd": pl.Int64}
    caps = pl.DataFrame(rows, schema, orient="row")
    found = company_fundamentals_asof(caps, links, entity_states(facts, DAYS[0], DAYS[-1]))
    return found.sort("session_date", "company_id")


@pytest.mark.parametrize(
    "facts",
    [
        statements(*QUARTERS),
        statements(*QUARTERS, report(2022, "FY", 21)),
        statements(*QUARTERS[:3], report(2022, "FY", 21)),
        statements(*QUARTERS, *year(2023, -5, vintage=D(2025, 9, 22))),
        statements(*QUARTERS, report(2022, "Q4", 80, vintage=D(2025, 9, 22))),
        statements(report(2022, "Q1", 7), report(2021, "FY", 9, revenue=None)),
    ],
    ids=["quarters", "with the year", "the year instead of a quarter", "two vintages", "restated", "gaps"],
)
def test_what_is_known_of_companies_survives_the_table(facts: Statements) -> None:
    before = known(facts)
    after = known(published_statements(fundamentals_rows(facts, LINKS)))
    # When a vendor restated a figure the table does not tell, only that it did.
    columns = [name for name in before.columns if not name.endswith("is_restated")]
    assert before.select(columns).drop_nulls("income_period_end").height
    assert_frame_equal(after.select(columns), before.select(columns))


def test_nine_months_and_a_year_stay_what_they_are() -> None:
    """As the SEC's filers have it: three quarters' sum, and the year, of which the fourth quarter is the rest."""
    facts = statements(*QUARTERS[:2], report(2022, "Q3", 7), report(2022, "FY", 21))
    is_third = pl.col("fiscal_period") == "Q3"
    income = facts.income.with_columns(
        period_kind=pl.when(is_third).then(pl.lit("nine_months")).otherwise("period_kind"),
        period_start=pl.when(is_third).then(pl.lit(D(2022, 1, 1))).otherwise("period_start"),
    )
    again = published_statements(fundamentals_rows(Statements(income, facts.balance), LINKS)).income
    kinds = dict(again.sort("report_date").select("report_date", "period_kind").iter_rows())
    assert list(kinds.values())[-1] == "annual"
    assert kinds[D(2022, 9, 30)] == "nine_months"
    assert kinds[D(2022, 6, 30)] == "quarter"


def test_an_entity_of_two_companies_stands_once() -> None:
    links = pl.concat([LINKS, LINKS.with_columns(pl.lit("C:B").alias("company_id"))])
    facts = statements(*QUARTERS)
    again = published_statements(fundamentals_rows(facts, links))
    assert again.income.height == facts.income.height
    assert_frame_equal(known(again, links), known(facts, links))


@pytest.mark.parametrize(("source", "trailing"), [("sec_edgar", 15), ("simfin", None)])
def test_quarters_of_filings_may_lie_further_apart(source: str, trailing: int | None) -> None:
    """The last one ends 115 days after the third; SimFin's would be taken for one that is missing between."""
    facts = statements(*QUARTERS[:3], report(2022, "Q4", 8, period_end=D(2023, 1, 23)))
    rows = fundamentals_rows(facts, LINKS).with_columns(source=pl.lit(source))
    day = D(2023, 3, 1)
    caps = pl.DataFrame({"session_date": [day], "company_id": ["C:A"], "cap_usd": [1_000]})
    links = LINKS.with_columns(source=pl.lit(source))
    (row,) = company_fundamentals_asof(caps, links, published_states(rows, NO_RATES, day, day)[0]).to_dicts()
    assert row["net_income_ttm_usd"] == trailing


def test_no_rows_are_no_statements() -> None:
    nothing = statements()
    again = published_statements(fundamentals_rows(nothing, LINKS))
    assert again.income.is_empty()
    assert again.balance.schema == nothing.balance.schema
