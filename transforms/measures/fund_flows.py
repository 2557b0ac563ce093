"""Money into funds and segments: what was published, what share counts say, and what is not known."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.core import FUND_SHARES
from transforms.contracts.marts import FUND_FLOWS_DAILY, SEGMENT_FLOWS_DAILY
from transforms.core.fundamentals import known_at
from transforms.measures.fund_registry import FUND_SEGMENTS, FundSegment
from transforms.staging.model import REJECT_COLUMNS

WINDOWS = {"flow_5d_usd": 5, "flow_20d_usd": 20, "flow_60d_usd": 60}
IMPLAUSIBLE_SHARE_OF_ASSETS = 0.15
"""A fund that takes in or pays out more in a day is a wrong figure: the largest real day here is 3.3 %
(IVV, 2026-03-16)."""
ASSETS_KEPT_SESSIONS = 5
"""Assets move with prices, about 1 % a day: older ones would put more error into the ratio than they are
worth."""

_FACT = ["fund", "as_of", "vintage_date"]
_TOLD = ["shares", "nav", "price", "aum_usd", "flow_usd"]
_CENTS = 100
"""Flows are summed as whole cents, so that no order of additions changes a sum."""


def fund_share_rows(
    flows: Sequence[pl.DataFrame], shares: Sequence[pl.DataFrame], calendar: Sequence[date], *, source: str
) -> pl.DataFrame:
    """core.FUND_SHARES: one row per fund, as-of date and vintage, from staged flows, share counts and assets.

    Figures of a day without a session are left out (see `closed_day_figures`), except assets, which are a level
    and hold until the next session. Rows that say nothing are left out. known_at is the end of the as-of day in
    New York: issuers post a day's count that evening, and no source states the minute. `nav` is the market
    price where the source has no net asset value.
    """
    parts = [frame.select(*_FACT, *_figures(frame)) for frame in (*flows, *shares)]
    if not parts:
        return FUND_SHARES.empty()
    facts = pl.concat(parts, how="diagonal_relaxed")
    facts = facts.with_columns(pl.lit(None, pl.Float64).alias(name) for name in _TOLD if name not in facts.columns)
    rows = (
        facts.filter(~_is_closed(calendar) | pl.col("aum_usd").is_not_null())
        .filter(pl.any_horizontal(pl.col(_TOLD).is_not_null()))
        .sort(*_FACT, "nav", "price", "shares", "flow_usd", nulls_last=True)
        .group_by(_FACT)
        .agg(pl.col(_TOLD).drop_nulls().first())
        .with_columns(
            pl.coalesce("nav", "price").alias("nav"),
            pl.lit(source).alias("source"),
            known_at(pl.col("as_of")).alias("known_at"),
        )
    )
    return FUND_SHARES.conform(rows)


def closed_day_figures(rows: pl.DataFrame, calendar: Sequence[date], *, source: str, file: str) -> pl.DataFrame:
    """A reject (`not_a_session`) for each fund and day of a staged file with figures of a day without a session.

    Counts of a Saturday are such; the blank rows of a holiday say nothing, assets hold until the next session,
    and days outside `calendar` are not judged.
    """
    figures = [name for name in _figures(rows) if name != "aum_usd"]
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


def _figures(frame: pl.DataFrame) -> list[str]:
    return [name for name in _TOLD if name in frame.columns]


def _is_closed(calendar: Sequence[date]) -> pl.Expr:
    within = pl.col("as_of").is_between(min(calendar), max(calendar))
    return within & ~pl.col("as_of").is_in(list(calendar))


def fund_flows_daily(
    facts: pl.DataFrame,
    sessions: Sequence[date],
    calendar: Sequence[date],
    *,
    carried_forward: Sequence[date] = (),
    registry: Sequence[FundSegment] = FUND_SEGMENTS,
) -> pl.DataFrame:
    """marts.FUND_FLOWS_DAILY: one row per session and fund with a fact in the 60 sessions up to it.

    `facts`: core.FUND_SHARES. `calendar`: all sessions of the exchange, from 60 before the first one on;
    a session that admission refused still has its flow in the sums, because money does not wait for
    quotes. `carried_forward`: sessions on which the source failed.

    The flow of a session is the one published for it (as_of = session): `reported`. A published zero is
    `not_updated`: in the real files no fund has a zero flow until the source's last days, where counts
    simply had not moved yet, while days without creations are blank. Where nothing else is published,
    the change of shares from the session before times NAV is `derived`, unless it is zero too
    (`not_updated`). Nothing at all is `missing`; more than 15 % of the fund's assets is `implausible`
    (without known assets nobody can tell). Only reported and derived flows have a value. A sum over 5,
    20 or 60 sessions is null when one of them has none; not_updated counts as unknown. For session D the
    latest vintage downloaded by D counts, else the earliest later one.
    """
    days = sorted(set(calendar))
    position = {day: index for index, day in enumerate(days)}
    unknown = [day for day in sessions if day not in position]
    if unknown:
        raise ValueError(f"{unknown[0]} is no session of the calendar")
    if not sessions:
        return FUND_FLOWS_DAILY.empty()
    placed = facts.filter(pl.col("as_of").is_between(days[0], days[-1])).with_columns(
        pl.col("as_of").replace_strict(_next_session(facts, days), return_dtype=pl.Int64).alias("position")
    )
    if placed.is_empty():
        return FUND_FLOWS_DAILY.empty()
    vintages = sorted(placed["vintage_date"].unique())
    by_epoch: dict[int, list[date]] = {}
    for day in sessions:
        by_epoch.setdefault(sum(vintage <= day for vintage in vintages), []).append(day)
    parts = [
        _flows_of_epoch(_visible(placed, wanted[0]), [position[day] for day in wanted], days)
        for wanted in by_epoch.values()
    ]
    segments = pl.DataFrame(
        {"fund": [entry.fund for entry in registry], "segment": [entry.segment for entry in registry]},
        schema={"fund": pl.String, "segment": pl.String},
    )
    is_carried = pl.col("session_date").is_in(list(carried_forward)) & (pl.col("quality") == "missing")
    rows = pl.concat(parts).join(segments, on="fund", how="left")
    return FUND_FLOWS_DAILY.conform(rows.with_columns(is_carried.alias("is_carried_forward")))


def _next_session(facts: pl.DataFrame, days: list[date]) -> dict[date, int]:
    """Each as-of date to the place of the first session on or after it."""
    ends = pl.Series("day", days, pl.Date)
    as_of = facts["as_of"].unique().sort()
    within = as_of.filter(as_of.is_between(days[0], days[-1]))
    return dict(zip(within.to_list(), ends.search_sorted(within, side="left").to_list(), strict=True))


def _visible(facts: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row per fund and as-of date: of each figure the vintage that counts on `day`."""
    was_there = pl.col("vintage_date") <= day
    number = pl.col("vintage_date").cast(pl.Int32)
    return (
        facts.sort("fund", "as_of", was_there.not_(), pl.when(was_there).then(-number).otherwise(number))
        .group_by("fund", "as_of", "position", maintain_order=True)
        .agg(pl.col("shares", "nav", "aum_usd", "flow_usd").drop_nulls().first())
    )


