"""One review: who is in which bucket from now on, given who was where, and why."""

from dataclasses import replace
from typing import NamedTuple

import polars as pl

from transforms.schemes.entry import with_entry_buffer
from transforms.schemes.fixed_count import with_places
from transforms.schemes.limits import Standing, standing
from transforms.schemes.model import FixedCount, Ranks, Rule, Shares

MEMBERS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "bucket": pl.String(),
    "weight": pl.Float64(),
    "raw_bucket": pl.String(),
    "reason": pl.String(),
    "distance": pl.Float64(),
}
"""Who is in which bucket after a review; one row per company and bucket that it has a part of. ``distance``: how far
its cap lies from the nearer limit of its raw bucket, as a part of that limit; null where there is none."""
LIMITS: dict[str, pl.DataType] = {"bucket": pl.String(), "cap": pl.Float64(), "company_count": pl.UInt32()}
"""The lower end of each bucket at a review, and the companies that the bare rule puts there."""

NEWCOMER, STAYS, IN_BAND, UP, DOWN = "newcomer", "stays", "stays in the band", "moved up", "moved down"
HALF_UP, HALF_DOWN, BACK = "half of it moves up", "half of it moves down", "its half comes back"
WHOLE, HALF = 1.0, 0.5


class Reviewed(NamedTuple):
    """MEMBERS and LIMITS."""

    members: pl.DataFrame
    limits: pl.DataFrame


def reviewed(rule: Rule, ranked: pl.DataFrame, before: pl.DataFrame) -> Reviewed:
    """What a review of the companies (`limits.RANKED`) makes of those that were members ``before`` (MEMBERS).

    A company that is ranked no more is a member no more. One that stays where its band lets it; else the bare rule
    decides, as it does for newcomers. Of a rule with swaps of certain months all are made: `calendar.reviews` gives the
    rule of each review's month.
    """
    place = standing(rule, ranked)
    numbered = place.numbers()
    recalled = _recalled(numbered, before, place)
    bands = rule.bands if isinstance(rule, Ranks | Shares) else None
    if isinstance(rule, FixedCount):
        moved = _swapped(rule, recalled)
    elif bands is not None and bands.kind == "packets" and isinstance(rule, Shares):
        core = standing(replace(rule, bands=replace(bands, share=bands.core)), ranked).numbers()
        moved = _in_packets(recalled, core)
    else:
        moved = with_entry_buffer(_moved(recalled), place, bands)
    return Reviewed(_members(moved, place), _limits(numbered, place))


def _recalled(numbered: pl.DataFrame, before: pl.DataFrame, place: Standing) -> pl.DataFrame:
    """Adds ``was``, the number of its bucket, and of a company that is on its way ``start`` and ``end``."""
    number = pl.col("bucket").replace_strict(_order(place), default=None, return_dtype=pl.Int64)
    whole = before.filter(pl.col("weight") == WHOLE).select("company_id", was=number)
    is_up = (pl.col("reason") == HALF_UP).first()
    moving = (
        before.filter(pl.col("weight") == HALF)
        .with_columns(number=number)
        .group_by("company_id")
        .agg(
            start=pl.when(is_up).then(pl.col("number").max()).otherwise(pl.col("number").min()),
            end=pl.when(is_up).then(pl.col("number").min()).otherwise(pl.col("number").max()),
        )
    )
    with_whole = numbered.join(whole, on="company_id", how="left", maintain_order="left")
    return with_whole.join(moving, on="company_id", how="left", maintain_order="left")


def _is_held(column: str, least: str = "least", most: str = "most") -> pl.Expr:
    """Whether the band lets a company stay there."""
    return pl.col(column).is_between(pl.col(least), pl.col(most)).fill_null(value=False)


def _moved(recalled: pl.DataFrame) -> pl.DataFrame:
    """Whole companies: ``now``, ``weight``, ``reason``."""
    now = pl.when(_is_held("was")).then("was").otherwise("raw")
    return recalled.with_columns(now=now, weight=pl.lit(WHOLE)).with_columns(reason=_why())


def _swapped(rule: FixedCount, recalled: pl.DataFrame) -> pl.DataFrame:
    """Whole companies: ``now``, ``weight``, ``reason``, which names the swap that moved a company."""
    has_moved = pl.col("was").ne_missing(pl.col("now"))
    told = pl.concat_str(_why(), pl.when(has_moved).then("swap"), separator=": ", ignore_nulls=True)
    return with_places(rule, recalled).with_columns(weight=pl.lit(WHOLE), reason=told)


