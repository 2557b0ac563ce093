"""How many analysts follow each company on a session, from counts that the operator has a licence for."""

from datetime import timedelta

import polars as pl

STALE_AFTER = timedelta(days=100)
"""Estimates are renewed every quarter; an older count says nothing about today."""


def analysts_asof(caps: pl.DataFrame, counts: pl.DataFrame) -> pl.Series:
    """The newest count of each row's company that was known by its session; null where there is none.

    ``caps``: session_date and ticker (symbol of the primary line). ``counts``: symbol, as_of, known_at (null: as_of)
    and analysts, in any order. Of several known on one day the one about the latest day counts.
    """
    told = (
        counts.filter(pl.col("analysts").is_not_null())
        .with_columns(known_on=pl.max_horizontal("as_of", pl.col("known_at").fill_null(pl.col("as_of"))))
        .sort("known_on", "as_of", "analysts")
        .select("known_on", "as_of", "analysts", ticker="symbol")
    )
    found = (
        caps.select("session_date", "ticker")
        .with_row_index("row")
        .sort("session_date")
        .join_asof(told, left_on="session_date", right_on="known_on", by="ticker", check_sortedness=False)
        .sort("row")
    )
    is_fresh = pl.col("session_date") - pl.col("as_of") <= STALE_AFTER
    return found.select(pl.when(is_fresh).then("analysts").alias("analysts")).to_series()
