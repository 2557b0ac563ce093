"""How far each segment's valuation stands from that of large caps, and how unusual that is."""

import polars as pl

from transforms.contracts.valuation import VALUATION_SPREAD_DAILY
from transforms.exact import ratio_of_totals, round_significant
from transforms.measures.discount_history import DiscountHistory, Standing

REFERENCE = "large"
YIELDS = ("earnings_yield",)
"""Measures of which less is dearer."""
_SERIES = ("scheme_id", "universe", "measure", "convention", "segment")
_STANDING: dict[str, pl.DataType] = {
    "sessions": pl.Int64(),
    "premium_sessions": pl.Int64(),
    "premium_on": pl.Date(),
    "not_above": pl.Int64(),
    "z_score": pl.Float64(),
    "as_wide_on": pl.Date(),
}


def valuation_spread_daily(valuation: pl.DataFrame, history: pl.DataFrame | None = None) -> pl.DataFrame:
    """marts.VALUATION_SPREAD_DAILY for the sessions of `valuation`: one per series, all segments but large.

    `valuation`: marts.VALUATION_DAILY rows of the new sessions. `history`: rows of this mart for earlier
    sessions (any sessions from the first of `valuation` on are ignored), or None when `valuation` is the
    whole history.

    discount = value / large_value - 1, null where either side is undefined or large is not positive.
    percentile: share of the discounts from history_start up to and including the session that are not
    above it; z_score, as_wide_date and premium_date: see `Standing`, over the same sessions. The window grows with
    time and never looks ahead, so one run over all sessions gives what night after night gives. history_start is the
    first session with a discount of that series. Discounts are rounded before they are ranked, as they are stored.
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
    earlier = _earlier(spreads, history)
    # A standing is a small object, and of years of all schemes there are millions.
    parts = (_placed(part, earlier) for part in spreads.partition_by("scheme_id"))
    return VALUATION_SPREAD_DAILY.conform(pl.concat(parts))


def _earlier(spreads: pl.DataFrame, history: pl.DataFrame | None) -> pl.DataFrame:
    """Past discounts, one row per series: their sessions and values, in order."""
    if history is None:
        history = VALUATION_SPREAD_DAILY.empty()
    known = (pl.col("session_date") < spreads["session_date"].min()) & pl.col("discount").is_not_null()
    return (
        history.filter(known)
        .sort("session_date")
        .group_by(_SERIES)
        .agg(pl.col("session_date").alias("past_days"), pl.col("discount").alias("past"))
    )


def _placed(spreads: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """`spreads` with how each of them stands in its series."""
    ordered = spreads.sort(*_SERIES, "session_date")
    series = ordered.group_by(_SERIES, maintain_order=True).agg("session_date", "discount")
    standings: list[Standing] = []
    for measure, past_days, past, days, discounts in (
        series.join(earlier, on=_SERIES, how="left", maintain_order="left")
        .select("measure", "past_days", "past", "session_date", "discount")
        .iter_rows()
    ):
        history = DiscountHistory(-1 if measure in YIELDS else 1, past_days or (), past or ())
        standings += map(history.next, days, discounts)
    starts = earlier.select(*_SERIES, past_start=pl.col("past_days").list.first())
    first_new = pl.col("session_date").filter(pl.col("discount").is_not_null()).min().over(_SERIES)
    told = pl.DataFrame(
        {name: [getattr(standing, name) for standing in standings] for name in _STANDING}, schema=_STANDING
    )
    return (
        pl.concat([ordered, told], how="horizontal")
        .join(starts, on=_SERIES, how="left")
        .with_columns(
            history_sessions="sessions",
            percentile=pl.col("not_above") / pl.col("sessions"),
            history_start=pl.when(pl.col("sessions") > 0).then(pl.col("past_start").fill_null(first_new)),
            as_wide_date="as_wide_on",
            premium_date="premium_on",
        )
    )
