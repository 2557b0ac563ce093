"""What counts of shares say of flows: one row per fund and session to which a count was booked."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.measures.fund_registry import BOOKINGS, CREATION_UNITS, FUND_SPLITS

FROZEN_SESSIONS = 3
"""A source of which no fund's count has moved for so many sessions is not updated: in the archive's files half of
all funds move on every single session."""
SPLIT_WITHIN_SESSIONS = 3
SPLIT_TOLERANCE = 0.15
RANK = {booking.source: rank for rank, booking in enumerate(BOOKINGS)}
"""Precedence of sources; one that is not here comes last."""
LAST_RANK = len(RANK)
LATEST_SESSIONS = max(booking.lag_sessions + booking.publication_sessions for booking in BOOKINGS)
"""How many sessions after its own a flow may become known."""
_KEY = ["fund", "source"]


def share_flows(levels: pl.DataFrame, days: Sequence[date], evening: int = LATEST_SESSIONS) -> pl.DataFrame:
    """One row per fund and place with two counts, of the source that goes first.

    ``levels``: fund, source, position (place in ``days``, without gaps), shares, nav. Gives fund, position (of the
    session on which the money came), share_flow (USD; null without a price), change (shares), is_unchanged (an
    issuer's own count, whose feed moves, stayed), late_sessions, share_source, is_frozen and is_odd.

    ``evening``: only flows that were known so many sessions after their own, where a relay's may stand in for an
    issuer's that is not out yet.

    A count that holds the creations up to the session before is priced at that session's net asset value.
    """
    bookings = pl.DataFrame(
        [(b.source, b.valid_from, b.lag_sessions, b.publication_sessions, b.is_issuer) for b in BOOKINGS],
        {
            "source": pl.String,
            "valid_from": pl.Date,
            "lag": pl.Int64,
            "publication": pl.Int64,
            "is_issuer": pl.Boolean,
        },
        orient="row",
    ).sort("valid_from")
    day_of = pl.lit(pl.Series("day", days, pl.Date))
    booked = (
        levels.with_columns(day_of.gather(pl.col("position")).alias("day"))
        .sort("day")
        .join_asof(bookings, left_on="day", right_on="valid_from", by="source", check_sortedness=False)
        .with_columns(pl.col("lag", "publication").fill_null(0), pl.col("is_issuer").fill_null(value=False))
        .sort(*_KEY, "position")
    )
    changed = booked.with_columns(ratio=_split_ratio(days)).with_columns(
        change=pl.col("shares") - (_before("shares") * pl.col("ratio")).round().cast(pl.Int64),
        price=pl.when(pl.col("lag") > 0).then(_before("nav") / pl.col("ratio")).otherwise("nav"),
    )
    unit = pl.col("fund").replace_strict(CREATION_UNITS, default=None, return_dtype=pl.Int64)
    counted = _with_frozen(changed).filter(pl.col("change").is_not_null())
    return (
        counted.select(
            "fund",
            position=pl.col("position") - pl.col("lag"),
            share_flow=pl.col("change") * pl.col("price"),
            change="change",
            is_unchanged=(pl.col("change") == 0) & pl.col("is_issuer") & ~pl.col("is_frozen"),
            late_sessions=pl.col("lag") + pl.col("publication"),
            share_source="source",
            is_frozen="is_frozen",
            is_odd=(pl.col("change") % unit != 0).fill_null(value=False),
            rank=rank_of("source"),
        )
        .filter(pl.col("late_sessions") <= evening)
        .sort("fund", "position", "rank", "late_sessions")
        .unique(["fund", "position"], keep="first", maintain_order=True)
        .drop("rank")
    )


def rank_of(column: str) -> pl.Expr:
    """Precedence of a source."""
    return pl.col(column).replace_strict(RANK, default=LAST_RANK, return_dtype=pl.Int64)


def _before(column: str) -> pl.Expr:
    return pl.col(column).shift(1).over(_KEY)


def _split_ratio(days: Sequence[date]) -> pl.Expr:
    """Shares for one of the session before: the ratio of a declared split where the count shows it, else 1."""
    ratio = pl.lit(1.0)
    grown = pl.col("shares") / _before("shares")
    for split in FUND_SPLITS:
        if days and days[0] <= split.ex_date <= days[-1]:
            away = (pl.col("position") - bisect_left(days, split.ex_date)).abs()
            shows = (grown / split.ratio - 1).abs() <= SPLIT_TOLERANCE
            is_split = (pl.col("fund") == split.fund) & (away <= SPLIT_WITHIN_SESSIONS) & shows
            ratio = pl.when(is_split).then(split.ratio).otherwise(ratio)
    return ratio


def _with_frozen(changed: pl.DataFrame) -> pl.DataFrame:
    """Adds is_frozen: of all the source's funds that are counted, none has moved for FROZEN_SESSIONS."""
    moves = (
        changed.filter(pl.col("change").is_not_null())
        .group_by("source", "position")
        .agg(moved=(pl.col("change") != 0).any().cast(pl.Int64))
        .sort("source", "position")
        .with_columns(
            recent=pl.col("moved").rolling_sum_by("position", window_size=f"{FROZEN_SESSIONS}i").over("source"),
        )
        .select("source", "position", is_frozen=pl.col("recent") == 0)
    )
    joined = changed.join(moves, on=["source", "position"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("is_frozen").fill_null(value=False))
