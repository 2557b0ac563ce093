"""Competitive entry: who is only a little above a limit comes in for somebody that fell out, the largest first.

Without it a bucket would grow by every company that a good quarter lifts just above its limit.
"""

import polars as pl

from transforms.schemes.limits import Standing
from transforms.schemes.model import Bands

REPLACES, WAITS = "replaces one that fell out", "waits for one to fall out"


def with_entry_buffer(moved: pl.DataFrame, place: Standing, bands: Bands | None) -> pl.DataFrame:
    """The moves of a review with those undone that have to wait; waiting companies are in the bucket below.

    ``moved``: one row per company, the largest first, with the numbers of its buckets ``was``, ``raw`` and ``now``.
    """
    for number, limit in enumerate(place.limits):
        factor = bands.entry.get(limit.bucket) if bands else None
        if factor is not None and limit.cap is not None:
            moved = _one_for_one(moved, number, limit.cap * factor)
    return moved


def _one_for_one(moved: pl.DataFrame, number: int, entry_cap: float) -> pl.DataFrame:
    """Lets in as many of the newcomers below ``entry_cap`` as fell below the bucket; nobody waits at the cold start."""
    was_in = (pl.col("was") <= number).fill_null(value=False)
    members = moved.filter(was_in)
    if members.is_empty():
        return moved
    fallen = members.filter(pl.col("now") > number).height
    competes = ~was_in & (pl.col("raw") == number) & (pl.col("cap") < entry_cap)
    comes_in = competes.cum_sum() <= fallen
    return moved.with_columns(
        now=pl.when(competes).then(pl.when(comes_in).then(number).otherwise(number + 1)).otherwise("now"),
        reason=pl.when(competes)
        .then(pl.when(comes_in).then(pl.lit(REPLACES)).otherwise(pl.lit(WAITS)))
        .otherwise("reason"),
    )
