"""Segments beside reference price series, by hand and against numpy; closes of funds and what splits do to them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.market_calendar import sessions_between
from tests.sql import hand_made
from transforms.contracts.benchmarks import BENCHMARK_DAILY, WINDOWS
from transforms.core.declared_splits import DECLARED
from transforms.core.fund_prices import (
    READ,
    RETURNS,
    SOURCES_IN_ORDER,
    fund_closes,
    fund_price_rows,
    fund_returns,
)
from transforms.measures.benchmark_registry import COMPARISONS, Comparison, comparisons
from transforms.measures.benchmarks import benchmark_daily, benchmark_returns, benchmark_rows, pairs_of

D = date
CALENDAR = sessions_between(D(2023, 1, 3), D(2024, 12, 31))
PAIR = (Comparison("small", "IWM", "fund", "none"),)


def ours(returns: dict[date, float | None], segment: str = "small") -> pl.DataFrame:
    rows = [("fixed_usd", segment, day, value) for day, value in returns.items()]
    schema = {"scheme_id": pl.String, "segment": pl.String, "session_date": pl.Date, "return_price_vw": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row")


def theirs(returns: dict[date, float], benchmark: str = "IWM") -> pl.DataFrame:
    return pl.DataFrame([(benchmark, day, value) for day, value in returns.items()], RETURNS, orient="row")


def at(rows: pl.DataFrame, day: date, window: str) -> dict[str, Any]:
    return rows.row(by_predicate=(pl.col("session_date") == day) & (pl.col("window_sessions") == window), named=True)


def random_returns(days: list[date], seed: int, mean: float = 0.0) -> dict[date, float]:
    values = np.random.default_rng(seed).normal(mean, 0.01, len(days))
    return dict(zip(days, values.tolist(), strict=True))


def numpy_of(mine: list[float], other: list[float]) -> tuple[float, float, float, float, float]:
    """Both compounded returns, their difference, the tracking error a year, and the correlation: the textbook way."""
    a, b = np.array(mine), np.array(other)
    up, down = np.prod(1 + a) - 1, np.prod(1 + b) - 1
    error = np.std(a - b, ddof=1) * np.sqrt(252)
    return up, down, up - down, error, np.corrcoef(a, b)[0, 1]


NAMES = ("segment_return", "benchmark_return", "tracking_difference", "tracking_error", "correlation")


def test_twenty_one_sessions_by_hand() -> None:
    """Up 1 % and down 1 % by turns, the segment 0.1 % more each day."""
    days = CALENDAR[:22]
    base = {day: 0.01 if number % 2 else -0.01 for number, day in enumerate(days)}
    mine: dict[date, float | None] = {day: value + 0.001 for day, value in base.items()}
    row = at(benchmark_daily(ours(mine), theirs(base), PAIR, CALENDAR), days[-1], "21")
    assert row["observations"] == 21
    assert row["benchmark_return"] == pytest.approx(1.01**11 * 0.99**10 - 1, abs=1e-12)
    assert row["segment_return"] == pytest.approx(1.011**11 * 0.991**10 - 1, abs=1e-12)
    assert row["tracking_difference"] == pytest.approx(row["segment_return"] - row["benchmark_return"], abs=1e-12)
    assert row["tracking_error"] == pytest.approx(0.0, abs=1e-9)
    assert row["correlation"] == pytest.approx(1.0, abs=1e-12)
    assert row["null_reason"] is None


@pytest.mark.parametrize("window", list(WINDOWS))
def test_every_window_agrees_with_numpy(window: str) -> None:
    mine, other = random_returns(CALENDAR, 1, 0.0005), random_returns(CALENDAR, 2)
    rows = benchmark_daily(ours({**mine}), theirs(other), PAIR, CALENDAR)
    for number in (130, 300, len(CALENDAR) - 1):
        first = 1 if WINDOWS[window][0] is None else max(1, number + 1 - (WINDOWS[window][0] or 0))
        picked = CALENDAR[first : number + 1]
        found = at(rows, CALENDAR[number], window)
        assert found["observations"] == len(picked)
        expected = numpy_of([mine[day] for day in picked], [other[day] for day in picked])
        assert [found[name] for name in NAMES] == [pytest.approx(value, abs=1e-9) for value in expected]


def test_a_session_after_an_absent_one_is_no_observation_on_either_side() -> None:
    mine, other = random_returns(CALENDAR[:40], 3), random_returns(CALENDAR[:40], 4)
    absent = CALENDAR[30]
    kept: dict[date, float | None] = {day: value for day, value in mine.items() if day != absent}
    kept[CALENDAR[33]] = None
    found = at(benchmark_daily(ours(kept), theirs(other), PAIR, CALENDAR), CALENDAR[39], "21")
    # The last 21 admitted sessions begin one earlier; the one after the gap and the one without a return are out.
    picked = [day for day in CALENDAR[18:40] if day not in (absent, CALENDAR[31], CALENDAR[33])]
    assert found["observations"] == len(picked) == 19
    expected = numpy_of([mine[day] for day in picked], [other[day] for day in picked])
    assert [found[name] for name in NAMES] == [pytest.approx(value, abs=1e-9) for value in expected]


def test_too_few_no_data_and_no_variance_are_told_apart() -> None:
    days = CALENDAR[:22]
    mine: dict[date, float | None] = dict(random_returns(days, 5))
    some = at(benchmark_daily(ours(mine), theirs(dict.fromkeys(days[-14:], 0.01)), PAIR, CALENDAR), days[-1], "21")
    assert (some["observations"], some["least_observations"], some["null_reason"]) == (14, 15, "too_few")
    assert [some[name] for name in NAMES] == [None] * 5
    none = at(benchmark_daily(ours(mine), theirs({}), PAIR, CALENDAR), days[-1], "21")
    assert (none["observations"], none["null_reason"]) == (0, "no_data")
    still = at(benchmark_daily(ours(mine), theirs(dict.fromkeys(days, 0.0)), PAIR, CALENDAR), days[-1], "21")
    assert (still["correlation"], still["null_reason"]) == (None, "no_variance")
    assert still["tracking_error"] > 0
    early = at(benchmark_daily(ours(mine), theirs(dict.fromkeys(days, 0.0)), PAIR, CALENDAR), days[5], "all")
    assert (early["observations"], early["null_reason"]) == (5, "too_few")


def test_what_comes_later_and_in_which_order_changes_nothing() -> None:
    mine, other = random_returns(CALENDAR, 6), random_returns(CALENDAR, 7)
    whole = benchmark_daily(ours({**mine}), theirs(other), PAIR, CALENDAR)
    until = CALENDAR[200]
    early = benchmark_daily(
        ours({day: value for day, value in mine.items() if day <= until}).sample(fraction=1.0, shuffle=True, seed=1),
        theirs(other).sample(fraction=1.0, shuffle=True, seed=2),
        PAIR,
        CALENDAR,
    )
    assert whole.filter(pl.col("session_date") <= until).equals(early)


def test_nothing_at_all_gives_an_empty_table() -> None:
    assert benchmark_daily(ours({}), theirs({}), PAIR, CALENDAR).equals(BENCHMARK_DAILY.empty())


def read(*closes: tuple[str, date, float], vintage: date = CALENDAR[-1], source: str = "etf_flows") -> pl.DataFrame:
    rows = [
        {
            "fund": fund,
            "as_of": day,
            "price": price,
            "segment": None,
            "vintage_date": vintage,
            "source": source,
            "file_sha256": f"{vintage}",
            "landed_at": datetime(2025, 1, 1, tzinfo=UTC),
        }
        for fund, day, price in closes
    ]
    return pl.DataFrame(rows, schema=READ)


def declared(*splits: tuple[str, date, float, date]) -> pl.DataFrame:
    rows = [(fund, day, ratio, known, "files") for fund, day, ratio, known in splits]
    return pl.DataFrame(rows, DECLARED, orient="row")


def returns_of(closes: list[float], splits: pl.DataFrame, days: list[date] = CALENDAR) -> list[tuple[date, float]]:
    prices = fund_price_rows(read(*[("IJR", day, close) for day, close in zip(days, closes, strict=False)]), CALENDAR)
    found = fund_returns(fund_closes(prices), splits, CALENDAR)
    return [(day, round(value, 9)) for day, value in found.select("session_date", "return").iter_rows()]


ONE, TWO, THREE, FOUR = CALENDAR[:4]


def test_a_split_that_is_declared_is_no_return() -> None:
    assert returns_of([100.0, 51.0, 52.02], declared(("IJR", TWO, 2.0, ONE))) == [(TWO, 0.02), (THREE, 0.02)]
    assert returns_of([100.0, 1010.0], declared(("IJR", TWO, 0.1, ONE))) == [(TWO, 0.01)]


def test_a_split_in_closes_that_are_adjusted_already_changes_nothing() -> None:
    assert returns_of([50.0, 51.0], declared(("IJR", TWO, 2.0, ONE))) == [(TWO, 0.02)]


@pytest.mark.parametrize(
    "splits",
    [
        declared(),
        declared(("IJR", TWO, 2.0, THREE)),  # nobody knew it yet
        declared(("IWM", TWO, 2.0, ONE)),
        declared(("IJR", THREE, 2.0, ONE)),
        declared(("IJR", TWO, 2.0, ONE), ("IJR", TWO, 3.0, ONE)),
    ],
    ids=["undeclared", "later", "another", "elsewhen", "contradicted"],
)
def test_a_split_that_nothing_explains_is_refused(splits: pl.DataFrame) -> None:
    assert returns_of([100.0, 50.0, 51.0], splits) == [(THREE, 0.02)]


def test_a_small_split_is_taken_out_too() -> None:
    """Six for five: -16 % would pass for a return."""
    assert returns_of([120.0, 101.0], declared(("IJR", TWO, 1.2, ONE))) == [(TWO, 0.01)]


def test_returns_need_both_closes_on_consecutive_sessions() -> None:
    days = [ONE, TWO, FOUR, CALENDAR[4]]
    assert [day for day, _ in returns_of([10.0, 10.1, 10.3, 10.4], declared(), days)] == [TWO, CALENDAR[4]]


def test_closes_of_days_without_a_session_are_not_in_the_table() -> None:
    saturday = D(2023, 1, 7)
    rows = fund_price_rows(read(("IWM", saturday, 10.0), ("IWM", ONE, 9.0)), CALENDAR)
    assert rows["session_date"].to_list() == [ONE]


def test_a_changed_close_is_a_row_of_its_vintage_and_the_first_one_counts() -> None:
    first, later = read(("IWM", ONE, 10.0), vintage=ONE), read(("IWM", ONE, 9.0), vintage=THREE)
    same = read(("IWM", ONE, 10.0), vintage=TWO)
    rows = fund_price_rows(pl.concat([later, same, first]), CALENDAR)
    assert rows.select("close", "vintage_date").rows() == [(10.0, ONE), (9.0, THREE)]
    assert [at.date() - timedelta(days=1) for at in rows["known_at"]] == [ONE, THREE]  # the evening in New York
    assert fund_closes(rows)["close"].to_list() == [10.0]
    assert fund_price_rows(pl.concat([first, same, later]), CALENDAR).equals(rows)


def test_closes_of_a_fund_come_from_one_source() -> None:
    vendor = read(("IWM", ONE, 10.0), ("IWM", TWO, 11.0), ("SPY", ONE, 1.0))
    own = read(("IWM", ONE, 20.0), source="files")
    closes = fund_closes(fund_price_rows(pl.concat([vendor, own]), CALENDAR))
    assert closes.rows() == [("IWM", ONE, 20.0), ("SPY", ONE, 1.0)]
    assert SOURCES_IN_ORDER[0] == "files"


def test_the_index_comes_from_macro_as_first_published() -> None:
    macro = hand_made.rows(
        "core.macro",
        *[
            {"series": series, "as_of": day, "value": value, "vintage_date": vintage, "source": "fred"}
            for series, day, value, vintage in (
                ("SP500", ONE, 4000.0, ONE),
                ("SP500", TWO, 4040.0, TWO),
                ("SP500", TWO, 8080.0, FOUR),
                ("SP500", FOUR, 4000.0, FOUR),
                ("DGS10", ONE, 4.0, ONE),
                ("DGS10", TWO, 5.0, TWO),
            )
        ],
    )
    found = benchmark_returns(fund_price_rows(read(), CALENDAR), macro, declared(), CALENDAR)
    assert found.rows() == [("SP500", TWO, pytest.approx(0.01))]


def test_a_fund_of_the_operator_is_set_against_the_segment_that_he_names() -> None:
    assert comparisons({}) == COMPARISONS
    added = comparisons({"OWN": "micro", "VB": None, "QQQ": None, "IWM": None, "IJR": "smid"})[len(COMPARISONS) :]
    assert [(entry.segment, entry.benchmark) for entry in added] == [("smid", "IJR"), ("micro", "OWN"), ("small", "VB")]
    prices = fund_price_rows(read(("OWN", ONE, 1.0)).with_columns(segment=pl.lit("micro")), CALENDAR)
    assert pairs_of(prices)[-1].segment == "micro"


def test_the_registry_says_each_pair_once_with_its_differences() -> None:
    rows = benchmark_rows(COMPARISONS)
    assert rows.height == len(COMPARISONS)
    assert not rows.select("segment", "benchmark").is_duplicated().any()
    assert {"SP500", "IWM", "IJR", "SPY"} <= set(rows["benchmark"])
    assert set(rows["return_basis"]) == {"price"}, "segments have price returns alone"
    assert all("dividends" in told or "price index" in told for told in rows["differences"])
