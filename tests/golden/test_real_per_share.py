"""Earnings per share of real filings: what a company said before a split, restated, is what it says after it."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.golden.test_real_sec_statements import companyfacts
from transforms.core.per_share import per_share_facts

LISTED, LAST = date(2005, 1, 3), date(2026, 6, 30)
CIKS = {"AAPL": 320193, "NVDA": 1045810, "GOOGL": 1652044}
SPLITS = [
    ("AAPL", date(2014, 6, 9), 7.0),
    ("AAPL", date(2020, 8, 31), 4.0),
    ("NVDA", date(2007, 9, 11), 1.5),
    ("NVDA", date(2021, 7, 20), 4.0),
    ("NVDA", date(2024, 6, 10), 10.0),
    ("GOOGL", date(2022, 7, 18), 20.0),
]
HALF_A_CENT = 0.005


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> pl.DataFrame:
    folder = shared_data / "sec_edgar" / "recorded" / "api" / "xbrl" / "companyfacts"
    facts = pl.concat([companyfacts(path) for path in sorted(folder.glob("*.json.gz"))])
    securities = pl.DataFrame({"company_id": list(CIKS), "cik": list(CIKS.values())}).with_columns(
        security_type=pl.lit("common"), valid_from=LISTED, valid_to=pl.lit(None, pl.Date)
    )
    splits = pl.DataFrame(SPLITS, ["company_id", "ex_date", "ratio"], orient="row")
    return per_share_facts(facts.with_columns(known_on="filed"), securities, splits, LAST)


def test_what_was_said_before_a_split_is_what_is_said_after_it(rows: pl.DataFrame) -> None:
    """84 periods of three companies were filed on both sides of a split; the later filing rounds to whole cents."""
    period = ["company_id", "concept", "period_start", "period_end"]
    pairs = rows.sort("filed").with_columns(
        before=pl.col("value_today").shift(1).over(period), ratio_before=pl.col("split_ratio").shift(1).over(period)
    )
    across = pairs.filter(pl.col("ratio_before") != pl.col("split_ratio"))
    assert across.height == 84
    rounding = HALF_A_CENT / pl.col("ratio_before") + HALF_A_CENT / pl.col("split_ratio")
    assert across.filter((pl.col("value_today") - pl.col("before")).abs() > rounding + 1e-9).is_empty()


def test_what_stands_in_reports(rows: pl.DataFrame) -> None:
    """Diluted earnings per share of the year as printed; those of NVDA and GOOGL before their splits."""
    years = rows.filter((pl.col("period_kind") == "annual") & (pl.col("concept") == "eps_diluted"))
    first = years.sort("filed").unique(["company_id", "period_end"], keep="first", maintain_order=True)
    told = {
        (company, end): (value, today)
        for company, end, value, today in first.select("company_id", "period_end", "value", "value_today").iter_rows()
    }
    assert told["AAPL", date(2023, 9, 30)] == (6.13, 6.13)
    assert told["AAPL", date(2024, 9, 28)] == (6.08, 6.08)
    assert told["NVDA", date(2024, 1, 28)] == (11.93, 1.193)
    assert told["GOOGL", date(2021, 12, 31)] == (112.2, 5.61)
