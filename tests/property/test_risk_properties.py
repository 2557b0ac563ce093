"""Risk of any returns: blind to order and scale where it should be, within its range, and blind to the future."""

import numpy as np
import numpy.typing as npt
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.unit.segment_returns import day, returns_of
from transforms.measures.episodes import episodes
from transforms.measures.forward_returns import forward_returns
from transforms.measures.regime import regime_daily
from transforms.measures.risk import risk_daily
from transforms.measures.risk_estimators import (
    Estimate,
    beta,
    correlation,
    dimson_beta,
    downside_beta,
    scholes_williams_beta,
    volatility,
)

Values = npt.NDArray[np.float64]

thousandths = st.none() | st.integers(-300, 300).map(lambda number: number / 1000)
windows = st.lists(st.tuples(*[thousandths] * 4), min_size=3, max_size=30)
scales = st.sampled_from([0.25, 2.0, 3.0, 100.0])


def rows(window: list[tuple[float | None, ...]]) -> list[Values]:
    """The segment's returns and three of the market, as one series each."""
    return [
        np.array([[np.nan if value is None else value for value in column]]) for column in zip(*window, strict=True)
    ]


def estimates(one: Values, before: Values, same: Values, after: Values) -> dict[str, Estimate]:
    return {
        "volatility": volatility(one),
        "beta": beta(one, same),
        "downside_beta": downside_beta(one, same),
        "correlation": correlation(one, same),
        "dimson": dimson_beta(one, before, same, after),
        "scholes_williams": scholes_williams_beta(one, before, same, after),
    }


def assert_same(found: Estimate, expected: Estimate, factor: float, name: str) -> None:
    assert found.observations.tolist() == expected.observations.tolist(), name
    if np.isnan(found.value[0]) or np.isnan(expected.value[0]):
        # On the edge of a guard the last bit decides; away from it both have none, for the same reason.
        assert found.reason[0] == expected.reason[0] or name in {"dimson", "scholes_williams"}
        return
    if name in {"dimson", "scholes_williams"} and abs(expected.value[0]) > 1e3:
        return  # as good as undefined: the determinant, or 1 + 2 rho, is close to 0
    np.testing.assert_allclose(found.value, expected.value * factor, rtol=1e-8, atol=1e-8 * factor, err_msg=name)


@given(window=windows, seed=st.integers(0, 99))
def test_no_estimate_knows_the_order_of_its_sessions(window: list[tuple[float | None, ...]], seed: int) -> None:
    columns = rows(window)
    order = np.random.default_rng(seed).permutation(len(window))
    shuffled = estimates(*(column[:, order] for column in columns))
    for name, expected in estimates(*columns).items():
        assert_same(shuffled[name], expected, 1, name)


@given(window=windows, scale=scales)
def test_scale_of_returns_and_market(window: list[tuple[float | None, ...]], scale: float) -> None:
    one, *market = rows(window)
    plain = estimates(one, *market)
    larger = estimates(one * scale, *market)
    both = estimates(one * scale, *(lag * scale for lag in market))
    smaller_market = estimates(one, *(lag * scale for lag in market))
    for name, expected in plain.items():
        is_beta = name not in {"volatility", "correlation"}
        assert_same(larger[name], expected, 1 if name == "correlation" else scale, name)
        assert_same(both[name], expected, scale if name == "volatility" else 1, name)
        assert_same(smaller_market[name], expected, 1 / scale if is_beta else 1, name)


@given(window=windows)
def test_correlations_hold_their_range_and_volatility_is_not_negative(window: list[tuple[float | None, ...]]) -> None:
    found = estimates(*rows(window))
    assert not abs(found["correlation"].value[0]) > 1
    assert not found["volatility"].value[0] < 0


@given(drawdowns=st.lists(st.none() | st.integers(-100, 0).map(lambda percent: percent / 100), max_size=30))
def test_episodes_hold_together(drawdowns: list[float | None]) -> None:
    values = np.array([[0.0, *(np.nan if each is None else each for each in drawdowns)]])
    found = episodes(values)

    assert not (found.depth > values).any()
    is_high = values == 0
    assert (found.depth[is_high] == 0).all()
    assert (found.under_water[is_high] == 0).all()
    assert found.enters_deep.sum() <= is_high.sum()
    assert not (found.recovery < 1).any()


gains = st.lists(st.none() | st.integers(-200, 250).map(lambda number: number / 1000), min_size=1, max_size=90)


@settings(max_examples=30, deadline=None)
@given(small=gains, total=gains, cut=st.integers(0, 89), seed=st.integers(0, 9))
def test_no_table_knows_the_order_of_rows_or_the_future(
    small: list[float | None], total: list[float | None], cut: int, seed: int
) -> None:
    frame = returns_of(small=small, total=total)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    past = frame.filter(pl.col("session_date") <= day(cut))
    for table in (risk_daily, regime_daily, forward_returns):
        whole = table(frame, day(0))
        assert_frame_equal(table(shuffled, day(0)), whole, check_exact=True)
        until = whole.filter(pl.col("session_date") <= day(cut))
        assert_frame_equal(table(past, day(0)), until, check_exact=True)
        since = whole.filter(pl.col("session_date") >= day(cut))
        assert_frame_equal(table(frame, day(cut)), since, check_exact=True)
