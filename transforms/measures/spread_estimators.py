"""Effective bid-ask spreads from daily open, high, low and close: three estimators, as fractions of the price.

Arrays have sessions in time order on their first axis, and any companies on the others; NaN is unknown. Each estimate
is made of exactly its own sessions, added in their order, so that it does not depend on what stands around them.
"""

from typing import NamedTuple

import numpy as np

from transforms.core.rows import Floats, Mask

_TWO_DAY = 3 - 2 * np.sqrt(2)


class Prices(NamedTuple):
    """Prices of sessions in a row, raw or not, in one unit from a session to the next (see `pairs`)."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats


class Pairs(NamedTuple):
    """Every session with the one before it: one row less than there are sessions; ``before`` has no use of its open."""

    day: Prices
    before: Prices


class EdgeTerms(NamedTuple):
    """What EDGE needs of each pair: log returns between the prices, and which prices differ (1, 0, NaN unknown)."""

    mid_from_open: Floats
    open_from_mid: Floats
    mid_from_close: Floats
    close_from_mid: Floats
    open_from_close: Floats
    is_traded: Floats
    open_below_high: Floats
    open_above_low: Floats
    close_below_high: Floats
    close_above_low: Floats


def pairs(prices: Prices, restated: Floats | None = None) -> Pairs:
    """Sessions with those before them; ``restated``: what one unit of the day before is on the day (1 or absent: one).

    After a split 2:1 it is 0.5. One row less than ``prices`` have.
    """
    before = Prices(*(price[:-1] if restated is None else price[:-1] * restated for price in prices))
    return Pairs(Prices(*(price[1:] for price in prices)), before)


def corwin_schultz(two: Pairs) -> Floats:
    """The spread of each pair of sessions; the estimate of a window is the mean of its pairs.

    Corwin and Schultz (Journal of Finance 2012), equations 14 and 18: with beta the sum of the two squared log ranges
    and gamma the squared log range of both days, alpha = (sqrt(2 beta) - sqrt(beta)) / (3 - 2 sqrt 2)
    - sqrt(gamma / (3 - 2 sqrt 2)), S = 2 (exp(alpha) - 1) / (1 + exp(alpha)). A day that lies above or below the close
    before it is moved to it first (their overnight adjustment), and a negative estimate is zero (both as in their
    main results). A day whose high is its low has no range: its pairs are unknown, where the authors repeat the range
    of an earlier day.
    """
    day, before = two
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(day.low > before.close, day.low - before.close, 0.0)
        gap = np.where(day.high < before.close, day.high - before.close, gap)
        high, low = day.high - gap, day.low - gap
        beta = np.log(before.high / before.low) ** 2 + np.log(high / low) ** 2
        gamma = np.log(np.maximum(high, before.high) / np.minimum(low, before.low)) ** 2
        alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / _TWO_DAY - np.sqrt(gamma / _TWO_DAY)
        spread = np.maximum(2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha)), 0.0)
        has_ranges = (day.high > day.low) & (before.high > before.low) & ~np.isnan(before.close)
    return np.where(has_ranges, spread, np.nan)


def abdi_ranaldo(two: Pairs) -> Floats:
    """The spread of each pair of sessions; the estimate of a window is the mean of its pairs.

    Abdi and Ranaldo (Review of Financial Studies 2017), equation 11, their two-day corrected version: with c the log
    close and eta the mean of log high and log low, sqrt(max(4 (c - eta) (c - eta of the next day), 0)): a negative
    product is zero before the root, pair by pair, not once for the window.
    """
    day, before = two
    with np.errstate(invalid="ignore", divide="ignore"):
        close, mid = np.log(before.close), _mid(before)
        return np.sqrt(np.maximum(4 * (close - mid) * (close - _mid(day)), 0.0))


def edge_terms(two: Pairs) -> EdgeTerms:
    """What each pair adds to `edge`; a term is unknown where a price that it is made of is."""
    day, before = two
    with np.errstate(invalid="ignore", divide="ignore"):
        opened, closed = np.log(day.open), np.log(before.close)
        mid, mid_before = _mid(day), _mid(before)
        is_traded = _truth((day.high != day.low) | (day.low != before.close), day.high, day.low, before.close)
        return EdgeTerms(
            mid_from_open=mid - opened,
            open_from_mid=opened - mid_before,
            mid_from_close=mid - closed,
            close_from_mid=closed - mid_before,
            open_from_close=opened - closed,
            is_traded=is_traded,
            open_below_high=is_traded * _truth(day.open != day.high, day.open, day.high),
            open_above_low=is_traded * _truth(day.open != day.low, day.open, day.low),
            close_below_high=is_traded * _truth(before.close != before.high, before.close, before.high),
            close_above_low=is_traded * _truth(before.close != before.low, before.close, before.low),
        )


def edge(terms: EdgeTerms) -> Floats:
    """The spread of the window that the terms are of: the root of the size of its square, which may be negative.

    Ardia, Guidotti and Kroencke (Journal of Financial Economics 2024): returns that pair a price with the mid of high
    and low have in their covariance the squared spread, as often as the price is not itself the high or the low of its
    day. Two such estimates, of open-to-mid with mid-to-close returns (x1) and of those with close-to-open returns (x2),
    are weighted each by the variance of the other. Days on which nothing traded (high = low = close before) do not
    count. As in the authors' own programs the sign of the square is dropped, which overstates spreads near zero.
    NaN with fewer than three sessions, or fewer than two on which anything traded.
    """
    part = EdgeTerms(*terms)
    traded = mean(part.is_traded)
    chance_open = mean(part.open_below_high) + mean(part.open_above_low)
    chance_close = mean(part.close_below_high) + mean(part.close_above_low)
    with np.errstate(invalid="ignore", divide="ignore"):
        mid_from_open = part.mid_from_open - part.is_traded * (mean(part.mid_from_open) / traded)
        mid_from_close = part.mid_from_close - part.is_traded * (mean(part.mid_from_close) / traded)
        open_from_close = part.open_from_close - part.is_traded * (mean(part.open_from_close) / traded)
        by_open, by_close = -4 / chance_open, -4 / chance_close
        first = by_open * mid_from_open * part.open_from_mid + by_close * mid_from_close * part.close_from_mid
        second = by_open * mid_from_open * part.open_from_close + by_close * open_from_close * part.close_from_mid
        one, two = mean(first), mean(second)
        spread_one, spread_two = mean(first**2) - one**2, mean(second**2) - two**2
        both = spread_one + spread_two
        square = np.where(both > 0, (spread_two * one + spread_one * two) / both, (one + two) / 2)
        is_enough = (total(part.is_traded) >= 2) & (chance_open > 0) & (chance_close > 0)
    return np.where(is_enough, np.sqrt(np.abs(square)), np.nan)


def mean(values: Floats) -> Floats:
    """The mean over the first axis of what is known; NaN of nothing."""
    with np.errstate(invalid="ignore"):
        return total(values) / known(values)


def total(values: Floats) -> Floats:
    """The sum over the first axis of what is known, row by row: numpy's own may pair rows by the shape of the rest."""
    summed = np.zeros(values.shape[1:])
    for row in values:
        summed = summed + np.where(np.isnan(row), 0.0, row)
    return summed


def known(values: Floats) -> Floats:
    """How many values of the first axis are known."""
    return np.asarray((~np.isnan(values)).sum(axis=0), dtype=np.float64)


def _mid(prices: Prices) -> Floats:
    return np.asarray((np.log(prices.high) + np.log(prices.low)) / 2)


def _truth(is_true: Mask, *needs: Floats) -> Floats:
    """1 or 0 where all that it is judged by is known, NaN elsewhere."""
    is_unknown = np.isnan(needs[0])
    for need in needs[1:]:
        is_unknown = is_unknown | np.isnan(need)
    return np.where(is_unknown, np.nan, is_true.astype(np.float64))
