"""What a suite is: expectations over the rows of a table, or over a profile that the database counted."""

from dataclasses import dataclass
from typing import Any, Literal

from great_expectations.expectations import Expectation

from expectations.rules import Rule
from expectations.violations import Violation
from transforms.contracts import Table

Mode = Literal["rows", "profile"]


@dataclass(frozen=True)
class Suite:
    """The expectations of one table.

    Mode ``rows``: Great Expectations sees every replaced row. Mode ``profile``: it sees one row per session, in which
    the database has counted the rows and their `violations`.
    """

    table: Table
    mode: Mode
    expectations: tuple[Expectation, ...]
    violations: tuple[Violation, ...] = ()


def tagged(rule: Rule, expected: str, *columns: str) -> dict[str, Any]:
    """The keyword arguments that tie an expectation to its rule: code, severity, reason, columns."""
    meta = {"code": rule.code, "columns": list(columns), "expected": expected}
    return {"severity": rule.severity, "notes": rule.why, "meta": meta}
