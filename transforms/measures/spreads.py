"""How far each segment's valuation stands from that of large caps, and how unusual that is."""

from bisect import bisect_right, insort

import polars as pl

from transforms.contracts.marts import VALUATION_SPREAD_DAILY
from transforms.exact import ratio_of_totals, round_significant

REFERENCE = "large"
_SERIES = ("scheme_id", "measure", "convention", "segment")


def valuation_spread_daily(valuation: pl.DataFrame, history: pl.DataFrame | None = None) -> pl.DataFrame:
    """marts.VALUATION_SPREAD_DAILY for the sessions of `valuation`: one per series, all segments but large.

    `valuation`: marts.VALUATION_DAILY rows of the new sessions. `history`: rows of this mart for earlier
    sessions (any sessions from the first of `valuation` on are ignored), or None when `valuation` is the
    whole history.

    discount = value / large_value - 1, null where either side is undefined or large is not positive.
    percentile: share of the discounts from history_start up to and including the session that are not
    above it; the window grows with time and never looks ahead, so one run over all sessions gives what
    night after night gives. history_start is the first session with a discount of that series. Discounts
    are rounded before they are ranked, as they are stored.
    """
    keys = ["session_date", *_SERIES[:-1]]
    large = valuation.filter(pl.col("segment") == REFERENCE).select(*keys, pl.col("value").alias("large_value"))
    is_defined = pl.col("large_value") > 0
    discount = ratio_of_totals(pl.col("value") - pl.col("large_value"), pl.col("large_value"))
    spreads = (
        valuation.filter(pl.col("segment") != REFERENCE)
        .select("session_date", *_SERIES, "value")
        .join(large, on=keys, how="left")
        .with_columns(round_significant(pl.when(is_defined).then(discount)).alias("discount"))
    )
    if spreads.is_empty():
        return VALUATION_SPREAD_DAILY.empty()
    return VALUATION_SPREAD_DAILY.conform(_ranked(spreads, _earlier(spreads, history)))


def _earlier(spreads: pl.DataFrame, history: pl.DataFrame | None) -> pl.DataFrame:
    """Past discounts, one row per series: the sessions' first date and all values."""
    if history is None:
        history = VALUATION_SPREAD_DAILY.empty()
    return (
        history.filter((pl.col("session_date") < spreads["session_date"].min()) & pl.col("discount").is_not_null())
        .group_by(_SERIES)
        .agg(
            pl.col("session_date").min().alias("past_start"),
            pl.col("discount").sort().alias("past_discounts"),
        )
    )


def _ranked(spreads: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    series = (
        spreads.sort("session_date")
        .group_by(_SERIES)
        .agg("session_date", "value", "large_value", "discount")
        .join(earlier, on=_SERIES, how="left")
    )
    ranks = [
        _expanding_ranks(past or [], discounts)
        for past, discounts in series.select("past_discounts", "discount").iter_rows()
    ]
    counts = pl.Series("history_sessions", [[count for count, _ in rank] for rank in ranks], pl.List(pl.Int64))
    not_above = pl.Series("not_above", [[below for _, below in rank] for rank in ranks], pl.List(pl.Int64))
    rows = series.with_columns(counts, not_above).explode(
        "session_date", "value", "large_value", "discount", "history_sessions", "not_above"
    )
    first_new = pl.col("session_date").filter(pl.col("discount").is_not_null()).min().over(_SERIES)
    start = pl.col("past_start").fill_null(first_new)
    return rows.with_columns(
        (pl.col("not_above") / pl.col("history_sessions")).alias("percentile"),
        pl.when(pl.col("history_sessions") > 0).then(start).alias("history_start"),
    )


def _expanding_ranks(past: list[float], discounts: list[float | None]) -> list[tuple[int, int | None]]:
    """For each session in order: discounts known by then, and how many of them are not above its own."""
    known = list(past)
    ranks: list[tuple[int, int | None]] = []
    for discount in discounts:
        if discount is None:
            ranks.append((len(known), None))
            continue
        insort(known, discount)
        ranks.append((len(known), bisect_right(known, discount)))
    return ranks
