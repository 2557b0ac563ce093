"""What checks find, and how findings become rows of ops.checks."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from expectations.rules import Rule
from transforms.contracts.ops import CHECKS

Outcome = Literal["passed", "failed", "errored", "not_applicable"]
SAMPLE_ROWS = 10
_WORST_FIRST: tuple[Outcome, ...] = ("errored", "failed", "passed", "not_applicable")
_SHOWN = 5

SAMPLES_SCHEMA: dict[str, pl.DataType] = {
    "rule_code": pl.String(),
    "subject": pl.String(),
    "row": pl.String(),
}


@dataclass(frozen=True)
class Finding:
    """One expectation or one SQL check, judged: `samples` are rows that fail, `columns` those concerned."""

    rule: Rule
    subject: str
    outcome: Outcome
    expected: str
    observed: str = ""
    failing_rows: int = 0
    samples: tuple[dict[str, Any], ...] = field(default=())
    columns: tuple[str, ...] = ()


def as_checks(findings: Iterable[Finding], run_id: str) -> pl.DataFrame:
    """One row per rule and subject in the shape of ops.checks; the worst outcome of its findings counts."""
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        grouped.setdefault((finding.rule.code, finding.subject), []).append(finding)
    rows = [_check(run_id, group) for group in grouped.values()]
    return CHECKS.conform(pl.DataFrame(rows, schema=CHECKS.polars_schema))


def as_samples(findings: Iterable[Finding], limit: int = SAMPLE_ROWS) -> pl.DataFrame:
    """Up to `limit` failing rows per rule and subject, each as JSON text."""
    rows = [
        {"rule_code": finding.rule.code, "subject": finding.subject, "row": json.dumps(sample, default=str)}
        for finding in findings
        for sample in finding.samples
    ]
    return (
        pl.DataFrame(rows, schema=SAMPLES_SCHEMA)
        .unique(maintain_order=True)
        .group_by("rule_code", "subject", maintain_order=True)
        .head(limit)
        .select(list(SAMPLES_SCHEMA))
    )


def _check(run_id: str, group: list[Finding]) -> dict[str, Any]:
    outcome = next(o for o in _WORST_FIRST if any(finding.outcome == o for finding in group))
    spoken = [finding for finding in group if finding.outcome == outcome]
    return {
        "run_id": run_id,
        "session_date": None,
        "rule_code": group[0].rule.code,
        "subject": group[0].subject,
        "severity": group[0].rule.severity,
        "outcome": outcome,
        "observed": _joined(finding.observed for finding in spoken),
        "expected": _joined(finding.expected for finding in spoken),
        "failing_rows": sum(finding.failing_rows for finding in group),
    }


def _joined(texts: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(text for text in texts if text))
    more = f"; and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    return "; ".join(distinct[:_SHOWN]) + more
