"""Money into funds and segments: what was published, what share counts say, and what is not known."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.fund_flows import FUND_FLOWS_DAILY, KNOWN_QUALITIES, SEGMENT_FLOWS_DAILY, WINDOW
from transforms.measures.fund_changes import LATEST_SESSIONS, rank_of, share_flows
from transforms.measures.fund_marks import LOOKBACK_SESSIONS, with_marks
from transforms.measures.fund_registry import FUND_SEGMENTS, PUBLICATION_SESSIONS, FundSegment

WINDOWS = {"flow_5d_usd": 5, "flow_20d_usd": 20, "flow_60d_usd": WINDOW}
IMPLAUSIBLE_SHARE_OF_ASSETS = 0.15
"""A fund that takes in or pays out more in a day is a wrong figure: the largest real day here is 3.3 %
(IVV, 2026-03-16)."""
ASSETS_KEPT_SESSIONS = 5
"""Assets move with prices, about 1 % a day: older ones would put more error into the ratio than they are
worth."""
SEED_SESSIONS = 5
"""What comes in on a fund's first sessions is its sponsor's and its market maker's, not investors'."""

_CENTS = 100
"""Flows are summed as whole cents, so that no order of additions changes a sum."""
_LEVELS = ("shares", "nav", "aum_usd", "flow_usd")
_KNOWN = ("known_cents", "known_sessions_60d")


def fund_flows_daily(
    facts: pl.DataFrame,
    sessions: Sequence[date],
    calendar: Sequence[date],
    *,
    carried_forward: Sequence[date] = (),
    registry: Sequence[FundSegment] = FUND_SEGMENTS,
) -> pl.DataFrame:
    """marts.FUND_FLOWS_DAILY: one row per session and fund with a fact in the 60 sessions up to it.

    `facts`: core.FUND_SHARES. `calendar`: all sessions of the exchange, from 135 before the first one on;
    a session that admission refused still has its flow in the sums, because money does not wait for
    quotes. `carried_forward`: sessions on which the source failed.

    The flow of a session is the one published for it (as_of = session): `reported`. A published zero is
    `not_updated`: in the real files no fund has a zero flow until the source's last days, where counts
    simply had not moved yet, while days without creations are blank. Where nothing else is published,
    the change of shares times NAV is `derived`, on the session to which the source's counts are booked
    (`fund_registry.BOOKINGS`), an issuer's own counts before relayed ones, splits taken out. An issuer's
    count that stays is a flow of zero, `no_flow`, while counts of its other funds move; any other is
    `not_updated`. Nothing at all is `missing`; a fund's first five sessions are `seed`; more than 15 % of
    the fund's assets is `implausible` (without known assets nobody can tell). Only reported, derived and
    no_flow have a value. A sum over 5, 20 or 60 sessions is null when one of them has none; not_updated
    counts as unknown. For session D the latest vintage downloaded by D counts, else the earliest later
    one. flow_60d_known_usd has each session as it was judged by the evening of D, by what was out then.
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
        _flows_of_epoch(placed, wanted[0], [position[day] for day in wanted], days, registry)
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
    """One row per fund, source and as-of date: of each figure the vintage that counts on `day`."""
    was_there = pl.col("vintage_date") <= day
    number = pl.col("vintage_date").cast(pl.Int32)
    key = ["fund", "source", "as_of"]
    return (
        facts.sort(*key, was_there.not_(), pl.when(was_there).then(-number).otherwise(number))
        .group_by(*key, "position", maintain_order=True)
        .agg(pl.col(*_LEVELS, "inception_date").drop_nulls().first())
    )


