import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.unit.segment_returns import day, random_returns, returns_of
from transforms.contracts.risk import REGIME_DAILY
from transforms.measures.regime import regime_daily

RISE = [None, *[0.001] * 259]
"""A year that goes up by a quarter and more, so that it is not sideways."""
FIRST = len(RISE)


def after_a_rise(*returns: float | None) -> pl.DataFrame:
    """Rows of the sessions after the rise."""
    return regime_daily(returns_of(small=[*RISE, *returns]), day(FIRST))


def regimes(*returns: float | None) -> list[str]:
    return after_a_rise(*returns)["regime"].to_list()


def test_a_short_history_has_no_regime() -> None:
    found = regime_daily(returns_of(small=RISE), day(0))
    assert found["regime"].to_list() == ["unknown"] * 199 + ["high"] * 61
    assert found["since"].to_list() == [day(0)] * 199 + [day(199)] * 61


def test_high_ends_at_five_percent() -> None:
    assert regimes(-0.05) == ["high"]
    assert regimes(-0.051) == ["pullback"]


def test_bear_begins_below_twenty_percent() -> None:
    assert regimes(-0.2) == ["pullback"]
    assert regimes(-0.2001) == ["bear"]


def test_bear_recovery_relapse_and_high_by_hand() -> None:
    """Levels of the old high: 0.75, 0.888, 0.9, 0.81, 0.972, 1.0692."""
    returns = (-0.25, 0.184, 0.9 / 0.888 - 1, -0.1, 0.2, 0.1)
    assert regimes(*returns) == ["bear", "bear", "recovery", "bear", "recovery", "high"]


def test_near_the_high_after_a_bear_market_is_still_a_recovery() -> None:
    assert regimes(-0.25, 0.33)[-1] == "recovery"


def test_a_year_within_a_fifth_is_sideways() -> None:
    """The fall is in the window for 252 sessions, as the first level of them for the last."""
    found = after_a_rise(-0.3, *[0.0] * 252)
    kinds = found["regime"].to_list()
    assert kinds[:251] == ["bear"] * 251
    assert kinds[251:] == ["sideways"] * 2
    assert found["since"].to_list()[251:] == [day(FIRST + 251)] * 2
    assert found["drawdown"].unique().to_list() == [-0.3]


@pytest.mark.parametrize(
    ("last", "regime"), [(0.05, "sideways"), (0.051, "bear"), (-0.05, "sideways"), (-0.06, "bear")]
)
def test_sideways_ends_with_a_change_of_five_percent(last: float, regime: str) -> None:
    assert regimes(-0.4, *[0.0] * 251, last)[-1] == regime


def test_a_wide_year_that_ends_where_it_began_is_not_sideways() -> None:
    assert regimes(-0.4, *[0.0] * 100, 0.21, 1 / 1.21 - 1, *[0.0] * 150)[-1] == "bear"


def test_a_flat_year_at_the_high_is_a_high() -> None:
    assert regimes(*[0.0] * 252)[-1] == "high"


def test_a_session_without_a_return_is_unknown_and_breaks_the_run() -> None:
    found = after_a_rise(0.0, None, 0.0)
    assert found["regime"].to_list() == ["high", "unknown", "high"]
    assert found["since"].to_list() == [day(199), day(FIRST + 1), day(FIRST + 2)]
    assert found["drawdown"].to_list() == [0.0, None, 0.0]


def test_one_session_is_what_the_whole_history_gives() -> None:
    frame = random_returns(500, seed=4)
    whole = regime_daily(frame, day(0))
    assert whole["regime"].n_unique() >= 3
    for number in (0, 250, 499):
        past = frame.filter(pl.col("session_date") <= day(number))
        of_day = whole.filter(session_date=day(number))
        assert_frame_equal(regime_daily(past, day(number)), of_day, check_exact=True)
        assert_frame_equal(regime_daily(frame, day(number)).filter(session_date=day(number)), of_day, check_exact=True)


def test_nothing_gives_nothing() -> None:
    assert regime_daily(returns_of(small=[]), day(0)).equals(REGIME_DAILY.empty())
    assert regime_daily(returns_of(small=[None]), day(1)).equals(REGIME_DAILY.empty())
