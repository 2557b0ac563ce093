"""Segments against benchmarks: by hand, against numpy, and what a session may not know."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest

from transforms.contracts.benchmarks import BENCHMARK_DAILY, BENCHMARK_MEASURES, BENCHMARKS
from transforms.measures.benchmarks import LEVELS, benchmark_daily, benchmark_levels

START = date(2024, 1, 1)
RETURNS = {"session_date": pl.Date, "scheme_id": pl.String, "segment": pl.String, "return_price_vw": pl.Float64}


def day(number: int) -> date:
    return START + timedelta(days=number)


def at(number: int, hour: int = 21) -> datetime:
    return datetime.combine(day(number), time(hour), UTC)


def closes(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        [(day(number), at(number)) for number in range(count)],
        {"session_date": pl.Date, "known_at": pl.Datetime("us", "UTC")},
        orient="row",
    )


def returns(values: list[float | None], segment: str = "small") -> pl.DataFrame:
    return pl.DataFrame(
        [(day(number), "fixed_usd", segment, value) for number, value in enumerate(values)], RETURNS, orient="row"
    )


def levels(values: list[float | None], benchmark: str = "IWM", hour: int = 20) -> pl.DataFrame:
    rows = [
        (benchmark, day(number), value, at(number, hour)) for number, value in enumerate(values) if value is not None
    ]
    return pl.DataFrame(rows, LEVELS, orient="row")


def told(found: pl.DataFrame, number: int, measure: str, benchmark: str = "IWM") -> tuple[object, object, object]:
    row = found.filter(session_date=day(number), benchmark=benchmark, measure=measure).row(0, named=True)
    return row["value"], row["observations"], row["null_reason"]


MOVES = [None, *([0.01, -0.005, 0.02] * 5), 0.0]
LEVEL = [100.0 * 1.001**number * (1 + 0.003 * (number % 4)) for number in range(17)]


def test_sixteen_sessions_by_hand() -> None:
    found = benchmark_daily(returns(MOVES), levels(LEVEL), closes(17), START)
    own = (1.01 * 0.995 * 1.02) ** 5 - 1
    value, observations, reason = told(found, 16, "tracking_difference_21")
    assert value == pytest.approx(own - (LEVEL[16] / LEVEL[0] - 1), rel=1e-9)
    assert (observations, reason) == (16, None)
    assert told(found, 14, "tracking_difference_21") == (None, 14, "too_few")
    assert told(found, 16, "tracking_difference_252") == (None, 16, "too_few")


def test_errors_and_correlations_are_those_of_numpy() -> None:
    rng = np.random.default_rng(3)
    own, other = rng.normal(0, 0.01, 300), rng.normal(0, 0.01, 300)
    both = 0.6 * own + 0.4 * other
    chained = 50 * np.cumprod(1 + both)
    found = benchmark_daily(returns(own.tolist()), levels(chained.tolist()), closes(300), day(295))
    for sessions in (21, 63, 252):
        one, two = own[300 - sessions :], both[300 - sessions :]
        expected = {
            "tracking_difference": np.prod(1 + one) - np.prod(1 + two),
            "tracking_error": np.std(one - two, ddof=1) * np.sqrt(252),
            "correlation": np.corrcoef(one, two)[0, 1],
        }
        for name, value in expected.items():
            assert told(found, 299, f"{name}_{sessions}") == (pytest.approx(value, rel=1e-9), sessions, None)


def test_a_level_that_was_not_out_by_the_close_is_not_in_the_window() -> None:
    in_time = benchmark_daily(returns(MOVES), levels(LEVEL), closes(17), START)
    late = benchmark_daily(returns(MOVES), levels(LEVEL, hour=23), closes(17), START)
    assert told(late, 16, "tracking_difference_21")[1] == 15
    assert told(late, 15, "correlation_21")[1] == 14
    assert told(in_time, 15, "correlation_21")[1] == 15


def test_of_several_vintages_the_first_that_was_known_counts() -> None:
    revised = levels([value * 2 for value in LEVEL], hour=22)
    once = benchmark_daily(returns(MOVES), levels(LEVEL), closes(17), START)
    assert benchmark_daily(returns(MOVES), pl.concat([revised, levels(LEVEL)]), closes(17), START).equals(once)


def test_sessions_that_either_lacks_are_left_out_of_both() -> None:
    holes = [*LEVEL[:5], None, *LEVEL[6:]]
    moves = [*MOVES[:10], None, *MOVES[11:]]
    long_moves, long_levels = [*moves, 0.01, 0.01], [*holes, 121.0, 122.0]
    found = benchmark_daily(returns(long_moves), levels(long_levels), closes(19), START)
    assert (
        told(found, 18, "tracking_difference_21")[1] == 18 - 3
    )  # two without a level beside them, one without a return


def test_a_split_of_a_fund_is_no_return() -> None:
    split = [value if number < 9 else value / 2 for number, value in enumerate(LEVEL)]
    whole = benchmark_daily(returns(MOVES), levels(LEVEL), closes(17), START)
    found = benchmark_daily(returns(MOVES), levels(split), closes(17), START)
    assert told(found, 16, "tracking_difference_21")[1] == 15
    assert told(whole, 16, "tracking_difference_21")[1] == 16


def test_a_benchmark_without_any_value_says_so() -> None:
    found = benchmark_daily(returns(MOVES), levels(LEVEL), closes(17), START)
    assert told(found, 16, "correlation_21", "IJR") == (None, 0, "no_data")
    expected = len(MOVES) * len(BENCHMARK_MEASURES) * sum("small" in one.segments for one in BENCHMARKS)
    assert found.height == expected
    assert found.filter(pl.col("value").is_null() == pl.col("null_reason").is_null()).is_empty()


def test_a_night_tells_what_one_run_over_all_sessions_tells() -> None:
    rng = np.random.default_rng(4)
    own = [None, *rng.normal(0, 0.01, 80).tolist()]
    other = (70 * np.cumprod(1 + rng.normal(0, 0.01, 81))).tolist()
    segments = pl.concat([returns(own), returns(own[:60], "micro")])
    known = pl.concat([levels(other), levels(other[20:], "IWC", hour=23)])
    whole = benchmark_daily(segments, known, closes(81), START)
    for last in (30, 59, 60, 80):
        by_then = pl.col("session_date") <= day(last)
        public = known.filter(pl.col("known_at") <= at(last))
        night = benchmark_daily(segments.filter(by_then), public, closes(last + 1), day(last))
        assert night.equals(whole.filter(session_date=day(last))), last


def test_no_segment_that_is_compared_gives_no_row() -> None:
    assert benchmark_daily(returns(MOVES, "nano"), levels(LEVEL), closes(17), START).equals(BENCHMARK_DAILY.empty())


def test_levels_are_the_index_and_the_value_of_a_share() -> None:
    known = at(0)
    macro = pl.DataFrame(
        {"series": ["SP500", "DGS10"], "as_of": [START, START], "value": [4700.0, 4.0], "known_at": [known, known]}
    )
    funds = pl.DataFrame(
        {"fund": ["IWM", "XLK", "IJR"], "as_of": [START] * 3, "nav": [200.0, 190.0, None], "known_at": [known] * 3}
    )
    assert benchmark_levels(macro, funds).rows() == [("SP500", START, 4700.0, known), ("IWM", START, 200.0, known)]
