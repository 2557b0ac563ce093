"""marts.segment_daily: size, return and turnover of every segment, exact sums in whole numbers."""

import polars as pl

from transforms.contracts.fields import BUCKETS
from transforms.exact import RETURN_SCALE, fixed_point, ratio_of_totals
from transforms.schemes.fixed_usd import SCHEME_ID, bucket

_KEY = ("session_date", "segment")
_NUMBERS = (
    "company_count",
    "market_cap_usd",
    "dollar_volume_usd",
    "trusted_count",
    "return_company_count",
    "multi_day_count",
    "base_cap_usd",
    "gain_vw",
    "gain_ew",
    "quarantined_count",
    "quarantined_cap_usd",
)


def segment_daily(caps: pl.DataFrame, held: pl.DataFrame, previous_session: pl.DataFrame) -> pl.DataFrame:
    """One row per session and segment with the columns of marts.segment_daily (every segment is there).

    ``caps``: rows of core.market_caps. ``held``: session_date, last_cap_usd of quarantined companies.
    ``previous_session``: session_date, last_admitted. A return counts for the companies that were members on the last
    admitted session, in the bucket and with the cap of that session, so nothing of the session picks its members.
    """
    buckets = pl.concat(
        [
            _members(caps),
            _returns(caps, previous_session),
            held.select(
                "session_date",
                segment=bucket(pl.col("last_cap_usd")).cast(pl.String),
                quarantined_count=pl.lit(1, pl.Int64),
                quarantined_cap_usd=pl.col("last_cap_usd").cast(pl.Int128),
            )
            .drop_nulls("segment")
            .group_by(_KEY)
            .agg(pl.col("quarantined_count").sum(), pl.col("quarantined_cap_usd").sum()),
        ],
        how="diagonal",
    )
    grid = caps.select("session_date").unique().join(pl.DataFrame({"segment": BUCKETS}), how="cross")
    summed = _sum(pl.concat([grid.with_columns(pl.lit(0, pl.Int64).alias("company_count")), buckets], how="diagonal"))
    roll_up = pl.concat(
        [
            summed,
            _sum(summed.filter(pl.col("segment").is_in(["small", "mid"])).with_columns(segment=pl.lit("smid"))),
            _sum(summed.with_columns(segment=pl.lit("total"))),
        ]
    )
    return _published(roll_up)


def _members(caps: pl.DataFrame) -> pl.DataFrame:
    return (
        caps.lazy()
        .group_by("session_date", segment=bucket(pl.col("cap_usd")).cast(pl.String))
        .agg(
            company_count=pl.len().cast(pl.Int64),
            market_cap_usd=pl.col("cap_usd").cast(pl.Int128).sum(),
            dollar_volume_usd=pl.col("dollar_volume_usd").cast(pl.Int128).sum(),
            trusted_count=(pl.col("quality") == "trusted").sum().cast(pl.Int64),
        )
        .collect()
    )


def _returns(caps: pl.DataFrame, previous_session: pl.DataFrame) -> pl.DataFrame:
    gain = fixed_point(pl.col("return_price"))
    return (
        caps.lazy()
        .join(previous_session.lazy(), on="session_date", how="left")
        .filter((pl.col("previous_session") == pl.col("last_admitted")) & pl.col("return_price").is_not_null())
        .group_by("session_date", segment=bucket(pl.col("previous_cap_usd")).cast(pl.String))
        .agg(
            return_company_count=pl.len().cast(pl.Int64),
            multi_day_count=pl.col("is_multi_day").sum().cast(pl.Int64),
            base_cap_usd=pl.col("previous_cap_usd").cast(pl.Int128).sum(),
            gain_vw=(gain * pl.col("previous_cap_usd").cast(pl.Int128)).sum(),
            gain_ew=gain.sum(),
        )
        .collect()
    )


def _sum(parts: pl.DataFrame) -> pl.DataFrame:
    return parts.group_by(_KEY).agg(pl.col(name).cast(pl.Int128).sum() for name in _NUMBERS)


def _published(sums: pl.DataFrame) -> pl.DataFrame:
    total = sums.filter(pl.col("segment") == "total").select("session_date", total_cap="market_cap_usd")
    return sums.join(total, on="session_date").select(
        "session_date",
        pl.lit(SCHEME_ID).alias("scheme_id"),
        "segment",
        "company_count",
        "market_cap_usd",
        ratio_of_totals(pl.col("market_cap_usd"), pl.col("total_cap")).alias("cap_share"),
        ratio_of_totals(pl.col("gain_vw"), pl.col("base_cap_usd"), RETURN_SCALE).alias("return_price_vw"),
        ratio_of_totals(pl.col("gain_ew"), pl.col("return_company_count"), RETURN_SCALE).alias("return_price_ew"),
        pl.lit(None, pl.Float64).alias("return_total_vw"),
        pl.lit(None, pl.Float64).alias("return_total_ew"),
        "return_company_count",
        "multi_day_count",
        ratio_of_totals(pl.col("dollar_volume_usd"), pl.col("market_cap_usd")).alias("turnover"),
        "dollar_volume_usd",
        "quarantined_count",
        "quarantined_cap_usd",
        "trusted_count",
    )
