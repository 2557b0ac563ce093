"""stage, first part: landed files of quotes as rows of the wanted sessions, whichever source serves them."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from flows.edge.clock import utc_now
from flows.edge.landing import LandedFile
from flows.errors import SourceError
from flows.run import Run
from flows.sources import nasdaq_screener
from flows.sources.model import ASK_AGAIN
from flows.steps.fx import with_rates_only
from flows.steps.reading import read
from flows.steps.rejects import Told, of_closed_days
from flows.walk import Fault
from transforms.core.fx import USD
from transforms.staging.descriptions import Described, of_quotes, of_reference
from transforms.staging.nasdaq_screener import EXCHANGES

log = logging.getLogger(__name__)
Part = tuple[Described, pl.DataFrame]
"""Quotes of some sessions, and the rejects beside them with their session."""


def quotes(
    run: Run, sessions: Sequence[date], faults: dict[date, Fault], told: Told, rates: pl.DataFrame
) -> Iterator[Part]:
    """Rows of the sessions from the source of the role `quotes`; sessions that cannot be read go into `faults`.

    ``rates``: RATES, by which lines in other currencies than USD are stated in it; those without one are set aside.
    """
    if run.settings.sources_of("quotes")[0] == "files":
        return _own_files(run, sessions, faults, told, rates)
    return _screener(run, sessions, faults, told)


def _screener(run: Run, sessions: Sequence[date], faults: dict[date, Fault], told: Told) -> Iterator[Part]:
    """A session's daily files where they were landed, else its year's history."""
    daily = _daily_files(run)
    from_history = []
    for session in sessions:
        files = daily.get(session.isoformat(), {})
        if not files:
            from_history.append(session)
            continue
        absent = [exchange for exchange in EXCHANGES if exchange not in files]
        if absent:
            observed = f"source {nasdaq_screener.NAME}, session {session}: no file of {', '.join(absent)}"
            faults[session] = Fault(observed, ASK_AGAIN)
            continue
        yield from _read_daily(run, session, files, faults)
    if from_history:
        yield from _read_history(run, from_history, told)


def _daily_files(run: Run) -> dict[str, dict[str, LandedFile]]:
    """Session to exchange to the landed file that was served last, readable or not."""
    found: dict[str, dict[str, LandedFile]] = {}
    for file in run.landing.newest(nasdaq_screener.NAME, include_unreadable=True):
        kind, _, exchange = file.dataset.partition("/")
        if kind == nasdaq_screener.DAILY:
            found.setdefault(file.key, {})[exchange] = file
    return found


def _read_daily(run: Run, session: date, files: dict[str, LandedFile], faults: dict[date, Fault]) -> Iterator[Part]:
    staged = []
    for exchange in EXCHANGES:
        try:
            staged.append(_read_readable(run, files[exchange]))
        except SourceError as error:
            faults[session] = Fault(error.message, error.next_step)
            return
    rows = pl.concat([rows for rows, _ in staged])
    rejects = pl.concat([rejects for _, rejects in staged])
    yield of_quotes(rows), rejects.with_columns(session_date=pl.lit(session))


def _read_readable(run: Run, file: LandedFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The file, or the readable one landed before it: a broken reply must not take a good session back.

    Raises:
        SourceError: no landed file of this dataset and key can be read.
    """
    try:
        return read(run, file)
    except SourceError as error:
        run.landing.mark_unreadable(file, error.message, utc_now())
        earlier = [other for other in run.landing.newest(file.source, file.dataset) if other.key == file.key]
        if not earlier:
            raise
        log.warning("%s; the file landed before it counts", error.message)
        return _read_readable(run, earlier[0])


def _read_history(run: Run, sessions: Sequence[date], told: Told) -> Iterator[Part]:
    histories = {file.key: file for file in run.landing.newest(nasdaq_screener.NAME, nasdaq_screener.HISTORY)}
    references = run.landing.newest(nasdaq_screener.NAME, nasdaq_screener.REFERENCE)
    file = histories.get(str(sessions[0].year))
    if file is None:
        return
    rows, rejects = read(run, file)
    wanted = rows.filter(pl.col("session_date").is_in(sessions))
    closed = of_closed_days(rows, sessions, file)
    described = of_reference(wanted, read(run, references[-1])[0]) if references else of_quotes(wanted)
    yield described, pl.concat([told.by_day(rejects, file, sessions), closed])


def _own_files(
    run: Run, sessions: Sequence[date], faults: dict[date, Fault], told: Told, rates: pl.DataFrame
) -> Iterator[Part]:
    """The operator's files, each with quotes of any sessions; of two with the same session the newest counts."""
    for file in run.landing.newest("files", "quotes"):
        rows, rejects = read(run, file)
        wanted = rows.filter(pl.col("session_date").is_in(sessions))
        usable, without = with_rates_only(wanted, rates, file)
        for session in sorted(set(wanted["session_date"]) - set(usable["session_date"])):
            observed = f"{file.name}, field currency: no line in {USD}, and no exchange rate for any other"
            faults[session] = Fault(observed, "Mend the currencies, or the source of exchange rates; then run again.")
        aside = [told.by_day(rejects, file, sessions), without, of_closed_days(rows, sessions, file)]
        yield of_quotes(usable), pl.concat(aside)