def _flows_of_epoch(facts: pl.DataFrame, wanted: list[int], days: list[date]) -> pl.DataFrame:
    """Rows of the wanted places in the calendar, from the facts visible on all of them."""
    longest = max(WINDOWS.values())
    earliest = max(min(wanted) - longest - ASSETS_KEPT_SESSIONS, 0)
    recent = facts.filter(pl.col("position").is_between(earliest, max(wanted)))
    grid = (
        recent.select("fund")
        .unique()
        .join(
            pl.DataFrame({"position": range(earliest, max(wanted) + 1)}, schema={"position": pl.Int64}),
            how="cross",
        )
    )
    per_day = recent.group_by("fund", "position").agg(
        pl.col("as_of").max(),
        *(pl.col(name).drop_nulls().last() for name in ("shares", "nav", "aum_usd", "flow_usd")),
    )
    known = grid.join(per_day, on=["fund", "position"], how="left").sort("fund", "position")
    flows = _with_sums(_with_quality(known))
    has_facts = pl.col("as_of").is_not_null().cast(pl.Int32).rolling_sum(longest, min_samples=1).over("fund") > 0
    day_of = pl.Series("day", days, pl.Date)
    return (
        flows.filter(has_facts & pl.col("position").is_in(wanted))
        .with_columns(
            pl.lit(day_of).gather(pl.col("position")).alias("session_date"),
            pl.lit(day_of).gather(pl.col("last_known")).alias("as_of"),
        )
        .drop("position", "last_known", "shares", "nav", "aum_usd")
    )


