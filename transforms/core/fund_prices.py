"""core.fund_prices: closes of funds, each with the file that brought it; and the returns between them."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from transforms.contracts.benchmarks import FUND_PRICES
from transforms.core.fundamentals import known_at
from transforms.staging.fund_prices import FUND_PRICES as STAGED

READ: Final[dict[str, pl.DataType]] = {
    **STAGED,
    "source": pl.String(),
    "file_sha256": pl.String(),
    "landed_at": pl.Datetime("us", "UTC"),
}
"""Staged closes of any number of files; vintage_date is never null."""
SOURCES_IN_ORDER: Final = ("files", "etf_flows")
"""Closes of a fund come from one source, so that no return has two; the operator's own go first."""
IMPLAUSIBLE_RETURN: Final = 0.25
"""The market's worst day since 1928 is -20.5 % (1987-10-19); a broad fund that moves more was split."""
CLOSES: Final[dict[str, pl.DataType]] = {"benchmark": pl.String(), "session_date": pl.Date(), "close": pl.Float64()}
RETURNS: Final[dict[str, pl.DataType]] = {"benchmark": pl.String(), "session_date": pl.Date(), "return": pl.Float64()}
_CLOSE = ("fund", "session_date", "source")


def fund_price_rows(read: pl.DataFrame, calendar: Sequence[date]) -> pl.DataFrame:
    """Rows of core.fund_prices: one per fund, session, source and vintage that changed the close.

    ``read``: READ. A close is known at the end of its session's day in New York, a changed one with its vintage. Of two
    files with one vintage the one that was landed last counts.
    """
    sessions = pl.Series(list(calendar), dtype=pl.Date)
    versions = (
        read.rename({"as_of": "session_date", "price": "close"})
        .filter(pl.col("session_date").is_in(sessions.implode()))
        .sort(*_CLOSE, "vintage_date", "landed_at", "file_sha256")
        .unique([*_CLOSE, "vintage_date"], keep="last", maintain_order=True)
        .with_columns(before=pl.col("close").shift(1).over(_CLOSE))
        .filter(pl.col("close").ne_missing(pl.col("before")))
    )
    is_later = pl.col("before").is_not_null()
    known = pl.when(is_later).then("vintage_date").otherwise("session_date")
    return FUND_PRICES.conform(versions.with_columns(known_at=known_at(known)))


def fund_closes(prices: pl.DataFrame) -> pl.DataFrame:
    """CLOSES of funds as first published, each fund's from one source. ``prices``: core.fund_prices."""
    rank = pl.col("source").replace_strict(
        {name: place for place, name in enumerate(SOURCES_IN_ORDER)}, default=len(SOURCES_IN_ORDER)
    )
    ranked = prices.with_columns(rank=rank).sort("fund", "rank", "source", "session_date", "vintage_date")
    chosen = ranked.filter(pl.col("source") == pl.col("source").first().over("fund"))
    first = chosen.unique(["fund", "session_date"], keep="first", maintain_order=True)
    return first.select(pl.col("fund").alias("benchmark"), "session_date", "close")


def fund_returns(closes: pl.DataFrame, declared: pl.DataFrame, calendar: Sequence[date]) -> pl.DataFrame:
    """RETURNS of funds: `session_returns` without what a split did to the close.

    ``declared``: DECLARED, of which those count that are about a fund and a day after the session before up to the
    session, and were known on it. Whether the source's closes are adjusted for splits is not said, so a split is taken
    out where the return without it is the smaller one. What then is beyond 25 % is no return.
    """
    moved = session_returns(closes, calendar)
    splits = declared.select("ratio", "known_on", benchmark="symbol", ex_date="declared_on").filter(pl.col("ratio") > 0)
    days = moved.select("benchmark", "session_date", "previous_date")
    due = (
        days.join(splits, on="benchmark")
        .filter(
            pl.col("ex_date") > pl.col("previous_date"),
            pl.col("ex_date") <= pl.col("session_date"),
            pl.col("known_on") <= pl.col("session_date"),
        )
        .sort("benchmark", "session_date", "ratio", "ex_date")
        .unique(["benchmark", "session_date", "ratio"], keep="first", maintain_order=True)
        .group_by("benchmark", "session_date")
        .agg(pl.col("ratio").first(), pl.len().alias("told"))
        .filter(pl.col("told") == 1)  # two sources that contradict each other say nothing
    )
    without = (1 + pl.col("return")) * pl.col("ratio") - 1
    is_smaller = (1 + without).log().abs() < (1 + pl.col("return")).log().abs()
    taken = moved.join(due, on=["benchmark", "session_date"], how="left").with_columns(
        pl.when(is_smaller).then(without).otherwise("return").alias("return")
    )
    return taken.filter(pl.col("return").abs() <= IMPLAUSIBLE_RETURN).select(RETURNS.keys())


def session_returns(closes: pl.DataFrame, calendar: Sequence[date]) -> pl.DataFrame:
    """RETURNS with previous_date: of sessions with a close of which the one before in the calendar has one too."""
    days = pl.DataFrame({"session_date": list(calendar)}, {"session_date": pl.Date}).sort("session_date")
    before = days.with_columns(previous_date=pl.col("session_date").shift(1))
    then = closes.select("benchmark", previous_date="session_date", previous_close="close")
    return (
        closes.join(before, on="session_date")
        .join(then, on=["benchmark", "previous_date"])
        .filter(pl.col("previous_close") > 0, pl.col("close") > 0)
        .with_columns((pl.col("close") / pl.col("previous_close") - 1).alias("return"))
        .select(*RETURNS, "previous_date")
        .sort("benchmark", "session_date")
    )
