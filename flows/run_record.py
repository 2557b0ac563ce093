"""What a run leaves behind, and what the command line returns. `flows.edge.run_records` stores it."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from flows.errors import on_one_line


class RunStatus(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    PUBLISHED = "published"
    DEGRADED = "degraded"
    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    FAILED = "failed"
    CRASHED = "crashed"


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended, for the command line: the exit code and one line."""

    exit_code: int
    summary: str
    next_step: str
    run_id: str
    record_path: Path

    @property
    def one_line(self) -> str:
        """What happened and what to do next, on one line."""
        return on_one_line(self.summary, self.next_step)


@dataclass(frozen=True)
class SessionVerdict:
    """One judged session: `published`, `refused` or `missing`, and the rules that spoke."""

    session_date: str
    status: str
    is_degraded: bool = False
    rule_codes: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class AlertOutcome:
    """What became of the run's alert; `error` never holds a channel's address."""

    kind: str
    channels: int
    delivered: int
    error: str = ""


@dataclass
class RunRecord:
    """One run, from start to end. Dates and instants are ISO text; timings are seconds.

    ``host`` and ``pid`` name its process; records of versions that did not note them have neither.
    """

    run_id: str
    kind: str
    started_at: str
    asked_sessions: list[str] = field(default_factory=list)
    ended_at: str | None = None
    status: RunStatus = RunStatus.RUNNING
    exit_code: int | None = None
    error: str | None = None
    next_step: str = ""
    sessions: list[SessionVerdict] = field(default_factory=list)
    rows_per_stage: dict[str, int] = field(default_factory=dict)
    gate: dict[str, object] = field(default_factory=dict)
    seconds_per_stage: dict[str, float] = field(default_factory=dict)
    published_path: str | None = None
    report_path: str | None = None
    report_error: str | None = None
    review_path: str | None = None
    review_error: str | None = None
    unmatched_corrections: list[dict[str, object]] = field(default_factory=list)
    degraded_sources: dict[str, str] = field(default_factory=dict)
    alerts: list[AlertOutcome] = field(default_factory=list)
    host: str = ""
    pid: int = 0

    def sessions_with(self, status: str) -> list[SessionVerdict]:
        """The judged sessions that ended so."""
        return [verdict for verdict in self.sessions if verdict.status == status]


def new_run_id(kind: str, started_at: datetime) -> str:
    """An id that sorts by time: `20260115T231500Z-nightly-ab12`."""
    return f"{started_at:%Y%m%dT%H%M%SZ}-{kind}-{secrets.token_hex(2)}"