def _flows_of_epoch(
    placed: pl.DataFrame, day: date, wanted: list[int], days: list[date], registry: Sequence[FundSegment]
) -> pl.DataFrame:
    """Rows of the wanted places in the calendar, from the facts visible on all of them."""
    first = max(min(wanted) - WINDOW - LOOKBACK_SESSIONS - ASSETS_KEPT_SESSIONS - LATEST_SESSIONS, 0)
    last = min(max(wanted) + LATEST_SESSIONS, len(days) - 1)
    recent = _visible(placed.filter(pl.col("position").is_between(first, last)), day)
    by_evening = [
        _with_quality(_known(recent, first, last, days, evening), days) for evening in range(LATEST_SESSIONS + 1)
    ]
    flows = with_marks(by_evening[-1], days, registry)
    has_facts = pl.col("fact_date").is_not_null().cast(pl.Int32).rolling_sum(WINDOW, min_samples=1).over("fund") > 0
    day_of = pl.Series("day", days, pl.Date)
    return (
        _with_known_sum(_with_sums(flows), by_evening[:-1])
        .filter(has_facts & pl.col("position").is_in(wanted))
        .with_columns(
            pl.lit(day_of).gather(pl.col("position")).alias("session_date"),
            pl.lit(day_of).gather(pl.col("last_known")).alias("as_of"),
        )
        .drop("position", "last_known")
    )


def _known(recent: pl.DataFrame, first: int, last: int, days: list[date], evening: int) -> pl.DataFrame:
    """One row per fund and place without gaps: what is published, what counts say, and the assets, in order.

    `evening`: only what was out so many sessions after each place.
    """
    places = pl.DataFrame({"position": range(first, last + 1)}, schema={"position": pl.Int64})
    per_day = recent.sort("as_of").group_by("fund", "source", "position", maintain_order=True)
    told = per_day.agg(pl.col("as_of").max(), *(pl.col(name).drop_nulls().last() for name in _LEVELS))
    levels = (
        recent.select("fund", "source")
        .unique()
        .join(places, how="cross")
        .join(told, on=["fund", "source", "position"], how="left")
        .sort("fund", rank_of("source"), "source", "position")
    )
    counted = pl.coalesce("aum_usd", pl.col("shares") * pl.col("nav"))
    assets = counted.forward_fill(limit=ASSETS_KEPT_SESSIONS).over("fund", "source")
    published = levels.filter(pl.col("flow_usd").is_not_null()).sort(
        "fund", pl.col("flow_usd") == 0, maintain_order=True
    )
    by_fund = (
        levels.with_columns(assets.alias("assets_usd"))
        .with_columns(_out_by("assets_usd", evening))
        .group_by("fund", "position", maintain_order=True)
        .agg(pl.col("assets_usd").drop_nulls().first(), pl.col("as_of").max().alias("fact_date"))
    )
    firsts = published.group_by("fund", "position", maintain_order=True).agg(
        pl.col("flow_usd").first().alias("published"), pl.col("source").first().alias("published_source")
    )
    begun = recent.group_by("fund").agg(pl.col("inception_date").min())
    return (
        by_fund.join(firsts, on=["fund", "position"], how="left")
        .join(share_flows(levels, days, evening), on=["fund", "position"], how="left")
        .join(begun, on="fund", how="left")
        .sort("fund", "position")
    )


def _out_by(column: str, evening: int) -> pl.Expr:
    """The figure of a source so many sessions on: where that was not out yet, the newest one that was."""
    late = pl.col("source").replace_strict(PUBLICATION_SESSIONS, default=0, return_dtype=pl.Int64)
    out = pl.col(column)
    for sessions in sorted({*PUBLICATION_SESSIONS.values()}):
        before = pl.col(column).shift(max(sessions - evening, 0)).over("fund", "source")
        out = pl.when(late == sessions).then(before).otherwise(out)
    return out.alias(column)


