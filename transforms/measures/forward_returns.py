"""marts.forward_returns: what segments returned after deep drawdowns, and after any session."""

from datetime import date

import numpy as np
import polars as pl

from transforms.contracts.risk import FORWARD_RETURNS, HORIZONS, STARTS
from transforms.measures.drawdown import drawdown_daily
from transforms.measures.episodes import episodes
from transforms.measures.panel import Flags, Floats, Panel, panel

_DECIMALS = 12
"""Of a return: what is finer is noise of the chain, and would pass for a gain."""
LEAST = 3
"""Starts; of one or two a share above 0 says nothing."""


def forward_returns(returns: pl.DataFrame, since: date) -> pl.DataFrame:
    """marts.FORWARD_RETURNS for the sessions from `since` on: one row per row of `returns`, horizon and kind of start.

    ``returns``: all rows of marts.segment_daily since the first, in any order, as in `risk_daily`. A start counts on
    the sessions from its end on: start + horizon sessions, so nothing is known before it is over. Its return is
    level(end) / level(start) - 1, and it does not count if a session between lacks a return. after_drawdown_20: the
    first session since a high whose drawdown is deeper than 20 %.
    """
    if returns.is_empty():
        return FORWARD_RETURNS.empty()
    over = panel(returns.join(drawdown_daily(returns), on=["session_date", "scheme_id", "segment"], how="left"))
    enters = episodes(over.matrix("drawdown")).enters_deep
    every = np.ones_like(enters)
    gains = {horizon: _gains(over, horizon) for horizon in HORIZONS}
    first = over.first(since)
    parts = [
        _expanding(over, first, np.where(_shifted(is_start, horizon), gains[horizon], np.nan)).with_columns(
            horizon_sessions=pl.lit(horizon), start=pl.lit(start)
        )
        for horizon in HORIZONS
        for start, is_start in zip(STARTS, (enters, every), strict=True)
    ]
    return FORWARD_RETURNS.conform(pl.concat(parts))


def _gains(over: Panel, horizon: int) -> Floats:
    """Series x sessions: the return over the `horizon` sessions that end there, to 1e-12; nan if one is unknown."""
    levels, gaps = over.matrix("level"), over.matrix("gaps")
    found = np.full(levels.shape, np.nan)
    if levels.shape[1] > horizon:
        with np.errstate(invalid="ignore", divide="ignore"):
            gain = np.round(levels[:, horizon:] / levels[:, :-horizon] - 1, _DECIMALS)
        is_whole = (gaps[:, horizon:] == gaps[:, :-horizon]) & np.isfinite(gain)
        found[:, horizon:] = np.where(is_whole, gain, np.nan)
    return found


def _shifted(flags: Flags, sessions: int) -> Flags:
    """Each flag that many sessions later."""
    found = np.zeros_like(flags)
    found[:, sessions:] = flags[:, : max(0, flags.shape[1] - sessions)]
    return found


def _expanding(over: Panel, first: int, gains: Floats) -> pl.DataFrame:
    """Count, mean, median and share above 0 of the known gains up to each session from `first` on."""
    known = ~np.isnan(gains)
    counts = known.cumsum(axis=1)[:, first:].T.ravel()
    # Each anew, not a running sum: a night's run would start that elsewhere.
    filled = np.where(known, gains, 0.0)
    sums = [filled[:, : at + 1].sum(axis=1) for at in range(first, gains.shape[1])]
    above = (gains > 0).cumsum(axis=1)[:, first:].T.ravel()
    medians = [_median(gains[:, : at + 1]) for at in range(first, gains.shape[1])]
    enough = pl.col("start_count") >= LEAST
    return over.frame(
        first,
        {
            "start_count": pl.Series(counts),
            "total": pl.Series(np.concatenate([np.zeros(0), *sums])),
            "above": pl.Series(above),
            "middle": pl.Series(np.concatenate([np.zeros(0), *medians])),
        },
    ).with_columns(
        mean_return=pl.when(enough).then(pl.col("total") / pl.col("start_count")),
        median_return=pl.when(enough).then("middle"),
        positive_share=pl.when(enough).then(pl.col("above") / pl.col("start_count")),
        null_reason=pl.when(~enough).then(pl.lit("too_few")),
    )


def _median(gains: Floats) -> Floats:
    """Of the known gains of each series; nan without one."""
    ordered = np.sort(gains, axis=1)  # nan goes last
    count = (~np.isnan(gains)).sum(axis=1)
    line = np.arange(len(gains))
    lower, upper = ordered[line, np.maximum(count - 1, 0) // 2], ordered[line, count // 2 % gains.shape[1]]
    middle: Floats = np.where(count > 0, lower + (upper - lower) / 2, np.nan)
    return middle
