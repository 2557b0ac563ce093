"""Seats after a review: what of them is counted, on what they rest, and how far from a limit."""

from datetime import date

import polars as pl
import pytest

from tests.unit.ranked_days import company, market, rows, scheme, version
from transforms.schemes.model import Additions, Bands, Money, Ranks, Shares
from transforms.schemes.seats import NO_SEATS, SEATS, begin, hold

D = date
DAY = D(2024, 11, 29)
CRSP = Shares("shares", {"large": 0.7, "mid": 0.9, "small": 1.0}, Bands("packets", share=0.05, core=0.02))
PACKETS = scheme(version(CRSP))


def before(*told: tuple[str, str, float, str]) -> pl.DataFrame:
    full = [(who, where, part, True, where, "full", why, None) for who, where, part, why in told]
    return pl.DataFrame(full, SEATS, orient="row")


def test_a_half_is_counted_where_it_comes_from() -> None:
    """Up stands after 60 % and was mid, down after 77 % and was large: the band of large's limit is from 65 to 75."""
    caps = {"a": 600, "up": 90, "b": 80, "down": 70, **{f"rest {n}": 40 for n in range(4)}}
    was = before(("a", "large", 1.0, "stays"), ("up", "mid", 1.0, "stays"), ("down", "large", 1.0, "stays"))
    held = hold(PACKETS, PACKETS.versions[0], market(DAY, caps), was, 1.0).seats
    halves = held.filter(pl.col("weight") == 0.5).select("company_id", "bucket", "is_counted", "reason")
    assert set(halves.rows()) == {
        ("up", "mid", True, "half of it moves up"),
        ("up", "large", False, "half of it moves up"),
        ("down", "large", True, "half of it moves down"),
        ("down", "mid", False, "half of it moves down"),
    }


@pytest.mark.parametrize(
    ("ahead", "direction", "smaller", "larger", "counted"),
    [
        (690, "up", "mid", "large", "mid"),
        (710, "down", "mid", "large", "large"),
        (890, "up", "small", "mid", "small"),
        (910, "down", "small", "mid", "mid"),
    ],
)
def test_halves_that_wait_are_counted_where_they_came_from(
    ahead: int, direction: str, smaller: str, larger: str, counted: str
) -> None:
    """X stands within the core of a limit, from 68 to 72 or from 88 to 92 %, so its rest waits."""
    why = f"half of it moves {direction}"
    was = before(("x", smaller, 0.5, why), ("x", larger, 0.5, why))
    caps = {"a": ahead, "x": 20, **{f"rest {n:02}": 10 for n in range((980 - ahead) // 10)}}
    held = hold(PACKETS, PACKETS.versions[0], market(DAY, caps), was, 1.0).seats.filter(company_id="x")
    assert set(held.select("bucket", "is_counted", "reason").rows()) == {
        (bucket, bucket == counted, why) for bucket in (smaller, larger)
    }


def test_a_beginning_tells_its_reason_and_no_history() -> None:
    of = scheme(version(Ranks("ranks", {"large": 1, "small": 2})))
    told = begin(of, of.versions[0], market(DAY, {"a": 2, "b": 1}), 1.0, "reinitialised").seats
    assert told.select("company_id", "bucket", "reason", "weight").rows() == [
        ("a", "large", "reinitialised", 1.0), ("b", "small", "reinitialised", 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cap", "distance"),
    [(90, -0.1), (100, 0.0), (110, 0.1), (390, -0.025), (400, 0.0), (4_000, 9.0), (10, -0.9)],
)
def test_the_distance_is_positive_above_the_nearer_limit_and_negative_below(cap: int, distance: float) -> None:
    """Limits at 100 and 400; 250 is 1.5 times 100 above it and only 0.375 of 400 below that."""
    caps = {"small": (0, 100), "mid": (100, 400), "large": (400, float("inf"))}
    of = scheme(version(Money("money", caps)))  # type: ignore[arg-type]
    (row,) = begin(of, of.versions[0], market(DAY, {"x": cap}), 1.0).seats.to_dicts()
    assert row["distance"] == pytest.approx(distance)


ADDED = Additions("additions", {"small": (100, 400), "mid": (400, 1_000)}, earns=True, least_float_share=0.1,
                  least_turnover=0.5)  # fmt: skip
GOOD = {"earns": True, "float_share": 0.5, "dollar_volume_year_usd": 500}


@pytest.mark.parametrize(
    ("cap", "told", "was", "seat"),
    [
        (200, {}, None, ("small", "small", "eligible")),
        (400, {}, None, ("mid", "mid", "eligible")),
        (99, {}, None, None),
        (1_000, {}, None, None),
        (200, {"earns": False}, None, None),
        (200, {"earns": None}, None, None),
        (200, {"float_share": 0.09}, None, None),
        (200, {"float_share": None}, None, ("small", "small", "eligible")),
        (200, {"dollar_volume_year_usd": 49}, None, None),
        (200, {"dollar_volume_year_usd": 50}, None, ("small", "small", "eligible")),
        (200, {"dollar_volume_year_usd": None}, None, ("small", "small", "eligible")),
        (50, {"earns": False}, "small", ("small", None, "was eligible: size takes nobody out")),
        (500, {}, "small", ("small", "mid", "was eligible: size takes nobody out")),
    ],
)
def test_additions_take_in_who_qualifies_and_let_nobody_go(
    cap: int, told: dict[str, object], was: str | None, seat: tuple[str, str | None, str] | None
) -> None:
    of = scheme(version(ADDED))
    earlier = before(("x", was, 1.0, "eligible")) if was else NO_SEATS
    held = hold(of, of.versions[0], rows([company(DAY, "x", cap, **(GOOD | told))]), earlier, 1.0)
    found = held.seats.select("bucket", "raw_bucket", "reason").rows()
    assert found == ([seat] if seat else [])
    in_range = {"small": int(100 <= cap < 400), "mid": int(400 <= cap < 1_000)}
    assert dict(held.limits.select("bucket", "company_count").iter_rows()) == in_range


def test_the_distance_of_an_addition_is_to_the_nearest_end_of_any_range() -> None:
    of = scheme(version(Additions("additions", {"small": (100, 400), "mid": (400, float("inf"))})))
    told = begin(of, of.versions[0], market(DAY, {"a": 110, "b": 380, "c": 800}), 1.0).seats
    assert dict(told.select("company_id", "distance").iter_rows()) == pytest.approx({"a": 0.1, "b": -0.05, "c": 1.0})


def test_seats_rest_on_the_float_where_it_is_known() -> None:
    of = scheme(version(Ranks("ranks", {"large": 5})), basis="float")
    told = begin(of, of.versions[0], rows([company(DAY, "a", 5, float_share=0.5), company(DAY, "b", 4)]), 1.0).seats
    assert dict(told.select("company_id", "basis_used").iter_rows()) == {"a": "float", "b": "full"}
