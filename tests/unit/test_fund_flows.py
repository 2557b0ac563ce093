from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from transforms.contracts.core import FUND_SHARES
from transforms.contracts.fields import SEGMENTS
from transforms.core.fund_shares import closed_day_figures, fund_share_rows
from transforms.measures.fund_flows import fund_flows_daily, segment_flows_daily
from transforms.measures.fund_registry import FUND_SEGMENTS

VINTAGE = date(2026, 4, 3)
FIRST = date(2026, 1, 5)
CALENDAR = [day for day in (FIRST + timedelta(days=number) for number in range(140)) if day.weekday() < 5]


def flows(fund: str, *values: float | None, start: int = 0, vintage: date = VINTAGE) -> pl.DataFrame:
    days = CALENDAR[start : start + len(values)]
    frame = pl.DataFrame({"as_of": days, "flow_usd": values}, schema={"as_of": pl.Date, "flow_usd": pl.Float64})
    return frame.with_columns(pl.lit(fund).alias("fund"), pl.lit(vintage).alias("vintage_date"))


def shares(
    fund: str,
    *values: tuple[int | None, float | None],
    start: int = 0,
    vintage: date = VINTAGE,
    aum: float | None = None,
) -> pl.DataFrame:
    days = CALENDAR[start : start + len(values)]
    return pl.DataFrame(
        {
            "fund": [fund] * len(values),
            "as_of": days,
            "shares": [value[0] for value in values],
            "nav": [None] * len(values),
            "price": [value[1] for value in values],
            "aum_usd": [aum] * len(values),
            "vintage_date": [vintage] * len(values),
        },
        schema={
            "fund": pl.String,
            "as_of": pl.Date,
            "shares": pl.Int64,
            "nav": pl.Float64,
            "price": pl.Float64,
            "aum_usd": pl.Float64,
            "vintage_date": pl.Date,
        },
    )


def facts(*frames: pl.DataFrame) -> pl.DataFrame:
    told = [frame for frame in frames if "flow_usd" in frame.columns]
    counted = [frame for frame in frames if "flow_usd" not in frame.columns]
    return fund_share_rows(told, counted, CALENDAR, source="etf_flows")


def row(fund_facts: pl.DataFrame, index: int, fund: str = "IWM") -> dict[str, object]:
    return fund_flows_daily(fund_facts, [CALENDAR[index]], CALENDAR).filter(fund=fund).row(0, named=True)


# --- core.fund_shares


def test_flows_and_shares_of_a_day_meet_in_one_row() -> None:
    rows = facts(flows("IWM", 5.0), shares("IWM", (10, 2.5)))
    assert rows.schema == FUND_SHARES.polars_schema
    told = rows.row(0, named=True)
    assert (told["shares"], told["nav"], told["flow_usd"]) == (10, 2.5, 5.0)
    assert told["known_at"] == datetime(2026, 1, 6, 4, 59, 59, tzinfo=UTC)


def test_blank_rows_say_nothing() -> None:
    assert facts(flows("IWM", None, 5.0))["as_of"].to_list() == [CALENDAR[1]]


def rejected(rows: pl.DataFrame) -> list[tuple[str, ...]]:
    rejects = closed_day_figures(rows, CALENDAR, source="etf_flows", file="counts.csv")
    return rejects.select("file", "entity", "field", "reason_code", "detail").rows()


def test_figures_of_a_day_without_a_session_are_rejected_and_assets_are_not() -> None:
    saturday = CALENDAR[4] + timedelta(days=1)
    holiday = flows("IWM", 5.0).with_columns(pl.lit(saturday).alias("as_of"))
    level = shares("IWM", (None, None), aum=70.0).with_columns(pl.lit(saturday).alias("as_of"))
    rows = fund_share_rows([holiday], [level], CALENDAR, source="etf_flows")

    assert rejected(holiday) == [("counts.csv", "IWM", "as_of", "not_a_session", saturday.isoformat())]
    assert rejected(level) == []
    assert rows.select("as_of", "aum_usd").rows() == [(saturday, 70.0)]
    assert row(pl.concat([rows, facts(flows("IWM", 7.0, start=5))]), 5)["assets_usd"] == 70.0


def test_blank_rows_of_a_holiday_and_days_after_the_calendar_are_no_rejects() -> None:
    saturday, later = CALENDAR[4] + timedelta(days=1), CALENDAR[-1] + timedelta(days=1)
    blank = flows("IWM", 5.0).with_columns(pl.lit(saturday).alias("as_of"), pl.lit(None, pl.Float64).alias("flow_usd"))
    assert rejected(blank) == []
    assert rejected(flows("IWM", 5.0).with_columns(pl.lit(later).alias("as_of"))) == []


