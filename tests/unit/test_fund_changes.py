"""Flows from counts of shares: booking, splits, seeds, zeros, frozen feeds, marks, and what was known when."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from flows.market_calendar import sessions_between
from transforms.contracts.fund_flows import MARKS
from transforms.core.fund_shares import fund_share_rows
from transforms.measures.evidence import LEAST_KNOWN, of_flows
from transforms.measures.fund_flows import fund_flows_daily, segment_flows_daily
from transforms.measures.fund_registry import BOOKINGS, CREATION_UNITS, FUND_SEGMENTS, FUND_SPLITS, PUBLICATION_SESSIONS
from transforms.measures.index_reviews import review_places

FIRST = date(2024, 1, 2)
CALENDAR = sessions_between(FIRST, date(2024, 12, 31))
UNIT = 50_000


def counts(
    fund: str,
    *shares: int | None,
    nav: float = 100.0,
    start: int = 0,
    source: str = "ssga",
    inception: date | None = None,
    aum: float | None = None,
) -> pl.DataFrame:
    days = CALENDAR[start : start + len(shares)]
    told = pl.DataFrame({"as_of": days, "shares": shares}, {"as_of": pl.Date, "shares": pl.Int64})
    return told.with_columns(
        fund=pl.lit(fund),
        nav=pl.lit(nav),
        aum_usd=pl.lit(aum, pl.Float64),
        inception_date=pl.lit(inception, pl.Date),
        vintage_date=pl.lit(CALENDAR[-1]),
        source=pl.lit(source),
    )


def published(fund: str, *flows: float | None, start: int = 0) -> pl.DataFrame:
    days = CALENDAR[start : start + len(flows)]
    told = pl.DataFrame({"as_of": days, "flow_usd": flows}, {"as_of": pl.Date, "flow_usd": pl.Float64})
    return told.with_columns(fund=pl.lit(fund), vintage_date=pl.lit(CALENDAR[-1]), source=pl.lit("etf_flows"))


def facts(*frames: pl.DataFrame) -> pl.DataFrame:
    return fund_share_rows(frames, [], CALENDAR, source="etf_flows", publication_sessions=PUBLICATION_SESSIONS)


def measured(known: pl.DataFrame, places: Sequence[int], fund: str = "SPY") -> pl.DataFrame:
    found = fund_flows_daily(known, [CALENDAR[at] for at in places], CALENDAR)
    return found.filter(pl.col("fund") == fund).sort("session_date")


def row(known: pl.DataFrame, at: int, fund: str = "SPY") -> dict[str, object]:
    return measured(known, [at], fund).row(0, named=True)


# --- booking


def test_a_count_tells_the_flow_of_the_session_before_at_that_sessions_value() -> None:
    known = facts(counts("SPY", 1_000_000, nav=99.0), counts("SPY", 1_050_000, nav=110.0, start=1))
    told = row(known, 0)
    assert (told["flow_usd"], told["quality"]) == (UNIT * 99.0, "derived")
    assert (told["flow_source"], told["known_sessions_late"], told["as_of"]) == ("ssga", 2, FIRST)
    assert row(known, 1)["quality"] == "missing"


def test_an_issuers_figure_is_known_a_session_after_its_own() -> None:
    known = facts(counts("SPY", 1_000_000), counts("SPY", 1_000_000, source="etf_flows"))
    out = dict(known.select("source", pl.col("known_at").dt.convert_time_zone("America/New_York").dt.date()).rows())
    assert out == {"ssga": CALENDAR[1], "etf_flows": CALENDAR[0]}


def test_an_issuers_count_goes_before_a_relayed_one_and_a_published_flow_before_both() -> None:
    own, relayed = counts("SPY", 1_000_000, 1_050_000), counts("SPY", 1_000_000, 1_100_000, source="etf_flows")
    told = measured(facts(own, relayed), [0, 1])
    assert told["flow_usd"].to_list() == [UNIT * 100.0, 2 * UNIT * 100.0]
    assert told["flow_source"].to_list() == ["ssga", "etf_flows"]
    assert row(facts(own, relayed, published("SPY", 7.0)), 0)["flow_usd"] == 7.0


def test_counts_of_two_sources_are_never_compared_with_each_other() -> None:
    known = facts(counts("SPY", 1_000_000), counts("SPY", 2_000_000, source="etf_flows", start=1))
    assert set(measured(known, [0, 1])["quality"]) == {"missing"}


# --- splits and seeds


@pytest.mark.parametrize("late", [-3, 0, 3])
def test_a_declared_split_is_no_flow_whenever_the_issuer_books_it(late: int) -> None:
    at = CALENDAR.index(date(2024, 2, 22)) + late
    before = [20_000_000] * at
    after = [20_000_000 * 5 + UNIT, 20_000_000 * 5 + UNIT]
    told = measured(
        facts(
            counts("IJH", *before, nav=300.0), counts("IJH", *after, nav=60.0, start=at), counts("SPY", *range(1, 90))
        ),
        [at - 1],
        "IJH",
    )
    assert told.select("flow_usd", "quality").rows() == [(UNIT * 60.0, "derived")]


def test_a_split_that_nobody_declared_is_held_back() -> None:
    known = facts(counts("SPY", 1_000_000, nav=300.0), counts("SPY", 3_000_000, nav=100.0, start=1))
    assert row(known, 0)["quality"] == "implausible"
    assert row(known, 0)["flow_usd"] is None


def test_what_a_relay_said_stays_known_when_the_issuer_says_something_else_later() -> None:
    """The issuer's counts of the next sessions are out two evenings later: then they count, not before."""
    relayed = counts("SPY", 1_000_000, 1_000_000 + UNIT, source="etf_flows")
    issued = counts("SPY", 1_000_000, 1_000_000, 1_000_000 + 2 * UNIT)
    told = measured(facts(relayed, issued), range(4))
    assert told["flow_usd"].to_list()[1] == 2 * UNIT * 100.0
    assert told["flow_60d_known_usd"].to_list() == [None, UNIT * 100.0, UNIT * 100.0, 2 * UNIT * 100.0]


