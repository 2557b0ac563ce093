"""The way of the data in one run, from asking to publishing; nightly, backfill and rebuild all take it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.alert import FailingRows
from flows.edge.builds import Build
from flows.edge.cap_versions import append_versions
from flows.edge.clock import new_york_date, utc_now
from flows.edge.diff import revisions
from flows.edge.landing import LandedFile
from flows.edge.quarantine_file import write_quarantine
from flows.errors import MissingData, Refused, is_fault, on_one_line
from flows.market_calendar import sessions_between
from flows.roles import Role
from flows.run import Run
from flows.run_record import SessionVerdict
from flows.sources import corporate_actions, nasdaq_directory, sec_edgar
from flows.steps import ops_tables
from flows.steps.admit import JudgedSession
from flows.steps.base import Base, open_base
from flows.steps.benchmarks import write_benchmarks
from flows.steps.build import Progress, fill, finish
from flows.steps.decisions import about, decisions
from flows.steps.degraded import Degraded, degraded_sessions, note_degraded
from flows.steps.facts import Facts
from flows.steps.filings import is_history
from flows.steps.flows import write_flows
from flows.steps.fx import changed_rates
from flows.steps.gate import gate
from flows.steps.land import Landed, asked_range, land, note_asked
from flows.steps.publish import publish
from flows.steps.reference_portfolios import write_reference_portfolios
from flows.steps.report import report
from flows.steps.review import review
from flows.steps.series import portfolio_returns, write_series
from transforms.schemes.registry import scheme_rows

log = logging.getLogger(__name__)
COUNTED_FROM_LANDING = (sec_edgar.SOURCE.name, nasdaq_directory.SOURCE.name)
"""Sources of which a night's files count from that night on (see `flows.steps.filings.Filings`)."""
Step = Callable[..., Any]
ROLES_OF_THE_PAST: tuple[Role, ...] = ("quotes", "fundamentals", "share_counts", "caps", "splits", "reference")
"""Roles whose new files may change sessions that are judged. Macro series, fund flows and others' portfolios are
small: their tables are written anew every night, for all sessions."""


