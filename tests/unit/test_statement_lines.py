"""Further lines of a company's statements, as of a session: three years of flows, and the balance sheet."""

from datetime import date

import polars as pl
import pytest

from transforms.core.fundamentals import Statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states, joined_states
from transforms.measures.statement_lines import LINES, entity_lines, joined_lines, with_statement_lines

FLOWS = ("net_income_common", "revenue", "operating_income", "interest_expense_net", "operating_cash_flow",
         "capital_expenditure")  # fmt: skip
STOCKS = ("total_equity", "total_assets", "total_liabilities", "current_assets", "current_liabilities",
          "retained_earnings", "cash_and_short_term_investments", "short_term_debt", "long_term_debt")  # fmt: skip
QUARTER_ENDS = ((3, 31), (6, 30), (9, 30), (12, 31))
D = date


def statement(end: date, kind: str = "quarter", **lines: object) -> dict[str, object]:
    """A report that is published 40 days after its period."""
    return {
        "source": "simfin",
        "source_entity": "1",
        "period_kind": kind,
        "report_date": end,
        "publish_date": date.fromordinal(end.toordinal() + 40),
        "vintage_date": D(2025, 1, 1),
        "currency": "USD",
        "net_income_common": 1,
        **lines,
    }


def quarters(first: int, last: int, **lines: object) -> list[dict[str, object]]:
    """All quarters of the years; a line may be a function of the year."""
    return [
        statement(D(year, *end), **{name: value(year) if callable(value) else value for name, value in lines.items()})
        for year in range(first, last + 1)
        for end in QUARTER_ENDS
    ]


def statements(income: list[dict[str, object]], balance: list[dict[str, object]]) -> Statements:
    keys = dict.fromkeys(("source", "source_entity", "period_kind", "currency"), pl.String)
    keys |= dict.fromkeys(("report_date", "publish_date", "vintage_date"), pl.Date)
    return Statements(
        pl.DataFrame(income, schema=keys | dict.fromkeys(FLOWS, pl.Int64)),
        pl.DataFrame(balance, schema=keys | dict.fromkeys(STOCKS, pl.Int64)),
    )


def lines_on(
    day: date, income: list[dict[str, object]] | None = None, balance: list[dict[str, object]] | None = None
) -> dict[str, object]:
    told = statements(income or [], balance or [])
    links = pl.DataFrame({"company_id": ["C:A"], "source_entity": ["1"], "valid_from": [D(2020, 1, 2)],
                          "rule_rank": [0]})  # fmt: skip
    caps = pl.DataFrame({"session_date": [day], "company_id": ["C:A"], "cap_usd": [1_000]})
    known = company_fundamentals_asof(caps, links, entity_states(told, day, day))
    return with_statement_lines(known, entity_lines(told, day, day)).row(0, named=True)


def test_the_years_before_ended_four_and_eight_quarters_earlier() -> None:
    by_year = {2021: 1, 2022: 10, 2023: 100}
    first_of_2024 = statement(D(2024, 3, 31), revenue=1000, operating_income=1000)
    years = quarters(2021, 2023, revenue=by_year.get, operating_income=by_year.get)
    row = lines_on(D(2024, 6, 3), [*years, first_of_2024])

    assert row["income_period_end"] == D(2024, 3, 31)
    assert row["operating_income_ttm_usd"] == 1000 + 3 * 100
    assert row["operating_income_year_before_usd"] == 100 + 3 * 10
    assert row["operating_income_two_years_before_usd"] == 10 + 3 * 1
    assert row["revenue_year_before_usd"] == 130
    assert row["income_publish_date"] == D(2024, 5, 10)


def test_years_that_only_an_annual_report_tells_count() -> None:
    years = [statement(D(year, 12, 31), "annual", operating_income=year) for year in (2021, 2022)]
    row = lines_on(D(2024, 3, 1), years + quarters(2023, 2023, operating_income=5))
    assert row["operating_income_ttm_usd"] == 20
    assert row["operating_income_year_before_usd"] == 2022
    assert row["operating_income_two_years_before_usd"] == 2021


def test_a_year_before_with_a_gap_is_null() -> None:
    told = [report for report in quarters(2022, 2023, revenue=7) if report["report_date"] != D(2022, 6, 30)]
    row = lines_on(D(2024, 3, 1), told)
    assert (row["revenue_ttm_usd"], row["revenue_year_before_usd"]) == (28, None)


def test_a_missing_line_makes_no_other_null() -> None:
    income = quarters(2022, 2023, operating_income=3, revenue=None, interest_expense_net=None)
    row = lines_on(
        D(2024, 3, 1), income, [statement(D(2023, 12, 31), total_assets=9, cash_and_short_term_investments=2)]
    )
    assert (row["net_income_ttm_usd"], row["operating_income_ttm_usd"], row["revenue_ttm_usd"]) == (4, 12, None)
    assert (row["total_assets_usd"], row["cash_usd"], row["retained_earnings_usd"]) == (9, 2, None)