def _with_quality(known: pl.DataFrame, days: list[date]) -> pl.DataFrame:
    """Adds quality, flow_cents (null unless known), flow_usd, its share of assets, source, delay and last_known."""
    published, is_reported = pl.col("published"), pl.col("published") != 0
    raw = pl.when(is_reported).then(published).otherwise("share_flow")
    begun = pl.lit(pl.Series("day", days, pl.Date)).search_sorted(pl.col("inception_date"))
    is_seed = (pl.col("inception_date") >= days[0]) & (pl.col("position") < begun + SEED_SESSIONS)
    judged = known.with_columns(
        pl.when(is_seed & (raw.is_not_null() | published.is_not_null()))
        .then(pl.lit("seed"))
        .when(raw.abs() > IMPLAUSIBLE_SHARE_OF_ASSETS * pl.col("assets_usd"))
        .then(pl.lit("implausible"))
        .when(is_reported)
        .then(pl.lit("reported"))
        .when(pl.col("share_flow") != 0)
        .then(pl.lit("derived"))
        .when(pl.col("is_unchanged"))
        .then(pl.lit("no_flow"))
        .when((published == 0) | (pl.col("change") == 0))
        .then(pl.lit("not_updated"))
        .otherwise(pl.lit("missing"))
        .alias("quality"),
        raw.fill_null(pl.when("is_unchanged").then(0.0)).alias("raw_flow"),
    )
    is_known = pl.col("quality").is_in(list(KNOWN_QUALITIES))
    is_own = pl.col("quality") == "reported"
    return (
        judged.with_columns(
            flow_cents=pl.when(is_known).then((pl.col("raw_flow") * _CENTS).round().cast(pl.Int64)),
            flow_source=pl.when(is_known).then(pl.when(is_own).then("published_source").otherwise("share_source")),
            known_sessions_late=pl.when(is_known).then(pl.when(is_own).then(0).otherwise("late_sessions")),
            is_odd=pl.col("is_odd") & (pl.col("quality") == "derived"),
            is_frozen=pl.col("is_frozen") & (pl.col("quality") == "not_updated"),
        )
        .with_columns(
            (pl.col("flow_cents") / _CENTS).alias("flow_usd"),
            pl.when(pl.col("flow_cents").is_not_null())
            .then(pl.col("position"))
            .forward_fill(limit=WINDOW - 1)
            .over("fund")
            .alias("last_known"),
        )
        .with_columns(flow_pct_assets=_of_assets("flow_usd"))
    )


def _of_assets(column: str) -> pl.Expr:
    return pl.when(pl.col("assets_usd") > 0).then(pl.col(column) / pl.col("assets_usd"))


def _with_sums(flows: pl.DataFrame) -> pl.DataFrame:
    """Adds the sums over sessions and their shares of assets."""
    cents = pl.col("flow_cents")
    sums = flows.with_columns(
        (cents.rolling_sum(size, min_samples=size).over("fund") / _CENTS).alias(name) for name, size in WINDOWS.items()
    )
    return sums.with_columns(_of_assets(name).alias(name.replace("_usd", "_pct_assets")) for name in WINDOWS)