def _with_quality(known: pl.DataFrame) -> pl.DataFrame:
    """Adds quality, flow_cents (null unless reported or derived), assets, their ratio and last_known."""
    change = pl.col("shares") - pl.col("shares").shift(1).over("fund")
    published = pl.col("flow_usd")
    return (
        known.with_columns(
            pl.coalesce("aum_usd", pl.col("shares") * pl.col("nav"))
            .forward_fill(limit=ASSETS_KEPT_SESSIONS)
            .over("fund")
            .alias("assets_usd"),
            change.alias("change"),
            pl.when(published != 0).then(published).otherwise(change * pl.col("nav")).alias("raw_flow"),
        )
        .with_columns(
            pl.when(pl.col("raw_flow").abs() > IMPLAUSIBLE_SHARE_OF_ASSETS * pl.col("assets_usd"))
            .then(pl.lit("implausible"))
            .when(published != 0)
            .then(pl.lit("reported"))
            .when(pl.col("raw_flow") != 0)
            .then(pl.lit("derived"))
            .when((published == 0) | (pl.col("change") == 0))
            .then(pl.lit("not_updated"))
            .otherwise(pl.lit("missing"))
            .alias("quality")
        )
        .with_columns(
            pl.when(pl.col("quality").is_in(["reported", "derived"]))
            .then((pl.col("raw_flow") * _CENTS).round().cast(pl.Int64))
            .alias("flow_cents")
        )
        .with_columns(
            (pl.col("flow_cents") / _CENTS).alias("flow_usd"),
            pl.when(pl.col("flow_cents").is_not_null())
            .then(pl.col("position"))
            .forward_fill(limit=max(WINDOWS.values()) - 1)
            .over("fund")
            .alias("last_known"),
        )
        .with_columns(
            pl.when(pl.col("assets_usd") > 0).then(pl.col("flow_usd") / pl.col("assets_usd")).alias("flow_pct_assets")
        )
        .drop("change", "raw_flow")
    )


def _with_sums(flows: pl.DataFrame) -> pl.DataFrame:
    return flows.with_columns(
        (pl.col("flow_cents").rolling_sum(size, min_samples=size).over("fund") / _CENTS).alias(name)
        for name, size in WINDOWS.items()
    ).drop("flow_cents")


def segment_flows_daily(fund_flows: pl.DataFrame) -> pl.DataFrame:
    """marts.SEGMENT_FLOWS_DAILY: one row per session and segment with funds, from marts.FUND_FLOWS_DAILY.

    flow_usd adds the known flows (`partial` when a fund's is unknown); the sums over several sessions
    are null as soon as one fund's is. flow_pct_assets relates the flows and assets of the funds of which
    both are known.
    """
    has_both = pl.col("flow_usd").is_not_null() & pl.col("assets_usd").is_not_null()
    cents = {name: (pl.col(name) * _CENTS).round().cast(pl.Int64) for name in ("flow_usd", *WINDOWS)}
    rows = (
        fund_flows.filter(pl.col("segment").is_not_null())
        .group_by("session_date", "segment")
        .agg(
            pl.len().alias("all_count"),
            pl.col("flow_usd").count().alias("fund_count"),
            cents["flow_usd"].sum().alias("flow_cents"),
            cents["flow_usd"].filter(has_both).sum().alias("ratio_cents"),
            (pl.col("assets_usd").filter(has_both) * _CENTS).round().cast(pl.Int64).sum().alias("asset_cents"),
            *(
                (pl.when(pl.col(name).null_count() == 0).then(cents[name].sum()) / _CENTS).alias(name)
                for name in WINDOWS
            ),
        )
        .with_columns(
            pl.when(pl.col("fund_count") > 0).then(pl.col("flow_cents") / _CENTS).alias("flow_usd"),
            pl.when(pl.col("asset_cents") > 0)
            .then(pl.col("ratio_cents") / pl.col("asset_cents"))
            .alias("flow_pct_assets"),
            pl.when(pl.col("fund_count") == pl.col("all_count"))
            .then(pl.lit("complete"))
            .when(pl.col("fund_count") > 0)
            .then(pl.lit("partial"))
            .otherwise(pl.lit("missing"))
            .alias("quality"),
        )
    )
    return SEGMENT_FLOWS_DAILY.conform(rows)
