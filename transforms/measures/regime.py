"""marts.regime_daily: whether a segment stands at a high, pulled back, in a bear market, recovering or sideways."""

from datetime import date

import numpy as np
import polars as pl

from transforms.contracts.risk import REGIME_DAILY, REGIMES
from transforms.measures.drawdown import drawdown_daily
from transforms.measures.episodes import DEEP, episodes
from transforms.measures.panel import Flags, Floats, Places, panel

WINDOW = 252
LEAST = 200
"""Levels in the window; a regime of a shorter history would rest on a high that is not known to be one."""
NEAR_HIGH = -0.05
RISEN = 0.20
"""From the lowest level since the high: the usual line of a bull market."""
SIDEWAYS_RANGE = 0.20
SIDEWAYS_CHANGE = 0.05
_DECIMALS = 12


def regime_daily(returns: pl.DataFrame, since: date) -> pl.DataFrame:
    """marts.REGIME_DAILY for the sessions from `since` on: one row per row of `returns`.

    ``returns``: all rows of marts.segment_daily since the first, in any order, as in `risk_daily`. The first rule that
    holds: unknown: no level on the session, or fewer than `LEAST` in the last `WINDOW` sessions. high: at most 5 %
    under the highest level so far, and never more than 20 % since it. sideways: highest over lowest level of the
    window at most 1.20 and the level within 5 % of the window's first. bear: has been more than 20 % under since the
    high, and stands less than 20 % above the lowest since. recovery: has been that deep, and stands at least 20 %
    above the lowest. pullback: all else. No look-ahead: a row depends on its session and earlier ones alone.
    """
    if returns.is_empty():
        return REGIME_DAILY.empty()
    over = panel(returns.join(drawdown_daily(returns), on=["session_date", "scheme_id", "segment"], how="left"))
    first = over.first(since)
    drawdowns = over.matrix("drawdown")
    regimes = _regimes(over.matrix("level"), drawdowns)
    rows = over.frame(
        first,
        {
            "regime": pl.Series(REGIMES).gather(regimes.T[first:].ravel()),
            "since": over.sessions.gather(_starts(regimes).T[first:].ravel()),
            "drawdown": pl.Series(drawdowns.T[first:].ravel(), nan_to_null=True),
        },
    )
    return REGIME_DAILY.conform(rows)


def _regimes(levels: Floats, drawdowns: Floats) -> Places:
    """Series x sessions, place in `REGIMES`."""
    depth = episodes(drawdowns).depth
    is_deep = depth < DEEP
    with np.errstate(invalid="ignore", divide="ignore"):
        above_lowest = np.round((1 + drawdowns) / (1 + depth) - 1, _DECIMALS)
    counts, is_sideways = _sideways(levels)
    rules: tuple[tuple[str, Flags], ...] = (
        ("bear", is_deep),
        ("recovery", is_deep & (above_lowest >= RISEN)),
        ("sideways", is_sideways),
        ("high", ~is_deep & (drawdowns >= NEAR_HIGH)),
        ("unknown", np.isnan(levels) | (counts < LEAST)),
    )
    found: Places = np.full(levels.shape, REGIMES.index("pullback"), dtype=np.int64)
    for name, holds in rules:  # the last that holds is the first of `regime_daily`
        found[holds] = REGIMES.index(name)
    return found


def _sideways(levels: Floats) -> tuple[Places, Flags]:
    """Series x sessions: known levels in the window, and whether they go nowhere."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.hstack([np.full((levels.shape[0], WINDOW - 1), np.nan), levels]), WINDOW, axis=1
    )
    counts: Places = np.zeros(levels.shape, dtype=np.int64)
    goes_nowhere: Flags = np.zeros(levels.shape, dtype=np.bool_)
    for at in range(levels.shape[1]):
        window = windows[:, at]
        known = ~np.isnan(window)
        lowest = np.where(known, window, np.inf).min(axis=1)
        highest = np.where(known, window, -np.inf).max(axis=1)
        start = window[np.arange(len(window)), known.argmax(axis=1)]
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.round(highest / lowest - 1, _DECIMALS)
            change = np.round(levels[:, at] / start - 1, _DECIMALS)
        counts[:, at] = known.sum(axis=1)
        goes_nowhere[:, at] = (spread <= SIDEWAYS_RANGE) & (np.abs(change) <= SIDEWAYS_CHANGE)
    return counts, goes_nowhere


def _starts(regimes: Places) -> Places:
    """Series x sessions: the session on which the unbroken run of the regime began."""
    changes = np.ones(regimes.shape, dtype=np.bool_)
    changes[:, 1:] = regimes[:, 1:] != regimes[:, :-1]
    found: Places = np.maximum.accumulate(np.where(changes, np.arange(regimes.shape[1]), 0), axis=1)
    return found