def plainly(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a step as a plain function call; the flows run it as a Prefect task instead."""
    del name
    return work(*arguments)


@dataclass(frozen=True)
class Plan:
    """Which sessions a run judges, and on top of what."""

    sessions: list[date]
    base: Base
    cause: str

    @property
    def is_idle(self) -> bool:
        """Nothing new was asked and nothing new has landed."""
        return not self.sessions


def refresh(run: Run, step: Step = plainly) -> Plan:
    """Land, plan, build, gate, publish, report. The run's record tells how it went.

    Raises:
        SmallcapsError: a required source failed, admission or the gate refused; nothing was published.
    """
    base = open_base(run)
    to_land = _sessions_to_land(run, base)
    landed: Landed = step("land", land, run, to_land) if to_land and run.kind != "rebuild" else Landed()
    if run.kind != "rebuild":
        note_asked(run, run.asked)
    plan = make_plan(run, base)
    if plan.is_idle:
        return plan
    built: Path = step("build", build, run, plan, landed)
    step("publish", publish, run, built)
    _review(run)
    _report(run, step)
    return plan


def _review(run: Run, refused: Sequence[JudgedSession] = ()) -> None:
    """A review file that fails is told in the log and the record, and changes nothing else."""
    try:
        run.record.review_path = str(review(run, refused))
    except BaseException as error:
        if not is_fault(error):
            raise
        log.exception("Run %s made no review file", run.run_id)
        run.record.review_error = on_one_line(f"{type(error).__name__}: {error}")


def _report(run: Run, step: Step) -> None:
    """A page that fails is told in the log and the record; the night is published and stays so."""
    try:
        run.record.report_path = str(step("report", report, run))
    except BaseException as error:
        if not is_fault(error):
            raise
        log.exception("Run %s published, but made no report", run.run_id)
        run.record.report_error = on_one_line(f"{type(error).__name__}: {error}")


def _sessions_to_land(run: Run, base: Base) -> list[date]:
    """What was asked, and from an archive also what was missed between the last verdict and now."""
    if base.last_judged is None or run.archive is None or run.asked[-1] <= base.last_judged:
        return run.asked
    missed = sessions_between(base.last_judged, run.asked[-1])[1:]
    return sorted({*missed, *run.asked})


def make_plan(run: Run, base: Base) -> Plan:
    """A session after the last verdict goes on top of the published file; anything older starts from landing alone.

    The warehouse is a function of landing. Where a run touches the past (a session before the last verdict that is
    new or was landed again, or new files of fundamentals, whose reports count for past sessions), all sessions are
    judged again; where it only adds, the new ones are.
    """
    asked = asked_range(run)
    if asked is None:
        return Plan([], base, "nothing was ever asked")
    everything = sessions_between(*asked)
    if run.kind == "rebuild" or not base.judged:
        return Plan(everything, Base(), run.kind)
    if everything[0] < base.judged[0]:
        return Plan(everything, Base(), "sessions before the first were asked for")
    touched = _new_about_the_past(run, base)
    if touched:
        return Plan(everything, Base(path=base.path), f"new about the past: {touched}")
    return Plan([s for s in everything if s > base.judged[-1]], base, run.kind)


def _new_about_the_past(run: Run, base: Base) -> str:
    """What has landed since that says something about a judged session; nothing where all is as it was."""
    told = _new_files_about_the_past(run, base) or _new_decisions_about_the_past(run, base) or _other_schemes(run, base)
    if told:
        return told
    last = base.admitted[-1] if base.admitted else None
    return "exchange rates" if changed_rates(run, base.fx_rates, base.judged[0], last) else ""


def _new_files_about_the_past(run: Run, base: Base) -> str:
    """The first landed file that the base has not seen and that says something about a judged session."""
    last = base.judged[-1]
    names = dict.fromkeys(name for role in ROLES_OF_THE_PAST for name in run.settings.sources_of(role))
    for name in names:
        for file in run.landing.newest(name, include_unreadable=True):
            if file.file_id not in base.files and _is_about_the_past(file, last):
                return file.name
    return ""


def _is_about_the_past(file: LandedFile, last: date) -> bool:
    """Whether a file can change a session up to the last judged one."""
    if file.source in COUNTED_FROM_LANDING and not is_history(file):
        return new_york_date(file.landed_at) <= last
    is_later = file.session_date is not None and file.session_date > last
    is_of_a_year = file.dataset.startswith("history/") or file.source == corporate_actions.NAME
    is_later_year = is_of_a_year and file.key > str(last.year)
    return not (is_later or is_later_year or file.dataset == "history/reference_intervals")


def _new_decisions_about_the_past(run: Run, base: Base) -> str:
    told = decisions(run.landing)
    news = told.join(base.decisions, on=["decided_at", "kind", "subject"], how="anti")
    return "a decision" if about(news, base.judged) else ""


def _other_schemes(run: Run, base: Base) -> str:
    """Schemes that are enabled now and were not, or say something else than they did: each begins with history."""
    now, before = scheme_rows(run.schemes.values()), base.schemes
    changed = pl.concat([now.join(before, on=now.columns, how="anti", nulls_equal=True),
                         before.join(now, on=now.columns, how="anti", nulls_equal=True)])  # fmt: skip
    return f"schemes {', '.join(changed['scheme_id'].unique().sort())}" if changed.height else ""


def build(run: Run, plan: Plan, landed: Landed) -> Path:
    """Make the next warehouse aside, and let it through the gate.

    Raises:
        Refused: admission refused the night's session, or the gate the build.
        MissingData: the night's session could not be read.
    """
    run.record.degraded_sources = landed.failures
    base_file = plan.base.path if plan.base.judged else None
    with Build.start(run.paths, run.run_id, base_file) as made:
        filled = fill(run, made, plan.base, plan.sessions)
        progress = filled.progress
        degraded = _note_degraded(run, plan, landed, filled.facts)
        run.record.sessions = [_verdict(item, degraded) for item in progress.sessions]
        write_quarantine(run.paths, run.run_id, _set_aside(progress))
        _refuse_night(run, progress)
        finish(run, made, filled)
        portfolios = portfolio_returns(made, progress)
        flows = write_flows(run, made, progress, filled.facts)
        write_series(run, made, progress, flows, portfolios)
        write_benchmarks(run, made, filled, flows.macro)
        write_reference_portfolios(run, made, progress, filled.facts, portfolios)
        _write_ops(run, made, progress, degraded)
        with run.timed("build"):
            appended = append_versions(_published(run), made, plan.sessions, cause=plan.cause, at=utc_now())
            run.count("core.cap_versions", appended)
            marts = made.run_marts([item.session for item in progress.sessions])
            made.replace("ops.revisions", revisions(_published(run), made, plan.sessions, cause=plan.cause))
        for name, rows in marts.items():
            run.count(f"marts.{name}", rows)
        with run.timed("gate"):
            gate(run, made, [item.session for item in progress.sessions], progress.untouched)
        with run.timed("build"):
            made.replace("ops.publications", _publication(run, made, progress))
            return made.close()


def _note_degraded(run: Run, plan: Plan, landed: Landed, facts: Facts) -> Degraded:
    """What failed to arrive or to be read: into the record and, for the sessions it was fetched for, into landing."""
    run.record.degraded_sources = failures = {**landed.failures, **facts.failures}
    if landed.sessions:
        note_degraded(run, landed.sessions, failures)
    return degraded_sessions(run, plan.sessions)


def _set_aside(progress: Progress) -> pl.DataFrame:
    """What was held back, and of refused sessions the lines or companies that were most suspect."""
    refused = [
        item.suspects.select(pl.lit(item.session).alias("session_date"), pl.all().cast(pl.String))
        for item in progress.sessions
        if item.suspects.height
    ]
    return pl.concat([*progress.quarantine, *refused], how="diagonal")


def _published(run: Run) -> Path | None:
    return run.paths.warehouse if run.paths.warehouse.exists() else None


def _refuse_night(run: Run, progress: Progress) -> None:
    """A night stands and falls with its own session; a backfill publishes the good ones and lists the others."""
    if run.kind != "nightly":
        if not progress.last_admitted:
            raise Refused("No session of the range was admitted.", next_step="smallcaps check --session D")
        return
    night = next((item for item in progress.sessions if item.session in run.asked), progress.sessions[-1])
    if night.status == "published":
        return
    _review(run, [item for item in progress.sessions if item.status == "refused"])
    run.record.sessions = [item for item in run.record.sessions if item.session_date == night.session.isoformat()]
    if night.status == "missing":
        raise MissingData(
            f"There is no file of {', '.join(run.settings.sources_of('quotes'))} for session {night.session}.",
            next_step="Put the file there and run again; the session stays missing until then.",
        )
    unreadable = next((check for check in night.checks if check.outcome == "errored"), None)
    if unreadable is not None:
        raise MissingData(f"Session {night.session} cannot be judged: {unreadable.observed}", next_step=night.next_step)
    refusing = [check for check in night.checks if check.refuses]
    detail = "; ".join(f"{c.rule.code} {c.subject}: {c.observed}, expected {c.expected}" for c in refusing)
    raise Refused(
        f"Session {night.session} is refused: {detail}.",
        next_step="See docs/runbooks/admission-refused.md; the published file is that of the night before.",
        rule_codes=tuple(dict.fromkeys(check.rule.code for check in refusing)),
        sessions=(night.session.isoformat(),),
        failing=FailingRows.of(night.suspects.columns, night.suspects.rows(), night.suspect_count),
    )


def _write_ops(run: Run, made: Build, progress: Progress, degraded: Degraded) -> None:
    judged = progress.sessions
    with run.timed("build"):
        made.replace("ops.sessions", ops_tables.sessions(run, judged, degraded), [item.session for item in judged])
        made.replace("ops.checks", ops_tables.admission_checks(run, judged))
        landing = run.landing
        sources = run.settings.enabled_sources
        files = [file for name in sources for file in landing.files(name)]
        in_use = [file for name in sources for file in landing.newest(name)]
        made.replace("ops.fetches", ops_tables.fetches(files, in_use))
        made.replace("ops.licences", ops_tables.licences(landing))
        made.replace("ops.decisions", decisions(landing))
        made.replace("ops.runs", ops_tables.runs(run))


def _publication(run: Run, made: Build, progress: Progress) -> pl.DataFrame:
    first = progress.base.judged[0] if progress.base.judged else progress.sessions[0].session
    return ops_tables.publications(run, made.base_run_id, first, progress.sessions[-1].session)


def _verdict(item: JudgedSession, degraded: Degraded) -> SessionVerdict:
    return SessionVerdict(
        session_date=item.session.isoformat(),
        status=item.status,
        is_degraded=item.session in degraded and item.status == "published",
        rule_codes=tuple(item.rule_codes),
        detail="; ".join(f"{c.rule.code} {c.subject} {c.observed}" for c in item.checks if c.outcome == "failed"),
    )
