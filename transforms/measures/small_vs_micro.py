"""marts.small_vs_micro: what the encyclopedia says of micro caps against small caps, measured."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from transforms.contracts.thesis import SCHEME, SMALL_VS_MICRO
from transforms.exact import ratio_of_totals
from transforms.measures.thesis import NO_DATA


class _Row(NamedTuple):
    name: str
    mart: str
    measure: str
    is_more_worse: bool
    """Whether the larger value is the worse one."""


ROWS = (
    _Row("cap", "segment_daily", "mean_cap_usd", is_more_worse=False),
    _Row("age", "fragility_daily", "age_years", is_more_worse=False),
    _Row("liquidity", "liquidity_daily", "amihud_21", is_more_worse=True),
    _Row("volatility", "risk_daily", "volatility_252", is_more_worse=True),
    _Row("information", "information_daily", "filing_lag_days", is_more_worse=True),
    _Row("risk", "fragility_daily", "unprofitable_share", is_more_worse=True),
)
_KEY = ("session_date", "segment")


def small_vs_micro(segments: pl.DataFrame, measured: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row per session of ``segments`` and row of ROWS.

    ``segments``: rows of marts.segment_daily. ``measured``: mart to its rows (session_date, scheme_id, segment,
    measure, value, null_reason), of the same sessions.
    """
    marts = {"segment_daily": _mean_caps(segments), **measured}
    days = segments.select("session_date").unique()
    return SMALL_VS_MICRO.conform(pl.concat(_row(days, marts[row.mart], row) for row in ROWS))


def worse_share(rows: pl.DataFrame) -> pl.DataFrame:
    """session_date and value: of the rows that can be told, the share in which micro is worse; and null_reason."""
    told = pl.col("micro_is_worse").count()
    return rows.group_by("session_date").agg(
        value=pl.when(told > 0).then(pl.col("micro_is_worse").sum() / told),
        null_reason=pl.when(told == 0).then(pl.lit("too_few")),
    )


def _mean_caps(segments: pl.DataFrame) -> pl.DataFrame:
    return segments.select(
        *_KEY,
        "scheme_id",
        measure=pl.lit("mean_cap_usd"),
        value=ratio_of_totals(pl.col("market_cap_usd"), pl.col("company_count")),
        null_reason=pl.when(pl.col("company_count") == 0).then(pl.lit("no_companies")),
    )


def _row(days: pl.DataFrame, mart: pl.DataFrame, row: _Row) -> pl.DataFrame:
    own = mart.filter((pl.col("scheme_id") == SCHEME) & (pl.col("measure") == row.measure))
    small, micro = (
        own.filter(pl.col("segment") == segment).select(
            "session_date", pl.col("value").alias(segment), pl.col("null_reason").alias(f"{segment}_reason")
        )
        for segment in ("small", "micro")
    )
    is_more = pl.col("micro") > pl.col("small")
    return (
        days.join(small, on="session_date", how="left")
        .join(micro, on="session_date", how="left")
        .select(
            "session_date",
            "small",
            "micro",
            row=pl.lit(row.name),
            measure=pl.lit(f"{row.measure}, marts.{row.mart}"),
            ratio=ratio_of_totals(pl.col("micro"), pl.col("small")),
            micro_is_worse=is_more if row.is_more_worse else pl.col("micro") < pl.col("small"),
            null_reason=pl.when(pl.col("small").is_null() | pl.col("micro").is_null()).then(
                pl.coalesce("small_reason", "micro_reason", pl.lit(NO_DATA))
            ),
        )
    )
