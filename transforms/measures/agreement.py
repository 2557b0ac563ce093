"""marts.scheme_agreement: how far the buckets of one scheme are those of another."""

from collections.abc import Mapping
from itertools import combinations

import polars as pl

from transforms.contracts.schemes import SCHEME_AGREEMENT
from transforms.exact import ratio_of_totals


def scheme_agreement(caps: pl.DataFrame, buckets: Mapping[str, pl.Series]) -> pl.DataFrame:
    """One row per session and pair of schemes with the columns of marts.scheme_agreement.

    ``caps``: session_date and cap_usd, one row per company with a cap. ``buckets``: scheme to the bucket of each of
    these rows, null where the company has none under it; one that moves by halves is where it comes from.
    """
    names = sorted(buckets)
    wide = caps.select("session_date", pl.col("cap_usd")).with_columns(
        buckets[name].to_physical().alias(name) for name in names
    )
    cap = pl.col("cap_usd").cast(pl.Int128)
    parts = []
    for one, other in combinations(names, 2):
        in_both = pl.col(one).is_not_null() & pl.col(other).is_not_null()
        agrees = pl.col(one) == pl.col(other)
        parts.append(
            wide.lazy()
            .group_by("session_date")
            .agg(
                scheme_id=pl.lit(one),
                other_scheme_id=pl.lit(other),
                company_count=in_both.sum().cast(pl.Int64),
                agreeing_count=agrees.sum().cast(pl.Int64),
                market_cap_usd=cap.filter(in_both).sum(),
                agreeing_cap_usd=cap.filter(agrees).sum(),
            )
        )
    if not parts:
        return SCHEME_AGREEMENT.empty()
    rows = pl.concat(pl.collect_all(parts))
    return rows.with_columns(agreeing_share=ratio_of_totals(pl.col("agreeing_count"), pl.col("company_count")))
