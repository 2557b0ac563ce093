"""Spread estimators, worked by hand, against the authors' own EDGE and against plain loops for the other two."""

import math
import warnings

import numpy as np
import numpy.typing as npt
import pytest

from transforms.measures.spread_estimators import (
    Prices,
    abdi_ranaldo,
    corwin_schultz,
    edge,
    edge_terms,
    mean,
    pairs,
    total,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import bidask

Floats = npt.NDArray[np.float64]
THOUSANDTH = 1e-3


def of_logs(opens: list[float], highs: list[float], lows: list[float], closes: list[float]) -> Prices:
    """One company's prices from their logs."""
    return Prices(*(np.exp(np.array(column, dtype=np.float64))[:, None] for column in (opens, highs, lows, closes)))


def simulated(seed: int, sessions: int, companies: int, missing: float = 0.0) -> Prices:
    """Prices of a random walk with a spread and few trades, some on a coarse grid so that prices meet."""
    chance = np.random.default_rng(seed)
    trades = int(chance.integers(1, 8))
    walk = math.log(50) + np.cumsum(chance.normal(0, 0.02 / math.sqrt(trades), (sessions * trades, companies)), axis=0)
    price = np.exp(walk + chance.choice([0.0, 0.004, 0.03]) / 2 * chance.choice([-1, 1], walk.shape))
    if tick := chance.choice([0.0, 0.05, 0.5]):
        price = np.round(price / tick) * tick
    price = price.reshape(sessions, trades, companies)
    prices = Prices(price[:, 0].copy(), price.max(axis=1), price.min(axis=1), price[:, -1].copy())
    return Prices(*(np.where(chance.random(column.shape) < missing, np.nan, column) for column in prices))


def test_corwin_schultz_of_two_days_with_one_range() -> None:
    # beta = 2 x 0.02^2 and gamma = 0.02^2, so alpha = 0.04 / k - 0.02 sqrt 2 / k - 0.02 / sqrt k with k = 3 - 2 sqrt 2,
    # whose root is sqrt 2 - 1: alpha = 0.02 (2 - sqrt 2 - (sqrt 2 - 1)) / k = 0.02.
    prices = of_logs([0.01] * 2, [0.02] * 2, [0.0] * 2, [0.01] * 2)
    expected = 2 * (math.exp(0.02) - 1) / (1 + math.exp(0.02))
    assert corwin_schultz(pairs(prices))[0, 0] == pytest.approx(expected, rel=1e-12)


def test_corwin_schultz_takes_a_negative_estimate_for_zero() -> None:
    # beta = 0.0008 and gamma = 0.03^2: alpha = 0.0683 - 0.0724.
    prices = of_logs([0.01, 0.02], [0.02, 0.03], [0.0, 0.01], [0.01, 0.02])
    assert corwin_schultz(pairs(prices))[0, 0] == 0.0


@pytest.mark.parametrize("gap", [0.5, -0.5])
def test_corwin_schultz_moves_a_day_that_opens_beyond_the_close_before(gap: float) -> None:
    first = (10.0, 10.2, 9.9, 10.1)
    beside = (10.3, 10.4, 10.1, 10.2) if gap > 0 else (10.0, 10.1, 9.8, 9.9)
    beyond = tuple(price + gap for price in beside)
    moved, still = (
        corwin_schultz(pairs(Prices(*(np.array([[a], [b]]) for a, b in zip(first, day, strict=True)))))[0, 0]
        for day in (beyond, beside)
    )
    assert moved == pytest.approx(still, rel=1e-9)


def test_corwin_schultz_knows_nothing_of_days_without_a_range() -> None:
    prices = of_logs([0.01] * 3, [0.02, 0.01, 0.02], [0.0, 0.01, 0.0], [0.01] * 3)
    assert np.isnan(corwin_schultz(pairs(prices))).all()


def test_abdi_ranaldo_by_hand() -> None:
    # The close is 0.01 above the mids of its day and of the next: sqrt(4 x 0.01 x 0.01). Then the mids lie on either
    # side of the close: a negative product, zero.
    prices = of_logs([0.01] * 3, [0.02, 0.02, 0.05], [0.0, 0.0, 0.03], [0.02, 0.02, 0.03])
    found = abdi_ranaldo(pairs(prices))[:, 0]
    assert found.tolist() == [pytest.approx(0.02, rel=1e-9), 0.0]


def test_edge_by_hand() -> None:
    # All mids are 10, opens are u and closes w from it, none of them a high or a low, so either factor is -4 / 2. Pairs
    # (u, w of the day before): (2, -2), (-2, 2), (1, 1), (-1, -1), all means zero.
    # x1 = 2 (u^2 + w^2) = 16, 16, 4, 4: mean 10, variance 36. x2 = 2 (u - w)^2 = 32, 32, 0, 0: mean 16, variance 256.
    # S^2 = (256 x 10 + 36 x 16) / (256 + 36).
    opens, closes = [10, 12, 8, 11, 9], [8, 12, 11, 9, 10]
    prices = of_logs(*([n * THOUSANDTH for n in column] for column in (opens, [20] * 5, [0] * 5, closes)))
    expected = math.sqrt((256 * 10 + 36 * 16) / (256 + 36)) * THOUSANDTH
    assert edge(edge_terms(pairs(prices)))[0] == pytest.approx(expected, rel=1e-10)


def test_edge_needs_two_sessions_on_which_anything_traded() -> None:
    still = of_logs([0.01] * 5, [0.01] * 5, [0.01] * 5, [0.01] * 5)
    assert np.isnan(edge(edge_terms(pairs(still)))).all()
    short = simulated(1, 2, 3)
    assert np.isnan(edge(edge_terms(pairs(short)))).all()


@pytest.mark.parametrize("missing", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("sessions", [3, 10, 21, 60])
def test_edge_agrees_with_its_authors_program(sessions: int, missing: float) -> None:
    compared = 0
    for seed in range(12):
        prices = simulated(seed, sessions, 4, missing)
        ours = edge(edge_terms(pairs(prices)))
        for company in range(4):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = bidask.edge(*(column[:, company] for column in prices))
            assert ours[company] == pytest.approx(theirs, abs=1e-10, nan_ok=True)
            compared += not math.isnan(theirs)
    assert compared >= 5


def corwin_schultz_in_words(high: Floats, low: Floats, close: Floats) -> float:
    found = []
    k = 3 - 2 * math.sqrt(2)
    for t in range(1, len(high)):
        top, bottom, top1, bottom1, close1 = (
            float(x) for x in (high[t], low[t], high[t - 1], low[t - 1], close[t - 1])
        )
        if any(math.isnan(x) for x in (top, bottom, top1, bottom1, close1)) or top == bottom or top1 == bottom1:
            continue
        if bottom > close1:
            top, bottom = top - (bottom - close1), close1
        elif top < close1:
            top, bottom = close1, bottom + (close1 - top)
        beta = math.log(top1 / bottom1) ** 2 + math.log(top / bottom) ** 2
        gamma = math.log(max(top, top1) / min(bottom, bottom1)) ** 2
        alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / k - math.sqrt(gamma / k)
        found.append(max(2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha)), 0))
    return sum(found) / len(found) if found else math.nan


