"""report: the page about the last published session, beside the published file."""

from datetime import date
from pathlib import Path

from flows.edge.chart_script import chart_script
from flows.edge.clock import utc_now
from flows.edge.reports import write_page
from flows.edge.warehouse import reading
from flows.errors import UsageError
from flows.paths import DataPaths
from flows.run import Run


def report(run: Run) -> Path:
    """Write the page of the last published session; returns its path."""
    with run.timed("report"):
        return make_page(run.paths)


def make_page(paths: DataPaths, session: date | None = None) -> Path:
    """Write the page of a published session, the last one if none is named; returns its path.

    Raises:
        UsageError: nothing is published, or that session is not.
    """
    from flows.report.contents import read_contents
    from flows.report.page import render  # Altair takes a second to load: only where a page is made

    if not paths.warehouse.exists():
        raise UsageError("Nothing is published yet.", next_step="Run: smallcaps backfill --from D --to D")
    with reading(paths.warehouse) as con:
        contents = read_contents(lambda sql: con.execute(sql).pl(), session)
    html = render(contents, utc_now(), chart_script(paths.reports))
    return write_page(paths, contents.session, html, is_last=contents.is_last)
