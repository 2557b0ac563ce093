"""Segment size, return and turnover, worked by hand."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from flows.edge.scheme_files import SHIPPED, load_scheme
from transforms.contracts.fields import SEGMENTS
from transforms.measures.placement import ByCap, BySeat, Placement
from transforms.measures.segments import segment_daily, segment_inputs
from transforms.schemes.seats import SEATS
from transforms.schemes.terms import Term

D1, D2 = date(2024, 1, 2), date(2024, 1, 3)
B = 1_000_000_000
NONE_HELD = pl.DataFrame(schema={"session_date": pl.Date, "company_id": pl.String, "last_cap_usd": pl.Int64})
BY_CAP = ByCap(load_scheme(SHIPPED / "fixed_usd.toml"), lambda _currency, _day: 1.0)


def caps(*rows: tuple[Any, ...]) -> pl.DataFrame:
    names = [
        "session_date",
        "company_id",
        "cap_usd",
        "previous_cap_usd",
        "previous_session",
        "return_price",
        "is_multi_day",
        "dollar_volume_usd",
        "quality",
    ]
    types = [pl.Date, pl.String, pl.Int64, pl.Int64, pl.Date, pl.Float64, pl.Boolean, pl.Int64, pl.String]
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


PREVIOUS = pl.DataFrame({"session_date": [D2], "last_admitted": [D1]})
SMALL_MARKET = caps(
    (D2, "a", 1_100_000_000, 1 * B, D1, 0.10, False, 11_000_000, "trusted"),
    (D2, "b", 1_500_000_000, 2 * B - 1, D1, -0.25, False, 15_000_000, "single_source"),
    (D2, "c", 2_200_000_000, 1_900_000_000, D1, 0.05, True, 22_000_000, "disputed"),
    (D2, "d", 300 * B, 290 * B, D1, 0.02, False, B, "trusted"),
    (D2, "new", 400_000_000, None, None, None, False, 0, "single_source"),
)


def made(scheme: str, placement: Placement, frame: pl.DataFrame, held: pl.DataFrame = NONE_HELD) -> pl.DataFrame:
    members = placement.place(frame, "session_date", "cap_usd")
    return segment_daily(scheme, placement, segment_inputs(frame, held, PREVIOUS), members)


def segment(name: str, frame: pl.DataFrame = SMALL_MARKET, held: pl.DataFrame = NONE_HELD) -> dict[str, Any]:
    return made("fixed_usd", BY_CAP, frame, held).filter(pl.col("segment") == name).row(0, named=True)


def test_sizes_are_of_the_session_and_returns_of_the_members_of_the_day_before() -> None:
    small = segment("small")
    assert (small["company_count"], int(small["market_cap_usd"])) == (3, 3_000_000_000)
    # a, b and c were small yesterday; c has become a mid cap today, the new one has no yesterday.
    base = 1 * B + (2 * B - 1) + 1_900_000_000
    gain = 1 * B * 0.10 - (2 * B - 1) * 0.25 + 1_900_000_000 * 0.05
    assert small["return_company_count"] == 3
    assert small["return_price_vw"] == pytest.approx(gain / base, rel=1e-12)
    assert small["return_price_ew"] == pytest.approx((0.10 - 0.25 + 0.05) / 3, rel=1e-12)
    assert small["multi_day_count"] == 1
    assert small["turnover"] == pytest.approx(26_000_000 / 3_000_000_000)
    assert small["trusted_count"] == 1


def test_every_segment_is_there_and_the_total_is_their_sum() -> None:
    frame = made("fixed_usd", BY_CAP, SMALL_MARKET)
    assert sorted(frame["segment"]) == sorted(SEGMENTS)
    total = segment("total")
    assert int(total["market_cap_usd"]) == SMALL_MARKET["cap_usd"].sum()
    assert total["cap_share"] == 1.0
    assert segment("smid")["company_count"] == segment("small")["company_count"] + segment("mid")["company_count"]
    assert segment("nano")["return_price_vw"] is None


def test_total_returns_are_unknown_without_dividends() -> None:
    assert segment("total")["return_total_vw"] is None


def test_who_was_held_yesterday_is_no_member_of_it() -> None:
    held_then = caps((D2, "a", 1_100_000_000, 1 * B, date(2023, 12, 29), 0.10, False, 0, "trusted"))
    assert segment("small", held_then)["return_company_count"] == 0


def test_held_companies_are_counted_where_they_last_stood() -> None:
    held = pl.DataFrame(
        {"session_date": [D2, D2], "company_id": ["x", "y"], "last_cap_usd": [5 * B, None]}, schema=NONE_HELD.schema
    )
    assert (segment("mid", held=held)["quarantined_count"], int(segment("mid", held=held)["quarantined_cap_usd"])) == (
        1,
        5 * B,
    )
    assert segment("total", held=held)["quarantined_count"] == 1


def test_the_order_of_rows_changes_no_bit() -> None:
    left = made("fixed_usd", BY_CAP, SMALL_MARKET).sort("segment")
    right = made("fixed_usd", BY_CAP, SMALL_MARKET.reverse()).sort("segment")
    assert left.equals(right)


def half_moved(cap: int) -> dict[str, dict[str, Any]]:
    """A market of one company that a review before today has moved by half from small to mid, and one whole one."""
    moved = [
        ("a", "small", 0.5, True, "mid", "full", "half of it moves up", 0.1),
        ("a", "mid", 0.5, False, "mid", "full", "half of it moves up", 0.1),
        ("b", "mid", 1.0, True, "mid", "full", "stays", 0.1),
    ]
    before = [("a", "small", 1.0, True, "small", "full", "initial", 0.1), *moved[2:]]
    seats = pl.DataFrame(moved, SEATS, orient="row")
    held_before = pl.DataFrame(before, SEATS, orient="row")
    placement = BySeat([Term(D2, seats, is_review=True)], pl.Series(["a", "b", "none"]), held_before)
    frame = caps(
        (D2, "a", cap, 1_000, D1, 0.10, False, 7, "trusted"),
        (D2, "b", 300, 200, D1, 0.50, False, 3, "trusted"),
        (D2, "none", 999, 999, D1, 0.50, False, 9, "trusted"),
    )
    rows = made("halves", placement, frame)
    return {row["segment"]: row for row in rows.to_dicts()}


def test_a_company_that_moves_by_halves_is_worth_half_in_either_bucket_and_counted_where_it_comes_from() -> None:
    told = half_moved(cap=1_101)
    assert [int(told[name]["market_cap_usd"]) for name in ("small", "mid", "smid", "total")] == [551, 850, 1401, 1401]
    assert [told[name]["company_count"] for name in ("small", "mid", "smid", "total")] == [1, 1, 2, 2]
    assert [int(told[name]["dollar_volume_usd"]) for name in ("small", "mid")] == [4, 6]


def test_a_return_counts_in_the_bucket_of_the_session_before_the_review() -> None:
    told = half_moved(cap=1_101)
    assert told["small"]["return_price_vw"] == pytest.approx(0.10)
    assert told["mid"]["return_price_vw"] == pytest.approx(0.50)
    assert told["total"]["return_price_vw"] == pytest.approx((1_000 * 0.10 + 200 * 0.50) / 1_200)


def test_who_has_no_seat_is_in_no_segment() -> None:
    assert half_moved(cap=1_101)["total"]["company_count"] == 2