def abdi_ranaldo_in_words(high: Floats, low: Floats, close: Floats) -> float:
    found = []
    for t in range(len(high) - 1):
        needed = [float(x) for x in (high[t], low[t], close[t], high[t + 1], low[t + 1])]
        if any(math.isnan(x) for x in needed):
            continue
        top, bottom, end, next_top, next_bottom = (math.log(x) for x in needed)
        product = (end - (top + bottom) / 2) * (end - (next_top + next_bottom) / 2)
        found.append(math.sqrt(max(4 * product, 0)))
    return sum(found) / len(found) if found else math.nan


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(8))
def test_the_other_two_agree_with_plain_loops(seed: int, missing: float) -> None:
    prices = simulated(seed, 21, 6, missing)
    two = pairs(prices)
    schultz, ranaldo = mean(corwin_schultz(two)), mean(abdi_ranaldo(two))
    for company in range(6):
        high, low, close = (column[:, company] for column in prices[1:])
        # A root of a product near zero has half the digits.
        near = {"abs": 1e-10, "nan_ok": True}
        assert schultz[company] == pytest.approx(corwin_schultz_in_words(high, low, close), **near)
        assert ranaldo[company] == pytest.approx(abdi_ranaldo_in_words(high, low, close), **near)


def test_all_three_find_a_large_spread() -> None:
    chance = np.random.default_rng(3)
    walk = np.cumsum(chance.normal(0, 0.001, (400 * 50, 1)), axis=0)
    price = np.exp(walk + 0.015 * chance.choice([-1, 1], walk.shape)).reshape(400, 50, 1)
    two = pairs(Prices(price[:, 0], price.max(axis=1), price.min(axis=1), price[:, -1]))
    assert mean(corwin_schultz(two))[0] == pytest.approx(0.03, rel=0.1)
    assert mean(abdi_ranaldo(two))[0] == pytest.approx(0.03, rel=0.1)
    assert edge(edge_terms(two))[0] == pytest.approx(0.03, rel=0.1)


def test_a_split_within_the_window_changes_nothing_when_the_day_before_is_restated() -> None:
    whole = simulated(5, 21, 3)
    split = Prices(*(np.vstack([column[:10] * 4, column[10:]]) for column in whole))
    restated = np.ones((20, 3))
    restated[9] = 0.25
    for estimate in (lambda two: mean(corwin_schultz(two)), lambda two: edge(edge_terms(two))):
        assert estimate(pairs(split, restated)) == pytest.approx(estimate(pairs(whole)), rel=1e-9, nan_ok=True)


def test_sums_skip_what_is_unknown() -> None:
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [4.0, np.nan]])
    assert total(values).tolist() == [5.0, 0.0]
    assert mean(values)[0] == 2.5
    assert np.isnan(mean(values)[1])
