"""Portfolios that others publish, and ours beside them: written anew each time, for all sessions."""

import polars as pl

from flows.edge.builds import Build
from flows.run import Run
from flows.steps.build import Progress
from flows.steps.facts import Facts
from transforms.core.reference_portfolios import reference_portfolio_rows
from transforms.measures.portfolio_comparison import size_portfolio_comparison


def write_reference_portfolios(run: Run, build: Build, progress: Progress, facts: Facts, ours: pl.DataFrame) -> None:
    """core.reference_portfolios, from the first session to the last admitted one, and the frame of the comparison.

    ``ours``: returns of our own portfolios (OURS) of all admitted sessions, not of this run's alone.
    """
    last = progress.last_admitted
    with run.timed("transform"):
        first = [*progress.base.judged, *(judged.session for judged in progress.sessions)][0]
        releases = facts.portfolios if last else facts.portfolios.clear()
        rows = reference_portfolio_rows(releases, first, last or first)
        comparison = size_portfolio_comparison(ours, rows)
    with run.timed("build"):
        run.count("core.reference_portfolios", build.replace("core.reference_portfolios", rows))
        build.work("size_portfolio_comparison", comparison)