def _why() -> pl.Expr:
    return (
        pl.when(pl.col("was").is_null())
        .then(pl.lit(NEWCOMER))
        .when((pl.col("now") == pl.col("was")) & (pl.col("was") == pl.col("raw")))
        .then(pl.lit(STAYS))
        .when(pl.col("now") == pl.col("was"))
        .then(pl.lit(IN_BAND))
        .when(pl.col("now") < pl.col("was"))
        .then(pl.lit(UP))
        .otherwise(pl.lit(DOWN))
    )


def _in_packets(recalled: pl.DataFrame, core: pl.DataFrame) -> pl.DataFrame:
    """Companies by halves: one that passes its band moves by half, and the rest at the next review, if off the core."""
    cores = core.select("company_id", core_least="least", core_most="most")
    told = recalled.join(cores, on="company_id", how="left", maintain_order="left")
    is_moving, is_known = pl.col("start").is_not_null(), pl.col("was").is_not_null()
    rests = is_moving & ~_is_held("start", "core_least", "core_most")
    comes_back = is_moving & ~rests & (pl.col("raw") == pl.col("start"))
    waits = is_moving & ~rests & ~comes_back
    begins = ~is_moving & is_known & ~_is_held("was")
    stays = ~is_moving & is_known & ~begins
    placed = told.with_columns(
        origin=pl.when(waits | comes_back).then("start").when(begins | stays).then("was").otherwise("raw"),
        target=pl.when(waits).then("end").when(begins).then("raw"),
    )
    is_up = pl.col("target") < pl.col("origin")
    why = (
        pl.when(comes_back)
        .then(pl.lit(BACK))
        .when(waits | begins)
        .then(pl.when(is_up).then(pl.lit(HALF_UP)).otherwise(pl.lit(HALF_DOWN)))
        .when(rests)
        .then(pl.when(pl.col("raw") < pl.col("start")).then(pl.lit(UP)).otherwise(pl.lit(DOWN)))
        .when(stays & (pl.col("was") == pl.col("raw")))
        .then(pl.lit(STAYS))
        .when(stays)
        .then(pl.lit(IN_BAND))
        .otherwise(pl.lit(NEWCOMER))
    )
    is_half = pl.col("target").is_not_null()
    weight = pl.when(is_half).then(HALF).otherwise(WHOLE)
    parts = placed.with_columns(weight=weight, reason=why)
    halves = parts.filter(is_half).with_columns(now="target")
    return pl.concat([parts.with_columns(now="origin"), halves]).sort("cap", "company_id", descending=[True, False])


def _members(moved: pl.DataFrame, place: Standing) -> pl.DataFrame:
    names = dict(enumerate(place.buckets))

    def named(column: str) -> pl.Expr:
        return pl.col(column).replace_strict(names, default=None, return_dtype=pl.String)

    lower, upper = _gaps(place)
    is_lower_nearer = lower.abs().fill_null(float("inf")) <= upper.abs().fill_null(float("inf"))
    rows = moved.select(
        "company_id",
        "weight",
        "reason",
        bucket=named("now"),
        raw_bucket=named("raw"),
        distance=pl.when(is_lower_nearer).then(lower).otherwise(upper),
    )
    return rows.filter(pl.col("bucket").is_not_null()).select(pl.col(name).cast(kind) for name, kind in MEMBERS.items())


def _gaps(place: Standing) -> tuple[pl.Expr, pl.Expr]:
    """How far a company's cap lies from the lower and from the upper end of its raw bucket; null where it has none."""
    ends = {number: limit.cap for number, limit in enumerate(place.limits)}

    def gap(number: pl.Expr) -> pl.Expr:
        return pl.col("cap") / number.replace_strict(ends, default=None, return_dtype=pl.Float64) - 1

    return gap(pl.col("raw")), gap(pl.col("raw") - 1)


def _order(place: Standing) -> dict[str, int]:
    return {bucket: number for number, bucket in enumerate(place.buckets)}


def _limits(numbered: pl.DataFrame, place: Standing) -> pl.DataFrame:
    ends = {limit.bucket: limit.cap for limit in place.limits}
    counts = dict(numbered.group_by("raw").len().iter_rows())
    rows = [(bucket, ends.get(bucket), counts.get(number, 0)) for number, bucket in enumerate(place.buckets)]
    return pl.DataFrame(rows, LIMITS, orient="row")
