"""Splits seen in prices, and the vendor's counts around them, session by session as they really were."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import pytest

from transforms.core.split_register import no_splits, ratio_between, update_splits
from transforms.core.splits import with_splits
from transforms.core.vendor_counts import FACTOR_SCHEMA, MAX_SESSIONS, followed

START = date(2024, 1, 8)


@dataclass(frozen=True)
class Day:
    """One session of a line: the vendor's close, the previous close it reports (the last one if None), its count."""

    close: float
    count: float
    previous: float | None = None
    declared: float | None = None
    declared_age: int = 0
    tells_previous: bool = True
    is_accepted: bool = False


@dataclass(frozen=True)
class Seen:
    """What a session gave: the count taken, the split seen and why the vendor's count was not taken."""

    count: float
    ratio: float
    evidence: str | None
    cause: str | None


def walked(*days: Day) -> tuple[list[Seen], pl.DataFrame]:
    """The line through all sessions, and the register of splits after them."""
    memory: dict[str, object] = dict.fromkeys(FACTOR_SCHEMA)
    last: Day | None = None
    seen, register = [], no_splits()
    for number, day in enumerate(days):
        session = START + timedelta(days=number)
        row = {
            "security_id": "A",
            "close": day.close,
            "previous_close": (day.previous or (last.close if last else day.close)) if day.tells_previous else None,
            "last_close": last.close if last else None,
            "last_session": session - timedelta(days=1) if last else None,
            "vendor_cap_usd": round(day.close * day.count),
            "last_cap_usd": round(last.close * last.count) if last else None,
            "is_accepted": day.is_accepted,
            "declared_ratio": day.declared,
            "declared_age": None if day.declared is None else day.declared_age,
            **{f"last_{name}": value for name, value in memory.items()},
        }
        schema = {
            "last_close": pl.Float64,
            "previous_close": pl.Float64,
            "last_session": pl.Date,
            "last_cap_usd": pl.Int64,
            "declared_ratio": pl.Float64,
            "declared_age": pl.Int64,
            **{f"last_{name}": dtype for name, dtype in FACTOR_SCHEMA.items()},
        }
        near_from = session - timedelta(days=5)
        frame = pl.DataFrame([row], schema_overrides=schema)
        lines = followed(with_splits(frame, session - timedelta(days=1), near_from), session, near_from)
        register = update_splits(register, lines, session)
        found = lines.row(0, named=True)
        count = round(found["followed_cap_usd"] / day.close / 1e6, 1)
        seen.append(Seen(count, round(found["split_ratio"], 6), found["split_evidence"], found["factor_cause"]))
        memory, last = {name: found[name] for name in FACTOR_SCHEMA}, day
    return seen, register


def counts(seen: list[Seen]) -> list[float]:
    return [item.count for item in seen]


def test_a_count_that_lags_a_reverse_split_by_a_day() -> None:
    """Amcor, 2026-01-15, one for five: price times five with the old count; the count follows the next day."""
    seen, register = walked(
        Day(8.36, 2_305e6), Day(41.90, 2_305e6, previous=41.80), Day(42.00, 461e6), Day(42.10, 461e6)
    )
    assert counts(seen) == [2305.0, 461.0, 461.0, 461.0]
    assert seen[1] == Seen(461.0, 0.2, "price", "lags_split")
    assert seen[2].cause is None
    assert register.select("ex_date", "ratio", "confirmed_on").row(0) == (
        START + timedelta(days=1),
        0.2,
        START + timedelta(days=2),
    )


def test_a_count_that_lags_for_months_is_not_taken_for_as_long() -> None:
    """VEON, 2023-03-08: a depositary share stood for 25 shares instead of one, and the vendor never counted so."""
    days = [Day(0.7162, 1_749.1e6), Day(18.09, 1_749.1e6, previous=17.905)]
    seen, register = walked(*days, *[Day(18.0, 1_760e6)] * (MAX_SESSIONS + 20))
    assert counts(seen)[1] == pytest.approx(70.0, abs=0.1)
    assert counts(seen)[-1] == pytest.approx(70.4, abs=0.1)
    assert register["confirmed_on"].item() is None


def test_a_count_that_is_right_on_the_day_and_falls_back() -> None:
    """IVR, 2022-06-06, one for ten: 329.9, 33.0, 329.9 and 33.0 million again."""
    seen, _ = walked(
        Day(1.75, 329.918e6), Day(16.75, 32.9918e6, previous=17.5), Day(16.9, 329.918e6), Day(16.8, 32.992e6)
    )
    assert counts(seen) == [329.9, 33.0, 33.0, 33.0]
    assert [item.cause for item in seen] == [None, None, "lags_split", None]


