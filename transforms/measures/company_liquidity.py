"""How easily each company trades: Amihud, turnover, dollar volume, idle sessions and spreads over 21 sessions."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from transforms.contracts.liquidity import LEAST_SESSIONS, WINDOW
from transforms.core.rows import Floats, Rows, constant, floats
from transforms.measures.spread_estimators import (
    EdgeTerms,
    Pairs,
    Prices,
    abdi_ranaldo,
    corwin_schultz,
    edge,
    edge_terms,
    known,
    mean,
    pairs,
    total,
)

TRADING: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "return_price": pl.Float64(),
    "dollar_volume_usd": pl.Int64(),
    "cap_usd": pl.Int64(),
    "open": pl.Float64(),
    "high": pl.Float64(),
    "low": pl.Float64(),
    "close": pl.Float64(),
    "line_return": pl.Float64(),
}
"""What a company traded on a session; the prices and ``line_return`` are those of its primary line."""
COMPANY_LIQUIDITY: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "amihud_21": pl.Float64(),
    "turnover_21": pl.Float64(),
    "dollar_volume_21": pl.Int64(),
    "zero_volume_sessions": pl.Int64(),
    "volume_sessions": pl.Int64(),
    "zero_return_sessions": pl.Int64(),
    "return_sessions": pl.Int64(),
    "spread_corwin_schultz_21": pl.Float64(),
    "spread_abdi_ranaldo_21": pl.Float64(),
    "spread_edge_21": pl.Float64(),
    "ohlc_sessions": pl.Int64(),
}
_OHLC = Prices._fields
_SAME_UNIT = 1e-6
"""How far rounding takes the close before, by the return, from the close before as quoted. A split goes farther."""
_MILLION = 1e6


def company_liquidity(rows: pl.DataFrame, since: date) -> pl.DataFrame:
    """One row per session from ``since`` on and company with a row on it, with the columns of COMPANY_LIQUIDITY.

    ``rows``: session_date, company_id, return_price, dollar_volume_usd, cap_usd of the company, and of its primary
    line open, high, low, close and line_return (core.quotes.return_price), of every session from the twentieth before
    ``since`` on, in any order; what is null is not known. Figures are over the last 21 sessions of ``rows``, of the
    sessions on which the company is known in them, null with fewer than ten. ``amihud_21``: mean of |return| over
    dollar volume, per million USD, without sessions of no volume. ``dollar_volume_21``: mean, rounded down to whole
    USD; ``turnover_21``: the mean over the cap of the session. ``_sessions``: how many, of which so many were of no
    volume or of a return of zero. Spreads: see `spread_estimators`, of ten pairs of neighbouring sessions or more.
    ``ohlc_sessions``: those with all four prices, null where there is none.

    Prices are raw. Those of the day before are restated by close / (close before x (1 + line_return)), which is one
    but on a split, or where another line became the primary one: no window is broken by either. Prices that cannot
    all be true (not 0 < low <= open, close <= high) are not known. A figure is made of its own 21 sessions alone, in
    their order, so a night and a backfill give the same bits. Raises ValueError where a company has two rows on a
    session.
    """
    wanted = rows.filter(pl.col("session_date") >= since)
    if wanted.is_empty():
        return pl.DataFrame(schema=COMPANY_LIQUIDITY)
    grid = _Grid.of(rows)
    first = int(grid.sessions.search_sorted(since))
    trading = _Trading.of(grid, rows)
    spreads = None if _has_none(rows) else _Spreads.of(grid, rows)
    is_there = np.zeros(grid.shape, dtype=np.bool_)
    is_there[grid.session, grid.company] = True
    parts = []
    for last in range(first, len(grid.sessions)):
        at = np.flatnonzero(is_there[last])
        window = slice(max(last - WINDOW + 1, 0), last + 1)
        figures = trading.figures(window, at) | (spreads.figures(window, at) if spreads else {})
        parts.append(_session(grid.sessions[last], grid.companies[at], figures))
    return pl.concat(parts)


@dataclass(frozen=True)
class _Grid:
    """Where each row stands in a matrix of sessions by companies, both in their order."""

    sessions: pl.Series
    companies: pl.Series
    session: Rows
    company: Rows

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "_Grid":
        sessions = rows["session_date"].unique().sort()
        companies = rows["company_id"].unique().sort()
        session = sessions.search_sorted(rows["session_date"]).to_numpy().astype(np.int64)
        company = rows["company_id"].cast(pl.Enum(companies)).to_physical().to_numpy().astype(np.int64)
        grid = cls(sessions, companies, session, company)
        times = np.bincount(session * len(companies) + company)
        if times.max(initial=0) > 1:
            raise ValueError("a company has two rows on a session")
        return grid

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.sessions), len(self.companies)

    def matrix(self, column: pl.Series) -> Floats:
        """Sessions by companies, NaN where there is no row or no value."""
        values = np.full(self.shape, np.nan)
        values[self.session, self.company] = floats(column)
        return values


@dataclass(frozen=True)
class _Trading:
    """What the figures without opens, highs and lows are made of, sessions by companies."""

    impact: Floats
    volume: Floats
    is_idle: Floats
    is_still: Floats
    cap: Floats

    @classmethod
    def of(cls, grid: _Grid, rows: pl.DataFrame) -> "_Trading":
        returns, volume = grid.matrix(rows["return_price"]), grid.matrix(rows["dollar_volume_usd"])
        with np.errstate(invalid="ignore", divide="ignore"):
            impact = np.where(volume > 0, np.abs(returns) / volume, np.nan)
        is_idle = np.where(np.isnan(volume), np.nan, volume == 0)
        is_still = np.where(np.isnan(returns), np.nan, returns == 0)
        return cls(impact, volume, is_idle, is_still, grid.matrix(rows["cap_usd"]))

    def figures(self, window: slice, at: Rows) -> dict[str, Floats]:
        impact, volume, idle, still = (
            _cut(matrix, window, at) for matrix in (self.impact, self.volume, self.is_idle, self.is_still)
        )
        # Sums of whole dollars stay below 2**53, so these are exact.
        daily = _enough(volume, mean(volume))
        return {
            "amihud_21": _enough(impact, mean(impact) * _MILLION),
            "turnover_21": daily / self.cap[window.stop - 1, at],
            "dollar_volume_21": np.floor(daily),
            "zero_volume_sessions": _enough(idle, total(idle)),
            "volume_sessions": _enough(idle, known(idle)),
            "zero_return_sessions": _enough(still, total(still)),
            "return_sessions": _enough(still, known(still)),
        }


@dataclass(frozen=True)
class _Spreads:
    """What spreads are made of: of sessions, and of each session with the one before it (one row less)."""

    is_known: Floats
    corwin_schultz: Floats
    abdi_ranaldo: Floats
    terms: EdgeTerms

    @classmethod
    def of(cls, grid: _Grid, rows: pl.DataFrame) -> "_Spreads":
        prices = _plausible(Prices(*(grid.matrix(rows[name]) for name in _OHLC)))
        restated = _restated(grid.matrix(rows["close"]), grid.matrix(rows["line_return"]))
        two: Pairs = pairs(prices, restated)
        is_known = np.where(np.isnan(prices.close), np.nan, 1.0)
        return cls(is_known, corwin_schultz(two), abdi_ranaldo(two), edge_terms(two))

    def figures(self, window: slice, at: Rows) -> dict[str, Floats]:
        between = slice(window.start, window.stop - 1)
        schultz, ranaldo = _cut(self.corwin_schultz, between, at), _cut(self.abdi_ranaldo, between, at)
        terms = EdgeTerms(*(_cut(term, between, at) for term in self.terms))
        sessions = known(_cut(self.is_known, window, at))
        return {
            "spread_corwin_schultz_21": _enough(schultz, mean(schultz)),
            "spread_abdi_ranaldo_21": _enough(ranaldo, mean(ranaldo)),
            "spread_edge_21": _enough(terms.is_traded, edge(terms)),
            "ohlc_sessions": np.where(sessions > 0, sessions, np.nan),
        }


def _has_none(rows: pl.DataFrame) -> bool:
    return any(rows[name].null_count() == rows.height for name in _OHLC)


def _plausible(prices: Prices) -> Prices:
    """The prices of sessions on which all four are known and can be true together; NaN elsewhere."""
    with np.errstate(invalid="ignore"):
        lowest, highest = np.minimum(prices.open, prices.close), np.maximum(prices.open, prices.close)
        is_true = (prices.low > 0) & (prices.low <= lowest) & (highest <= prices.high) & np.isfinite(prices.high)
    return Prices(*(np.where(is_true, price, np.nan) for price in prices))


def _restated(close: Floats, line_return: Floats) -> Floats:
    """What one unit of the line's price on the day before is on the day: one but on a split or a change of line."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = close[1:] / (close[:-1] * (1 + line_return[1:]))
        # Exactly one, for EDGE asks which prices are equal.
        ratio = np.where(np.abs(ratio - 1) <= _SAME_UNIT, 1.0, ratio)
    return np.where(np.isfinite(ratio) & (ratio > 0), ratio, np.nan)


def _cut(matrix: Floats, sessions: slice, companies: Rows) -> Floats:
    return np.take(matrix[sessions], companies, axis=1)


def _enough(values: Floats, figure: Floats) -> Floats:
    return np.where(known(values) >= LEAST_SESSIONS, figure, np.nan)


def _session(day: date, companies: pl.Series, figures: dict[str, Floats]) -> pl.DataFrame:
    nothing = np.full(companies.len(), np.nan)
    return pl.DataFrame(
        [
            constant("session_date", day, companies.len(), pl.Date()),
            companies,
            *(
                pl.Series(name, figures.get(name, nothing), nan_to_null=True).cast(dtype)
                for name, dtype in list(COMPANY_LIQUIDITY.items())[2:]
            ),
        ]
    )
