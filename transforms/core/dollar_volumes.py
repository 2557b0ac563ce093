"""Dollar volumes of companies by month, and what they make of a year."""

from datetime import date

import polars as pl

MONTHLY_VOLUMES: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "month": pl.Date(),
    "dollar_volume_usd": pl.Int64(),
    "sessions": pl.Int64(),
}
"""Dollar volume of a company in a month, and the sessions that it is of."""
MONTHS = 12
SESSIONS_OF_A_YEAR = 252
LEAST_SESSIONS = 20
"""With fewer there is no telling what a year would have."""


def with_volumes(months: pl.DataFrame, caps: pl.DataFrame) -> pl.DataFrame:
    """The last twelve ``months`` after more sessions (``caps``: session_date, company_id, dollar_volume_usd)."""
    new = caps.filter(pl.col("dollar_volume_usd").is_not_null()).select(
        "company_id",
        "dollar_volume_usd",
        month=pl.col("session_date").dt.truncate("1mo"),
        sessions=pl.lit(1, pl.Int64),
    )
    columns = list(MONTHLY_VOLUMES)
    both = pl.concat([months.select(columns), new.select(columns)])
    since = both["month"].max()
    return (
        both.filter(pl.col("month") > pl.lit(since, pl.Date).dt.offset_by(f"-{MONTHS}mo"))
        .group_by("company_id", "month")
        .agg(pl.col("dollar_volume_usd", "sessions").sum())
        .sort("company_id", "month")
    )


def volumes_of_a_year(months: pl.DataFrame, session: date) -> pl.DataFrame:
    """company_id and dollar_volume_year_usd: the mean of the twelve months up to the session's, a year long."""
    first = pl.lit(session, pl.Date).dt.truncate("1mo").dt.offset_by(f"-{MONTHS - 1}mo")
    total, sessions = pl.col("dollar_volume_usd").sum(), pl.col("sessions").sum()
    return (
        months.filter(pl.col("month") >= first)
        .group_by("company_id")
        .agg(pl.when(sessions >= LEAST_SESSIONS).then(total * SESSIONS_OF_A_YEAR // sessions))
        .rename({"dollar_volume_usd": "dollar_volume_year_usd"})
    )
