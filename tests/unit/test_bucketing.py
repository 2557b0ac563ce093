"""Schemes from chunk to chunk of a run: what they rank, and that nothing hangs on where a run is cut."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.market_calendar import all_sessions, sessions_between
from flows.steps.admit import USD_PER_UNIT, Judged, JudgedSession
from flows.steps.base import Base
from flows.steps.buckets import Bucketing
from flows.steps.filers import FloatBook
from tests.unit.ranked_days import scheme, version
from transforms.contracts import table
from transforms.core.dollar_volumes import with_volumes
from transforms.core.free_float import CAPS
from transforms.measures.company_fundamentals import KNOWN
from transforms.schemes.model import Additions, Bands, FixedCount, Money, Ranks, Reviews, Scheme, Shares, Swap, Tier
from transforms.schemes.registry import scheme_rows
from transforms.staging.sec_cover import COVER
from transforms.staging.sec_facts import FACTS

D = date
INF = float("inf")
Caps = Mapping[date, Mapping[str, int]]
"""Session to the cap of each company of that session; a negative one is held back, that being its last cap."""
FROM_LANDING = {"known_on": pl.Date()}
LINE = {
    "session_date": pl.Date(), "security_id": pl.String(), "company_id": pl.String(), "symbol": pl.String(),
    "exchange": pl.String(), "close": pl.Float64(), "currency": pl.String(), "class_convention": pl.String(),
    "class_cap_usd": pl.Int64(),
}  # fmt: skip
HELD = {
    "session_date": pl.Date(), "company_id": pl.String(), "ticker": pl.String(), "cap_usd": pl.Int64(),
    "anchor_cap_usd": pl.Int64(),
}  # fmt: skip
CAP = {
    "session_date": pl.Date(), "company_id": pl.String(), "ticker": pl.String(), "price": pl.Float64(),
    "cap_usd": pl.Int64(), "currency": pl.String(), "cap_local": pl.Int64(), "fx_rate": pl.Float64(),
    "dollar_volume_usd": pl.Int64(),
}  # fmt: skip
NOTHING_KNOWN = pl.DataFrame(schema={"session_date": pl.Date, "company_id": pl.String, **KNOWN})


def securities(companies: Collection[str]) -> pl.DataFrame:
    rows = [
        {"security_id": f"{name}~", "company_id": name, "symbol": name, "security_type": "common",
         "country": "United States", "valid_from": D(2024, 1, 2)}
        for name in sorted(companies)
    ]  # fmt: skip
    schema = table("core.securities").polars_schema
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def judged(days: Sequence[date], caps: Caps, before: date | None) -> Judged:
    """A chunk in which all of these sessions are admitted."""
    rows = [(day, name, cap) for day in days for name, cap in sorted(caps[day].items())]
    lines = [(day, f"{name}~", name, name, "nyse", 10.0, "USD", "per_class", abs(cap)) for day, name, cap in rows]
    held = [(day, name, name, -100 * cap, -cap) for day, name, cap in rows if cap < 0]
    sessions = [
        JudgedSession(day, "published", [], [], 0, 0, 0, None, last, pl.DataFrame(), 0)
        for last, day in zip([before, *days], days, strict=False)
    ]
    nothing = pl.DataFrame()
    return Judged(
        sessions, pl.DataFrame(lines, LINE, orient="row"), nothing, pl.DataFrame(held, HELD, orient="row"), nothing,
        "made", nothing, nothing, nothing, pl.DataFrame(schema=USD_PER_UNIT),
    )  # fmt: skip


def market_caps(days: Sequence[date], caps: Caps) -> pl.DataFrame:
    rows = [
        (day, name, name, 10.0, cap, "USD", cap, 1.0, cap // 100)
        for day in days
        for name, cap in sorted(caps[day].items())
        if cap > 0
    ]
    return pl.DataFrame(rows, CAP, orient="row")


def begun(schemes: Mapping[str, Scheme], base: Base) -> Bucketing:
    floats = FloatBook(
        pl.DataFrame(schema=COVER | FROM_LANDING), pl.DataFrame(schema=FACTS | FROM_LANDING), None,
        pl.DataFrame(schema=CAPS),
    )  # fmt: skip
    return Bucketing.on(schemes, base, floats, table("core.fx_rates").empty())


def placed(bucketing: Bucketing, days: Sequence[date], caps: Caps, before: date | None = None) -> None:
    companies = {name for of_day in caps.values() for name in of_day}
    of_chunk, rows = judged(days, caps, before), market_caps(days, caps)
    markets = bucketing.see(of_chunk, rows, lambda _rows: NOTHING_KNOWN, securities(companies))
    bucketing.place(of_chunk, rows, markets, before)
    markets.forget()


def run(schemes: Mapping[str, Scheme], caps: Caps, *cuts: int) -> tuple[Bucketing, pl.DataFrame]:
    """All sessions in runs that each go on from what the one before published; and the breakpoints of all."""
    days = sorted(caps)
    base, breakpoints, bucketing = Base(), [], None
    ends = [*sorted(set(cuts)), len(days)]
    for begin, end in zip([0, *ends], ends, strict=False):
        bucketing = begun(schemes, base)
        placed(bucketing, days[begin:end], caps, days[begin - 1] if begin else None)
        breakpoints.append(bucketing.breakpoints())
        base = Base(
            schemes=scheme_rows(schemes.values()),
            memberships=bucketing.memberships(),
            seats=bucketing.seat_rows(),
            markets=bucketing.market_rows(),
            volumes=with_volumes(bucketing.volumes, market_caps([], caps)),
        )
    assert bucketing is not None
    return bucketing, table("marts.scheme_breakpoints").conform(pl.concat(breakpoints))


MONTHLY = Reviews(tuple(range(1, 13)), 1, "month_begin")
EVERY_SESSION = Reviews()
RULES = {
    "money": version(Money("money", {"small": (0, 300), "large": (300, INF)}), EVERY_SESSION),
    "money_monthly": version(Money("money", {"small": (0, 300), "large": (300, INF)}), MONTHLY),
    "ranks": version(Ranks("ranks", {"large": 2, "small": 4}, Bands("share", share=0.05)), MONTHLY),
    "ranks_daily": version(Ranks("ranks", {"large": 2, "small": 4}), EVERY_SESSION),
    "packets": version(
        Shares("shares", {"large": 0.6, "mid": 0.8, "small": 1.0}, Bands("packets", share=0.05, core=0.01)), MONTHLY
    ),
    "packets_late": version(
        Shares("shares", {"large": 0.6, "mid": 0.8, "small": 1.0}, Bands("packets", share=0.05, core=0.01)),
        Reviews((1, 2), 3, "third_friday"),
    ),
    "month_end": version(Ranks("ranks", {"large": 1}), Reviews((11, 12, 1), 0, "month_end")),
    "additions": version(Additions("additions", {"small": (100, 300), "large": (300, INF)}), MONTHLY),
    "places": version(
        FixedCount("fixed_count", (Tier({"large": 2}, (Swap("swap", exit_beyond=3, entry_within=2),)),), {"small": 3}),
        MONTHLY,
    ),
}
SCHEMES = {name: scheme(told, id=name) for name, told in sorted(RULES.items())}
SESSIONS = sessions_between(D(2024, 10, 21), D(2025, 2, 24))


@st.composite
def markets(draw: st.DrawFn) -> dict[date, dict[str, int]]:
    """Some sessions over the turn of the year, some months perhaps without one, of up to six companies."""
    days = sorted(draw(st.sets(st.sampled_from(SESSIONS), min_size=2, max_size=14)))
    names = [f"c{number}" for number in range(draw(st.integers(1, 6)))]
    sizes = st.dictionaries(st.sampled_from(names), st.integers(50, 900))
    caps: dict[date, dict[str, int]] = {}
    last: dict[str, int] = {}
    for day in days:
        told = {"always": 250, **draw(sizes)}
        is_held = {name: name in last and name != "always" and draw(st.booleans()) for name in sorted(told)}
        caps[day] = {name: -last[name] if is_held[name] else cap for name, cap in told.items()}
        last |= {name: cap for name, cap in caps[day].items() if cap > 0}
    return caps


@settings(max_examples=15)
@given(markets(), st.data())
def test_wherever_a_run_is_cut_the_tables_are_the_same(caps: dict[date, dict[str, int]], data: st.DataObject) -> None:
    cuts = data.draw(st.sets(st.integers(1, len(caps) - 1), max_size=4))
    whole, all_breakpoints = run(SCHEMES, caps)
    nights, breakpoints = run(SCHEMES, caps, *cuts)
    assert nights.memberships().equals(whole.memberships())
    assert nights.seat_rows().equals(whole.seat_rows())
    assert nights.market_rows().equals(whole.market_rows())
    assert breakpoints.equals(all_breakpoints)


@settings(max_examples=8)
@given(markets())
def test_weights_are_one_and_each_company_is_counted_once(caps: dict[date, dict[str, int]]) -> None:
    rows = run(SCHEMES, caps)[0].memberships()
    days = pl.DataFrame({"day": sorted(caps)})
    at = rows.join_where(days, pl.col("day") >= pl.col("valid_from"),
                         pl.col("valid_to").is_null() | (pl.col("day") <= pl.col("valid_to")))  # fmt: skip
    sums = at.group_by("scheme_id", "company_id", "day").agg(pl.col("weight", "is_counted").sum())
    assert set(sums["weight"]) <= {1.0}
    assert set(sums["is_counted"]) <= {1}
    everybody = sums.filter(pl.col("scheme_id") == "money").select("day", "company_id").sort("day", "company_id")
    assert everybody.rows() == [
        (day, name) for day in sorted(caps) for name, cap in sorted(caps[day].items()) if cap > 0
    ]


TOP = {"top": scheme(version(Ranks("ranks", {"large": 1, "small": 3}), MONTHLY), id="top")}


def seats(bucketing: Bucketing) -> dict[str, str]:
    return {who: f"{where}: {why}" for who, where, why in
            bucketing.seat_rows().select("company_id", "bucket", "reason").rows()}  # fmt: skip


@pytest.mark.parametrize(
    ("last_of_november", "expected"),
    [
        (D(2024, 11, 29), {"b": "large: moved up", "a": "small: moved down"}),
        (D(2024, 11, 20), {"b": "large: moved up", "a": "small: moved down"}),
        (D(2024, 11, 19), {"b": "small: reinitialised", "a": "large: reinitialised"}),
    ],
    ids=["the last session itself", "nine days before", "ten days before"],
)
def test_a_review_ranks_the_last_admitted_session_if_it_is_near(
    last_of_november: date, expected: dict[str, str]
) -> None:
    caps = {
        D(2024, 11, 1): {"a": 300, "b": 200},
        last_of_november: {"a": 200, "b": 300},
        D(2024, 12, 2): {"a": 300, "b": 200},
    }
    assert seats(run(TOP, caps)[0]) == expected


def test_who_is_held_back_when_caps_are_ranked_is_ranked_by_the_cap_before() -> None:
    caps = {
        D(2024, 11, 27): {"a": 300, "b": 200},
        D(2024, 11, 29): {"a": -300, "b": 200},
        D(2024, 12, 2): {"a": 100, "b": 200},
    }
    bucketing, breakpoints = run(TOP, caps)
    assert seats(bucketing) == {"a": "large: stays", "b": "small: stays"}
    assert breakpoints.filter(session_date=D(2024, 12, 2))["cap_lower"].to_list() == [300.0, None]
    # It has no cap on the 29th, so it is in no bucket then.
    rows = bucketing.memberships().filter(company_id="a").select("valid_from", "valid_to", "reason").rows()
    assert rows == [(D(2024, 11, 27), D(2024, 11, 27), "initial"), (D(2024, 12, 2), None, "stays")]


def test_who_has_no_cap_when_caps_are_ranked_loses_its_seat() -> None:
    caps = {D(2024, 11, 27): {"a": 300, "b": 200}, D(2024, 11, 29): {"b": 200}, D(2024, 12, 2): {"a": 300, "b": 200}}
    bucketing = run(TOP, caps)[0]
    assert seats(bucketing) == {"b": "large: moved up"}
    assert bucketing.memberships().filter(company_id="a")["valid_to"].to_list() == [D(2024, 11, 27)]


def test_markets_are_kept_for_the_reviews_to_come_and_no_longer() -> None:
    ends = [day for day in all_sessions() if D(2024, 1, 1) <= day <= D(2024, 12, 31) and day.day == 15]
    bucketing = run(TOP, {day: {"a": 1} for day in ends}, *range(1, len(ends)))[0]
    assert sorted(set(bucketing.market_rows()["session_date"])) == ends[-4:]