def test_no_files_give_no_rows() -> None:
    assert fund_share_rows([], [], CALENDAR, source="etf_flows").equals(FUND_SHARES.empty())
    assert fund_flows_daily(FUND_SHARES.empty(), [FIRST], CALENDAR).is_empty()


# --- qualities


def test_a_published_flow_is_reported() -> None:
    told = row(facts(flows("IWM", -420_710_000.0)), 0)
    assert (told["flow_usd"], told["quality"], told["as_of"]) == (-420_710_000.0, "reported", FIRST)
    assert (told["segment"], told["is_carried_forward"]) == ("small", False)


def test_a_blank_is_missing_and_names_the_last_known_day() -> None:
    told = row(facts(flows("IWM", 5.0, None)), 1)
    assert (told["flow_usd"], told["quality"], told["as_of"]) == (None, "missing", FIRST)


def test_a_zero_is_not_updated() -> None:
    told = row(facts(flows("IWM", 5.0, 0.0)), 1)
    assert (told["flow_usd"], told["quality"]) == (None, "not_updated")


def test_shares_tell_the_flow_where_nothing_is_published() -> None:
    counted = shares("IWM", (1000, 100.0), (1010, 101.0))
    told = row(facts(counted), 1)
    assert (told["flow_usd"], told["quality"], told["assets_usd"]) == (1010.0, "derived", 102010.0)
    assert told["flow_pct_assets"] == float(f"{1010 / 102010:.12g}")
    assert row(facts(counted, flows("IWM", 0.0, start=1)), 1)["quality"] == "derived"
    assert row(facts(counted, flows("IWM", 7.0, start=1)), 1)["flow_usd"] == 7.0


@pytest.mark.parametrize(
    ("second", "start", "quality"),
    [((1000, 101.0), 1, "not_updated"), ((1010, None), 1, "missing"), ((1010, 101.0), 2, "missing")],
)
def test_shares_tell_nothing_unless_they_change_from_one_session_to_the_next(
    second: tuple[int, float | None], start: int, quality: str
) -> None:
    told = row(facts(shares("IWM", (1000, 100.0)), shares("IWM", second, start=start)), start)
    assert (told["flow_usd"], told["quality"]) == (None, quality)


@pytest.mark.parametrize(("flow", "quality"), [(150.0, "reported"), (-150.01, "implausible"), (1e9, "implausible")])
def test_more_than_fifteen_percent_of_the_assets_is_implausible(flow: float, quality: str) -> None:
    told = row(facts(flows("IWM", flow), shares("IWM", (10, 100.0))), 0)
    assert told["quality"] == quality
    assert (told["flow_usd"] is None) == (quality == "implausible")


def test_without_known_assets_nobody_can_tell_what_is_implausible() -> None:
    told = row(facts(flows("IWM", 1e12)), 0)
    assert (told["quality"], told["flow_pct_assets"]) == ("reported", None)


@pytest.mark.parametrize(("index", "assets"), [(5, 1000.0), (6, None)])
def test_assets_are_kept_for_five_sessions(index: int, assets: float | None) -> None:
    known = facts(shares("IWM", (10, 100.0)), flows("IWM", *[1.0] * 10))
    assert row(known, index)["assets_usd"] == assets


def test_a_failed_source_is_flagged_where_nothing_is_known() -> None:
    known = facts(flows("IWM", 5.0), flows("SPY", 5.0, 6.0))
    told = fund_flows_daily(known, CALENDAR[1:2], CALENDAR, carried_forward=CALENDAR[1:2])
    assert told.select("fund", "is_carried_forward", "as_of").rows() == [
        ("IWM", True, FIRST),
        ("SPY", False, CALENDAR[1]),
    ]


# --- sums


def test_sums_over_sessions_by_hand() -> None:
    known = facts(flows("IWM", *(float(number) for number in range(1, 71))))
    told = row(known, 69)
    assert told["flow_5d_usd"] == sum(range(66, 71))
    assert told["flow_20d_usd"] == sum(range(51, 71))
    assert told["flow_60d_usd"] == sum(range(11, 71))
    assert row(known, 58)["flow_60d_usd"] is None
    assert row(known, 59)["flow_60d_usd"] == sum(range(1, 61))


@pytest.mark.parametrize("gap", [None, 0.0])
def test_an_unknown_session_empties_the_sums_that_hold_it(gap: float | None) -> None:
    known = facts(flows("IWM", 1.0, 1.0, gap, 1.0, 1.0, 1.0, 1.0, 1.0))
    sums = fund_flows_daily(known, CALENDAR[:8], CALENDAR)["flow_5d_usd"].to_list()
    assert sums == [None] * 7 + [5.0]


