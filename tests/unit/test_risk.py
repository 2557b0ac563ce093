import math

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import statsmodels.api as sm
from polars.testing import assert_frame_equal

from tests.unit.segment_returns import day, random_returns, returns_of
from transforms.contracts.risk import RISK_DAILY, RISK_MEASURES
from transforms.measures.episodes import episodes
from transforms.measures.risk import risk_daily
from transforms.measures.risk_estimators import (
    Reason,
    beta,
    correlation,
    dimson_beta,
    downside_beta,
    scholes_williams_beta,
    volatility,
)

OPERATIONS = 252 * 10
"""Some ten roundings per session of a window."""
UNROUNDED = OPERATIONS * float(np.finfo(float).eps)
TOLERANCE = UNROUNDED + 5e-12
"""Relative; the second part is the rounding of what is published, to 12 digits."""

Values = npt.NDArray[np.float64]


def row(*values: float | None) -> Values:
    return np.array([[np.nan if value is None else value for value in values]])


def one(found: pl.DataFrame, measure: str, number: int, segment: str = "small") -> tuple[float | None, int, str | None]:
    """Value, observations and null_reason of one row."""
    line = found.filter(session_date=day(number), segment=segment, measure=measure)
    return line.select("value", "observations", "null_reason").row(0)


def test_volatility_by_hand() -> None:
    """Sixteen returns of 1 % up and down: squares of 16e-4 over 15."""
    values = [None, *[0.01, -0.01] * 8]
    found = risk_daily(returns_of(small=values), day(0))

    assert one(found, "volatility_21", 16) == (pytest.approx(math.sqrt(252 * 16e-4 / 15), rel=1e-11), 16, None)
    assert one(found, "volatility_21", 14) == (None, 14, "too_few")
    assert one(found, "volatility_63", 16) == (None, 16, "too_few")


def test_volatility_forgets_what_is_before_its_window() -> None:
    found = risk_daily(returns_of(small=[None, 0.9, *[0.01] * 21]), day(21))
    assert one(found, "volatility_21", 22) == (0.0, 21, None)
    assert one(found, "volatility_21", 21)[0] == pytest.approx(math.sqrt(252) * 0.89 / math.sqrt(21))


def test_beta_and_correlation_by_hand() -> None:
    market = [None, *[0.02, -0.01, 0.0] * 40]
    found = risk_daily(
        returns_of(
            total=market,
            large=[None if value is None else 0.01 - value for value in market],
            small=[None if value is None else 1.5 * value + 0.001 for value in market],
        ),
        day(119),
    )
    assert one(found, "beta_252", 120) == (pytest.approx(1.5), 120, None)
    assert one(found, "beta_252", 120, "large") == (pytest.approx(-1), 120, None)
    assert one(found, "beta_252", 120, "total") == (1.0, 120, None)
    assert one(found, "beta_252", 119) == (None, 119, "too_few")
    assert one(found, "correlation_total_252", 120)[0] == pytest.approx(1)
    assert one(found, "correlation_large_252", 120)[0] == pytest.approx(-1)
    assert one(found, "correlation_63", 120) == (pytest.approx(-1), 63, None)


def test_simple_estimators_by_hand() -> None:
    """r 1, 2, 6 against m 1, 2, 3: means 3 and 2, products 2 + 0 + 3, squares of m 2, of r 14."""
    found = beta(row(1, 2, 6), row(1, 2, 3))
    assert (found.value[0], found.observations[0]) == (2.5, 3)
    assert correlation(row(1, 2, 6), row(1, 2, 3)).value[0] == pytest.approx(5 / math.sqrt(28))
    assert volatility(row(1, 2, 6)).value[0] == pytest.approx(math.sqrt(252 * 7))
    with_unknown = beta(row(1, None, 2, 6, 9), row(1, 9, 2, 3, None))
    assert (with_unknown.value[0], with_unknown.observations[0]) == (2.5, 3)


def test_downside_beta_looks_at_falling_markets_alone() -> None:
    found = downside_beta(row(-3, -6, 1, 2, 5, 7), row(-1, -2, 1, 2, 0, None))
    assert (found.value[0], found.observations[0]) == (3.0, 2)


