"""One table of a build judged by its suite: by profile or row by row, in chunks of whole sessions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import polars as pl

from expectations import gate_rules, violations
from expectations.findings import SAMPLE_ROWS, Finding
from expectations.suites import Suite, from_contract, suite_of
from expectations.validation import Validator
from transforms.contracts import Table

Query = Callable[[str], pl.DataFrame]
"""Rows of a SELECT over the build, where the temp table replaced_sessions and the thresholds are set."""


class TableChecks:
    """Judges tables; remembers how many rows of each were in scope."""

    def __init__(self, query: Query, validator: Validator, *, any_admitted: bool, chunk_rows: int) -> None:
        self._query = query
        self._validator = validator
        self._any_admitted = any_admitted
        self._chunk_rows = chunk_rows
        self.heights: dict[str, int] = {}

    def judge(self, table: Table) -> list[Finding]:
        """Findings of one table; whatever keeps its suite from running is a finding and no crash."""
        findings: list[Finding] = []
        try:
            findings += self._structure(table)
            findings += self._content(suite_of(table))
        except Exception as error:  # "could not run" blocks as bad data does, and says why
            findings.append(nothing_checked(table.full_name, " ".join(str(error).split())[:300]))
        return findings

    def _structure(self, table: Table) -> list[Finding]:
        frame = self._query(f"select * from {table.full_name} limit 0")  # noqa: S608
        expectations = from_contract.structure(table)
        return self._validator.validate(f"{table.full_name}.columns", table.full_name, expectations, frame)

    def _content(self, suite: Suite) -> list[Finding]:
        name = suite.table.full_name
        count = f"select count(*) as n from {name} {violations.scoped(suite.table)}"  # noqa: S608
        self.heights[name] = int(self._query(count).item())
        if reason := self._excuse(suite.table):
            return _not_applicable(suite, reason)
        return self._by_profile(suite) if suite.mode == "profile" else self._by_rows(suite)

    def _excuse(self, table: Table) -> str:
        """Why an empty table is in order; empty text where it is not, or where there are rows."""
        if self.heights[table.full_name]:
            return ""
        if table.session_column and table.schema != "ops" and not self._any_admitted:
            return "none of the replaced sessions was admitted"
        return "the table may be empty and is" if table.may_be_empty else ""

    def _by_profile(self, suite: Suite) -> list[Finding]:
        name = suite.table.full_name
        counts = self._query(violations.counts_sql(suite.table, suite.violations))
        profile = violations.profile(counts, suite.violations)
        judged = self._validator.validate(name, name, suite.expectations, profile)
        return [self._in_rows(suite, finding, profile) for finding in judged]

    def _in_rows(self, suite: Suite, finding: Finding, profile: pl.DataFrame) -> Finding:
        """A finding over a profile, told in rows of the table instead of sessions of the profile."""
        if finding.columns != (violations.BAD_ROWS,):
            return finding
        bad = profile.filter((pl.col("rule_code") == finding.rule.code) & (pl.col("bad_rows") > 0))
        by_what = bad.group_by("what", maintain_order=True).agg(pl.col("bad_rows").sum(), parts=pl.len())
        told = [f"{what}: {rows} rows in {parts} parts" for what, rows, parts in by_what.iter_rows()]
        broken = [one for one in suite.violations if one.label in set(by_what["what"])]
        samples = [
            row
            for violation in broken
            for row in self._query(violations.sample_sql(suite.table, violation, SAMPLE_ROWS)).to_dicts()
        ]
        return replace(
            finding,
            observed="; ".join(told),
            failing_rows=int(by_what["bad_rows"].sum()),
            samples=tuple(samples[:SAMPLE_ROWS]),
        )

    def _by_rows(self, suite: Suite) -> list[Finding]:
        table, found = suite.table, list[Finding]()
        for chunk in self._chunks(table):
            frame = self._query(f"select * from {table.full_name} {violations.scoped(table)} {chunk}")  # noqa: S608
            found += self._validator.validate(table.full_name, table.full_name, suite.expectations, frame, table.key)
        return found

    def _chunks(self, table: Table) -> Iterator[str]:
        """Conditions that cut a table into runs of whole sessions, so that a key never spans two chunks."""
        if table.session_column is None:
            yield ""
            return
        counts = self._query(
            f"select {table.session_column} as day, count(*) as n from {table.full_name} "  # noqa: S608
            f"{violations.scoped(table)} group by all order by day"
        )
        runs: list[tuple[date, date, int]] = []
        for day, rows in counts.iter_rows():
            if runs and runs[-1][2] + rows <= self._chunk_rows:
                runs[-1] = (runs[-1][0], day, runs[-1][2] + rows)
            else:
                runs.append((day, day, rows))
        for first, last, _ in runs:
            yield f"and {table.session_column} between date '{first}' and date '{last}'"
        if not runs:
            yield ""


def nothing_checked(subject: str, reason: str) -> Finding:
    """The finding for a suite that did not run at all."""
    return Finding(gate_rules.NOTHING_CHECKED, subject, "errored", "the checks run", f"could not run: {reason}")


def _not_applicable(suite: Suite, reason: str) -> list[Finding]:
    tags = [expectation.meta for expectation in suite.expectations if expectation.meta]
    codes = {tag["code"]: str(tag["expected"]) for tag in tags if tag["code"] != gate_rules.COLUMNS.code}
    return [
        Finding(gate_rules.GATE_RULES[code], suite.table.full_name, "not_applicable", expected, reason)
        for code, expected in codes.items()
    ]