def test_a_session_that_was_refused_still_has_its_flow_in_the_sums() -> None:
    known = facts(flows("IWM", 1.0, 2.0, 4.0, 8.0, 16.0))
    admitted = [CALENDAR[index] for index in (0, 1, 3, 4)]
    assert fund_flows_daily(known, admitted, CALENDAR)["flow_5d_usd"].to_list() == [None, None, None, 31.0]


def test_night_by_night_gives_what_one_run_gives() -> None:
    values = [float(number % 7 - 3) or None for number in range(90)]
    known = facts(flows("IWM", *values), shares("IWM", *((1000 + number, 10.0) for number in range(40))))
    days = CALENDAR[60:90]
    nights = pl.concat(fund_flows_daily(known, [day], CALENDAR) for day in days)
    assert nights.equals(fund_flows_daily(known, days, CALENDAR))


def test_later_facts_change_nothing_earlier() -> None:
    early = facts(flows("IWM", 1.0, 2.0))
    late = facts(flows("IWM", 1.0, 2.0, 99.0), flows("NEW", 5.0, start=2))
    days = CALENDAR[:2]
    assert fund_flows_daily(late, days, CALENDAR).equals(fund_flows_daily(early, days, CALENDAR))


def test_the_latest_download_by_the_session_counts() -> None:
    corrected = flows("IWM", 2.0, start=3, vintage=CALENDAR[5])
    known = facts(flows("IWM", *[1.0] * 8, vintage=CALENDAR[1]), corrected)
    assert row(known, 3)["flow_usd"] == 1.0
    sums = fund_flows_daily(known, CALENDAR[4:6], CALENDAR)["flow_5d_usd"].to_list()
    assert sums == [5.0, 6.0]


def test_files_of_different_downloads_complete_each_other() -> None:
    known = facts(flows("IWM", 5.0, vintage=CALENDAR[2]), shares("IWM", (10, 100.0), vintage=CALENDAR[4]))
    told = row(known, 0)
    assert (told["flow_usd"], told["assets_usd"]) == (5.0, 1000.0)


def test_a_session_outside_the_calendar_is_an_error() -> None:
    with pytest.raises(ValueError, match="2026-01-10 is no session"):
        fund_flows_daily(facts(flows("IWM", 1.0)), [date(2026, 1, 10)], CALENDAR)


def test_a_fund_long_silent_has_no_row() -> None:
    known = facts(flows("OLD", 1.0), flows("IWM", *[1.0] * 70))
    assert fund_flows_daily(known, [CALENDAR[59]], CALENDAR)["fund"].to_list() == ["IWM", "OLD"]
    assert fund_flows_daily(known, [CALENDAR[60]], CALENDAR)["fund"].to_list() == ["IWM"]


# --- segments


def segments(*frames: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    return segment_flows_daily(fund_flows_daily(facts(*frames), days, CALENDAR))


def test_segments_add_their_funds() -> None:
    told = segments(
        flows("SPY", 1.0), flows("IVV", 2.0), flows("IWM", 4.0), flows("GLD", 8.0),
        shares("SPY", (10, 10.0)), days=CALENDAR[:1],
    )  # fmt: skip
    large = told.filter(segment="large").row(0, named=True)
    assert (large["flow_usd"], large["fund_count"], large["quality"]) == (3.0, 2, "complete")
    assert large["flow_pct_assets"] == 0.01
    assert told["segment"].to_list() == ["large", "small"]


def test_an_unknown_fund_makes_a_segment_partial_and_its_sums_unknown() -> None:
    told = segments(flows("SPY", *[1.0] * 5), flows("IVV", 2.0, 2.0, None, 2.0, 2.0), days=CALENDAR[2:5])
    assert told["quality"].to_list() == ["partial", "complete", "complete"]
    assert told["flow_usd"].to_list() == [1.0, 3.0, 3.0]
    assert told["flow_5d_usd"].to_list() == [None, None, None]


def test_a_segment_of_which_nothing_is_known_is_missing() -> None:
    told = segments(flows("IWM", 1.0, None), days=CALENDAR[1:2]).row(0, named=True)
    assert (told["flow_usd"], told["fund_count"], told["quality"]) == (None, 0, "missing")


def test_the_registry_names_each_fund_once_with_a_known_segment() -> None:
    assert len({entry.fund for entry in FUND_SEGMENTS}) == len(FUND_SEGMENTS)
    assert all(entry.segment in SEGMENTS and entry.reason for entry in FUND_SEGMENTS)