def test_assets_that_come_later_do_not_take_a_known_flow_back() -> None:
    """16 % of what the issuer has, 14 % of what was known: implausible in the end, known on the evening itself."""
    relayed = counts("SPY", 1_000_000, 1_160_000, source="etf_flows")
    issued = counts("SPY", None, 1_000_000)
    told = measured(facts(relayed, issued), range(4))
    assert told["quality"].to_list()[1] == "implausible"
    assert told["flow_60d_known_usd"].to_list() == [None, 160_000 * 100.0, None, None]


def test_a_fund_begins_with_its_seed() -> None:
    growing = [1_000_000 + at * UNIT for at in range(12)]
    told = measured(facts(counts("SPY", *growing, inception=CALENDAR[0])), range(8))
    assert told["quality"].to_list() == ["seed"] * 5 + ["derived"] * 3
    assert told["flow_usd"].null_count() == 5
    old = measured(facts(counts("SPY", *growing, inception=date(1993, 1, 29))), range(8))
    assert set(old["quality"]) == {"derived"}


# --- zeros


def test_an_issuers_count_that_stays_is_no_flow_while_its_other_funds_move() -> None:
    still, moving = counts("SPY", *[1_000_000] * 6), counts("MDY", *(1_000_000 + UNIT * at for at in range(6)))
    told = measured(facts(still, moving), range(5))
    assert told["quality"].to_list() == ["no_flow"] * 5
    assert told["flow_usd"].to_list() == [0.0] * 5


def test_a_relayed_count_that_stays_may_just_not_be_updated() -> None:
    moving = counts("MDY", 1_000_000, 1_050_000, source="etf_flows")
    told = row(facts(counts("SPY", 1_000_000, 1_000_000, source="etf_flows"), moving), 1)
    assert (told["quality"], told["flow_usd"]) == ("not_updated", None)


def test_a_published_zero_is_one_where_the_issuers_count_stays() -> None:
    moving = counts("MDY", 1_000_000, 1_050_000)
    zero = published("SPY", 0.0)
    assert row(facts(zero, counts("SPY", 1_000_000, 1_000_000), moving), 0)["quality"] == "no_flow"
    assert row(facts(zero), 0)["quality"] == "not_updated"


def test_a_feed_of_which_no_fund_moves_for_three_sessions_is_frozen() -> None:
    frozen = [counts(fund, 1_000_000, 1_050_000, *[1_050_000] * 5, 1_100_000) for fund in ("SPY", "MDY", "SPSM")]
    told = measured(facts(*frozen), range(7))
    assert told["quality"].to_list() == ["derived", "no_flow", "no_flow", *["not_updated"] * 3, "derived"]
    assert told["marks"].to_list() == [None, None, None, *["frozen_feed"] * 3, None]
    assert told["flow_usd"].null_count() == 3