def test_a_count_that_leads_its_split() -> None:
    """Shopify: ten times the shares a week before its split of 2022-06-29, and ten times more on the day."""
    seen, register = walked(
        Day(340.0, 126.14e6),
        Day(350.26, 1_261.4e6),
        Day(350.26, 1_261.4e6),
        Day(33.05, 12_614.0e6, previous=35.026),
        Day(31.0, 1_153.9e6),
        Day(31.5, 1_261.4e6),
    )
    assert counts(seen) == [126.1, 126.1, 126.1, 1261.4, 1153.9, 1261.4]
    assert [item.cause for item in seen[:4]] == [None, *["jumped_without_split"] * 2, "jumped_without_split"]
    assert register["ratio"].to_list() == [10.0]


def test_an_inexact_lead_is_known_on_the_ex_date() -> None:
    """Novo Nordisk, 2023-09-20: the count doubled three sessions before, with other news in it; then nothing lags."""
    seen, _ = walked(Day(190.0, 2_246e6), Day(190.4, 4_478e6 * 1.01), Day(187.0, 4_478e6), Day(94.7, 4_496e6, 93.5))
    assert seen[3].ratio == 2.0
    assert counts(seen)[3] == 4496.0


def test_a_wrong_count_by_an_exact_factor_is_not_taken() -> None:
    """Amazon, 2022-05-25: twenty times its shares for a day, eleven sessions before the split."""
    seen, register = walked(Day(2082.0, 508.7e6), Day(2135.5, 10_174e6), Day(2221.55, 508.7e6))
    assert counts(seen) == [508.7, 508.7, 508.7]
    assert register.is_empty()


def test_after_a_quarter_a_jump_is_judged_like_any_other() -> None:
    seen, _ = walked(Day(40.0, 100e6), *[Day(40.0, 200e6)] * (MAX_SESSIONS + 2))
    assert counts(seen)[1 : MAX_SESSIONS + 1] == [100.0] * MAX_SESSIONS
    assert counts(seen)[-1] == 200.0


def test_an_operator_takes_a_count_as_it_is_shown() -> None:
    """The vendor mended an older mistake: no rule can tell that from a new one."""
    seen, _ = walked(Day(60.0, 5e9), Day(60.0, 2.5e9), Day(60.0, 2.5e9, is_accepted=True), Day(60.0, 2.5e9))
    assert counts(seen) == [5000.0, 5000.0, 2500.0, 2500.0]
    assert [item.cause for item in seen] == [None, "jumped_without_split", None, None]


def test_an_issue_is_an_issue() -> None:
    """A count that grows by any other number is left to the jump rule of admission."""
    seen, _ = walked(Day(4.0, 100e6), Day(3.5, 183.7e6))
    assert counts(seen) == [100.0, 183.7]
    assert seen[1].cause is None


@pytest.mark.parametrize(
    ("last", "previous", "why"),
    [
        (114.42, 74.68, "Crane spun off half of itself, 2023-04-04"),
        (20.39, 1.39, "Equity Commonwealth paid out 19 dollars, 2024-12-09"),
        (4.99, 0.19, "LianBio paid out 4.80 dollars, 2024-03-15"),
        (33.13, 36.41, "Pinterest's close was admitted before a late print, 2022-01-05"),
        (0.14, 0.175, "a penny stock moved by a quarter between two prints, 2022-12-13"),
        (5.15, 2.55, "Cargo's price broke by 2.02, 2024-04-23"),
    ],
)
def test_what_is_no_split(last: float, previous: float, why: str) -> None:
    seen, register = walked(Day(last, 50e6), Day(previous, 50e6, previous=previous))
    assert (seen[1].ratio, seen[1].count) == (1.0, 50.0), why
    assert register.is_empty(), why


@pytest.mark.parametrize(
    ("last", "previous", "ratio"),
    [
        (95.14, 19.028, 5.0),
        (134.59, 89.7267, 1.5),
        (43.31, 34.648, 1.25),
        (0.0383, 5.7447, 1 / 150),
        (0.2589, 5.178, 0.05),
        (112.68, 45.072, 2.5),
    ],
)
def test_exact_ratios_of_real_splits(last: float, previous: float, ratio: float) -> None:
    """Sony, Patrick, Central Garden, Crown Electrokinetics, MicroCloud, Ryanair: closes around their ex-dates."""
    seen, _ = walked(Day(last, 1_000e6), Day(previous, 1_000e6, previous=previous))
    assert seen[1].ratio == pytest.approx(ratio, abs=1e-6)


def test_a_previous_close_that_the_vendor_forgot_to_adjust() -> None:
    """BEST, 2023-04-04, one for four: close and count moved, the reported change is against the old close."""
    seen, _ = walked(Day(0.7202, 80e6), Day(2.66, 20e6, previous=0.7202))
    assert seen[1] == Seen(20.0, 0.25, "price_and_count", None)


def test_a_declared_split_where_the_source_tells_no_previous_close() -> None:
    seen, register = walked(Day(100.0, 10e6), Day(26.0, 40e6, declared=4.0, tells_previous=False))
    assert seen[1] == Seen(40.0, 4.0, "declared", None)
    assert register["confirmed_on"].to_list() == [START + timedelta(days=1)]


