"""Run records on disk: `runs/<run_id>.json`, one per run."""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from flows.alert import AlertKind
from flows.errors import LockHeld
from flows.paths import DataPaths
from flows.run_record import AlertOutcome, RunRecord, RunStatus, SessionVerdict

log = logging.getLogger(__name__)


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
    """One run record as `write_record` writes it; fields that another version added are left out.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no run record, or a damaged one.
    """
    try:
        raw = _known(RunRecord, json.loads(path.read_text(encoding="utf-8")))
        raw["status"] = RunStatus(raw["status"])
        raw["sessions"] = [
            SessionVerdict(**{**_known(SessionVerdict, verdict), "rule_codes": tuple(verdict["rule_codes"])})
            for verdict in raw["sessions"]
        ]
        raw["alerts"] = [AlertOutcome(**_known(AlertOutcome, alert)) for alert in raw["alerts"]]
        return RunRecord(**raw)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no run record: {type(error).__name__} {error}") from error


def _known(kind: type, raw: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in raw.items() if name in names}


def record_text(path: Path) -> str:
    """One run record as JSON text; an empty object where the run left none."""
    return path.read_text(encoding="utf-8") if path.exists() else "{}"


def latest_record(paths: DataPaths) -> RunRecord | None:
    """The newest run's record, if any run has left one."""
    return next(newest_first(paths), None)


def unended_record(paths: DataPaths) -> RunRecord | None:
    """The newest run's record if it has no end: it is at work, or was cut off. Runs that met its lock do not count."""
    told = (record for record in newest_first(paths) if record.exit_code != LockHeld.exit_code)
    record = next(told, None)
    return record if record and record.status is RunStatus.RUNNING else None


def recovery_told_since(paths: DataPaths, instant: str) -> bool:
    """Whether a run that began after this instant (ISO text, UTC) has told that all is well again."""
    later = takewhile(lambda record: record.started_at >= instant, newest_first(paths))
    return any(alert.kind == AlertKind.RECOVERED and alert.delivered for record in later for alert in record.alerts)


def earlier_records(paths: DataPaths, run_id: str) -> list[RunRecord]:
    """The records of the runs that began before this one, newest first, back to the last one that lacked nothing.

    Every row of troubles ends there (`flows.troubles`), so of years of records only these few are read.
    """
    found = []
    for record in newest_first(paths, before=run_id):
        found.append(record)
        if record.status is RunStatus.PUBLISHED and not record.degraded_sources:
            break
    return found


def latest_verdict(paths: DataPaths, session: date) -> tuple[RunRecord, SessionVerdict] | None:
    """The newest run that judged a session, published or not, and what it found."""
    told = (
        (record, verdict)
        for record in newest_first(paths)
        for verdict in record.sessions
        if verdict.session_date == session.isoformat()
    )
    return next(told, None)


def last_ending(paths: DataPaths) -> RunStatus | None:
    """How the last run that did something ended: one that found nothing to do tells nothing, one cut off failed."""
    told = (record.status for record in newest_first(paths) if record.status is not RunStatus.NOTHING_TO_DO)
    status = next(told, None)
    return RunStatus.CRASHED if status is RunStatus.RUNNING else status


def newest_first(paths: DataPaths, before: str | None = None) -> Iterator[RunRecord]:
    """The records, read as they are asked for; one that cannot be read is told in the log and passed over.

    ``before``: only those of runs with a smaller run id.
    """
    files = sorted(paths.runs.glob("*.json"), reverse=True) if paths.runs.is_dir() else []
    for file in files:
        if before is not None and file.stem >= before:
            continue
        try:
            yield read_record(file)
        except (OSError, ValueError) as error:
            log.warning("The run record %s cannot be read and is passed over: %s", file, error)