def test_another_sources_funds_do_not_thaw_a_frozen_feed() -> None:
    other = counts("IWM", *(1_000_000 + UNIT * at for at in range(8)), source="ishares")
    told = measured(facts(counts("SPY", *[1_000_000] * 8), other), range(3, 6))
    assert set(told["quality"]) == {"not_updated"}


# --- marks


def test_a_change_that_is_no_multiple_of_the_creation_unit_is_marked() -> None:
    told = measured(facts(counts("SPY", 10_000_000, 10_050_000, 10_050_001, 10_000_001)), range(3))
    assert told["marks"].to_list() == [None, "odd_units", None]
    assert told["flow_usd"].to_list() == [5e6, 100.0, -5e6]


def way(*flows: float) -> pl.DataFrame:
    quiet = [100.0 if at % 2 else -100.0 for at in range(30)]
    return facts(published("SPY", *quiet, *flows))


@pytest.mark.parametrize(
    ("flows", "marked"),
    [
        ((1000.0, -900.0), [1]),
        ((1000.0, *[50.0] * 9, -1000.0), [10]),
        ((1000.0, *[50.0] * 10, -1000.0), []),
        ((1000.0, -600.0), []),
        ((1000.0, -1600.0), []),
        ((1000.0, 1000.0), []),
        ((200.0, -200.0), []),
        ((-1000.0, 1200.0, -1000.0), [1, 2]),
    ],
)
def test_a_large_flow_that_takes_back_another_is_a_round_trip(flows: tuple[float, ...], marked: list[int]) -> None:
    told = measured(way(*flows), range(30, 30 + len(flows)))["marks"].to_list()
    assert [at for at, mark in enumerate(told) if mark and "round_trip" in mark] == marked


def test_what_is_large_needs_a_history() -> None:
    few = facts(published("SPY", *[1.0] * 10, 1000.0, -1000.0))
    assert measured(few, range(12))["marks"].null_count() == 12


def test_reviews_lie_on_their_fridays() -> None:
    days = sessions_between(date(2023, 1, 3), date(2027, 12, 31))
    places = review_places(days, ["russell", "sp"])
    russell = [days[at] for at in places["russell"]]
    assert date(2024, 6, 28) in russell
    assert date(2024, 6, 20) not in russell
    assert date(2024, 7, 9) not in russell
    assert date(2026, 11, 13) in russell
    assert date(2025, 11, 14) not in russell
    assert {date(2026, 3, 13), date(2026, 3, 20), date(2026, 3, 27)} <= {days[at] for at in places["sp"]}
    assert date(2026, 3, 12) not in {days[at] for at in places["sp"]}


def test_flows_around_a_review_of_the_funds_own_index_are_marked() -> None:
    at = CALENDAR.index(date(2024, 6, 28))
    lines = [published(fund, *[5.0] * 10, start=at - 4) for fund in ("IWM", "SPY")]
    known = facts(*lines)
    assert row(known, at, "IWM")["marks"] == "reconstitution"
    assert row(known, at, "SPY")["marks"] == "reconstitution", "S&P's third Friday was the 21st, five sessions before"
    assert row(known, at + 1, "SPY")["marks"] is None
    segments = segment_flows_daily(fund_flows_daily(known, [CALENDAR[at + 1]], CALENDAR))
    assert dict(segments.select("segment", "is_reconstitution").rows()) == {"small": True, "large": False}


def test_every_mark_can_be_seen_here() -> None:
    assert MARKS == ("frozen_feed", "odd_units", "reconstitution", "round_trip")


# --- what was known by the evening


def test_the_known_sum_has_nothing_that_came_out_later() -> None:
    known = facts(counts("SPY", *(1_000_000 + UNIT * at for at in range(71))), published("SPY", *[None] * 80))
    told = row(known, 65)
    assert told["flow_60d_usd"] == 60 * UNIT * 100.0
    assert (told["known_sessions_60d"], told["flow_60d_known_usd"]) == (58, 58 * UNIT * 100.0)
    published_too = row(facts(published("SPY", *[1.0] * 80)), 65)
    assert (published_too["known_sessions_60d"], published_too["flow_60d_known_usd"]) == (60, 60.0)


