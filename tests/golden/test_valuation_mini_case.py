"""The mini-case of the literature: four companies worth 100 each that earn 10, 8, 5 and -15."""

from datetime import date

import polars as pl
import pytest

from transforms.measures.company_fundamentals import KNOWN
from transforms.measures.spreads import valuation_spread_daily
from transforms.measures.statement_lines import LINES
from transforms.measures.valuation import valuation_daily

DAY = date(2024, 8, 30)
EARNINGS = (10, 8, 5, -15)


def members(bucket: str, caps: tuple[int, ...]) -> pl.DataFrame:
    ids = [f"C:{bucket}{number}" for number in range(len(caps))]
    return pl.DataFrame({"company_id": ids, "cap_usd": caps}).select(
        pl.lit(DAY).alias("session_date"),
        pl.lit("fixed_usd").alias("scheme_id"),
        "company_id",
        pl.lit(bucket).alias("bucket"),
        "cap_usd",
    )


def earnings(companies: pl.DataFrame, net_income: tuple[int | None, ...]) -> pl.DataFrame:
    lines = {name: pl.lit(None, dtype) for name, dtype in LINES.items()}
    lines |= {"operating_income_ttm_usd": pl.lit(20), "debt_usd": pl.lit(50), "cash_usd": pl.lit(30)}
    values = {
        "net_income_ttm_usd": pl.Series(net_income, dtype=pl.Int64),
        "net_income_quarter_usd": pl.lit(None, pl.Int64),
        "revenue_ttm_usd": pl.lit(50),
        "total_equity_usd": pl.lit(25),
        "income_period_end": pl.lit(date(2024, 6, 30)),
        "balance_period_end": pl.lit(date(2024, 6, 30)),
        "income_is_restated": pl.lit(value=True),
        "balance_is_restated": pl.lit(value=False),
        "income_basis": pl.lit("quarters"),
        "source_entity": pl.col("company_id"),
        "income_source": pl.lit("simfin"),
        "balance_source": pl.lit("simfin"),
        "second_entity": pl.lit(None, pl.String),
    }
    return companies.select("session_date", "company_id", **{name: values[name] for name in KNOWN}, **lines)


@pytest.fixture
def valuation() -> pl.DataFrame:
    small = members("small", (100,) * 4)
    large = members("large", (100,) * 2)
    known = pl.concat([earnings(small, EARNINGS), earnings(large, (4, 5))])
    return valuation_daily(pl.concat([small, large]), known)


@pytest.mark.parametrize(
    ("measure", "convention", "value", "companies"),
    [
        ("pe", "incl_losses", 50.0, 4),
        ("pe", "excl_losses", 300 / 23, 3),
        ("pe", "hybrid", 400 / 23, 4),
        ("pe", "median", 12.5, 3),
        ("earnings_yield", "incl_losses", 0.02, 4),
        ("earnings_yield", "excl_losses", 23 / 300, 3),
        ("earnings_yield", "hybrid", 23 / 400, 4),
        ("earnings_yield", "median", 0.08, 3),
        ("ps", "incl_losses", 2.0, 4),
        ("pb", "incl_losses", 4.0, 4),
        ("ev_ebit", "incl_losses", 6.0, 4),
    ],
)
def test_the_four_conventions(
    valuation: pl.DataFrame, measure: str, convention: str, value: float, companies: int
) -> None:
    row = valuation.filter(segment="small", universe="all", measure=measure, convention=convention).row(0, named=True)
    assert row["value"] == float(f"{value:.12g}")
    assert row["company_count"] == companies
    assert row["null_reason"] is None


def test_without_the_financial_that_loses_there_are_three() -> None:
    """300 over 23: the company that loses 15 is a bank, and leaves both sides and the segment's cap."""
    small = members("small", (100,) * 4).with_columns(is_financial=pl.Series([False, False, False, True]))
    told = valuation_daily(small, earnings(small, EARNINGS)).filter(segment="small", measure="pe")
    rows = {row["convention"]: row for row in told.filter(universe="non_financials").to_dicts()}

    assert rows["incl_losses"]["value"] == rows["hybrid"]["value"] == float(f"{300 / 23:.12g}")
    assert (rows["incl_losses"]["loss_share_count"], rows["incl_losses"]["cap_coverage"]) == (0.0, 1.0)
    assert told.filter(universe="all", convention="incl_losses")["value"].to_list() == [50.0]


def test_the_losses_are_a_quarter_of_companies_and_caps(valuation: pl.DataFrame) -> None:
    row = valuation.filter(segment="small", universe="all", measure="pe", convention="median").row(0, named=True)
    assert (row["loss_share_count"], row["loss_share_cap"]) == (0.25, 0.25)
    assert (row["cap_coverage"], row["count_coverage"]) == (1.0, 1.0)
    assert (row["median_report_age_days"], row["restated_share"]) == (61.0, 1.0)


def test_the_discount_to_large(valuation: pl.DataFrame) -> None:
    row = (
        valuation_spread_daily(valuation)
        .filter(segment="small", universe="all", measure="pe", convention="median")
        .row(0, named=True)
    )
    assert (row["value"], row["large_value"]) == (12.5, 22.5)
    assert row["discount"] == float(f"{12.5 / 22.5 - 1:.12g}")
    assert (row["percentile"], row["history_start"], row["history_sessions"]) == (1.0, DAY, 1)
