"""Splits seen in prices: on its ex-date a split multiplies the previous close by an exact, simple ratio.

A ratio is new shares for one old one: 4 for a four-for-one split, 0.1 for a reverse split of one for ten.
"""

from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from transforms.core.rows import Floats, Mask, floats

RATIOS = np.array(
    sorted(
        {11 / 10, 6 / 5, 5 / 4, 4 / 3, 3 / 2, 9 / 4, 5 / 2, *map(float, range(2, 51))}
        | {55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 90.0, 100.0, 110.0, 120.0, 125.0, 130.0, 140.0, 150.0, 160.0, 175.0}
        | {180.0, 200.0, 225.0, 240.0, 250.0, 300.0, 350.0, 400.0, 500.0, 600.0, 750.0, 1000.0, 1500.0, 2000.0}
    )
)
"""Ratios that splits have; one for ten thousand is no split but another security."""
_LOGS = np.log(RATIOS)

EXACT_LOG = 0.0006
"""How far the reported previous close may lie from the last one times the ratio; prices are rounded on top of it.
2022-24: 1,105 of 1,141 breaks by a factor of two or more are this exact. Special dividends, spin-offs and late prints
are not: they break the price by any number."""
ROUNDED_AT = 0.006
LOOSEST_LOG = 0.004
SMALL_RATIO = 2.0
"""Below it a coincidence is likelier than a split, as many prices lie a tenth or a fifth apart: the price must be
exact to the fourth decimal, not a penny stock's, and the split a forward one."""
SMALL_ROUNDED_AT = 0.00006
SMALL_MIN_PRICE = 4.0
EXACT_COUNT_LOG = 0.004
"""A count that moved by this much off a simple ratio moved by that ratio, give or take issues of the day."""
LATE_PRINT_LOG = 0.1
"""With a count that moves by the ratio, or a declared split, the price need only be near it: closes admitted before a
late print differ from the vendor's."""
GAP_LOG = 0.25
"""Across missing sessions the previous close has moved for real."""
UNADJUSTED_LOG = 0.35
"""Where the vendor forgot to adjust its previous close, the close itself shows the split, and the day's move."""


def shares_of(cap: pl.Series, close: pl.Series) -> Floats:
    """The vendor's count, cap / close; NaN where it gives none, or 0."""
    price = floats(close)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((floats(cap) > 0) & (price > 0), floats(cap) / price, np.nan)


class Moves(NamedTuple):
    """Logs of a line since its last admitted session, NaN where unknown."""

    price: Floats
    """The last admitted close against the previous close that the vendor reports: a split's ratio."""
    shares: Floats
    """The vendor's count, cap / price, against the last one it gave."""
    close: Floats
    """The last admitted close against the close."""

    @classmethod
    def of(cls, lines: pl.DataFrame) -> "Moves":
        """From close, previous_close, last_close, vendor_cap_usd and last_shares."""
        close, previous, last = (floats(lines[name]) for name in ("close", "previous_close", "last_close"))
        shares = shares_of(lines["vendor_cap_usd"], lines["close"])
        with np.errstate(invalid="ignore", divide="ignore"):
            return cls(np.log(last / previous), np.log(shares / floats(lines["last_shares"])), np.log(last / close))


class Declared(NamedTuple):
    """Of each line the split declared for these days, NaN where none is."""

    log_ratio: Floats
    age: Floats
    """Days since its declared date; negative before it."""

    def is_shown(self, moves: Moves, near: Floats) -> Mask:
        """Whether the price shows it: the previous close, or where that tells nothing of it the close itself.

        Nearer to the ratio than to none at all, and a close only from the declared date on. A small split is lost in a
        day's move: where no previous close is told, its date is trusted.
        """
        size = np.abs(self.log_ratio)
        near = np.minimum(near, size / 2)
        with np.errstate(invalid="ignore"):
            by_previous = np.abs(moves.price - self.log_ratio) <= near
            is_silent = ~(np.abs(moves.price) > near) & (self.age >= 0) & (size > GAP_LOG)
            by_close = is_silent & (np.abs(moves.close - self.log_ratio) <= np.minimum(UNADJUSTED_LOG, size / 3))
            by_date = np.isnan(moves.price) & (self.age == 0) & (size <= GAP_LOG)
        return np.asarray(by_previous | by_close | by_date)