def test_a_line_that_one_quarter_lacks_has_no_trailing_year() -> None:
    income = quarters(2023, 2023, operating_income=3, interest_expense_net=-2)
    income[1]["interest_expense_net"] = None
    row = lines_on(D(2024, 3, 1), income)
    assert (row["operating_income_ttm_usd"], row["interest_expense_net_ttm_usd"]) == (12, None)


def test_a_cash_flow_that_the_fourth_quarter_lacks_is_that_of_the_year() -> None:
    told = quarters(2023, 2023, operating_cash_flow=3, operating_income=2)
    told[3] |= {"operating_cash_flow": None, "operating_income": None}
    year = statement(D(2023, 12, 31), "annual", operating_cash_flow=11, operating_income=9)
    row = lines_on(D(2024, 3, 1), [*told, year])
    assert (row["operating_cash_flow_ttm_usd"], row["operating_income_ttm_usd"]) == (11, None)


@pytest.mark.parametrize(("as_filed", "expense"), [(-2, 8), (3, -12)])
def test_interest_that_is_paid_is_positive(as_filed: int, expense: int) -> None:
    row = lines_on(D(2024, 3, 1), quarters(2023, 2023, interest_expense_net=as_filed))
    assert row["interest_expense_net_ttm_usd"] == expense


@pytest.mark.parametrize(
    ("short", "long", "interest", "debt"),
    [
        (30, 70, -1, 100),
        (None, 70, -1, 70),
        (30, None, -1, 30),
        (None, None, None, 0),
        (None, None, 5, 0),
        (None, None, -2, 0),  # 8 a year on liabilities of 800 is 1 %
        (None, None, -3, None),  # who pays more has debt somewhere
    ],
)
def test_debt_is_what_its_lines_say(
    short: int | None, long: int | None, interest: int | None, debt: int | None
) -> None:
    balance = [statement(D(2023, 12, 31), short_term_debt=short, long_term_debt=long, total_liabilities=800)]
    row = lines_on(D(2024, 3, 1), quarters(2023, 2023, interest_expense_net=interest), balance)
    assert row["debt_usd"] == debt


def test_without_a_balance_debt_is_not_known() -> None:
    row = lines_on(D(2024, 3, 1), quarters(2023, 2023))
    assert row["debt_usd"] is None


def test_reports_age_out_with_the_statement_that_they_are_of() -> None:
    income = quarters(2022, 2023, operating_income=3)
    balance = [statement(D(2023, 12, 31), total_assets=9)]
    assert lines_on(D(2025, 3, 31), income, balance)["operating_income_ttm_usd"] == 12
    row = lines_on(D(2025, 4, 1), income, balance)
    assert {name: row[name] for name in LINES} == dict.fromkeys(LINES)


def test_a_report_counts_from_its_publication_on() -> None:
    income = quarters(2022, 2023, operating_income=lambda year: year)
    assert lines_on(D(2024, 2, 8), income)["operating_income_ttm_usd"] == 3 * 2023 + 2022
    assert lines_on(D(2024, 2, 9), income)["operating_income_ttm_usd"] == 4 * 2023


def test_a_report_was_out_when_it_was_first_published() -> None:
    again = statement(D(2023, 12, 31), operating_income=8) | {
        "publish_date": D(2024, 4, 1), "vintage_date": D(2024, 4, 1)
    }  # fmt: skip
    row = lines_on(D(2024, 5, 2), [*quarters(2023, 2023, operating_income=3), again])
    assert row["operating_income_ttm_usd"] == 9 + 8
    assert row["income_publish_date"] == D(2024, 2, 9)


def test_lines_are_of_the_source_whose_statement_counts() -> None:
    """The filings know the year, SimFin the balance; neither lends a line to the other."""
    day = D(2024, 3, 1)
    filed = [report | {"source": "sec_edgar", "source_entity": "CIK1"} for report in quarters(2023, 2023, revenue=5)]
    balance = [statement(D(2023, 12, 31), total_equity=4, total_assets=9)]
    both = [statements(filed, []), statements(quarters(2023, 2023, revenue=6, operating_income=6), balance)]
    links = pl.DataFrame(
        {
            "company_id": ["C:A", "C:A"],
            "source_entity": ["CIK1", "1"],
            "valid_from": [D(2020, 1, 2)] * 2,
            "rule_rank": [0, 0],
            "source": ["sec_edgar", "simfin"],
        }
    )
    caps = pl.DataFrame({"session_date": [day], "company_id": ["C:A"], "cap_usd": [1_000]})
    known = company_fundamentals_asof(caps, links, joined_states(*(entity_states(part, day, day) for part in both)))
    row = with_statement_lines(known, joined_lines(*(entity_lines(part, day, day) for part in both))).row(0, named=True)

    assert (row["income_source"], row["balance_source"]) == ("sec_edgar", "simfin")
    assert (row["revenue_ttm_usd"], row["operating_income_ttm_usd"], row["total_assets_usd"]) == (20, None, 9)
