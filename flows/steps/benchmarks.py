"""Prices of funds, and the segments of every scheme beside them and the indices: written anew for all sessions."""

import polars as pl

from flows.edge.builds import Build
from flows.market_calendar import all_sessions
from flows.run import Run
from flows.steps.build import Filled
from flows.steps.series import segment_returns
from transforms.contracts import table
from transforms.core.fund_prices import fund_price_rows
from transforms.core.fundamentals import known_at
from transforms.measures.benchmarks import benchmark_daily, benchmark_returns, benchmark_rows, pairs_of

CURRENCY = "USD"
"""Of every benchmark; a scheme in another currency has nothing here to be set against."""


def write_benchmarks(run: Run, build: Build, filled: Filled, macro: pl.DataFrame) -> None:
    """core.fund_prices as known by the last admitted session, and the frames of the two marts of benchmarks.

    ``macro``: rows of core.macro.
    """
    last = filled.progress.last_admitted
    prices, daily = table("core.fund_prices").empty(), table("marts.benchmark_daily").empty()
    with run.timed("transform"):
        if last is not None:
            by_then = pl.col("known_at") <= known_at(pl.lit(last, pl.Date))
            prices = fund_price_rows(filled.facts.fund_prices, all_sessions()).filter(by_then)
            theirs = benchmark_returns(prices, macro, filled.known.declared, all_sessions())
            schemes = [name for name, scheme in run.schemes.items() if scheme.currency == CURRENCY]
            ours = segment_returns(build, filled.progress).filter(pl.col("scheme_id").is_in(schemes))
            daily = benchmark_daily(ours, theirs, pairs_of(prices), all_sessions())
    with run.timed("build"):
        run.count("core.fund_prices", build.replace("core.fund_prices", prices))
        build.work("benchmarks", benchmark_rows(pairs_of(prices)))
        build.work("benchmark_daily", daily)