def test_dimson_adds_the_slopes_of_the_three_sessions() -> None:
    """r = 0.5 m + 0.3 m-1 + 0.2 m+1 + 0.01 exactly."""
    market = np.array([3.0, 1, -4, 1, 5, -9, 2, 6])
    before, same, after = market[None, :-2], market[None, 1:-1], market[None, 2:]
    found = dimson_beta(0.5 * same + 0.3 * before + 0.2 * after + 0.01, before, same, after)
    assert (found.value[0], found.observations[0]) == (pytest.approx(1.0), 6)


def test_lags_that_say_the_same_give_no_dimson_beta() -> None:
    """m 1, 1, -1, -1, 1, 1: the session after is minus the one before. Scholes-Williams: rho 0, slopes 0, 1, 0."""
    lags = row(1, 1, -1, -1), row(1, -1, -1, 1), row(-1, -1, 1, 1)
    found = dimson_beta(row(2, 0, 0, 2), *lags)
    assert np.isnan(found.value[0])
    assert found.reason[0] == Reason.collinear
    assert scholes_williams_beta(row(2, 0, 0, 2), *lags).value[0] == pytest.approx(1)


def test_scholes_williams_by_hand() -> None:
    """m 1, 2 .. 7 and r = 2 m: three slopes of 2 over 1 + 2 x 1."""
    market = np.arange(1.0, 8)
    lags = market[None, :-2], market[None, 1:-1], market[None, 2:]
    assert scholes_williams_beta(2 * lags[1], *lags).value[0] == pytest.approx(2)


def test_scholes_williams_of_a_market_that_turns_every_session() -> None:
    """Rho is -1: over 1 - 2 the sign of the beta would turn."""
    market = np.array([1.0, -1, 1, -1, 1, -1])
    lags = market[None, :-2], market[None, 1:-1], market[None, 2:]
    assert scholes_williams_beta(lags[1], *lags).reason[0] == Reason.negative_denominator


def test_a_market_that_never_moves_has_no_beta() -> None:
    found = risk_daily(returns_of(total=[0.001] * 254, small=[0.01, -0.01] * 127), day(253))
    for measure in ("beta_252", "beta_dimson_252", "beta_scholes_williams_252", "correlation_total_252"):
        assert one(found, measure, 253) == (None, 252, "no_variance")
    assert one(found, "downside_beta_252", 253) == (None, 0, "too_few")
    assert one(found, "correlation_large_252", 253) == (None, 0, "too_few")


def test_the_lead_of_the_market_is_of_the_session_itself() -> None:
    """The window of the betas with lags ends one session earlier, so the segment's own last return is not in it."""
    whole = random_returns(300, seed=5, missing=0)
    last = pl.col("session_date") == day(299)
    own = last & (pl.col("segment") == "small")
    changed = whole.with_columns(return_price_vw=pl.when(own).then(0.5).otherwise("return_price_vw"))
    of_market = last & (pl.col("segment") == "total")
    moved = whole.with_columns(return_price_vw=pl.when(of_market).then(0.5).otherwise("return_price_vw"))
    before, after, after_market = (risk_daily(each, day(299)) for each in (whole, changed, moved))
    for measure in ("beta_dimson_252", "beta_scholes_williams_252"):
        assert one(after, measure, 299) == one(before, measure, 299)
        assert one(after_market, measure, 299) != one(before, measure, 299)
    assert one(after, "beta_252", 299) != one(before, "beta_252", 299)


def test_drawdown_water_and_recovery_by_hand() -> None:
    """Levels 1, 1.25, 1.0, 0.9, 1.125, 1.35, unknown, 1.08."""
    found = risk_daily(returns_of(small=[None, 0.25, -0.2, -0.1, 0.25, 0.2, None, -0.2]), day(0))

    def over_time(measure: str) -> list[float | None]:
        return found.filter(measure=measure).sort("session_date")["value"].to_list()

    assert over_time("drawdown") == [0.0, 0.0, -0.2, -0.28, -0.1, 0.0, None, -0.2]
    assert over_time("sessions_under_water") == [0, 0, 1, 2, 3, 0, None, 2]
    assert over_time("recovery_sessions") == [None] * 5 + [2, 2, 2]
    assert one(found, "drawdown", 6) == (None, 6, "no_return")
    assert one(found, "recovery_sessions", 4) == (None, 5, "none_completed")


