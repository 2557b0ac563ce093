"""Who has which seat in a scheme after a review: buckets with their weights, what they rest on, and why."""

from typing import NamedTuple

import polars as pl

from transforms.contracts.fields import BUCKETS
from transforms.schemes.additions import ELIGIBLE, with_eligible
from transforms.schemes.limits import RANKED
from transforms.schemes.market import listed
from transforms.schemes.model import Additions, Scheme, Version
from transforms.schemes.review import HALF, HALF_UP, LIMITS, NEWCOMER, WHOLE, reviewed

SEATS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "bucket": pl.String(),
    "weight": pl.Float64(),
    "is_counted": pl.Boolean(),
    "raw_bucket": pl.String(),
    "basis_used": pl.String(),
    "reason": pl.String(),
    "distance": pl.Float64(),
}
"""One row per company and bucket that it has a part of. ``is_counted``: counts and medians take it here; a company
that moves by halves is counted where it comes from until it has moved."""
NO_SEATS = pl.DataFrame(schema=SEATS)
INITIAL, REINITIALISED = "initial", "reinitialised"


class Held(NamedTuple):
    """SEATS after a review, and the LIMITS that it found."""

    seats: pl.DataFrame
    limits: pl.DataFrame


def hold(
    scheme: Scheme, version: Version, market: pl.DataFrame, before: pl.DataFrame, usd_per_unit: float | None
) -> Held:
    """One review of a scheme: ``market`` (MARKET) under the rule of ``version``, given the SEATS ``before``.

    Where nobody of its universe is in the market, as on a holiday of its exchange, all keep their seats.
    """
    among = listed(scheme, version.rule, market, usd_per_unit)
    if among.is_empty() and before.height:
        return Held(before, pl.DataFrame(schema=LIMITS))
    if isinstance(version.rule, Additions):
        members, limits = _additions(version.rule, among, before)
    else:
        found = reviewed(version.rule, among.select(RANKED.keys()), before)
        members, limits = found.members, found.limits
    basis = among.select("company_id", "basis_used")
    seats = members.join(basis, on="company_id", how="left", maintain_order="left").with_columns(
        is_counted=_is_counted()
    )
    return Held(seats.select(pl.col(name).cast(dtype) for name, dtype in SEATS.items()), limits)


def begin(
    scheme: Scheme, version: Version, market: pl.DataFrame, usd_per_unit: float | None, reason: str = INITIAL
) -> Held:
    """The bare rule on a market, as if nobody had ever had a seat."""
    held = hold(scheme, version, market, NO_SEATS, usd_per_unit)
    is_new = pl.col("reason").is_in([NEWCOMER, ELIGIBLE])
    return held._replace(seats=held.seats.with_columns(reason=pl.when(is_new).then(pl.lit(reason)).otherwise("reason")))


def _is_counted() -> pl.Expr:
    """A half that moves up comes from the smaller of its two buckets, one that moves down from the larger."""
    size = pl.col("bucket").cast(pl.Enum(BUCKETS)).to_physical()
    comes_from = pl.when(pl.col("reason") == HALF_UP).then(size.min().over("company_id")).otherwise(
        size.max().over("company_id")
    )  # fmt: skip
    return (pl.col("weight") != HALF) | (size == comes_from)


def _additions(rule: Additions, among: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members and LIMITS of a scheme of additions; the distance is to the nearer end of the range."""
    ends = sorted({end for low, high in rule.ranges.values() for end in (low, high) if 0 < end < float("inf")})
    gaps = [pl.col("cap") / end - 1 for end in ends]
    nearest = pl.lit(None, pl.Float64)
    for gap in gaps:
        nearest = pl.when(nearest.is_null() | (gap.abs() < nearest.abs())).then(gap).otherwise(nearest)
    members = (
        with_eligible(rule, among, before)
        .join(among.select("company_id", "cap"), on="company_id", how="left", maintain_order="left")
        .with_columns(weight=pl.lit(WHOLE), distance=nearest)
    )
    in_range = [(name, low, among["cap"].is_between(low, high, closed="left").sum()) for name, (low, high) in
                rule.ranges.items()]  # fmt: skip
    return members, pl.DataFrame(in_range, LIMITS, orient="row")