def _with_known_sum(sums: pl.DataFrame, earlier: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Adds the sum of what was known on each session's evening, and of how many sessions something was.

    `earlier`: the judgement of each place on its own evening, on the next one, and so on. What a better source
    said later does not take the place of what was known; the newest sessions count as they were judged then.
    """
    final = _amount_and_count("flow_cents")
    told = sums.with_columns(figure.rolling_sum(WINDOW, min_samples=1).over("fund") for figure in final)
    for evening, judged in enumerate(earlier):
        then = judged.select("fund", "position", pl.col("flow_cents").alias("then_cents"))
        joined = told.join(then, on=["fund", "position"], how="left", maintain_order="left")
        instead = [at_then - at_last for at_then, at_last in zip(_amount_and_count("then_cents"), final, strict=True)]
        told = joined.with_columns(
            pl.col(name) + change.shift(evening).over("fund").fill_null(0)
            for name, change in zip(_KNOWN, instead, strict=True)
        ).drop("then_cents")
    amount, count = _KNOWN
    known = pl.when(pl.col(count) > 0).then(pl.col(amount) / _CENTS)
    return told.with_columns(known.alias("flow_60d_known_usd")).drop("flow_cents", amount)


def _amount_and_count(cents: str) -> list[pl.Expr]:
    """What a session adds to the known sum, and to the number of sessions known."""
    amount, count = _KNOWN
    return [pl.col(cents).fill_null(0).alias(amount), pl.col(cents).is_not_null().cast(pl.Int64).alias(count)]


def segment_flows_daily(fund_flows: pl.DataFrame) -> pl.DataFrame:
    """marts.SEGMENT_FLOWS_DAILY: one row per session and segment with funds, from marts.FUND_FLOWS_DAILY.

    flow_usd adds the known flows (`partial` when a fund's is unknown); the sums over several sessions
    are null as soon as one fund's is. flow_pct_assets relates the flows and assets of the funds of which
    both are known. assets_share is what the segment's funds hold of all that the funds of segments hold,
    those of the whole market left out.
    """
    has_both = pl.col("flow_usd").is_not_null() & pl.col("assets_usd").is_not_null()
    cents = {name: _whole_cents(name) for name in ("flow_usd", *WINDOWS, "flow_60d_known_usd")}
    asset_cents = _whole_cents("assets_usd")
    rows = (
        fund_flows.filter(pl.col("segment").is_not_null())
        .group_by("session_date", "segment")
        .agg(
            pl.len().alias("all_count"),
            pl.col("flow_usd").count().alias("fund_count"),
            cents["flow_usd"].sum().alias("flow_cents"),
            cents["flow_usd"].filter(has_both).sum().alias("ratio_cents"),
            asset_cents.filter(has_both).sum().alias("both_cents"),
            pl.when(pl.col("assets_usd").null_count() == 0).then(asset_cents.sum()).alias("asset_cents"),
            *(
                (pl.when(pl.col(name).null_count() == 0).then(cents[name].sum()) / _CENTS).alias(name)
                for name in WINDOWS
            ),
            (pl.when(pl.col("flow_60d_known_usd").count() > 0).then(cents["flow_60d_known_usd"].sum()) / _CENTS).alias(
                "flow_60d_known_usd"
            ),
            pl.col("known_sessions_60d").min(),
            pl.col("marks").str.contains("reconstitution", literal=True).any().alias("is_reconstitution"),
        )
        .with_columns(
            pl.when(pl.col("fund_count") > 0).then(pl.col("flow_cents") / _CENTS).alias("flow_usd"),
            pl.when(pl.col("both_cents") > 0)
            .then(pl.col("ratio_cents") / pl.col("both_cents"))
            .alias("flow_pct_assets"),
            (pl.col("asset_cents") / _CENTS).alias("assets_usd"),
            pl.when(pl.col("fund_count") == pl.col("all_count"))
            .then(pl.lit("complete"))
            .when(pl.col("fund_count") > 0)
            .then(pl.lit("partial"))
            .otherwise(pl.lit("missing"))
            .alias("quality"),
        )
        .with_columns(
            *(_of_assets(name).alias(name.replace("_usd", "_pct_assets")) for name in WINDOWS),
            assets_share=_share_of_all(),
            is_reconstitution=pl.col("is_reconstitution").fill_null(value=False),
        )
    )
    return SEGMENT_FLOWS_DAILY.conform(rows)


def _whole_cents(column: str) -> pl.Expr:
    return (pl.col(column) * _CENTS).round().cast(pl.Int64)


def _share_of_all() -> pl.Expr:
    """Assets of a segment over those of all segments but total; null where one of them is unknown."""
    apart = pl.col("segment") != "total"
    all_known = (pl.col("asset_cents").is_null() & apart).sum().over("session_date") == 0
    whole = pl.col("asset_cents").filter(apart).sum().over("session_date")
    return pl.when(apart & all_known & (whole > 0)).then(pl.col("asset_cents") / whole)
