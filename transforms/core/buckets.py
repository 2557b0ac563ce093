"""core.bucket_memberships: which bucket each company is in, by validity interval of admitted sessions."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.core import BUCKET_MEMBERSHIPS
from transforms.core.intervals import fold
from transforms.schemes.fixed_usd import SCHEME_ID


def memberships(base: pl.DataFrame, members: pl.DataFrame, admitted: Sequence[date]) -> pl.DataFrame:
    """All rows of core.bucket_memberships after new sessions.

    ``base``: the table so far. ``members``: session_date, company_id, bucket of the new sessions. ``admitted``:
    admitted sessions, from the last one behind ``base`` on. A company that is quarantined or not quoted is in no
    bucket that session, so its interval ends and another begins when it comes back.
    """
    if members.is_empty():
        return base
    is_open = pl.col("valid_to").is_null()
    kept = base.filter(is_open).select(
        "company_id", "bucket", "valid_from", "reason", last_seen=pl.lit(admitted[0], pl.Date)
    )
    runs = fold(
        kept.select("company_id", "bucket", "valid_from", "last_seen"),
        members.select("company_id", "session_date", pl.col("bucket").cast(pl.String)),
        key="company_id",
        values=("bucket",),
        admitted=admitted,
        breaks_on_gap=True,
    )
    known = base.select("company_id").unique().with_columns(was_known=pl.lit(value=True))
    first_ever = base["valid_from"].min() if base.height else admitted[0]
    reasoned = (
        runs.join(known, on="company_id", how="left")
        .join(
            kept.select("company_id", "valid_from", kept_reason="reason"), on=["company_id", "valid_from"], how="left"
        )
        .with_columns(
            reason=pl.when("is_kept")
            .then(pl.col("kept_reason"))
            .when("follows")
            .then(pl.lit("cap crossed a threshold"))
            .when(pl.col("was_known").fill_null(value=False) | ~pl.col("company_id").is_first_distinct())
            .then(pl.lit("back after an absence"))
            .when(pl.col("valid_from") == pl.lit(first_ever, pl.Date))
            .then(pl.lit("initial"))
            .otherwise(pl.lit("first appearance")),
            valid_to=pl.when(pl.col("last_seen") != pl.lit(admitted[-1], pl.Date)).then(pl.col("last_seen")),
            scheme_id=pl.lit(SCHEME_ID),
            raw_bucket="bucket",
            weight=pl.lit(1.0),
            basis_used=pl.lit("full"),
        )
        .select(BUCKET_MEMBERSHIPS.column_names)
    )
    return pl.concat([base.filter(~is_open), reasoned]).sort(BUCKET_MEMBERSHIPS.key)
