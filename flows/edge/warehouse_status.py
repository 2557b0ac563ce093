"""What the published warehouse holds and how the last runs ended."""

from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from flows.edge.run_records import newest_first
from flows.edge.warehouse import KeptBuild, kept_builds, reading
from flows.paths import DataPaths
from flows.run_record import RunRecord, RunStatus
from transforms.contracts import TABLES

RECENT_SESSIONS = 30
_BAD_ENDS = (RunStatus.REFUSED, RunStatus.FAILED, RunStatus.CRASHED)


@dataclass(frozen=True)
class JudgedSession:
    """One row of ops.sessions."""

    session_date: date
    status: str
    is_degraded: bool
    rule_codes: tuple[str, ...]
    degraded_sources: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """The published warehouse; everything is empty where nothing has been published yet.

    `recent` holds the last 30 judged sessions, newest first; `size_bytes` is the file's size.
    """

    run_id: str | None = None
    closed_at: datetime | None = None
    first_published: date | None = None
    last_published: date | None = None
    recent: tuple[JudgedSession, ...] = ()
    row_counts: dict[str, int] = field(default_factory=dict)
    size_bytes: int = 0
    kept: tuple[KeptBuild, ...] = ()
    last_failed_run: RunRecord | None = None

    @property
    def not_published(self) -> tuple[JudgedSession, ...]:
        """Refused and missing ones among the recent sessions."""
        return tuple(session for session in self.recent if session.status != "published")

    @property
    def degraded(self) -> tuple[JudgedSession, ...]:
        """Published ones among the recent sessions that lacked an optional source."""
        return tuple(session for session in self.recent if session.is_degraded)


def status(paths: DataPaths) -> Status:
    """The state of the data folder, from the published file and the run records; writes nothing."""
    failed = _last_failed_run(paths)
    if not paths.warehouse.exists():
        return Status(last_failed_run=failed)
    with reading(paths.warehouse) as con:
        run_id, closed_at = _last_publication(con)
        recent = _recent_sessions(con)
        published = con.execute(
            "select min(session_date) as first, max(session_date) as last from ops.sessions where status = 'published'"
        ).pl()
        counts = {name: _count(con, name) for name in _stored(con)}
    return Status(
        run_id=run_id,
        closed_at=closed_at,
        first_published=published["first"].item(),
        last_published=published["last"].item(),
        recent=recent,
        row_counts=counts,
        size_bytes=paths.warehouse.stat().st_size,
        kept=tuple(kept_builds(paths)),
        last_failed_run=failed,
    )


def _last_publication(con: duckdb.DuckDBPyConnection) -> tuple[str | None, datetime | None]:
    sql = "select run_id, build_closed_at from ops.publications order by build_closed_at desc, run_id desc limit 1"
    found = con.execute(sql).pl()
    return (found["run_id"].item(), found["build_closed_at"].item()) if found.height else (None, None)


def _recent_sessions(con: duckdb.DuckDBPyConnection) -> tuple[JudgedSession, ...]:
    found = con.execute(
        "select session_date, status, is_degraded, rule_codes, degraded_sources from ops.sessions "  # noqa: S608
        f"order by session_date desc limit {RECENT_SESSIONS}"
    ).pl()
    return tuple(
        JudgedSession(day, state, is_degraded, tuple(codes or ()), tuple(sources or ()))
        for day, state, is_degraded, codes, sources in found.iter_rows()
    )


def _stored(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Our tables; a file of other contracts, which a rebuild replaces, lacks those that came since."""
    names = con.execute("select schema_name || '.' || table_name as name from duckdb_tables()").pl()
    return [table.full_name for table in TABLES if table.full_name in set(names["name"])]


def _count(con: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(con.execute(f"select count(*) as n from {name}").pl().item())  # noqa: S608


def _last_failed_run(paths: DataPaths) -> RunRecord | None:
    return next((record for record in newest_first(paths) if record.status in _BAD_ENDS), None)