def nearest_ratio(move: Floats) -> tuple[Floats, Floats]:
    """Signed log of the simple ratio nearest to each log, and the distance to it (infinite where unknown)."""
    size = np.abs(np.nan_to_num(move))
    at = np.searchsorted(_LOGS, size).clip(1, _LOGS.size - 1)
    below, above = _LOGS[at - 1], _LOGS[at]
    nearest = np.where(size - below <= above - size, below, above)
    distance = np.where(np.isnan(move), np.inf, np.abs(size - nearest))
    return np.copysign(nearest, np.nan_to_num(move)), distance


def with_splits(lines: pl.DataFrame, previous_session: date | None, near_from: date) -> pl.DataFrame:
    """Add ``split_ratio`` (new for old, 1 where none) and ``split_evidence`` (null where none).

    Needs close, previous_close, last_close, last_session, vendor_cap_usd, last_shares (the last count the vendor gave,
    null where none), declared_ratio and declared_age (of a split declared for these days, and the days since its date;
    else null). Evidence: ``price`` (an exact ratio between the closes), ``price_and_count`` (the vendor's count moved
    by it, too), ``declared``. Only a line seen within the horizon can show one.
    """
    seen = lines["last_session"].to_numpy()
    is_near = seen >= np.datetime64(near_from)
    is_gap = is_near & (seen < np.datetime64(previous_session)) if previous_session else np.zeros_like(is_near)
    moves, declared = Moves.of(lines), Declared(np.log(floats(lines["declared_ratio"])), floats(lines["declared_age"]))
    log_ratio = np.zeros(lines.height)
    evidence = np.zeros(lines.height, np.int8)
    for code, (found, ratio) in enumerate(_rules(moves, declared, floats(lines["last_close"]), is_gap), start=1):
        is_new = found & is_near & (evidence == 0)
        log_ratio[is_new], evidence[is_new] = ratio[is_new], code
    names = pl.Series([None, "declared", "price_and_count", "price_and_count", "price"], dtype=pl.String)
    return lines.hstack(
        [
            pl.Series("split_ratio", np.where(evidence > 0, exact_ratio(log_ratio), 1.0)),
            names[pl.Series(evidence).cast(pl.UInt32)].alias("split_evidence"),
        ]
    )


def _rules(moves: Moves, declared: Declared, last_close: Floats, is_gap: Mask) -> list[tuple[Mask, Floats]]:
    """Whether each rule finds a split, and its log ratio; the first that does decides."""
    by_price, price_off = nearest_ratio(moves.price)
    by_count, count_off = nearest_ratio(moves.shares)
    near = np.where(is_gap, GAP_LOG, LATE_PRINT_LOG)
    with np.errstate(invalid="ignore"):
        counted = (count_off <= EXACT_COUNT_LOG) & (np.abs(moves.shares) > near)
        is_unadjusted = ~(np.abs(moves.price) > EXACT_LOG) & (np.abs(by_count) >= np.log(SMALL_RATIO))
        return [
            (declared.is_shown(moves, near), declared.log_ratio),
            (counted & (np.abs(moves.price - by_count) <= near), by_count),
            (counted & is_unadjusted & (np.abs(moves.close - by_count) <= UNADJUSTED_LOG), by_count),
            (_is_exact(by_price, price_off, last_close) & ~is_gap, by_price),
        ]


def _is_exact(by_price: Floats, off: Floats, last_close: Floats) -> Mask:
    previous = last_close / np.exp(by_price)
    coarsest = np.minimum(EXACT_LOG + ROUNDED_AT / np.minimum(previous, last_close), LOOSEST_LOG)
    is_large = (np.abs(by_price) >= np.log(SMALL_RATIO) - EXACT_LOG) & (off <= coarsest)
    is_small = (by_price > 0) & (last_close >= SMALL_MIN_PRICE) & (off <= SMALL_ROUNDED_AT * (1 + 1 / previous))
    return np.asarray(is_large | is_small)


def exact_ratio(log_ratio: Floats) -> Floats:
    """The ratio itself, free of the logarithm's rounding, so that equal splits are equal numbers."""
    size = np.exp(np.abs(log_ratio)).round(9)
    return np.where(log_ratio < 0, (1 / size).round(12), size)
