"""The gate: every replaced row judged once per build. Bad data, and checks that could not run, both block."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from expectations.findings import as_checks, as_samples
from expectations.sql_checks import SqlCheck, judge_sql
from expectations.table_checks import Query, TableChecks, nothing_checked
from expectations.validation import Validator
from transforms.contracts import Table

CHUNK_ROWS = 500_000


@dataclass(frozen=True)
class GateResult:
    """What the gate found.

    `checks`: one row per rule and subject in the shape of ops.checks. `samples`: up to ten failing rows per rule and
    subject (rule_code, subject, row as JSON). `validator` holds the Great Expectations results for Data Docs.
    """

    run_id: str
    checks: pl.DataFrame
    samples: pl.DataFrame
    validator: Validator = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether the build may be published: something was checked, nothing critical failed, all of it ran."""
        judged = self.checks.filter(pl.col("outcome") == "passed").height
        return judged > 0 and not self.failed and not self.errored

    @property
    def failed(self) -> tuple[str, ...]:
        """Codes of critical rules that bad data broke."""
        return self._codes("failed", "critical")

    @property
    def warned(self) -> tuple[str, ...]:
        """Codes of warning rules that data broke; they are recorded and do not block."""
        return self._codes("failed", "warning")

    @property
    def errored(self) -> tuple[str, ...]:
        """Codes of rules, of any severity, that could not run."""
        return self._codes("errored")

    @property
    def summary(self) -> str:
        """One line for logs and alerts."""
        if self.passed:
            return f"gate passed: {self.checks.height} checks, {len(self.warned)} rules warn"
        bad = f"bad data: {', '.join(self.failed)}" if self.failed else ""
        broken = f"could not run: {', '.join(self.errored)}" if self.errored else ""
        return "gate refused; " + ("; ".join(text for text in (bad, broken) if text) or "nothing was checked")

    def _codes(self, outcome: str, severity: str | None = None) -> tuple[str, ...]:
        spoken = self.checks.filter(pl.col("outcome") == outcome)
        if severity is not None:
            spoken = spoken.filter(pl.col("severity") == severity)
        return tuple(spoken["rule_code"].unique().sort())


def run_gate(
    query: Query,
    *,
    tables: Sequence[Table],
    sessions: Collection[date],
    run_id: str,
    sql_checks: Sequence[SqlCheck],
    chunk_rows: int = CHUNK_ROWS,
) -> GateResult:
    """Judge a build: each table's suite over the replaced `sessions`, then the SQL checks.

    Tables without sessions are judged whole. A table that may be empty and is, and a session table where none of the
    sessions was admitted, count as not_applicable, never as passed.
    """
    validator = Validator(run_id)
    any_admitted = _any_admitted(query, sessions)
    judge = TableChecks(query, validator, any_admitted=any_admitted, chunk_rows=chunk_rows)
    findings = [finding for table in tables for finding in judge.judge(table)]
    findings += judge_sql(query, sql_checks, judge.heights)
    if not tables or not sql_checks:
        findings.append(nothing_checked("gate", "no table or no SQL check was given"))
    return GateResult(run_id, as_checks(findings, run_id), as_samples(findings), validator)


def _any_admitted(query: Query, sessions: Collection[date]) -> bool:
    """Whether a replaced session was published; yes where ops.sessions cannot tell, so that nothing is excused."""
    try:
        told = query("select session_date from ops.sessions where status = 'published'")
    except Exception:  # the suite of ops.sessions reports it
        return True
    return not set(told["session_date"]).isdisjoint(sessions)
