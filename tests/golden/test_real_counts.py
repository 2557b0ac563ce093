"""SimFin's published averages against the vendor's counts, on real files: known companies on known days."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from transforms.core import cap_quality
from transforms.core.check_counts import check_counts
from transforms.core.fundamentals import Statements, collect_statements
from transforms.core.period_counts import SPLITS, monthly_counts
from transforms.staging.simfin import stage_statements

SYMBOLS = ("NVDA", "MSTR", "MARA", "RKT", "AAT", "IVR")
KNOWN_SPLITS = pl.DataFrame(
    [
        ("IVR", date(2022, 6, 6), 0.1),
        ("NVDA", date(2024, 6, 10), 10.0),
        ("MSTR", date(2024, 8, 8), 10.0),
    ],
    schema=SPLITS,
    orient="row",
)


@pytest.fixture(scope="module")
def statements(shared_data: Path) -> Statements:
    staged = []
    for vintage in ("2025-05-14", "2025-09-22"):
        with zipfile.ZipFile(shared_data / "simfin" / vintage / "us-income-quarterly.zip") as archive:
            payload = archive.read("us-income-quarterly.csv")
        raw = pl.read_csv(io.BytesIO(payload), separator=";", infer_schema=False)
        told: Any = {"statement": "income", "variant": "quarterly", "file": "us-income-quarterly"}
        rows = stage_statements(raw, vintage_date=date.fromisoformat(vintage), **told).rows
        staged.append(rows.filter(pl.col("ticker").is_in(SYMBOLS)).with_columns(source_entity="ticker"))
    return collect_statements(staged)


@pytest.fixture(scope="module")
def caps(shared_data: Path) -> pl.DataFrame:
    """Every session's implied count of the symbols; a company is its symbol here."""
    history = shared_data / "nasdaq_screener" / "history"
    number = pl.col("lastsale", "marketCap").str.replace_all(r"[$,]", "").cast(pl.Float64, strict=False)
    return (
        pl.scan_parquet([history / f"quotes_{year}.parquet" for year in (2022, 2023, 2024)])
        .filter(pl.col("symbol").str.strip_chars().is_in(SYMBOLS))
        .with_columns(number)
        .filter((pl.col("marketCap") > 0) & (pl.col("lastsale") > 0))
        .select(
            pl.col("date").cast(pl.Date).alias("session_date"),
            pl.col("symbol").str.strip_chars().alias("company_id"),
            (pl.col("marketCap") / pl.col("lastsale")).alias("shares"),
            tier=pl.lit("vendor_implied"),
            vendor_shares=pl.lit(None, pl.Float64),
        )
        .unique(["session_date", "company_id"])
        .collect()
    )


@pytest.fixture(scope="module")
def rated(caps: pl.DataFrame, statements: Statements) -> pl.DataFrame:
    entities = caps.select("session_date", "company_id", source_entity="company_id")
    counts = check_counts(statements)
    return cap_quality.cap_quality(caps, entities, counts, monthly_counts(caps), KNOWN_SPLITS)


@pytest.mark.parametrize(
    ("symbol", "day", "quality", "reason"),
    [
        # NVIDIA's past averages are restated for the split of June 2024, which nobody knew before.
        ("NVDA", date(2024, 6, 7), "disputed", cap_quality.SPLIT_RATIO),
        ("NVDA", date(2024, 6, 28), "trusted", cap_quality.AGREES),
        # MicroStrategy issues, and its last average (2023) is not restated for the split of August 2024: 142 % more.
        ("MSTR", date(2023, 4, 28), "trusted", cap_quality.AGREES_IN_PERIOD),
        ("MSTR", date(2024, 9, 30), "disputed", cap_quality.DIFFERS),
        # Invesco Mortgage: 330 million shares before the reverse split of June 2022, 33 million after it.
        ("IVR", date(2022, 8, 31), "trusted", f"{cap_quality.AGREES_AFTER_SPLIT}2022-06-06"),
        # Marathon Digital issues as it goes.
        ("MARA", date(2022, 6, 30), "trusted", cap_quality.AGREES_IN_PERIOD),
        ("MARA", date(2024, 12, 31), "disputed", cap_quality.MOVED),
        # Rocket: the vendor counts the units that convert, SimFin's basic average the listed class alone.
        ("RKT", date(2024, 6, 28), "disputed", cap_quality.UNLISTED_CLASS),
        # American Assets: the last quarter of 2022 is computed from a year that is wrong.
        ("AAT", date(2023, 3, 31), "trusted", cap_quality.QUARTER_AGREES),
    ],
)
def test_a_known_company_on_a_known_day(rated: pl.DataFrame, symbol: str, day: date, quality: str, reason: str) -> None:
    row = rated.row(by_predicate=(pl.col("company_id") == symbol) & (pl.col("session_date") == day), named=True)
    assert (row["quality"], row["reason"]) == (quality, reason)


def test_no_session_knows_what_came_after_it(rated: pl.DataFrame, caps: pl.DataFrame, statements: Statements) -> None:
    day = date(2023, 12, 15)
    so_far = caps.filter(pl.col("session_date") <= day)
    known = Statements(statements.income.filter(pl.col("publish_date") <= day), statements.balance)
    splits = KNOWN_SPLITS.filter(pl.col("ex_date") <= day)
    entities = so_far.select("session_date", "company_id", source_entity="company_id")
    then = cap_quality.cap_quality(so_far, entities, check_counts(known), monthly_counts(so_far), splits)
    order = ["session_date", "company_id"]
    assert then.sort(order).equals(rated.filter(pl.col("session_date") <= day).sort(order))
