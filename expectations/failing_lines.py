"""Which lines broke a rule that compares lines: what an alert shows of a refused session."""

from collections.abc import Sequence

import polars as pl

from expectations import rules
from expectations.admission import Check

COLUMNS = ("exchange", "symbol", "close", "last_close", "previous_close", "volume", "last_volume")


def failing_lines(lines: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """Lines (COLUMNS) behind the refusing checks, most traded first; none where only counts or totals were at fault.

    ``lines`` are a session's prepared lines, with the values that were admitted last.
    """
    refusing = [check for check in checks if check.refuses]
    stale = [check.subject for check in refusing if check.rule is rules.REPEATED]
    is_stale = (
        pl.col("exchange").is_in(stale)
        & (pl.col("close") == pl.col("last_close"))
        & (pl.col("volume") == pl.col("last_volume"))
    )
    gap = (pl.col("previous_close") / pl.col("last_close") - 1).abs()
    is_off = pl.lit(any(check.rule is rules.CHAIN for check in refusing)) & (gap > rules.CHAIN.params["tolerance"])
    traded = pl.col("close") * pl.col("volume")
    shown = lines.filter(is_stale | is_off).sort(traded, "symbol", descending=[True, False])
    return shown.select(COLUMNS).with_columns(pl.col("previous_close").round(4))
