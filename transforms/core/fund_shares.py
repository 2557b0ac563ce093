"""core.fund_shares: what sources say of a fund's shares, net asset value, assets and flows, each with its dates."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from transforms.contracts.core import FUND_SHARES
from transforms.core.fundamentals import known_at
from transforms.staging.model import REJECT_COLUMNS

_FACT = ["source", "fund", "as_of", "vintage_date"]
_TOLD = ["shares", "nav", "price", "aum_usd", "flow_usd", "inception_date"]
_LEVELS = ("aum_usd", "inception_date")
"""What holds on a day without a session, too."""


def fund_share_rows(
    flows: Sequence[pl.DataFrame],
    shares: Sequence[pl.DataFrame],
    calendar: Sequence[date],
    *,
    source: str,
    publication_sessions: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    """core.FUND_SHARES: one row per fund, as-of date, source and vintage that changed what the source says.

    ``source``: whose the frames without a column of that name are. Figures of a day without a session are left out
    (see `closed_day_figures`), except assets, which are a level and hold until the next session. Rows that say
    nothing are left out, and those that repeat the vintage before. known_at is the end of a day in New York: of the
    as-of day, or as many sessions later as ``publication_sessions`` says for the source. `nav` is the market price
    where the source has no net asset value.
    """
    parts = [_with_source(frame, source) for frame in (*flows, *shares)]
    if not parts:
        return FUND_SHARES.empty()
    facts = pl.concat(parts, how="diagonal_relaxed")
    absent = [name for name in _TOLD if name not in facts.columns]
    facts = facts.with_columns(
        pl.lit(None, FUND_SHARES.polars_schema.get(name, pl.Float64())).alias(name) for name in absent
    )
    rows = (
        facts.filter(~_is_closed(calendar) | pl.col("aum_usd").is_not_null())
        .filter(pl.any_horizontal(pl.col(_figures(facts)).is_not_null()))
        .sort(*_FACT, "nav", "price", "shares", "flow_usd", nulls_last=True)
        .group_by(_FACT)
        .agg(pl.col(_TOLD).drop_nulls().first())
        .with_columns(pl.coalesce("nav", "price").alias("nav"))
        .sort(_FACT)
        .filter(_is_new())
    )
    return FUND_SHARES.conform(
        rows.with_columns(known_at=known_at(_out_on(rows, calendar, publication_sessions or {})))
    )


def closed_day_figures(rows: pl.DataFrame, calendar: Sequence[date], *, source: str, file: str) -> pl.DataFrame:
    """A reject (`not_a_session`) for each fund and day of a staged file with figures of a day without a session.

    Counts of a Saturday are such; the blank rows of a holiday say nothing, assets hold until the next session,
    and days outside `calendar` are not judged.
    """
    figures = [name for name in _figures(rows) if name not in _LEVELS]
    says_something = pl.any_horizontal(pl.lit(False), pl.col(figures).is_not_null())
    held = rows.filter(_is_closed(calendar) & says_something).select("fund", "as_of").unique().sort("fund", "as_of")
    return held.select(
        pl.lit(source).alias("source"),
        pl.lit(file).alias("file"),
        pl.col("fund").alias("entity"),
        pl.lit("as_of").alias("field"),
        pl.lit("not_a_session").alias("reason_code"),
        pl.col("as_of").dt.to_string().alias("detail"),
    ).select(pl.col(name).cast(dtype) for name, dtype in REJECT_COLUMNS.items())


def _with_source(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    named = frame if "source" in frame.columns else frame.with_columns(pl.lit(source).alias("source"))
    told = [name for name in _TOLD if name in frame.columns]
    return named.select(*_FACT, *told)


def _figures(frame: pl.DataFrame) -> list[str]:
    return [name for name in _TOLD if name in frame.columns and name != "inception_date"]


def _is_new() -> pl.Expr:
    """Whether a row says something else than the vintage before it, of the same source, fund and day."""
    of_day = ("source", "fund", "as_of")
    told = [name for name in _TOLD if name != "price"]
    is_first = pl.int_range(pl.len()).over(of_day) == 0
    return is_first | pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1).over(of_day)) for name in told)


def _out_on(facts: pl.DataFrame, calendar: Sequence[date], publication_sessions: Mapping[str, int]) -> pl.Expr:
    """The day on which a figure was out: its own, or as many sessions later as the source takes."""
    days = sorted(calendar)
    out = pl.col("as_of")
    for source, sessions in publication_sessions.items():
        told = facts.filter(pl.col("source") == source)["as_of"].unique().to_list()
        if told and sessions:
            late = {day: days[min(bisect_right(days, day) + sessions, len(days)) - 1] for day in told}
            out = pl.when(pl.col("source") == source).then(out.replace(late)).otherwise(out)
    return out


def _is_closed(calendar: Sequence[date]) -> pl.Expr:
    within = pl.col("as_of").is_between(min(calendar), max(calendar))
    return within & ~pl.col("as_of").is_in(list(calendar))
