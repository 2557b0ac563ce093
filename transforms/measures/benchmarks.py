"""marts.benchmark_daily: segments against indexes and funds that others publish."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from transforms.contracts.benchmarks import BENCHMARK_DAILY, BENCHMARKS, WINDOWS
from transforms.measures.panel import Flags, Floats, Places, panel
from transforms.measures.risk_estimators import Estimate, Reason, correlation, estimate, volatility

LEVELS: dict[str, pl.DataType] = {
    "benchmark": pl.String(),
    "as_of": pl.Date(),
    "level": pl.Float64(),
    "known_at": pl.Datetime("us", "UTC"),
}
"""Values of benchmarks, of any number of vintages: the first that was known of a day counts."""
LARGEST_MOVE = 0.25
"""A fund of hundreds of companies that moves more than this in a session was split, or its value is wrong."""
_REASONS = [None if reason is Reason.none else reason.name for reason in Reason]
_ALWAYS_LATER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _Window:
    """Returns of segments and of the benchmark on the last sessions, nan where either was not known by the end."""

    one: Floats
    other: Floats
    is_absent: bool
    """The benchmark has no return at all."""

    def needing(self, least: int, found: Estimate) -> Estimate:
        """No value with fewer observations than the least; no_data where the benchmark has none."""
        enough = found.needing(least)
        if not self.is_absent:
            return enough
        return Estimate(enough.value, enough.observations, np.full_like(enough.reason, Reason.no_data))


def benchmark_levels(macro: pl.DataFrame, funds: pl.DataFrame) -> pl.DataFrame:
    """LEVELS of BENCHMARKS: indexes from rows of core.macro, funds by their value a share from core.fund_shares."""
    indexes, tickers = ([one.id for one in BENCHMARKS if one.kind == kind] for kind in ("index", "fund"))
    of_indexes = macro.filter(pl.col("series").is_in(indexes)).rename({"series": "benchmark", "value": "level"})
    of_funds = funds.filter(pl.col("fund").is_in(tickers)).rename({"fund": "benchmark", "nav": "level"})
    parts = [part.select(pl.col(name).cast(dtype) for name, dtype in LEVELS.items()) for part in (of_indexes, of_funds)]
    return pl.concat(parts).filter(pl.col("level").is_not_null())


def benchmark_daily(returns: pl.DataFrame, levels: pl.DataFrame, closes: pl.DataFrame, since: date) -> pl.DataFrame:
    """marts.BENCHMARK_DAILY for the sessions from ``since`` on: a row per row of ``returns``, benchmark and measure.

    ``returns``: all rows of marts.segment_daily since the first (session_date, scheme_id, segment, return_price_vw).
    ``levels``: LEVELS. ``closes``: session_date and known_at, when each of those sessions closed. A benchmark's return
    is between consecutive sessions of ``returns``, both of which it has a level of, and none where it is beyond
    LARGEST_MOVE; it counts from the first session by whose close both levels were known. So a night gives what a run
    over all sessions gives.
    """
    compared = {segment for benchmark in BENCHMARKS for segment in benchmark.segments}
    rows = returns.filter(pl.col("segment").is_in(compared))
    if rows.is_empty():
        return BENCHMARK_DAILY.empty()
    over = panel(rows)
    first = over.first(since)
    segments = over.series["segment"].to_list()
    parts = []
    for benchmark in BENCHMARKS:
        at = [place for place, segment in enumerate(segments) if segment in benchmark.segments]
        others, known_from = _moves(levels.filter(pl.col("benchmark") == benchmark.id), over.sessions, closes)
        own = over.matrix("return_price_vw")[at]
        for measure, estimates in _windowed(own, others, known_from, first):
            found = _told(estimates, over.series[at], over.sessions[first:])
            parts.append(found.with_columns(benchmark=pl.lit(benchmark.id), measure=pl.lit(measure)))
    told = pl.concat(parts).join(
        rows.select("session_date", "scheme_id", "segment"), how="semi", on=["session_date", "scheme_id", "segment"]
    )
    return BENCHMARK_DAILY.conform(told)


def _moves(levels: pl.DataFrame, sessions: pl.Series, closes: pl.DataFrame) -> tuple[Floats, Places]:
    """Return of a benchmark on each session, nan where unknown, and the place of the session from which it counts."""
    first_known = levels.sort("known_at").unique("as_of", keep="first", maintain_order=True)
    placed = (
        sessions.to_frame("session_date")
        .join(first_known.rename({"as_of": "session_date"}), on="session_date", how="left", maintain_order="left")
        .with_columns(level=pl.when(pl.col("level") > 0).then("level"))
    )
    level = placed["level"].to_numpy()
    told = pl.max_horizontal("known_at", pl.col("known_at").shift(1))
    closed = sessions.to_frame("session_date").join(
        closes.rename({"known_at": "closed_at"}), on="session_date", how="left", maintain_order="left"
    )["closed_at"]
    known_from = closed.search_sorted(placed.select(told).to_series().fill_null(closed[-1])).to_numpy()
    with np.errstate(invalid="ignore"):
        moves = np.concatenate([[np.nan], level[1:] / level[:-1] - 1])
        usable = np.abs(moves) <= LARGEST_MOVE
    return np.where(usable, moves, np.nan), np.where(usable, known_from, _ALWAYS_LATER).astype(np.int64)


def _windowed(own: Floats, others: Floats, known_from: Places, first: int) -> Iterator[tuple[str, list[Estimate]]]:
    """Each measure with one estimate per session from `first` on."""
    for sessions, least in WINDOWS.items():
        pairs = [_window(own, others, known_from, end, sessions) for end in range(first, own.shape[1])]
        yield f"tracking_difference_{sessions}", [pair.needing(least, _difference(pair)) for pair in pairs]
        yield f"tracking_error_{sessions}", [pair.needing(least, volatility(pair.one - pair.other)) for pair in pairs]
        yield f"correlation_{sessions}", [pair.needing(least, correlation(pair.one, pair.other)) for pair in pairs]


def _window(own: Floats, others: Floats, known_from: Places, end: int, sessions: int) -> _Window:
    window = slice(max(end - sessions + 1, 0), end + 1)
    other = np.where(known_from[window] <= end, others[window], np.nan)
    one = own[:, window]
    both = np.broadcast_to(other, one.shape)
    is_known: Flags = ~np.isnan(one + both)
    return _Window(np.where(is_known, one, np.nan), np.where(is_known, both, np.nan), bool(np.isnan(other).all()))


def _difference(pair: _Window) -> Estimate:
    known = ~np.isnan(pair.one)
    chained = [np.expm1(np.where(known, np.log1p(moves), 0.0).sum(axis=-1)) for moves in (pair.one, pair.other)]
    count = known.sum(axis=-1)
    return estimate(chained[0] - chained[1], count, (count < 1, Reason.too_few))


def _told(estimates: list[Estimate], series: pl.DataFrame, sessions: pl.Series) -> pl.DataFrame:
    nothing = [np.zeros(0)]  # concatenate needs one
    height = len(estimates) * series.height
    keys = pl.concat([series] * len(estimates)) if estimates else series.clear()
    return keys.with_columns(
        sessions.gather(np.arange(height) // max(series.height, 1)).alias("session_date"),
        pl.Series("value", np.concatenate(nothing + [each.value for each in estimates]), nan_to_null=True),
        pl.Series("observations", np.concatenate(nothing + [each.observations for each in estimates])),
        pl.Series("null_reason", _REASONS, dtype=pl.String).gather(
            np.concatenate(nothing + [each.reason for each in estimates]).astype(np.int64)
        ),
    )