def test_episodes_by_hand() -> None:
    found = episodes(row(0, -0.25, -0.1, None, -0.3, 0, -0.2, -0.21, -0.05, 0, -0.1, 0))

    assert found.depth[0].tolist() == [0, -0.25, -0.25, -0.25, -0.3, 0, -0.2, -0.21, -0.21, 0, -0.1, 0]
    assert found.under_water[0].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 1, 0]
    assert np.flatnonzero(found.enters_deep[0]).tolist() == [1, 7]
    assert found.recovery[0, 5:].tolist() == [1, 1, 1, 1, 2, 2, 2]  # 10 % is not deeper than 10 %


def test_range_needs_four_years() -> None:
    found = risk_daily(returns_of(small=[None, *[0.0] * 500, 0.5, *[0.0] * 506]), day(1006))
    assert one(found, "range_1008", 1006) == (None, 1007, "too_few")
    assert one(found, "range_1008", 1007) == (0.5, 1008, None)


def test_range_over_a_level_of_nothing() -> None:
    found = risk_daily(returns_of(small=[None, -1.0, *[0.0] * 1006]), day(1007))
    assert one(found, "range_1008", 1007) == (None, 1008, "zero_level")


def series(frame: pl.DataFrame, scheme: str, segment: str) -> Values:
    return frame.filter(scheme_id=scheme, segment=segment).sort("session_date")["return_price_vw"].to_numpy()


def slopes(y: Values, *regressors: Values) -> Values:
    """Of the independent least squares, without the constant."""
    known = ~np.isnan(y + sum(regressors))
    design = sm.add_constant(np.column_stack([regressor[known] for regressor in regressors]))
    return np.asarray(sm.OLS(y[known], design).fit().params[1:])


@pytest.mark.parametrize("number", [299, 253, 180])
def test_betas_agree_with_statsmodels(number: int) -> None:
    frame = random_returns(300, seed=11)
    found = risk_daily(frame, day(number)).filter(session_date=day(number), scheme_id="b")
    small, market = series(frame, "b", "small"), series(frame, "b", "total")
    window = slice(max(0, number - 251), number + 1)
    ends = np.arange(max(1, number - 252), number)
    lags = market[ends - 1], market[ends], market[ends + 1]
    known = ~np.isnan(small[ends] + sum(lags))
    alone = [slopes(np.where(known, small[ends], np.nan), lag)[0] for lag in lags]
    rho = np.corrcoef(lags[0][known], lags[1][known])[0, 1]
    falls = market[window] < 0

    assert one(found, "beta_252", number)[0] == pytest.approx(slopes(small[window], market[window])[0], rel=TOLERANCE)
    assert one(found, "beta_dimson_252", number)[:2] == (
        pytest.approx(slopes(small[ends], *lags).sum(), rel=TOLERANCE),
        known.sum(),
    )
    assert one(found, "beta_scholes_williams_252", number)[0] == pytest.approx(
        sum(alone) / (1 + 2 * rho), rel=TOLERANCE
    )
    assert one(found, "downside_beta_252", number)[0] == pytest.approx(
        slopes(small[window][falls], market[window][falls])[0], rel=TOLERANCE
    )
    both = ~np.isnan(small[window] + market[window])
    assert one(found, "correlation_total_252", number)[0] == pytest.approx(
        np.corrcoef(small[window][both], market[window][both])[0, 1], rel=TOLERANCE
    )


