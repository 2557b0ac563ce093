"""What our counts were over a report's period: a period's average is compared with the average of the same days."""

import polars as pl

LAG = "2mo"
"""Our counts follow a report's cover page, weeks after its period: they trail, so the days until then belong to it."""
LOOKBACK_MONTHS = 28
"""How far back a session may look: over the year of a report that is 15 months old."""

MONTHLY_COUNTS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "month": pl.Date(),
    "shares_sum": pl.Int64(),
    "sessions": pl.Int64(),
}
"""One row per company and month (its first day): whole shares summed over its sessions, and how many they are."""
SPLITS: dict[str, pl.DataType] = {"company_id": pl.String(), "ex_date": pl.Date(), "ratio": pl.Float64()}
"""One row per company and split: the first session on the new count, and new shares per old one."""


def monthly_counts(caps: pl.DataFrame) -> pl.DataFrame:
    """MONTHLY_COUNTS of ``caps`` (session_date, company_id, shares): whole numbers, so sums know no order."""
    return _summed(
        caps.filter(pl.col("shares").is_not_null()).select(
            "company_id",
            pl.col("session_date").dt.truncate("1mo").alias("month"),
            pl.col("shares").floor().cast(pl.Int64).alias("shares_sum"),
            pl.lit(1, pl.Int64).alias("sessions"),
        )
    )


def with_counts(months: pl.DataFrame, caps: pl.DataFrame) -> pl.DataFrame:
    """``months`` after more sessions: a month in two parts is one."""
    return _summed(pl.concat([months, monthly_counts(caps)]))


def _summed(parts: pl.DataFrame) -> pl.DataFrame:
    return parts.group_by("company_id", "month").agg(pl.col("shares_sum", "sessions").sum()).sort("company_id", "month")


def period_means(rows: pl.DataFrame, months: pl.DataFrame, splits: pl.DataFrame) -> pl.Series:
    """For each row (session_date, company_id, period_start, period_end) the mean of our counts; null without one.

    Over the whole months from the period's first to LAG after its end, as far as they were over before the session's
    month. The mean is in shares of the session: months before a split are restated for it, the month of a split, with
    two kinds of shares in it, is left out. Splits after the session do not count.
    """
    asked = rows.with_row_index("row").with_columns(month_of_session=pl.col("session_date").dt.truncate("1mo"))
    window = ["company_id", "period_start", "period_end", "month_of_session"]
    seen = _in_first_shares(months, splits)
    days = pl.col("mean_shares") * pl.col("sessions")
    means = (
        asked.select(window)
        .unique()
        .join(seen, on="company_id")
        .filter(
            (pl.col("month") >= pl.col("period_start").dt.truncate("1mo"))
            & (pl.col("month") <= pl.col("period_end").dt.truncate("1mo").dt.offset_by(LAG))
            & (pl.col("month") < pl.col("month_of_session"))
        )
        .group_by(window)
        .agg((days.sum() / pl.col("sessions").sum()).alias("mean"))
    )
    found = _with_restated(asked.join(means, on=window), splits, "session_date")
    unknown = pl.Series("mean", [None], pl.Float64).new_from_index(0, rows.height)
    return unknown.scatter(found["row"], found["mean"] * found["restated"])


def _in_first_shares(months: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Mean counts of months without a split, in shares as before the company's first one (whole, so exact)."""
    split_months = splits.select("company_id", pl.col("ex_date").dt.truncate("1mo").alias("month"))
    whole = months.join(split_months, on=["company_id", "month"], how="anti")
    per_session = pl.col("shares_sum") / pl.col("sessions") / pl.col("restated")
    return _with_restated(whole, splits, "month").with_columns(mean_shares=per_session.floor().cast(pl.Int64))


def _with_restated(rows: pl.DataFrame, splits: pl.DataFrame, day: str) -> pl.DataFrame:
    """Rows with ``restated``: shares on the day for one share before the company's first split."""
    if splits.is_empty():
        return rows.with_columns(restated=pl.lit(1.0))
    steps = splits.sort("ex_date").select("company_id", "ex_date", pl.col("ratio").cum_prod().over("company_id"))
    return (
        rows.sort(day)
        .join_asof(steps, left_on=day, right_on="ex_date", by="company_id", check_sortedness=False)
        .with_columns(restated=pl.col("ratio").fill_null(1.0))
        .drop("ratio", "ex_date")
    )
