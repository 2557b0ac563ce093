"""The vendors' real files, where they are there: known companies, known oddities, and the orders of magnitude."""

import io
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from transforms.core.company_links import company_links, entity_tickers
from transforms.core.fundamentals import Statements, collect_statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states
from transforms.measures.statement_lines import entity_lines, with_statement_lines
from transforms.measures.valuation import valuation_daily
from transforms.staging.simfin import stage_companies, stage_statements

FILES = (
    ("2021-07-28", "income", "annual"),
    ("2021-07-28", "balance", "annual"),
    ("2025-01-12", "income", "annual"),
    ("2025-01-12", "balance", "annual"),
    ("2025-05-14", "income", "quarterly"),
    ("2025-09-22", "income", "quarterly"),
    ("2025-09-22", "balance", "quarterly"),
)
NO_COMPANY = (
    r"(?i)warrant|\bunits?\b|\brights?\b|preferred|notes? due|depositary shares? representing|debenture|"
    r"\bfund\b|acquisition corp|blank check"
)


@dataclass(frozen=True)
class SimFin:
    statements: Statements
    tickers: pl.DataFrame
    names: pl.DataFrame
    rejected: dict[tuple[str, str, str], int]


def raw(folder: Path, vintage: str, name: str) -> pl.DataFrame:
    with zipfile.ZipFile(folder / "simfin" / vintage / f"us-{name}.zip") as archive:
        payload = archive.read(f"us-{name}.csv")
    return pl.read_csv(io.BytesIO(payload), separator=";", infer_schema=False)


@pytest.fixture(scope="module")
def simfin(shared_data: Path) -> SimFin:
    staged = {}
    for vintage, statement, variant in FILES:
        day, name = date.fromisoformat(vintage), f"{statement}-{variant}"
        settings: Any = {"statement": statement, "variant": variant, "vintage_date": day, "file": name}
        staged[vintage, statement, variant] = stage_statements(raw(shared_data, vintage, name), **settings)
    listed = raw(shared_data, "2025-01-12", "companies")
    companies = stage_companies(listed, vintage_date=date(2025, 1, 12), file="companies")
    rows = [part.rows for part in staged.values()]
    rejected = {key: part.rejects.height for key, part in staged.items()}
    return SimFin(collect_statements(rows), entity_tickers(rows), companies.rows, rejected)


def quotes(folder: Path, *days: date) -> pl.DataFrame:
    """Company = symbol: a quick stand-in for the identity of the warehouse, good for orders of magnitude only."""
    history = folder / "nasdaq_screener" / "history"
    names = pl.scan_parquet(history / "reference_intervals.parquet")
    return (
        pl.scan_parquet(history / "quotes_2024.parquet")
        .filter(pl.col("date").is_in(list(days)))
        .join(names.select("exchange", "symbol", "name", "first_date", "last_date"), on=["exchange", "symbol"])
        .filter(pl.col("date").is_between("first_date", "last_date"))
        .with_columns(
            pl.col("marketCap").cast(pl.Float64, strict=False).alias("cap"),
            pl.col("lastsale").str.replace_all(r"[$,]", "").cast(pl.Float64, strict=False).alias("price"),
        )
        .filter((pl.col("cap") > 0) & ~pl.col("symbol").str.contains(r"\^"))
        .filter(~pl.col("name").fill_null("").str.contains(NO_COMPANY))
        .collect()
        .unique(["date", "symbol"], keep="last")
        .select(
            pl.col("date").alias("session_date"),
            pl.col("symbol").str.strip_chars().alias("company_id"),
            "name",
            pl.col("cap").cast(pl.Int64).alias("cap_usd"),
            (pl.col("cap") / pl.col("price")).alias("implied_shares"),
        )
    )


def link(simfin: SimFin, caps: pl.DataFrame) -> pl.DataFrame:
    sightings = (
        caps.sort("session_date")
        .unique(["company_id", "name"], keep="first")
        .select(
            "company_id",
            pl.col("company_id").alias("symbol"),
            "name",
            pl.col("session_date").alias("first_session"),
            "implied_shares",
        )
    )
    return company_links(sightings, simfin.tickers, simfin.names, simfin.statements.income)


def test_the_rows_published_before_their_period_ends_are_rejected(simfin: SimFin) -> None:
    assert simfin.rejected["2025-09-22", "income", "quarterly"] == 68
    assert simfin.rejected["2021-07-28", "income", "annual"] == 0


def test_known_companies_on_the_day_of_a_report(simfin: SimFin, shared_data: Path) -> None:
    days = (date(2024, 8, 27), date(2024, 8, 28), date(2024, 8, 30))
    caps = quotes(shared_data, *days)
    known = company_fundamentals_asof(caps, link(simfin, caps), entity_states(simfin.statements, min(days), max(days)))

    def earned(company: str, day: date) -> int:
        return int(known.filter(company_id=company, session_date=day)["net_income_ttm_usd"].item())

    assert earned("AAPL", days[2]) == 101_956_000_000
    assert [earned("NVDA", day) for day in days] == [42_597_000_000, 53_008_000_000, 53_008_000_000]
    assert known.filter(session_date=days[2])["source_entity"].is_unique().all()
    assert known.filter(pl.col("company_id").is_in(["GOOG", "GOOGL"]), session_date=days[2]).height == 1
    assert known.filter(pl.col("company_id").is_in(["BRK/A", "BRK/B"]), session_date=days[2]).height == 1


def test_reused_tickers_and_renamed_companies_find_the_right_entity(simfin: SimFin, shared_data: Path) -> None:
    found = link(simfin, quotes(shared_data, date(2024, 8, 30)))
    entities = dict(found.select("company_id", "source_entity").iter_rows())
    assert entities["META"] == "121021"
    assert entities["SMRT"] == "6744552"  # SmartRent, not Stein Mart
    assert entities["COR"] == "187024"  # Cencora, not CoreSite
    assert entities["WTW"] == "378243"  # Willis Towers Watson, not Weight Watchers
    assert not {"GB", "PX", "SERV", "LB", "TEN"} & set(entities)


def test_valuation_has_the_expected_magnitude(simfin: SimFin, shared_data: Path) -> None:
    day = date(2024, 12, 31)
    caps = quotes(shared_data, day)
    cap = pl.col("cap_usd")
    bucket = (
        pl.when(cap < 50_000_000).then(pl.lit("nano")).when(cap < 300_000_000).then(pl.lit("micro"))
        .when(cap < 2_000_000_000).then(pl.lit("small")).when(cap < 10_000_000_000).then(pl.lit("mid"))
        .when(cap < 200_000_000_000).then(pl.lit("large")).otherwise(pl.lit("mega"))
    )  # fmt: skip
    members = caps.with_columns(pl.lit("fixed_usd").alias("scheme_id"), bucket.alias("bucket"))
    known = company_fundamentals_asof(caps, link(simfin, caps), entity_states(simfin.statements, day, day))
    wide = with_statement_lines(known, entity_lines(simfin.statements, day, day))
    rows = valuation_daily(members, wide).filter(measure="pe", convention="median")
    small, large = (rows.filter(segment=name, universe="all").row(0, named=True) for name in ("small", "large"))

    assert 19 < small["value"] < 23
    assert 26 < large["value"] < 30
    assert 0.45 < small["loss_share_count"] < 0.6
    assert 0.07 < large["loss_share_count"] < 0.14
    assert small["restated_share"] == 1.0
    assert 0.4 < small["cap_coverage"] < large["cap_coverage"] < 0.8