def test_estimators_agree_with_statsmodels_before_they_are_rounded() -> None:
    chance = np.random.default_rng(2)
    market = chance.normal(0.0005, 0.012, 254)
    lags = market[:-2], market[1:-1], market[2:]
    own = 0.7 * lags[1] + 0.3 * lags[0] + chance.normal(0, 0.01, 252)
    many = [lag[None, :] for lag in lags]

    assert beta(own[None, :], many[1]).value[0] == pytest.approx(slopes(own, lags[1])[0], rel=UNROUNDED)
    assert dimson_beta(own[None, :], *many).value[0] == pytest.approx(slopes(own, *lags).sum(), rel=UNROUNDED)
    rho = np.corrcoef(lags[0], lags[1])[0, 1]
    expected = sum(slopes(own, lag)[0] for lag in lags) / (1 + 2 * rho)
    assert scholes_williams_beta(own[None, :], *many).value[0] == pytest.approx(expected, rel=UNROUNDED)
    assert volatility(own[None, :]).value[0] == pytest.approx(own.std(ddof=1) * math.sqrt(252), rel=UNROUNDED)


def test_drawdowns_agree_with_a_running_maximum() -> None:
    """Independent, as in empyrical: cumulative returns over their running maximum."""
    frame = random_returns(400, seed=3, missing=0, schemes=["a"])
    found = risk_daily(frame, day(0)).filter(segment="small")
    levels = np.cumprod(1 + np.nan_to_num(series(frame, "a", "small")))
    expected = (levels - np.maximum.accumulate(levels)) / np.maximum.accumulate(levels)
    under = [number - max(at for at in range(number + 1) if expected[at] == 0) for number in range(len(levels))]

    assert found.filter(measure="drawdown")["value"].to_numpy() == pytest.approx(expected, abs=400 * 2.3e-16 + 1e-12)
    assert found.filter(measure="sessions_under_water")["value"].to_list() == under


def test_one_session_is_what_the_whole_history_gives() -> None:
    frame = random_returns(400, seed=7)
    whole = risk_daily(frame, day(0))
    for number in (0, 1, 130, 253, 399):
        of_day = whole.filter(session_date=day(number))
        assert_frame_equal(risk_daily(frame, day(number)).filter(session_date=day(number)), of_day, check_exact=True)
        past = frame.filter(pl.col("session_date") <= day(number))
        assert_frame_equal(risk_daily(past, day(number)), of_day, check_exact=True)


def test_schemes_know_nothing_of_each_other() -> None:
    frame = random_returns(300, seed=8)
    both = risk_daily(frame, day(290))
    alone = risk_daily(frame.filter(scheme_id="b"), day(290))
    assert_frame_equal(both.filter(scheme_id="b"), alone, check_exact=True)


def test_every_row_has_a_value_or_a_reason() -> None:
    frame = random_returns(300, seed=9)
    found = risk_daily(frame.sample(fraction=1, shuffle=True, seed=1), day(100))

    assert found.height == 200 * 6 * len(RISK_MEASURES)
    assert found.filter(pl.col("value").is_null() != pl.col("null_reason").is_not_null()).is_empty()
    least = {measure.name: measure.least for measure in RISK_MEASURES}
    needed = pl.col("measure").replace_strict(least)
    assert found.filter(
        (pl.col("observations") < needed) != (pl.col("null_reason") == "too_few").fill_null(False)
    ).is_empty()
    assert_frame_equal(found, risk_daily(frame, day(100)), check_exact=True)


def test_a_scheme_that_begins_later_has_rows_from_then_on() -> None:
    early = returns_of(small=[None, 0.1, 0.1], total=[None, 0.1, 0.1])
    late = returns_of("late", small=[None, 0.1, -0.5]).filter(pl.col("session_date") > day(0))
    found = risk_daily(pl.concat([early, late]), day(0)).filter(scheme_id="late", measure="drawdown")
    assert found["session_date"].to_list() == [day(1), day(2)]
    assert found["value"].to_list() == [0.0, -0.5]


def test_nothing_gives_nothing() -> None:
    assert risk_daily(returns_of(small=[]), day(0)).equals(RISK_DAILY.empty())
    assert risk_daily(returns_of(small=[None, 0.1]), day(2)).equals(RISK_DAILY.empty())
