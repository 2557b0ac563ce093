"""marts.benchmark_daily: how far the segments of each scheme went from reference price series."""

from collections.abc import Collection, Sequence
from datetime import date

import polars as pl

from transforms.contracts.benchmarks import BENCHMARK_DAILY, BENCHMARKS, NO_DATA, NO_VARIANCE, TOO_FEW, WINDOWS
from transforms.core.fund_prices import CLOSES, RETURNS, fund_closes, fund_returns, session_returns
from transforms.exact import RETURN_SCALE, fixed_point
from transforms.measures.benchmark_registry import INDICES, Comparison, comparisons

SESSIONS_A_YEAR = 252
LOG_SCALE = 10**15
"""Of logarithms of returns: over a thousand sessions their rounding stays below what a published ratio shows."""
_SERIES = ["scheme_id", "segment", "benchmark"]
_SUMS = ("n", "told", "x", "y", "xx", "yy", "xy", "log_x", "log_y")
_VALUES = ("segment_return", "benchmark_return", "tracking_difference", "tracking_error")


def pairs_of(prices: pl.DataFrame) -> tuple[Comparison, ...]:
    """What is compared with what, given core.fund_prices."""
    told = (
        prices.sort("fund", "session_date", "vintage_date").group_by("fund").agg(pl.col("segment").drop_nulls().last())
    )
    return comparisons(dict(told.iter_rows()))


def benchmark_rows(pairs: Sequence[Comparison]) -> pl.DataFrame:
    """Rows of marts.benchmarks."""
    rows = [(pair.segment, pair.benchmark, pair.kind, pair.return_basis, pair.differences) for pair in pairs]
    return BENCHMARKS.conform(pl.DataFrame(rows, BENCHMARKS.polars_schema, orient="row"))


def benchmark_returns(
    prices: pl.DataFrame, macro: pl.DataFrame, declared: pl.DataFrame, calendar: Sequence[date]
) -> pl.DataFrame:
    """RETURNS of every fund with prices and of the indices among the macro series.

    ``prices``: core.fund_prices; ``macro``: core.macro, each value as first published, of two sources the first by
    name; ``declared``: DECLARED.
    """
    levels = (
        macro.filter(pl.col("series").is_in(INDICES))
        .sort("series", "source", "as_of", "vintage_date")
        .filter(pl.col("source") == pl.col("source").first().over("series"))
        .unique(["series", "as_of"], keep="first", maintain_order=True)
        .select(benchmark="series", session_date="as_of", close="value")
        .select(pl.col(name).cast(dtype) for name, dtype in CLOSES.items())
    )
    indices = session_returns(levels, calendar).select(RETURNS.keys())
    return pl.concat([indices, fund_returns(fund_closes(prices), declared, calendar)])


def benchmark_daily(
    returns: pl.DataFrame,
    theirs: pl.DataFrame,
    pairs: Sequence[Comparison],
    calendar: Collection[date],
) -> pl.DataFrame:
    """Rows of marts.benchmark_daily for all sessions of ``returns``.

    ``returns``: session_date, scheme_id, segment, return_price_vw of all admitted sessions, in any order, of schemes
    whose returns are in USD. ``theirs``: RETURNS. Sums are exact, so a night's run gives the bits of a backfill.
    """
    paired = pl.DataFrame(
        [(pair.segment, pair.benchmark) for pair in pairs], {"segment": pl.String, "benchmark": pl.String}, orient="row"
    )
    both = (
        returns.join(paired, on="segment")
        .join(_follows(returns["session_date"], calendar), on="session_date", how="left")
        .join(theirs, on=["benchmark", "session_date"], how="left")
        .sort(*_SERIES, "session_date")
    )
    if both.is_empty():
        return BENCHMARK_DAILY.empty()
    sums = _running_sums(both)
    return BENCHMARK_DAILY.conform(pl.concat(_window(sums, name, *window) for name, window in WINDOWS.items()))


