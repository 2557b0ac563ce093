"""Split-proof price returns of a line since its last admitted close."""

import polars as pl

CHAIN_LOG = 0.09
"""Up to here the vendor's previous close is the close we admitted, give or take a late print. Beyond it lies a split:
the smallest usual one is a stock dividend of 10 %, log 0.095."""
GAP_CHAIN_LOG = 0.25
"""Across missing sessions the previous close has moved for real; below 4:3 (log 0.29) it is no split."""
SIMPLE_RATIO_LOG = 0.10
"""How near to a simple ratio a gap must be to be taken for a split whose new count the vendor does not have yet."""
SIMPLE_RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)


def with_returns(lines: pl.DataFrame, previous_session: pl.Expr, near_from: pl.Expr) -> pl.DataFrame:
    """Add ``return_price`` (fraction, null without an admitted close within the horizon) and ``is_multi_day``.

    Needs close, previous_close (close less net change, null where that is not positive), last_close, last_session,
    vendor_cap_usd, last_cap_usd. Sources: the vendor's net change, the last admitted close, the implied counts.
    """
    is_near = pl.col("last_session") >= near_from
    is_multi_day = pl.col("last_session") < previous_session
    own = pl.col("close") / pl.col("last_close") - 1
    vendor = pl.col("close") / pl.col("previous_close") - 1
    split = (pl.col("previous_close") / pl.col("last_close")).log()
    one_day = pl.when(split.is_null() | (split.abs() <= CHAIN_LOG)).then(own).otherwise(vendor)
    count_ratio = (pl.col("last_cap_usd") / pl.col("last_close")) / (pl.col("vendor_cap_usd") / pl.col("close"))
    count_confirms = (count_ratio.log().abs() > GAP_CHAIN_LOG) & ((split - count_ratio.log()).abs() <= GAP_CHAIN_LOG)
    across = (
        pl.when(split.is_null() | (split.abs() <= GAP_CHAIN_LOG))
        .then(own)
        .when(count_confirms.fill_null(value=False))
        .then(pl.col("close") / (pl.col("last_close") * count_ratio) - 1)
        .when(_near_simple_ratio(split))
        .then(vendor)
        .otherwise(own)
    )
    return lines.with_columns(
        return_price=pl.when(is_near).then(pl.when(is_multi_day).then(across).otherwise(one_day)),
        is_multi_day=(is_near & is_multi_day).fill_null(value=False),
    )


def _near_simple_ratio(split: pl.Expr) -> pl.Expr:
    distances = [(split.abs() - pl.lit(ratio).log()).abs() for ratio in SIMPLE_RATIOS]
    return pl.min_horizontal(distances) <= SIMPLE_RATIO_LOG