def test_later_counts_do_not_change_what_was_known() -> None:
    growing = [1_000_000 + UNIT * (at + at % 3) for at in range(90)]
    early, late = facts(counts("SPY", *growing[:71])), facts(counts("SPY", *growing))
    names = ["session_date", "flow_60d_known_usd", "known_sessions_60d"]
    by_then = early.filter(pl.col("known_at") <= late.filter(pl.col("as_of") == CALENDAR[69])["known_at"].item())
    assert measured(by_then, range(60, 71)).select(names).equals(measured(late, range(60, 71)).select(names))


def test_night_by_night_gives_what_one_run_gives() -> None:
    growing = [1_000_000 + UNIT * ((at * 7) % 5 - (at * 3) % 4) for at in range(200)]
    known = facts(
        counts("SPY", *growing, aum=1e8),
        counts("MDY", *growing[::-1]),
        published("SPY", *(float(at % 9 - 4) * 1e5 or None for at in range(180))),
    )
    days = CALENDAR[150:170]
    nights = pl.concat(fund_flows_daily(known, [day], CALENDAR) for day in days)
    assert nights.equals(fund_flows_daily(known, days, CALENDAR))
    assert nights["marks"].is_not_null().any()


@pytest.mark.parametrize(
    ("unknown", "reason"), [(0, None), (60 - LEAST_KNOWN, None), (60 - LEAST_KNOWN + 1, "too_few")]
)
def test_a_claim_about_sixty_sessions_needs_fifty_four(unknown: int, reason: str | None) -> None:
    known = facts(published("IWM", *[-1.0] * (60 - unknown), *[None] * unknown))
    segments = segment_flows_daily(fund_flows_daily(known, [CALENDAR[59]], CALENDAR))
    told = of_flows(segments).row(0, named=True)
    assert (told["value"], told["null_reason"]) == (None if reason else -(60.0 - unknown), reason)
    assert told["source"] == f"marts.segment_flows_daily: {60 - unknown} of 60 sessions known"


def test_a_claim_without_any_flow_has_no_evidence() -> None:
    known = facts(published("SPY", 1.0), counts("IWM", 1_000_000))
    assert of_flows(segment_flows_daily(fund_flows_daily(known, [CALENDAR[0]], CALENDAR))).is_empty()


# --- rows and segments


def test_a_vintage_that_repeats_the_one_before_adds_no_row() -> None:
    first = counts("SPY", 1_000_000, 1_050_000).with_columns(vintage_date=pl.lit(CALENDAR[5]))
    again = first.with_columns(vintage_date=pl.lit(CALENDAR[6]))
    corrected = again.with_columns(pl.col("shares") + UNIT).with_columns(vintage_date=pl.lit(CALENDAR[7]))
    rows = facts(again, corrected, first)
    assert rows.group_by("vintage_date").len().sort("vintage_date").rows() == [(CALENDAR[5], 2), (CALENDAR[7], 2)]


def test_the_share_of_small_funds_in_all_assets_leaves_the_whole_market_out() -> None:
    worth = {"IWM": 10, "IWC": 5, "SPY": 85, "VTI": 1000}
    frames = [counts(fund, size * 1_000_000, source="etf_flows") for fund, size in worth.items()]
    told = segment_flows_daily(fund_flows_daily(facts(*frames), [FIRST], CALENDAR))
    assert dict(told.select("segment", "assets_share").rows()) == {
        "small": 0.10, "micro": 0.05, "large": 0.85, "total": None
    }  # fmt: skip
    unknown = [*frames, published("IVV", 1.0)]
    told = segment_flows_daily(fund_flows_daily(facts(*unknown), [FIRST], CALENDAR))
    assert told["assets_share"].null_count() == 4
    assert told.filter(segment="large")["assets_usd"].to_list() == [None]
    assert told.filter(segment="small")["assets_usd"].to_list() == [1e9]


def test_sums_are_also_told_as_a_share_of_assets() -> None:
    known = facts(published("IWM", *[-1e6] * 60), counts("IWM", *[1_000_000] * 60, source="etf_flows"))
    fund = row(known, 59, "IWM")
    segment = segment_flows_daily(fund_flows_daily(known, [CALENDAR[59]], CALENDAR)).row(0, named=True)
    for told in (fund, segment):
        assert [told[f"flow_{days}d_pct_assets"] for days in (5, 20, 60)] == [-0.05, -0.2, -0.6]


def test_the_registries_agree() -> None:
    names = {entry.fund for entry in FUND_SEGMENTS}
    assert set(CREATION_UNITS) <= names
    assert {split.fund for split in FUND_SPLITS} <= names
    assert all(booking.lag_sessions in (0, 1) and booking.evidence for booking in BOOKINGS)
