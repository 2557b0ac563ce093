"""The depositary ratio of each line, as its count was found with it."""

import polars as pl

from transforms.core.rows import NONE, flags, masked, rows_of, written

LINE_RATIOS: dict[str, pl.DataType] = {"ads_ratio": pl.Float64(), "ads_ratio_from": pl.Date()}
"""Underlying shares per depositary share, null where the line is none or nobody says; and since when that is stated."""


def line_ratios(equity: pl.DataFrame, own: pl.DataFrame, filed: pl.DataFrame) -> pl.DataFrame:
    """LINE_RATIOS, one row per row of ``equity`` (of `equity_lines`), in its order.

    ``own``: OWN_RATIOS of the session; ``filed``: LINE_COUNTS. In the order of `line_counts`: the operator, then the
    title on the cover page, then the quotes' name. A line without a filed count has no title that was read.
    """
    ratio = equity["ads_ratio"]
    since = masked(equity["ads_ratio_from"], flags(ratio.is_not_null()))
    told = pl.DataFrame([ratio, since.alias("ads_ratio_from")])
    if own.height:
        at = rows_of(own["symbol"], equity["symbol"])
        known = own.filter(pl.Series(at != NONE))
        told = written(told, at[at != NONE], {"ads_ratio": known["ratio"], "ads_ratio_from": known["valid_from"]})
    if filed.height:
        at = rows_of(filed["line"], equity["line"])
        told = written(told, at, {name: filed[f"filed_{name}"] for name in LINE_RATIOS})
    return told


def stated_ratios(lines: pl.DataFrame, own: pl.DataFrame) -> pl.Series:
    """``stated_ratio`` of each line (symbol, ads_ratio): by the operator (OWN_RATIOS), else by the quotes' name."""
    ratio = lines["ads_ratio"].alias("stated_ratio")
    if own.is_empty():
        return ratio
    at = rows_of(own["symbol"], lines["symbol"])
    supplied = own["ratio"].filter(pl.Series(at != NONE))
    return written(ratio.to_frame(), at[at != NONE], {"stated_ratio": supplied}).to_series()