def test_a_declared_split_shown_by_the_close_alone() -> None:
    """ANET, 2024-12-04, four for one: effective the day before, change against the old close, the count a day late."""
    before = Day(414.46, 314.94e6, declared=4.0)
    on_it = Day(105.43, 314.94e6, previous=414.46, declared=4.0, declared_age=1)
    seen, register = walked(before, on_it, Day(106.83, 1_259.76e6))
    assert counts(seen) == [314.9, 1259.8, 1259.8]
    assert seen[1] == Seen(1259.8, 4.0, "declared", "lags_split")
    assert register.select("ex_date", "ratio").row(0) == (START + timedelta(days=1), 4.0)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (Day(101.0, 10e6, declared=4.0), "nothing moved on the declared day"),
        (Day(26.0, 10e6, previous=100.0, declared=4.0, declared_age=-2), "a close tells nothing before the date"),
        (Day(55.0, 10e6, previous=100.0, declared=1.5, declared_age=1), "twice the move of the ratio"),
        (Day(100.5, 10e6, declared=1.1), "a small split that the previous close does not show"),
        (Day(99.0, 10e6, declared=1.5, tells_previous=False), "no previous close, and the close stands"),
    ],
)
def test_a_declared_split_that_the_price_does_not_show(day: Day, why: str) -> None:
    seen, register = walked(Day(100.0, 10e6), day)
    assert seen[1].ratio == 1.0, why
    assert register.is_empty(), why


def test_a_small_declared_split_where_the_source_tells_no_previous_close() -> None:
    """Its date alone is trusted, and only on its day."""
    on_day, later = (Day(95.0, 10e6, declared=1.05, declared_age=age, tells_previous=False) for age in (0, 1))
    assert [walked(Day(100.0, 10e6), day)[0][1].ratio for day in (on_day, later)] == [1.05, 1.0]


@pytest.mark.parametrize("sessions", [1, 5])
def test_a_count_that_follows_a_close_that_nobody_explained(sessions: int) -> None:
    """As ANET's, without a list that declares it: the price is a quarter, some sessions later the count is fourfold."""
    fallen = Day(105.43, 314.94e6, previous=414.46)
    waiting = [Day(105.43, 314.94e6)] * (sessions - 1)
    seen, _ = walked(Day(414.46, 314.94e6), fallen, *waiting, *[Day(106.83, 1_259.76e6)] * 2)
    assert counts(seen)[-2:] == [1259.8, 1259.8]
    assert [item.cause for item in seen] == [None] * len(seen)


@pytest.mark.parametrize(
    ("fallen", "waits"),
    [
        (Day(105.43, 314.94e6, previous=414.46), 8),  # a day too late
        (Day(205.0, 314.94e6, previous=414.46), 0),  # by half, and the count is fourfold
        (Day(1600.0, 314.94e6, previous=414.46), 0),  # the other way
    ],
)
def test_a_count_that_does_not_follow_its_close(fallen: Day, waits: int) -> None:
    level = fallen.close
    seen, _ = walked(Day(414.46, 314.94e6), fallen, *[Day(level, 314.94e6)] * waits, Day(level, 1_259.76e6))
    assert counts(seen)[-1] == 314.9
    assert seen[-1].cause == "jumped_without_split"


def test_a_price_that_breaks_and_comes_back_was_no_split() -> None:
    seen, register = walked(
        Day(10.0, 50e6), Day(1.0, 50e6, previous=1.0), Day(10.0, 50e6, previous=10.0), Day(10.1, 50e6)
    )
    assert counts(seen)[-1] == 50.0
    assert register.select("ratio", "withdrawn_on").rows() == [(10.0, START + timedelta(days=2))]


def test_counts_carry_splits_strictly_after_their_date() -> None:
    """A count of the ex-date itself is in new shares; one of the day before is in old ones."""
    splits = pl.DataFrame(
        {
            "security_id": ["A", "A", "B"],
            "ex_date": [date(2024, 6, 10), date(2024, 9, 2), date(2024, 6, 10)],
            "ratio": [10.0, 2.0, 3.0],
            "evidence": "price",
            "confirmed_on": [None, None, None],
            "withdrawn_on": [None, None, date(2024, 6, 12)],
        },
        schema_overrides={"confirmed_on": pl.Date, "withdrawn_on": pl.Date},
    )
    asked = pl.DataFrame(
        [
            ("A", date(2024, 6, 7), date(2024, 6, 7), 1.0),
            ("A", date(2024, 6, 7), date(2024, 6, 10), 10.0),
            ("A", date(2024, 6, 10), date(2024, 8, 1), 1.0),
            ("A", date(2024, 5, 24), date(2024, 12, 31), 20.0),
            ("B", date(2024, 6, 7), date(2024, 6, 11), 3.0),
            ("B", date(2024, 6, 7), date(2024, 6, 12), 1.0),
            ("C", date(2024, 6, 7), date(2024, 6, 12), 1.0),
        ],
        schema=["security_id", "as_of", "session_date", "expected"],
        orient="row",
    )
    found = ratio_between(splits, asked)
    assert found["split_ratio"].to_list() == found["expected"].to_list()
