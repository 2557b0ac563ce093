"""The gate over a build: sql/checks and thresholds go in, findings and Data Docs come out."""

from collections.abc import Collection
from datetime import date

from expectations.gate import GateResult, run_gate
from expectations.gate_rules import thresholds
from expectations.sql_checks import SqlCheck, sql_check
from flows.edge import sql_files
from flows.edge.builds import Build
from transforms.contracts import TABLES, Table

WRITTEN_AFTER_THE_GATE = frozenset({"ops.checks", "ops.publications"})
GATED: tuple[Table, ...] = tuple(table for table in TABLES if table.full_name not in WRITTEN_AFTER_THE_GATE)


def read_checks() -> list[SqlCheck]:
    """Every check of sql/checks, ordered by name."""
    return [sql_check(file.name, file.header, file.text) for file in sql_files.read_folder(sql_files.CHECKS)]


def gate_build(build: Build, sessions: Collection[date], *, tables: Collection[Table] = GATED) -> GateResult:
    """Judge a build over its replaced sessions, and write the outcome into its ops.checks.

    Commits first: in an open transaction the first check that cannot run would take the others with it. A build
    that is refused stays in its folder until the next run, so that the failing rows can be looked at.
    """
    build.commit()
    build.scope(sessions, thresholds())
    result = run_gate(
        build.query, tables=tuple(tables), sessions=sessions, run_id=build.run_id, sql_checks=read_checks()
    )
    build.replace("ops.checks", result.checks)
    build.keep_for_inspection()
    return result
