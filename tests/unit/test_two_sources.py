"""A company that two sources know: the filings go first, statement by statement, and no year mixes the two."""

from datetime import date

import polars as pl
import pytest

from transforms.core.fundamentals import Statements, fundamentals_rows, stacked
from transforms.measures.company_fundamentals import (
    KNOWN,
    company_fundamentals_asof,
    entity_states,
    joined_states,
)

DAY = date(2023, 6, 1)
ENDS = (date(2022, 6, 30), date(2022, 9, 30), date(2022, 12, 31), date(2023, 3, 31))
SEC, SIMFIN = "CIK0000000007", "7"


def source(
    name: str,
    entity: str,
    net_income: int | None,
    *,
    ends: tuple[date, ...] = ENDS,
    equity: int | None = 50,
    shares: int | None = 100,
    currency: str = "USD",
) -> Statements:
    """Quarters of one source: each with the same net income, published a month after its end."""
    income = pl.DataFrame(
        {"report_date": ends},
        schema={"report_date": pl.Date},
    ).with_columns(
        pl.col("report_date").dt.offset_by("1mo").alias("publish_date"),
        pl.col("report_date").dt.offset_by("1mo").alias("vintage_date"),
        pl.col("report_date").dt.offset_by("-3mo").alias("period_start"),
        pl.lit(None, pl.Date).alias("restated_date"),
        *(
            pl.lit(value).alias(key)
            for key, value in {
                "source": name,
                "source_entity": entity,
                "period_kind": "quarter",
                "fiscal_period": "Q1",
                "currency": currency,
            }.items()
        ),
        *(
            pl.lit(value, pl.Int64).alias(key)
            for key, value in {
                "fiscal_year": 2022,
                "net_income_common": net_income,
                "revenue": 100,
                "operating_income": None,
                "pretax_income": None,
                "interest_expense_net": None,
                "operating_cash_flow": None,
                "capital_expenditure": None,
                "shares_basic": shares,
                "shares_diluted": None,
            }.items()
        ),
    )
    lines = [pl.lit(equity, pl.Int64).alias("total_equity")]
    return Statements(income, income.with_columns(lines).drop("net_income_common", "revenue"))


def links(*rows: tuple[str, str, str]) -> pl.DataFrame:
    company, entity, of = zip(*rows, strict=True)
    return pl.DataFrame({"company_id": company, "source_entity": entity, "source": of}).with_columns(
        valid_from=pl.lit(date(2022, 1, 3)), rule=pl.lit("ticker_and_name"), rule_rank=pl.lit(0)
    )


BOTH = links(("C:A", SIMFIN, "simfin"), ("C:A", SEC, "sec_edgar"))


def known(sec: Statements, simfin: Statements, day: date = DAY, of: pl.DataFrame = BOTH) -> pl.DataFrame:
    companies = ["C:A", "C:B"]
    caps = pl.DataFrame({"session_date": [day] * 2, "company_id": companies, "cap_usd": [1000, 2000]})
    states = joined_states(entity_states(sec, day, day), entity_states(simfin, day, day))
    return company_fundamentals_asof(caps, of, states).sort("company_id")


def one(sec: Statements, simfin: Statements, day: date = DAY, of: pl.DataFrame = BOTH) -> dict[str, object]:
    return known(sec, simfin, day, of).filter(company_id="C:A").row(0, named=True)


def test_the_filings_go_first_and_the_row_says_so() -> None:
    row = one(source("sec_edgar", SEC, 5), source("simfin", SIMFIN, 6, equity=60))
    assert (row["net_income_ttm_usd"], row["income_source"]) == (20, "sec_edgar")
    assert (row["total_equity_usd"], row["balance_source"]) == (50, "sec_edgar")
    assert (row["source_entity"], row["second_entity"]) == (SEC, SIMFIN)


def test_a_year_with_a_missing_quarter_comes_whole_from_the_other_source() -> None:
    row = one(source("sec_edgar", SEC, 5, ends=(ENDS[0], *ENDS[2:])), source("simfin", SIMFIN, 6, equity=60))
    assert (row["net_income_ttm_usd"], row["revenue_ttm_usd"], row["income_source"]) == (24, 400, "simfin")
    assert (row["total_equity_usd"], row["balance_source"]) == (50, "sec_edgar")


@pytest.mark.parametrize(
    "sec",
    [
        source("sec_edgar", SEC, 5, ends=tuple(end.replace(year=end.year - 2) for end in ENDS)),
        source("sec_edgar", SEC, None, equity=None),
        source("sec_edgar", SEC, 5, currency="EUR"),
        source("sec_edgar", "CIK0000000009", 5),
    ],
    ids=["stale", "without its main line", "in another currency", "another company's"],
)
def test_where_the_filings_say_nothing_the_other_source_counts(sec: Statements) -> None:
    row = one(sec, source("simfin", SIMFIN, 6, equity=60))
    assert (row["net_income_ttm_usd"], row["income_source"]) == (24, "simfin")
    assert (row["total_equity_usd"], row["balance_source"]) == (60, "simfin")


def test_where_neither_knows_anything_there_is_no_source() -> None:
    day = date(2026, 1, 5)
    row = one(source("sec_edgar", SEC, 5), source("simfin", SIMFIN, 6), day)
    assert {name: row[name] for name in KNOWN if name not in ("source_entity", "second_entity")} == dict.fromkeys(
        name for name in KNOWN if name not in ("source_entity", "second_entity")
    )


def test_links_without_a_source_are_simfins() -> None:
    row = one(source("sec_edgar", SEC, 5), source("simfin", SIMFIN, 6), of=BOTH.filter(source="simfin").drop("source"))
    assert (row["net_income_ttm_usd"], row["income_source"], row["second_entity"]) == (24, "simfin", None)


def test_each_source_gives_its_entity_to_the_larger_company() -> None:
    of = pl.concat([BOTH, links(("C:B", SEC, "sec_edgar"))])
    smaller, larger = known(source("sec_edgar", SEC, 5), source("simfin", SIMFIN, 6), of=of).to_dicts()
    assert (smaller["net_income_ttm_usd"], smaller["source_entity"]) == (24, SIMFIN)
    assert (larger["net_income_ttm_usd"], larger["source_entity"], larger["second_entity"]) == (20, SEC, None)


def test_core_rows_name_the_source_of_each_fact() -> None:
    both = stacked(source("sec_edgar", SEC, 5), source("simfin", SIMFIN, 6))
    balance = both.balance.with_columns(
        pl.lit(None, pl.Int64).alias(name)
        for name in (
            "cash_and_short_term_investments", "current_assets", "total_assets", "short_term_debt",
            "current_liabilities", "long_term_debt", "total_liabilities", "retained_earnings",
        )
    )  # fmt: skip
    rows = fundamentals_rows(Statements(both.income, balance), BOTH)
    earned = rows.filter(concept="net_income_common").select("source", "source_entity", "value").unique().sort("source")
    assert earned.rows() == [("sec_edgar", SEC, 5.0), ("simfin", SIMFIN, 6.0)]
