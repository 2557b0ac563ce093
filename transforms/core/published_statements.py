"""Statements back from the rows of core.fundamentals: for measures over a warehouse without its landing."""

import polars as pl

from transforms.core.fundamentals import FLOW_CONCEPTS, MARKET_TIME_ZONE, STOCK_CONCEPTS, Statements, version_schema

_QUARTER, _NINE_MONTHS = 100, 300
"""Days: a period up to here is a quarter, up to there nine months, a longer one a year."""
_VERSION = ("source", "source_entity", "fiscal_period", "period_start", "period_end", "known_at", "vintage_date",
            "currency")  # fmt: skip


def published_statements(fundamentals: pl.DataFrame) -> Statements:
    """Statements of every entity in core.fundamentals; when a vendor restated them it does not tell."""
    facts = fundamentals.unique([*_VERSION, "concept"], keep="first", maintain_order=True)
    return Statements(_wide(facts, FLOW_CONCEPTS, is_flow=True), _wide(facts, STOCK_CONCEPTS, is_flow=False))


def _wide(facts: pl.DataFrame, concepts: tuple[str, ...], *, is_flow: bool) -> pl.DataFrame:
    days = (pl.col("period_end") - pl.col("period_start")).dt.total_days()
    of_length = (
        pl.when(days <= _QUARTER)
        .then(pl.lit("quarter"))
        .when(days <= _NINE_MONTHS)
        .then(pl.lit("nine_months"))
        .otherwise(pl.lit("annual"))
    )
    # A balance is of a day: which report it is from, the fiscal period says.
    of_name = pl.when(pl.col("fiscal_period").str.ends_with("FY")).then(pl.lit("annual")).otherwise(pl.lit("quarter"))
    values = [pl.col("value").filter(pl.col("concept") == name).first().cast(pl.Int64).alias(name) for name in concepts]
    rows = (
        facts.filter(pl.col("concept").is_in(concepts))
        .group_by(_VERSION, maintain_order=True)
        .agg(values)
        .with_columns(
            period_kind=of_length if is_flow else of_name,
            fiscal_year=pl.col("fiscal_period").str.extract(r"^(\d{4})").cast(pl.Int64),
            fiscal_period=pl.col("fiscal_period").str.slice(4),
            report_date="period_end",
            publish_date=pl.col("known_at").dt.convert_time_zone(MARKET_TIME_ZONE).dt.date(),
            restated_date=pl.lit(None, pl.Date),
        )
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in version_schema(concepts).items())
