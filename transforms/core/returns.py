"""Split-proof price returns of a line since its last admitted close."""

from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from transforms.core.rows import Floats, Mask, floats

CHAIN_LOG = 0.09
"""Up to here the vendor's previous close is the close we admitted, give or take a late print. Beyond it lies a split:
the smallest usual one is a stock dividend of 10 %, log 0.095."""
GAP_CHAIN_LOG = 0.25
"""Across missing sessions the previous close has moved for real; below 4:3 (log 0.29) it is no split."""
SIMPLE_RATIO_LOG = 0.10
"""How near to a simple ratio a gap must be to be taken for a split whose new count the vendor does not have yet."""
SIMPLE_RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)


def with_returns(lines: pl.DataFrame, previous_session: date | None, near_from: date) -> pl.DataFrame:
    """Add ``return_price`` (fraction, null without an admitted close within the horizon) and ``is_multi_day``.

    Needs close, previous_close (close less net change, null where that is not positive), last_close, last_session,
    vendor_cap_usd, last_cap_usd, split_ratio. Sources: the vendor's net change, the last admitted close, the implied
    counts. On a split seen or declared the last admitted close is taken in new shares.
    """
    seen = lines["last_session"].to_numpy()
    is_near = seen >= np.datetime64(near_from)
    is_gap = is_near & (seen < np.datetime64(previous_session)) if previous_session else np.zeros_like(is_near)
    prices = Prices(*(floats(lines[name]) for name in Prices._fields))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(is_near, _one_day(prices), np.nan)
        if is_gap.any():
            value[is_gap] = _across(Prices(*(column[is_gap] for column in prices)))
        split = lines["split_ratio"].to_numpy()
        value = np.where(is_near & (split != 1.0), prices.close * split / prices.last_close - 1, value)
    return lines.hstack(
        [pl.Series("return_price", value, nan_to_null=True), pl.Series("is_multi_day", is_gap)],
    )


class Prices(NamedTuple):
    """A session's prices and caps, one array each; NaN where unknown."""

    close: Floats
    previous_close: Floats
    last_close: Floats
    vendor_cap_usd: Floats
    last_cap_usd: Floats

    @property
    def own(self) -> Floats:
        """Return on the close that was admitted last."""
        return self.close / self.last_close - 1

    @property
    def vendors(self) -> Floats:
        """Return on the previous close that the vendor reports, which is adjusted for splits."""
        return self.close / self.previous_close - 1

    @property
    def split(self) -> Floats:
        """Log of the reported previous close against the admitted one: what a split or a late print left."""
        return np.log(self.previous_close / self.last_close)


def _one_day(prices: Prices) -> Floats:
    is_chained = ~(np.abs(prices.split) > CHAIN_LOG)  # an unknown previous close leaves the admitted one
    return np.where(is_chained, prices.own, prices.vendors)


def _across(prices: Prices) -> Floats:
    """The return over missing sessions, when the previous close is another session's than the last admitted one."""
    split = prices.split
    count_ratio = (prices.last_cap_usd / prices.last_close) / (prices.vendor_cap_usd / prices.close)
    count_log = np.log(count_ratio)
    count_confirms = (np.abs(count_log) > GAP_CHAIN_LOG) & (np.abs(split - count_log) <= GAP_CHAIN_LOG)
    return np.select(
        [~(np.abs(split) > GAP_CHAIN_LOG), count_confirms, _near_simple_ratio(split)],
        [prices.own, prices.close / (prices.last_close * count_ratio) - 1, prices.vendors],
        prices.own,
    )


def _near_simple_ratio(split: Floats) -> Mask:
    distances = np.abs(np.abs(split)[:, None] - np.log(SIMPLE_RATIOS))
    return np.asarray(distances.min(axis=1) <= SIMPLE_RATIO_LOG)
