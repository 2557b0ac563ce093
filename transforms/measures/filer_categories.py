"""marts.filer_category_daily: companies and caps of every segment by their category of filer, exact sums."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.fields import SEGMENTS
from transforms.contracts.filers import CATEGORIES, UNKNOWN
from transforms.core.filer_categories import FRESH_DAYS
from transforms.core.fundamentals import MARKET_TIME_ZONE
from transforms.exact import ratio_of_totals
from transforms.measures.placement import as_whole, portion

_SESSION = ("session_date", "scheme_id")
_KEY = (*_SESSION, "segment", "category")
_NUMBERS = (
    "company_count",
    "market_cap_usd",
    "smaller_reporting_count",
    "smaller_reporting_cap_usd",
    "smaller_reporting_unknown_count",
)


def filer_category_daily(members: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """One row per session, scheme, segment and category, all of them, with the columns of marts.filer_category_daily.

    ``members``: session_date, scheme_id, company_id, bucket, cap_usd, and of halves is_half and is_counted (see
    `Placement`). ``categories``: core.filer_categories. A company counts by the newest standing known on the session;
    without one of the 460 days before it is ``unknown``.
    """
    parts = [
        by_standing(with_standing(of_scheme, categories), str(scheme_id), of_scheme["session_date"].unique().to_list())
        for (scheme_id,), of_scheme in members.partition_by("scheme_id", as_dict=True).items()
    ]
    return pl.concat(parts)


def by_standing(members: pl.DataFrame, scheme_id: str, sessions: Sequence[date]) -> pl.DataFrame:
    """The same of one scheme's members whose standing is there already (`with_standing`): it is one for all schemes."""
    buckets = _by_bucket(as_whole(members))
    grid = (
        pl.DataFrame({"session_date": sessions}, schema={"session_date": pl.Date})
        .with_columns(scheme_id=pl.lit(scheme_id))
        .join(pl.DataFrame({"segment": SEGMENTS}), how="cross")
        .join(pl.DataFrame({"category": CATEGORIES}), how="cross")
    )
    parts = [
        grid.with_columns(pl.lit(0, pl.Int128).alias(name) for name in _NUMBERS),
        buckets,
        buckets.filter(pl.col("segment").is_in(["small", "mid"])).with_columns(segment=pl.lit("smid")),
        buckets.with_columns(segment=pl.lit("total")),
    ]
    sums = pl.concat([part.select(*_KEY, *_NUMBERS) for part in parts])
    rolled = sums.group_by(_KEY).agg(pl.col(_NUMBERS).sum())
    whole = pl.col("market_cap_usd").sum().over(*_SESSION, "segment")
    return rolled.with_columns(cap_share=ratio_of_totals(pl.col("market_cap_usd"), whole))


def _by_bucket(members: pl.DataFrame) -> pl.DataFrame:
    small, is_counted = pl.col("is_smaller_reporting"), pl.col("is_counted")
    cap = portion(pl.col("cap_usd")).cast(pl.Int128)
    return members.group_by(*_SESSION, "category", segment=pl.col("bucket").cast(pl.String)).agg(
        company_count=is_counted.sum().cast(pl.Int128),
        market_cap_usd=cap.sum(),
        smaller_reporting_count=(small & is_counted).sum().cast(pl.Int128),
        smaller_reporting_cap_usd=cap.filter(small).sum(),
        smaller_reporting_unknown_count=(small.is_null() & is_counted).sum().cast(pl.Int128),
    )


def with_standing(members: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """Members with the category and size that hold on their session."""
    known_on = pl.col("known_at").dt.convert_time_zone(MARKET_TIME_ZONE).dt.date()
    told = categories.select(
        "company_id",
        "category",
        "is_smaller_reporting",
        session_date="valid_from",
        holds_until=known_on + pl.duration(days=FRESH_DAYS),
    ).sort("session_date")
    placed = members.sort("session_date").join_asof(told, on="session_date", by="company_id", check_sortedness=False)
    is_fresh = pl.col("session_date") <= pl.col("holds_until")
    return placed.with_columns(
        pl.when(is_fresh).then("category").fill_null(UNKNOWN).alias("category"),
        pl.when(is_fresh).then("is_smaller_reporting").alias("is_smaller_reporting"),
    )
