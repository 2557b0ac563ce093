"""The scheme fixed_usd: half-open thresholds in US dollars on the full company cap, without a buffer.

Source: the customary thresholds of US market practice (see docs/schemes.md); 300 million to 2 billion is small.
"""

import polars as pl

SCHEME_ID = "fixed_usd"
LOWER_BOUNDS_USD: dict[str, int] = {
    "nano": 0,
    "micro": 50_000_000,
    "small": 300_000_000,
    "mid": 2_000_000_000,
    "large": 10_000_000_000,
    "mega": 200_000_000_000,
}
"""A cap belongs to the bucket with the highest lower bound that it reaches: 300,000,000 is small, one dollar less is
micro."""

Buckets = pl.Enum(list(LOWER_BOUNDS_USD))


def bucket(cap_usd: pl.Expr) -> pl.Expr:
    """The bucket of a cap in whole USD; null stays null."""
    reached = [
        pl.when(cap_usd >= bound).then(pl.lit(name, Buckets)) for name, bound in reversed(LOWER_BOUNDS_USD.items())
    ]
    return pl.coalesce(*reached)
