from statistics import fmean, median

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.unit.segment_returns import day, random_returns, returns_of
from transforms.contracts.risk import FORWARD_RETURNS
from transforms.measures.forward_returns import forward_returns

VALUES = ("start_count", "mean_return", "median_return", "positive_share", "null_reason")


def cycle(recovery: float) -> list[float | None]:
    """A fall by a quarter, 62 sessions of nothing, and a rise on the 63rd after the fall."""
    return [-0.25, *[0.0] * 62, recovery]


THREE = [None, *cycle(0.6), *cycle(0.4), *cycle(0.7)]
LAST = len(THREE) - 1


def of(frame: pl.DataFrame, number: int, start: str = "after_drawdown_20", horizon: int = 63) -> tuple[object, ...]:
    return frame.filter(session_date=day(number), start=start, horizon_sessions=horizon).select(VALUES).row(0)


def test_returns_after_drawdowns_by_hand() -> None:
    """Starts on sessions 1, 65 and 129, each over 63 sessions later."""
    found = forward_returns(returns_of(small=THREE), day(0))

    assert of(found, LAST) == (3, pytest.approx(1.7 / 3), pytest.approx(0.6), 1.0, None)
    assert of(found, LAST - 1) == (2, None, None, None, "too_few")
    assert of(found, 63)[0] == 0
    assert of(found, 64)[0] == 1
    assert of(found, LAST, horizon=126)[0] == 2  # over on sessions 127 and 191; the third would be on 255
    assert of(found, LAST, horizon=252)[0] == 0


def test_a_drawdown_has_one_start() -> None:
    """Deeper than 20 % twice, without a high between."""
    found = forward_returns(returns_of(small=[None, -0.25, 0.2, -0.2, *[0.0] * 200]), day(203))
    assert of(found, 203)[0] == 1


def test_twenty_percent_is_not_deeper_than_twenty_percent() -> None:
    found = forward_returns(returns_of(small=[None, -0.2, *[0.0] * 100]), day(101))
    assert of(found, 101)[0] == 0


def test_a_start_across_an_unknown_session_does_not_count() -> None:
    broken = [*THREE[:30], None, *THREE[31:]]
    assert of(forward_returns(returns_of(small=broken), day(LAST)), LAST)[0] == 2


def test_unconditional_starts_agree_with_a_count_by_hand() -> None:
    frame = random_returns(200, seed=6, missing=0, schemes=["a"])
    gains = frame.filter(segment="small").sort("session_date")["return_price_vw"].fill_null(0.0).to_list()
    expected = []
    for start in range(200 - 63):
        level = 1.0
        for gain in gains[start + 1 : start + 64]:
            level *= 1 + gain
        expected.append(level - 1)
    found = of(forward_returns(frame, day(199)).filter(segment="small"), 199, "unconditional")

    assert found == (
        137,
        pytest.approx(fmean(expected), rel=1e-10),
        pytest.approx(median(expected), rel=1e-10),
        pytest.approx(sum(gain > 0 for gain in expected) / 137),
        None,
    )


def test_one_session_is_what_the_whole_history_gives() -> None:
    frame = random_returns(400, seed=7)
    whole = forward_returns(frame, day(0))
    for number in (0, 63, 253, 399):
        of_day = whole.filter(session_date=day(number))
        past = frame.filter(pl.col("session_date") <= day(number))
        assert_frame_equal(forward_returns(past, day(number)), of_day, check_exact=True)
        found = forward_returns(frame, day(number)).filter(session_date=day(number))
        assert_frame_equal(found, of_day, check_exact=True)


def test_nothing_gives_nothing() -> None:
    assert forward_returns(returns_of(small=[]), day(0)).equals(FORWARD_RETURNS.empty())
    assert forward_returns(returns_of(small=[None, 0.1]), day(2)).equals(FORWARD_RETURNS.empty())
