"""marts.risk_daily: volatility, betas, correlations and drawdowns of every segment."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from transforms.contracts.risk import RISK_DAILY, RISK_MEASURES
from transforms.measures.drawdown import drawdown_daily
from transforms.measures.episodes import episodes
from transforms.measures.panel import Floats, Panel, panel
from transforms.measures.risk_estimators import (
    Estimate,
    Reason,
    beta,
    correlation,
    dimson_beta,
    downside_beta,
    estimate,
    scholes_williams_beta,
    volatility,
)

MARKET = "total"
LARGE = "large"
MONTH, QUARTER, YEAR, FOUR_YEARS = 21, 63, 252, 1008
_REASONS = [None if reason is Reason.none else reason.name for reason in Reason]


def risk_daily(returns: pl.DataFrame, since: date) -> pl.DataFrame:
    """marts.RISK_DAILY for the sessions from `since` on: one row per row of `returns` and measure.

    ``returns``: all rows of marts.segment_daily since the first, in any order: session_date, scheme_id, segment and
    return_price_vw (fraction). `RISK_MEASURES` states formulas, sources and least observations. A window is the last N
    sessions of `returns`; those on which a return is unknown do not count, and with fewer than the measure's least
    the value is null (`too_few`). A row depends on its session and earlier ones alone, and every window is summed anew
    in the same order, so a run from any `since` gives the same bits.
    """
    if returns.is_empty():
        return RISK_DAILY.empty()
    over = panel(returns.join(drawdown_daily(returns), on=["session_date", "scheme_id", "segment"], how="left"))
    first = over.first(since)
    found = dict(_windowed(over, first)) | dict(_of_levels(over, first))
    return RISK_DAILY.conform(
        pl.concat(_rows(over, first, measure.name, found[measure.name], measure.least) for measure in RISK_MEASURES)
    )


def _rows(over: Panel, first: int, measure: str, estimates: list[Estimate], least: int) -> pl.DataFrame:
    enough = [each.needing(least) for each in estimates]
    nothing = [np.zeros(0)]  # concatenate needs one
    value = np.concatenate(nothing + [each.value for each in enough])
    observations = np.concatenate(nothing + [each.observations for each in enough]).astype(np.int32)
    reason = np.concatenate(nothing + [each.reason for each in enough]).astype(np.int64)
    columns = {
        "value": pl.Series(value, nan_to_null=True),
        "observations": pl.Series(observations),
        "null_reason": pl.Series(_REASONS, dtype=pl.String).gather(reason),
    }
    return over.frame(first, columns).with_columns(measure=pl.lit(measure))


def _windowed(over: Panel, first: int) -> Iterator[tuple[str, list[Estimate]]]:
    """Each measure of a window, with one estimate per session from `first` on."""
    own = _after_nothing(over.matrix("return_price_vw"))
    market, large = over.beside(own, MARKET), over.beside(own, LARGE)
    # The column of a session is YEAR + 2 further: before the first come sessions without returns, so that
    # every window has its full width.
    ends = range(first + YEAR + 2, own.shape[1])

    def last(matrix: Floats, sessions: int, end: int) -> Floats:
        return matrix[:, end - sessions + 1 : end + 1]

    for sessions in (MONTH, QUARTER, YEAR):
        yield f"volatility_{sessions}", [volatility(last(own, sessions, end)) for end in ends]
    yield "beta_252", [beta(last(own, YEAR, end), last(market, YEAR, end)) for end in ends]
    yield "downside_beta_252", [downside_beta(last(own, YEAR, end), last(market, YEAR, end)) for end in ends]
    yield "correlation_63", [correlation(last(own, QUARTER, end), last(large, QUARTER, end)) for end in ends]
    yield "correlation_large_252", [correlation(last(own, YEAR, end), last(large, YEAR, end)) for end in ends]
    yield "correlation_total_252", [correlation(last(own, YEAR, end), last(market, YEAR, end)) for end in ends]
    for name, estimator in (("dimson", dimson_beta), ("scholes_williams", scholes_williams_beta)):
        yield (
            f"beta_{name}_252",
            [
                estimator(last(own, YEAR, end - 1), *(last(market, YEAR, end - lag) for lag in (2, 1, 0)))
                for end in ends
            ],
        )


def _of_levels(over: Panel, first: int) -> Iterator[tuple[str, list[Estimate]]]:
    """Each measure of the chained level, with one estimate per session from `first` on."""
    levels, drawdowns = over.matrix("level"), over.matrix("drawdown")
    known = ~np.isnan(levels)
    counts = known.cumsum(axis=1)
    spans = episodes(drawdowns)
    sessions = range(first, levels.shape[1])

    def of_session(values: Floats, at: int) -> Estimate:
        return estimate(values[:, at], counts[:, at], (~known[:, at], Reason.no_return))

    yield "drawdown", [of_session(drawdowns, at) for at in sessions]
    yield "sessions_under_water", [of_session(spans.under_water, at) for at in sessions]
    yield (
        "recovery_sessions",
        [
            estimate(spans.recovery[:, at], counts[:, at], (np.isnan(spans.recovery[:, at]), Reason.none_completed))
            for at in sessions
        ],
    )
    yield "range_1008", [_range(levels[:, max(0, at + 1 - FOUR_YEARS) : at + 1]) for at in sessions]


def _range(levels: Floats) -> Estimate:
    """Highest less lowest known level over the lowest: fraction; zero_level where that is 0."""
    known = ~np.isnan(levels)
    lowest = np.where(known, levels, np.inf).min(axis=-1)
    highest = np.where(known, levels, -np.inf).max(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (highest - lowest) / lowest
    return estimate(value, known.sum(axis=-1), (lowest == 0, Reason.zero_level))


def _after_nothing(matrix: Floats) -> Floats:
    return np.hstack([np.full((matrix.shape[0], YEAR + 2), np.nan), matrix])
