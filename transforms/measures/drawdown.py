"""How far each segment stands below its highest level so far."""

import polars as pl

_SERIES = ["scheme_id", "segment"]
_DECIMALS = 12
"""Of a drawdown. Returns have 12 digits, so what is finer is noise of the chain, and would tell a high from no high."""


def drawdown_daily(returns: pl.DataFrame) -> pl.DataFrame:
    """One row per session, scheme and segment: session_date, scheme_id, segment, level, drawdown, peak_session, gaps.

    ``returns``: session_date, scheme_id, segment and return_price_vw (fraction), each key once, in any order.
    ``level``: the returns chained, 1 on the segment's first session, whose own return leads to it and does not count.
    ``drawdown``: level over the highest level so far, less 1: fraction from -1 to 0, to 12 decimals. ``peak_session``:
    last session on which it is 0. ``gaps``: later sessions without a return so far. On those, level and drawdown are
    null, and the chain goes on from the last known level: what happened between is not in it. No look-ahead: a row
    depends on its session and earlier ones alone.
    """
    is_first = pl.int_range(pl.len()).over(_SERIES) == 0
    gain = pl.when(is_first).then(0.0).otherwise(pl.col("return_price_vw"))
    chained = (
        returns.sort(*_SERIES, "session_date")
        .with_columns(gain=gain)
        .with_columns(
            chain=(1 + pl.col("gain").fill_null(0.0)).cum_prod().over(_SERIES),
            gaps=pl.col("gain").is_null().cast(pl.Int64).cum_sum().over(_SERIES),
        )
    )
    level = pl.when(pl.col("gain").is_not_null()).then(pl.col("chain"))
    peak = pl.col("chain").cum_max().over(_SERIES)
    peak_session = pl.when(pl.col("drawdown") == 0).then(pl.col("session_date")).forward_fill().over(_SERIES)
    return (
        chained.with_columns(level=level)
        .with_columns(drawdown=(pl.col("level") / peak - 1).round(_DECIMALS) + 0.0)
        .with_columns(peak_session=peak_session)
        .select("session_date", *_SERIES, "level", "drawdown", "peak_session", "gaps")
    )
