"""Run records on disk: `runs/<run_id>.json`, one per run."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from itertools import takewhile
from pathlib import Path

from flows.alert import AlertKind
from flows.errors import LockHeld
from flows.paths import DataPaths
from flows.run_record import AlertOutcome, RunRecord, RunStatus, SessionVerdict


def write_record(paths: DataPaths, record: RunRecord) -> Path:
    """Write or replace the record's file; a reader sees the old or the new one, never a half."""
    target = paths.run_record(record.run_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".json.new")
    with aside.open("w", encoding="utf-8") as file:
        json.dump(asdict(record), file, indent=2, ensure_ascii=False, default=str)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(target)
    return target


def read_record(path: Path) -> RunRecord:
    """One run record as written by `write_record`."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["status"] = RunStatus(raw["status"])
    raw["sessions"] = [
        SessionVerdict(**{**verdict, "rule_codes": tuple(verdict["rule_codes"])}) for verdict in raw["sessions"]
    ]
    raw["alerts"] = [AlertOutcome(**alert) for alert in raw["alerts"]]
    return RunRecord(**raw)


def record_text(path: Path) -> str:
    """One run record as JSON text; an empty object where the run left none."""
    return path.read_text(encoding="utf-8") if path.exists() else "{}"


def latest_record(paths: DataPaths) -> RunRecord | None:
    """The newest run's record, if any run has left one."""
    return next(_newest_first(paths), None)


def unended_record(paths: DataPaths) -> RunRecord | None:
    """The newest run's record if it has no end: it is at work, or was cut off. Runs that met its lock do not count."""
    told = (record for record in _newest_first(paths) if record.exit_code != LockHeld.exit_code)
    record = next(told, None)
    return record if record and record.status is RunStatus.RUNNING else None


def recovery_told_since(paths: DataPaths, instant: str) -> bool:
    """Whether a run that began after this instant (ISO text, UTC) has told that all is well again."""
    later = takewhile(lambda record: record.started_at >= instant, _newest_first(paths))
    return any(alert.kind == AlertKind.RECOVERED and alert.delivered for record in later for alert in record.alerts)


def earlier_records(paths: DataPaths, run_id: str) -> list[RunRecord]:
    """The records of the runs that began before this one, newest first."""
    return [record for record in _newest_first(paths) if record.run_id < run_id]


def latest_verdict(paths: DataPaths, session: date) -> tuple[RunRecord, SessionVerdict] | None:
    """The newest run that judged a session, published or not, and what it found."""
    told = (
        (record, verdict)
        for record in _newest_first(paths)
        for verdict in record.sessions
        if verdict.session_date == session.isoformat()
    )
    return next(told, None)


def last_ending(paths: DataPaths) -> RunStatus | None:
    """How the last run that did something ended: one that found nothing to do tells nothing, one cut off failed."""
    told = (record.status for record in _newest_first(paths) if record.status is not RunStatus.NOTHING_TO_DO)
    status = next(told, None)
    return RunStatus.CRASHED if status is RunStatus.RUNNING else status


def _newest_first(paths: DataPaths) -> Iterator[RunRecord]:
    files = sorted(paths.runs.glob("*.json"), reverse=True) if paths.runs.is_dir() else []
    return (read_record(file) for file in files)
