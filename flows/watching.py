"""What the watch looks at: a run that was cut off, and the age of the published file; each is told once."""

import logging
from dataclasses import dataclass
from datetime import datetime

from flows.alert import Alert, AlertKind
from flows.edge.lock import lock_is_free
from flows.edge.processes import is_gone, this_host
from flows.edge.run_records import latest_record, recovery_told_since, unended_record
from flows.edge.stale_note import StaleNote, clear_note, read_note, write_note
from flows.edge.warehouse_status import status
from flows.errors import SmallcapsError
from flows.freshness import Freshness, freshness
from flows.paths import DataPaths
from flows.run_record import AlertOutcome, RunRecord, RunStatus
from flows.settings import Settings
from flows.steps.notify import deliver, notify

log = logging.getLogger(__name__)
KIND = "watch"
RUNBOOK = "docs/runbooks/stale.md"
LONGEST_MESSAGE = 400
CRASHED, STALE = 1, 3
"""Exit codes."""


@dataclass(frozen=True)
class PrefectRun:
    """A flow run that ended badly, as Prefect tells."""

    name: str
    state: str
    message: str

    def __str__(self) -> str:
        words = " ".join(self.message.split())[:LONGEST_MESSAGE]
        return f"Prefect run {self.name} ended as {self.state}: {words.rstrip('. ') or 'no message'}."


@dataclass(frozen=True)
class Finding:
    """What was found, with an exit code; and what became of the message, where one was due."""

    text: str
    exit_code: int = 0
    alert: AlertOutcome | None = None


@dataclass(frozen=True)
class Watch:
    """One look at a data folder."""

    settings: Settings
    paths: DataPaths
    now: datetime
    run_id: str

    def tell(self, kind: AlertKind, about: str, headline: str, next_step: str) -> AlertOutcome:
        """Send one message."""
        places = {"published file": self.paths.warehouse, "run records": self.paths.runs}
        alert = Alert(
            kind=kind,
            headline=headline,
            run_id=self.run_id,
            run_kind=KIND,
            about=about,
            look_at={what: str(path.absolute()) for what, path in places.items()},
            next_step=next_step,
        )
        return deliver(self.settings, alert)


def look_at_runs(watch: Watch, ended: PrefectRun | None) -> Finding | None:
    """A run that ended without a word: cut off (killed, power), or, as Prefect tells, before it could speak."""
    record = _cut_off(watch)
    if record is not None:
        return _tell_of_cut_off(watch, record, ended)
    if ended is None:
        return None
    outcome = watch.tell(AlertKind.FAILED, f"Prefect run {ended.name}", str(ended), "Read the run's log in Prefect.")
    return Finding(str(ended), CRASHED, outcome)


def look_at_age(watch: Watch, most_behind: int) -> Finding:
    """The published file against the exchange calendar."""
    age, fault = _age(watch)
    if age is not None and not age.is_stale(most_behind):
        return _fresh(watch, age)
    text = fault if age is None else _stale_text(watch, age)
    note = read_note(watch.paths)
    published = age.last_published.isoformat() if age and age.last_published else ""
    completed = freshness(None, watch.now).last_completed.isoformat()
    if note and (note.last_published, note.last_completed) == (published, completed):
        return Finding(f"{text} Somebody was told already.", STALE)
    outcome = watch.tell(AlertKind.STALE, _stale_title(age), text, f"Read {RUNBOOK}.")
    if outcome.delivered:
        since = note.first_told_at if note else watch.now.isoformat(timespec="seconds")
        _keep(watch, StaleNote(published, completed, since))
    return Finding(text, STALE, outcome)


def _cut_off(watch: Watch) -> RunRecord | None:
    """The record of a run of this machine that has no end though its process is gone."""
    record = unended_record(watch.paths)
    if record is None or not _is_over(watch, record):
        return None
    return unended_record(watch.paths)  # read again: it may have ended while we looked


def _is_over(watch: Watch, record: RunRecord) -> bool:
    """Whether the process of a run without an end is gone, as far as this machine can tell.

    Of a run of another machine nobody can tell here: a mount over the network need not share its lock. The age of the
    published file tells of it in the end. A record that names no process was left by an earlier version.
    """
    if record.host and record.pid:
        return record.host == this_host() and is_gone(record.pid)
    return lock_is_free(watch.paths)


def _tell_of_cut_off(watch: Watch, record: RunRecord, ended: PrefectRun | None) -> Finding:
    """End the record as what it is, a crash, so that it is told once and the next good run can tell the recovery."""
    prefect = f" {ended}" if ended else ""
    record.status, record.exit_code = RunStatus.CRASHED, CRASHED
    record.ended_at = watch.now.isoformat(timespec="seconds")
    record.error = f"The run was cut off: its process was killed, or the machine went down.{prefect}"
    record.next_step = f"Run it again: smallcaps {record.kind}. See docs/runbooks/nightly-failed.md."
    notify(watch.settings, watch.paths, record)
    return Finding(f"{record.run_id}: {record.error}", CRASHED, record.alerts[-1] if record.alerts else None)


def _age(watch: Watch) -> tuple[Freshness | None, str]:
    """How old the published file is, or why nobody can say."""
    try:
        return freshness(status(watch.paths).last_published, watch.now), ""
    except SmallcapsError as error:
        return None, f"The published file cannot be read. {error.message}"


def _stale_title(age: Freshness | None) -> str:
    if age is None:
        return "the published file cannot be read"
    if age.last_published is None:
        return "nothing was ever published"
    return f"{age.behind} sessions behind, last published {age.last_published}"


def _stale_text(watch: Watch, age: Freshness) -> str:
    if age.last_published is None:
        return f"Nothing was ever published in {watch.paths.root.absolute()}."
    last = latest_record(watch.paths)
    ending = f" The last run, {last.run_id}, ended as {last.status}." if last else ""
    return (
        f"The published file ends with session {age.last_published}; {age.last_completed} is the last completed one, "
        f"so {age.behind} are missing.{ending}"
    )


def _fresh(watch: Watch, age: Freshness) -> Finding:
    """All is well; who was told of a stale file is told so, unless the run that published has done it."""
    text = f"The published file ends with session {age.last_published}; {age.last_completed} is the last completed one."
    note = read_note(watch.paths)
    if note is None:
        return Finding(text)
    outcome = None
    if not recovery_told_since(watch.paths, note.first_told_at):
        headline = f"The published file is up to date again. It was stale from {note.first_told_at} (UTC) on."
        outcome = watch.tell(
            AlertKind.RECOVERED, f"last published {age.last_published}", f"{headline} {text}", "Nothing."
        )
    if outcome is None or outcome.delivered:
        _keep(watch, None)
    return Finding(text, 0, outcome)


def _keep(watch: Watch, note: StaleNote | None) -> None:
    """A folder that cannot be written costs a repeated message, never the message."""
    try:
        write_note(watch.paths, note) if note else clear_note(watch.paths)
    except OSError as error:
        log.warning("What was told cannot be kept, it will be told again: %s", error)
