"""Volatility, correlation and betas of one window: a row per series, a column per session, nan where unknown."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from transforms.measures.panel import Flags, Floats, Places

SESSIONS_A_YEAR = 252
SINGULAR = 1e-12
"""Least determinant over the product of the diagonal, as in jkp-data: below it the lags of the market are one."""
Reasons = npt.NDArray[np.int8]


class Reason(IntEnum):
    """Why there is no value; `none` where there is one."""

    none = 0
    too_few = 1
    no_return = 2
    no_variance = 3
    collinear = 4
    negative_denominator = 5
    none_completed = 6
    zero_level = 7


@dataclass(frozen=True)
class Estimate:
    """One number per series: the value (nan without one), what it rests on, and why there is none."""

    value: Floats
    observations: Places
    reason: Reasons

    def needing(self, least: int) -> "Estimate":
        """The same, with no value where it rests on fewer than `least` observations."""
        few = self.observations < least
        return Estimate(
            np.where(few, np.nan, self.value),
            self.observations,
            np.where(few, Reason.too_few, self.reason).astype(np.int8),
        )


def estimate(value: Floats, observations: Places, *faults: tuple[Flags, Reason]) -> Estimate:
    """The value where no fault holds; of several the first gives the reason."""
    reason = np.zeros(len(value), dtype=np.int8)
    for holds, name in reversed(faults):
        reason[holds] = name
    return Estimate(np.where(reason == Reason.none, value, np.nan), observations, reason)


def volatility(returns: Floats) -> Estimate:
    """Fraction a year: sample standard deviation (n - 1) of the known returns, times the root of 252."""
    known = ~np.isnan(returns)
    count = known.sum(axis=-1)
    around = _around_mean(returns, known)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.sqrt(_sum_of_products(around, around) / (count - 1)) * np.sqrt(SESSIONS_A_YEAR)
    return estimate(value, count, (count < 2, Reason.too_few))


def correlation(returns: Floats, others: Floats) -> Estimate:
    """Pearson's, over the sessions on which both are known; no_variance where one of them is constant."""
    known, one, other = _paired(returns, others)
    spread_one, spread_other = _sum_of_products(one, one), _sum_of_products(other, other)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = _sum_of_products(one, other) / (np.sqrt(spread_one) * np.sqrt(spread_other))
    is_constant = (spread_one == 0) | (spread_other == 0)
    return estimate(np.clip(value, -1, 1), known, (known < 2, Reason.too_few), (is_constant, Reason.no_variance))


def beta(returns: Floats, market: Floats) -> Estimate:
    """Slope of the regression on the market (Sharpe 1964), over the sessions on which both are known."""
    known, one, other = _paired(returns, market)
    spread = _sum_of_products(other, other)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = _sum_of_products(one, other) / spread
    return estimate(value, known, (known < 2, Reason.too_few), (spread == 0, Reason.no_variance))


def downside_beta(returns: Floats, market: Floats) -> Estimate:
    """The beta of those sessions alone whose market return is below 0 (Ang, Chen and Xing 2006, cut at 0)."""
    return beta(returns, np.where(market < 0, market, np.nan))


def dimson_beta(returns: Floats, before: Floats, same: Floats, after: Floats) -> Estimate:
    """Sum of the three slopes of one regression on the market's session before, same and after (Dimson 1979).

    Over the sessions on which all four are known. collinear: the three are, to `SINGULAR`, two or fewer.
    """
    known = ~np.isnan(returns + before + same + after)
    count = known.sum(axis=-1)
    lags = [_around_mean(market, known) for market in (before, same, after)]
    own = _around_mean(returns, known)
    moments = np.stack([np.stack([_sum_of_products(a, b) for b in lags], axis=-1) for a in lags], axis=-2)
    diagonal = np.stack([moments[:, place, place] for place in range(3)], axis=-1)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    # Solved as correlations: returns of 0.01 would give a determinant of 1e-12 of themselves.
    scaled = moments / (scale[:, :, None] * scale[:, None, :])
    is_singular = ~(np.abs(np.linalg.det(scaled)) > SINGULAR)
    target = np.stack([_sum_of_products(own, lag) for lag in lags], axis=-1) / scale
    slopes = np.linalg.solve(np.where(is_singular[:, None, None], np.eye(3), scaled), target[:, :, None])[:, :, 0]
    value = slopes[:, 0] / scale[:, 0] + slopes[:, 1] / scale[:, 1] + slopes[:, 2] / scale[:, 2]
    is_constant = (diagonal == 0).any(axis=-1)
    return estimate(
        value,
        count,
        (count < 2, Reason.too_few),
        (is_constant, Reason.no_variance),
        (is_singular, Reason.collinear),
    )


def scholes_williams_beta(returns: Floats, before: Floats, same: Floats, after: Floats) -> Estimate:
    """(b- + b0 + b+) / (1 + 2 rho): three regressions, each on one lag of the market (Scholes and Williams 1977).

    Over the sessions on which all four are known. rho: correlation of the market with its session before.
    negative_denominator: 1 + 2 rho is not above `SINGULAR`.
    """
    known = ~np.isnan(returns + before + same + after)
    count = known.sum(axis=-1)
    own = _around_mean(returns, known)
    lags = [_around_mean(market, known) for market in (before, same, after)]
    spreads = [_sum_of_products(lag, lag) for lag in lags]
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = [_sum_of_products(own, lag) / spread for lag, spread in zip(lags, spreads, strict=True)]
        rho = _sum_of_products(lags[1], lags[0]) / (np.sqrt(spreads[1]) * np.sqrt(spreads[0]))
        bottom = 1 + 2 * rho
        value = (slopes[0] + slopes[1] + slopes[2]) / bottom
    is_constant = (spreads[0] == 0) | (spreads[1] == 0) | (spreads[2] == 0)
    return estimate(
        value,
        count,
        (count < 2, Reason.too_few),
        (is_constant, Reason.no_variance),
        (~(bottom > SINGULAR), Reason.negative_denominator),
    )


def _paired(one: Floats, other: Floats) -> tuple[Places, Floats, Floats]:
    known = ~np.isnan(one + other)
    return known.sum(axis=-1), _around_mean(one, known), _around_mean(other, known)


def _around_mean(values: Floats, known: Flags) -> Floats:
    """Differences from the mean of the known; 0 where unknown, and exactly 0 where all known are equal.

    The mean of equal numbers may miss them by the last bit, which would pass for variance.
    """
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=-1, keepdims=True) / count
    highest = np.where(known, values, -np.inf).max(axis=-1, keepdims=True)
    lowest = np.where(known, values, np.inf).min(axis=-1, keepdims=True)
    return np.where(known & (highest > lowest), values - mean, 0.0)


def _sum_of_products(one: Floats, other: Floats) -> Floats:
    found: Floats = (one * other).sum(axis=-1)
    return found
