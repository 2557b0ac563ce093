"""marts.segment_daily: size, return and turnover of every segment, exact sums in whole numbers."""

from dataclasses import dataclass

import polars as pl

from transforms.contracts.fields import BUCKETS
from transforms.exact import RETURN_SCALE, fixed_point, ratio_of_totals
from transforms.measures.placement import Placement, portion

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


@dataclass(frozen=True)
class SegmentInputs:
    """What segments are made of, the same for every scheme: see `segment_inputs`."""

    caps: pl.DataFrame
    followed: pl.DataFrame
    held: pl.DataFrame


def segment_inputs(caps: pl.DataFrame, held: pl.DataFrame, previous_session: pl.DataFrame) -> SegmentInputs:
    """``caps``: rows of core.market_caps. ``held``: session_date, company_id, last_cap_usd of quarantined companies.

    ``previous_session``: session_date, last_admitted. A return counts for the companies that were members on the last
    admitted session, in the bucket and with the cap of that session, so nothing of the session picks its members.
    """
    was_there = pl.col("previous_session") == pl.col("last_admitted")
    followed = (
        caps.select(
            *("session_date", "company_id", "previous_session", "previous_cap_usd", "is_multi_day", "return_price")
        )
        .join(previous_session, on="session_date", how="left")
        .filter(was_there & pl.col("return_price").is_not_null())
        .with_columns(gain=fixed_point(pl.col("return_price")))
        .drop("return_price", "last_admitted")
    )
    return SegmentInputs(caps, followed, held.filter(pl.col("last_cap_usd").is_not_null()))


def segment_daily(scheme_id: str, placement: Placement, inputs: SegmentInputs, members: pl.DataFrame) -> pl.DataFrame:
    """One row per session and segment with the columns of marts.segment_daily (every segment is there).

    ``members``: rows of ``inputs.caps`` in their buckets, of `Placement.place`.
    """
    buckets = pl.concat(
        [_sizes(members), _returns(placement, inputs.followed), _held(placement, inputs.held)], how="diagonal"
    )
    grid = inputs.caps.select("session_date").unique().join(pl.DataFrame({"segment": BUCKETS}), how="cross")
    summed = _sum(pl.concat([grid.with_columns(pl.lit(0, pl.Int64).alias("company_count")), buckets], how="diagonal"))
    roll_up = pl.concat(
        [
            summed,
            _sum(summed.filter(pl.col("segment").is_in(["small", "mid"])).with_columns(segment=pl.lit("smid"))),
            _sum(summed.with_columns(segment=pl.lit("total"))),
        ]
    )
    return _published(roll_up, scheme_id)


def _sizes(members: pl.DataFrame) -> pl.DataFrame:
    return (
        members.lazy()
        .group_by("session_date", segment="bucket")
        .agg(
            company_count=_count(),
            market_cap_usd=_portion("cap_usd").sum(),
            dollar_volume_usd=_portion("dollar_volume_usd").sum(),
            trusted_count=_count(pl.col("quality") == "trusted"),
        )
        .with_columns(pl.col("segment").cast(pl.String))
        .collect()
    )


def _returns(placement: Placement, followed: pl.DataFrame) -> pl.DataFrame:
    return (
        placement.place(followed, "previous_session", "previous_cap_usd")
        .lazy()
        .group_by("session_date", segment="bucket")
        .agg(
            return_company_count=_count(),
            multi_day_count=_count(pl.col("is_multi_day")),
            base_cap_usd=_portion("previous_cap_usd").sum(),
            gain_vw=(pl.col("gain") * _portion("previous_cap_usd")).sum(),
            gain_ew=pl.col("gain").filter("is_counted").sum(),
        )
        .with_columns(pl.col("segment").cast(pl.String))
        .collect()
    )


def _held(placement: Placement, held: pl.DataFrame) -> pl.DataFrame:
    return (
        placement.place(held, "session_date", "last_cap_usd")
        .group_by("session_date", segment=pl.col("bucket").cast(pl.String))
        .agg(quarantined_count=_count(), quarantined_cap_usd=_portion("last_cap_usd").sum())
    )


def _count(those: pl.Expr | None = None) -> pl.Expr:
    """Companies, each in one bucket."""
    counted = pl.col("is_counted") if those is None else pl.col("is_counted") & those
    return counted.sum().cast(pl.Int64)


def _portion(name: str) -> pl.Expr:
    return portion(pl.col(name)).cast(pl.Int128)


def _sum(parts: pl.DataFrame) -> pl.DataFrame:
    return parts.group_by(_KEY).agg(pl.col(name).cast(pl.Int128).sum() for name in _NUMBERS)


def _published(sums: pl.DataFrame, scheme_id: str) -> pl.DataFrame:
    total = sums.filter(pl.col("segment") == "total").select("session_date", total_cap="market_cap_usd")
    return sums.join(total, on="session_date").select(
        "session_date",
        pl.lit(scheme_id).alias("scheme_id"),
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
