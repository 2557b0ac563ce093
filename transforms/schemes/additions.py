"""A scheme that only says who may be added: who was added stays, whatever becomes of its size.

So a company is *eligible*, never a member: whom a committee chose no limit tells.
"""

import polars as pl

from transforms.schemes.limits import RANKED
from transforms.schemes.model import Additions

CANDIDATES: dict[str, pl.DataType] = {
    **RANKED,
    "earns": pl.Boolean(),
    "float_share": pl.Float64(),
    "turnover": pl.Float64(),
}
"""RANKED with what else an addition asks for, null where it is not known. ``earns``: net income of the last four
quarters and of the last one is positive; ``turnover``: a year's dollar volume over the float cap."""

ELIGIBLE, STAYS_IN = "eligible", "was eligible: size takes nobody out"


def with_eligible(rule: Additions, candidates: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """company_id, bucket, raw_bucket and reason of everyone who was or is eligible now, of those ranked (CANDIDATES).

    ``before``: company_id and bucket. ``raw_bucket`` is the range of the cap, null outside all ranges. What is not
    known passes for float and turnover, and does not for earnings.
    """
    in_range = [
        pl.when(pl.col("cap").is_between(low, high, closed="left")).then(pl.lit(bucket))
        for bucket, (low, high) in rule.ranges.items()
    ]
    lows = {bucket: low for bucket, (low, _) in rule.ranges.items()}
    low = pl.coalesce(in_range).replace_strict(lows, default=None, return_dtype=pl.Float64)
    float_cap = pl.col("cap") * pl.col("float_share").fill_null(1.0)
    passes = (
        (pl.lit(not rule.earns) | pl.col("earns").fill_null(value=False))
        & (pl.col("float_share").fill_null(1.0) >= rule.least_float_share)
        & (float_cap >= rule.least_float_of_range * low)
        & (pl.col("turnover").fill_null(float("inf")) >= rule.least_turnover)
    )
    told = candidates.join(
        before.select("company_id", was="bucket"), on="company_id", how="left", maintain_order="left"
    ).with_columns(raw_bucket=pl.coalesce(in_range))
    is_in, is_new = pl.col("was").is_not_null(), pl.col("raw_bucket").is_not_null() & passes
    return (
        told.filter(is_in | is_new)
        .select(
            "company_id",
            "raw_bucket",
            bucket=pl.coalesce("was", "raw_bucket"),
            reason=pl.when(is_in).then(pl.lit(STAYS_IN)).otherwise(pl.lit(ELIGIBLE)),
        )
        .sort("company_id")
    )
