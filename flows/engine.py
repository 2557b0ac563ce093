"""Around every run: lock, record, errors to exit codes, and the message to people."""

import gc
import logging
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl

from flows.alert import FailingRows
from flows.edge.clock import utc_now
from flows.edge.lock import prepare_data_folder, writer_lock
from flows.edge.processes import this_host
from flows.edge.run_records import last_ending, write_record
from flows.edge.scheme_files import enabled_schemes
from flows.edge.warehouse_status import status
from flows.errors import LockHeld, Refused, SmallcapsError, is_fault
from flows.paths import DataPaths
from flows.pipeline import Plan
from flows.run import Kind, Run
from flows.run_record import RunOutcome, RunRecord, RunStatus, new_run_id
from flows.settings import load_settings
from flows.steps.notify import notify

log = logging.getLogger(__name__)


def new_run(kind: Kind, archive: Path | None, data_dir: Path | None) -> Run:
    """A run of this data folder, with an id and an empty record; proves that the folder can be written."""
    # The walk collects thousands of small frames: the streaming engine, the default, takes half as long again.
    pl.Config.set_engine_affinity("in-memory")
    settings = load_settings(data_dir=data_dir, archive=archive)
    schemes = enabled_schemes(settings.schemes, settings.schemes_dir)
    started = utc_now()
    run_id = new_run_id(kind, started)
    paths = DataPaths(settings.data_dir)
    record = RunRecord(
        run_id=run_id,
        kind=kind,
        started_at=started.isoformat(timespec="seconds"),
        host=this_host(),
        pid=os.getpid(),
    )
    try:
        prepare_data_folder(paths)
    except SmallcapsError as error:
        _finish_badly(record, error)
        notify(settings, paths, record)
        raise
    return Run(kind, run_id, started, settings, paths, record, settings.archive, schemes=schemes)


def conduct(run: Run, work: Callable[[Run], Plan]) -> RunOutcome:
    """Do the work under the writer lock; whatever happens ends in a record, an exit code and, if bad, a message.

    Raises:
        LockHeld: another run is at work; nothing was touched, and somebody was told.
    """
    run.record.asked_sessions = [session.isoformat() for session in run.asked]
    try:
        with writer_lock(run.paths, run.run_id):
            _conduct_alone(run, work)
    except LockHeld as error:
        _finish_badly(run.record, error)
        run.record.ended_at = utc_now().isoformat(timespec="seconds")
        notify(run.settings, run.paths, run.record)
        raise
    record = run.record
    return RunOutcome(
        exit_code=record.exit_code or 0,
        summary=record.error or _summary(record),
        next_step=record.next_step,
        run_id=run.run_id,
        record_path=run.paths.run_record(run.run_id),
    )


def _conduct_alone(run: Run, work: Callable[[Run], Plan]) -> None:
    record = run.record
    before = last_ending(run.paths)
    write_record(run.paths, record)
    failing: FailingRows | None = None
    gc.collect()
    gc.freeze()  # what is imported stays: a collector that visits it again and again takes a sixth of the gate's time
    try:
        _finish_well(record, work(run))
    except SmallcapsError as error:
        failing = _finish_badly(record, error)
    except BaseException as error:
        if not is_fault(error):
            raise
        log.exception("Run %s crashed", run.run_id)
        record.status, record.exit_code = RunStatus.CRASHED, 1
        record.error = f"Crashed: {type(error).__name__}: {error}"
        record.next_step = "See docs/runbooks/nightly-failed.md."
    finally:
        gc.unfreeze()
    record.ended_at = utc_now().isoformat(timespec="seconds")
    notify(
        run.settings,
        run.paths,
        record,
        before=before,
        failing=failing,
        last_good_session=_last_good_session(run),
    )


def _finish_well(record: RunRecord, plan: Plan) -> None:
    record.exit_code = 0
    if plan.is_idle:
        record.status = RunStatus.NOTHING_TO_DO
    elif record.degraded_sources:
        record.status = RunStatus.DEGRADED
    else:
        record.status = RunStatus.PUBLISHED


def _finish_badly(record: RunRecord, error: SmallcapsError) -> FailingRows | None:
    record.exit_code, record.error, record.next_step = error.exit_code, error.message, error.next_step
    record.status = RunStatus.REFUSED if isinstance(error, Refused) else RunStatus.FAILED
    return error.failing if isinstance(error, Refused) else None


def _last_good_session(run: Run) -> str:
    try:
        last = status(run.paths).last_published
    except SmallcapsError:
        return ""
    return last.isoformat() if last else ""


def _summary(record: RunRecord) -> str:
    if record.status is RunStatus.NOTHING_TO_DO:
        return "Nothing to do: these sessions are judged and nothing new has landed."
    counts = {name: len(record.sessions_with(name)) for name in ("published", "refused", "missing")}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    named = [
        f"{v.session_date} {v.status} {' '.join(v.rule_codes)}".strip()
        for v in record.sessions
        if v.status != "published"
    ]
    shown = f" ({'; '.join(named[:12])}{' ...' if len(named) > 12 else ''})" if named else ""
    degraded = f" Degraded: {', '.join(sorted(record.degraded_sources))}." if record.degraded_sources else ""
    unreported = f" No report: {record.report_error}" if record.report_error else ""
    return f"Published: {told} sessions{shown}.{degraded}{unreported}"