def _follows(admitted: pl.Series, calendar: Collection[date]) -> pl.DataFrame:
    """session_date and follows: whether the admitted session before is the one before in the calendar."""
    days = pl.DataFrame({"session_date": sorted(calendar)}, {"session_date": pl.Date})
    known = days.with_columns(before=pl.col("session_date").shift(1))
    return (
        admitted.unique()
        .sort()
        .to_frame("session_date")
        .with_columns(last=pl.col("session_date").shift(1))
        .join(known, on="session_date", how="left")
        .select("session_date", follows=(pl.col("last") == pl.col("before")).fill_null(value=False))
    )


def _running_sums(both: pl.DataFrame) -> pl.DataFrame:
    """The key of each row and _SUMS up to and with it: whole numbers, of observations alone but for ``told``."""
    mine, theirs = pl.col("return_price_vw"), pl.col("return")
    is_told = theirs.is_not_null()
    # A return of -1 has no logarithm; no segment or fund has ever lost everything in a session.
    is_seen = pl.col("follows") & (mine > -1).fill_null(value=False) & (theirs > -1).fill_null(value=False)
    x, y = (fixed_point(pl.when(is_seen).then(side)) for side in (mine, theirs))
    terms = {
        "n": is_seen.cast(pl.Int128),
        "told": is_told.cast(pl.Int128),
        "x": x,
        "y": y,
        "xx": x * x,
        "yy": y * y,
        "xy": x * y,
        "log_x": fixed_point(pl.when(is_seen).then(mine).log1p(), LOG_SCALE),
        "log_y": fixed_point(pl.when(is_seen).then(theirs).log1p(), LOG_SCALE),
    }
    return both.select(
        "session_date",
        *_SERIES,
        *(
            term.fill_null(0).cum_sum().over(_SERIES, order_by="session_date").alias(name)
            for name, term in terms.items()
        ),
    )


def _window(sums: pl.DataFrame, name: str, sessions: int | None, least: int) -> pl.DataFrame:
    """Rows of one window; ``sums``: of `_running_sums`, sorted by series and session."""
    within = sums if sessions is None else sums.with_columns(
        pl.col(column) - pl.col(column).shift(sessions).over(_SERIES, order_by="session_date").fill_null(0)
        for column in _SUMS
    )  # fmt: skip
    spread_x, spread_y = _spread("xx", "x", "x"), _spread("yy", "y", "y")
    together = _spread("xy", "x", "y")
    spread_d = spread_x + spread_y - 2 * together
    varies = (spread_x > 0) & (spread_y > 0)
    scale = spread_x.cast(pl.Float64).sqrt() * spread_y.cast(pl.Float64).sqrt()
    count = pl.col("n").cast(pl.Float64)
    mine, theirs = ((pl.col(log).cast(pl.Float64) / LOG_SCALE).exp() - 1 for log in ("log_x", "log_y"))
    measured = within.with_columns(
        segment_return=mine,
        benchmark_return=theirs,
        tracking_difference=mine - theirs,
        tracking_error=(SESSIONS_A_YEAR * spread_d.cast(pl.Float64) / (count * (count - 1))).sqrt() / RETURN_SCALE,
        correlation=pl.when(varies).then((together.cast(pl.Float64) / scale).clip(-1, 1)),
        varies=varies,
    )
    is_enough = pl.col("n") >= least
    reason = (
        pl.when(pl.col("told") == 0)
        .then(pl.lit(NO_DATA))
        .when(~is_enough)
        .then(pl.lit(TOO_FEW))
        .when(~pl.col("varies"))
        .then(pl.lit(NO_VARIANCE))
    )
    return measured.with_columns(
        *(pl.when(is_enough).then(pl.col(column)).alias(column) for column in (*_VALUES, "correlation")),
        window_sessions=pl.lit(name),
        observations=pl.col("n"),
        least_observations=pl.lit(least),
        null_reason=reason,
    )


def _spread(products: str, x: str, y: str) -> pl.Expr:
    """Count times the sum of products, less the product of the sums: count times (count - 1) covariances, exactly."""
    return pl.col("n") * pl.col(products) - pl.col(x) * pl.col(y)
