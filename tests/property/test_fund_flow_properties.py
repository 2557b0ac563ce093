"""Fund flows: blind to the order of rows, the same by night and in one run, conserved, and never looking ahead."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.market_calendar import sessions_between
from transforms.contracts.fund_flows import KNOWN_QUALITIES
from transforms.core.fund_shares import fund_share_rows
from transforms.measures.fund_flows import fund_flows_daily, segment_flows_daily
from transforms.measures.fund_registry import PUBLICATION_SESSIONS

CALENDAR = sessions_between(date(2024, 1, 2), date(2024, 12, 31))
FUNDS = ("SPY", "MDY", "IWM")
STEPS = st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=8, max_size=25)
FLOWS = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1e5, -1e5, 9e6, -9e6])), min_size=8, max_size=25)


@st.composite
def staged(draw: st.DrawFn) -> list[pl.DataFrame]:
    """Counts of an issuer and a relay, and published flows, with gaps, of two vintages."""
    frames = []
    for fund in FUNDS:
        for source in ("ssga", "etf_flows"):
            steps = draw(STEPS)
            counts = [None if step is None else 2_000_000 + 50_000 * step * at for at, step in enumerate(steps)]
            told = pl.DataFrame({"shares": counts}, {"shares": pl.Int64})
            frames.append(_named(told.with_columns(nav=pl.lit(50.0)), fund, source, draw(st.sampled_from([12, 20]))))
        flows = pl.DataFrame({"flow_usd": draw(FLOWS)}, {"flow_usd": pl.Float64})
        frames.append(_named(flows, fund, "etf_flows", draw(st.sampled_from([12, 20]))))
    return frames


def _named(told: pl.DataFrame, fund: str, source: str, vintage: int) -> pl.DataFrame:
    return told.with_columns(
        as_of=pl.Series(CALENDAR[: told.height]),
        fund=pl.lit(fund),
        source=pl.lit(source),
        vintage_date=pl.lit(CALENDAR[vintage]),
    )


def facts(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return fund_share_rows(frames, [], CALENDAR, source="etf_flows", publication_sessions=PUBLICATION_SESSIONS)


@settings(max_examples=40, deadline=None)
@given(staged())
def test_rows_in_any_order_give_the_same(frames: list[pl.DataFrame]) -> None:
    shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=7) for frame in reversed(frames)]
    ours, theirs = facts(frames), facts(shuffled)
    assert ours.equals(theirs)
    days = CALENDAR[:25]
    mixed = theirs.sample(fraction=1.0, shuffle=True, seed=3)
    assert fund_flows_daily(mixed, days, CALENDAR).equals(fund_flows_daily(ours, days, CALENDAR))


@settings(max_examples=25, deadline=None)
@given(staged())
def test_nights_give_what_one_run_gives(frames: list[pl.DataFrame]) -> None:
    known, days = facts(frames), CALENDAR[5:25]
    nights = pl.concat(fund_flows_daily(known, [day], CALENDAR) for day in days)
    assert nights.equals(fund_flows_daily(known, days, CALENDAR))


@settings(max_examples=40, deadline=None)
@given(staged(), st.integers(6, 20))
def test_what_was_known_by_an_evening_stays(frames: list[pl.DataFrame], at: int) -> None:
    """Facts that come out later change neither the known sum of a session nor how many sessions it has."""
    known = facts(frames)
    evening = pl.lit(CALENDAR[at]).cast(pl.Datetime("us", "UTC")) + pl.duration(hours=30)
    early = known.filter(pl.col("known_at") <= evening)
    names = ["session_date", "fund", "flow_60d_known_usd", "known_sessions_60d"]
    by_then = fund_flows_daily(early, CALENDAR[: at + 1], CALENDAR).select(names)
    later = fund_flows_daily(known, CALENDAR[: at + 1], CALENDAR).select(names)
    told = by_then.join(later, on=["session_date", "fund"], how="left", suffix="_later")
    assert told.filter(
        pl.col("flow_60d_known_usd").ne_missing(pl.col("flow_60d_known_usd_later"))
        | (pl.col("known_sessions_60d") != pl.col("known_sessions_60d_later"))
    ).is_empty()


@settings(max_examples=40, deadline=None)
@given(staged())
def test_a_segment_has_what_its_funds_have_and_unknown_is_never_zero(frames: list[pl.DataFrame]) -> None:
    funds = fund_flows_daily(facts(frames), CALENDAR[:25], CALENDAR)
    assert (funds["flow_usd"].is_not_null() == funds["quality"].is_in(list(KNOWN_QUALITIES))).all()
    segments = segment_flows_daily(funds)
    sums = funds.group_by("session_date", "segment").agg(
        pl.col("flow_usd", "flow_60d_known_usd").sum(), known=pl.col("known_sessions_60d").min()
    )
    both = segments.join(sums, on=["session_date", "segment"], suffix="_funds")
    assert both.height == segments.height
    for name in ("flow_usd", "flow_60d_known_usd"):
        assert both.filter((pl.col(name) - pl.col(f"{name}_funds")).abs() > 0.01).is_empty()
    assert both.filter(pl.col("known_sessions_60d") != pl.col("known")).is_empty()
    shares = (
        segments.filter(pl.col("assets_share").is_not_null()).group_by("session_date").agg(pl.col("assets_share").sum())
    )
    assert shares.filter((pl.col("assets_share") - 1).abs() > 1e-9).is_empty()
