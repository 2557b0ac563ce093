"""Checks written in SQL: the rows that a SELECT returns are the failures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from expectations.findings import SAMPLE_ROWS, Finding
from expectations.gate_rules import GATE_RULES
from expectations.rules import Rule

HEADER = ("code", "severity", "table", "what", "why")


@dataclass(frozen=True)
class SqlCheck:
    """One file of sql/checks: its rule, the table that it judges, what it asks, and the SELECT of failures."""

    rule: Rule
    table: str
    what: str
    select: str


def sql_check(name: str, header: Mapping[str, str], select: str) -> SqlCheck:
    """A check from a file's header and text.

    Raises:
        ValueError: the header lacks a key, or disagrees with the rule of its code.
    """
    missing = [key for key in HEADER if key not in header]
    if missing:
        raise ValueError(f"sql/checks/{name}.sql: the header lacks {', '.join(missing)}")
    rule = GATE_RULES.get(header["code"])
    if rule is None:
        raise ValueError(f"sql/checks/{name}.sql: no rule has the code {header['code']}")
    if rule.severity != header["severity"]:
        raise ValueError(f"sql/checks/{name}.sql: the rule's severity is {rule.severity}")
    return SqlCheck(rule, header["table"], header["what"], select)


def judge_sql(
    query: Callable[[str], pl.DataFrame], checks: Sequence[SqlCheck], heights: Mapping[str, int]
) -> list[Finding]:
    """One finding per check; `heights` are rows in scope by table: on a table without any, nothing is judged."""
    return [_judge_one(query, check, heights) for check in checks]


def _judge_one(query: Callable[[str], pl.DataFrame], check: SqlCheck, heights: Mapping[str, int]) -> Finding:
    if heights.get(check.table) == 0:
        reason = f"{check.table} has no rows in scope"
        return Finding(check.rule, check.table, "not_applicable", check.what, reason)
    try:
        failures = query(_limited(check.select))
    except Exception as error:  # "could not run" blocks as bad data does, and says why
        reason = " ".join(str(error).split())[:300]
        return Finding(check.rule, check.table, "errored", check.what, f"could not run: {reason}")
    if failures.is_empty():
        return Finding(check.rule, check.table, "passed", check.what)
    total = int(failures["failing_rows"][0])
    samples = tuple(failures.drop("failing_rows").to_dicts())
    return Finding(check.rule, check.table, "failed", check.what, f"{total} rows", total, samples)


def _limited(select: str) -> str:
    """Some failures, each with the number of all of them."""
    return (
        f"select failures.*, count(*) over () as failing_rows from (\n{select}\n) as failures "  # noqa: S608
        f"limit {SAMPLE_ROWS}"
    )
