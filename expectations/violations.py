"""What makes a row wrong, as SQL over that row: the database counts such rows by session, a suite judges the counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from expectations import gate_rules
from expectations.rules import Rule
from transforms.contracts import Column, Table

SCOPE = "replaced_sessions"
"""Temp table with the column session_date that whoever runs the gate provides."""

PART, RULE_CODE, WHAT, BAD_ROWS, ROWS_SEEN = "part", "rule_code", "what", "bad_rows", "rows_seen"
"""Columns of a profile: session, rule, what is wrong, rows that are, rows looked at."""


@dataclass(frozen=True)
class Violation:
    """A row is wrong where `predicate` holds; `label` names that, `expected` says what is asked instead.

    `predicate` is None for a repeated key, which no row shows by itself.
    """

    rule: Rule
    columns: tuple[str, ...]
    label: str
    expected: str
    predicate: str | None


def of_contract(table: Table) -> tuple[Violation, ...]:
    """Nulls, bounds, values and repeated keys that the contract forbids, by column in declared order."""
    key = Violation(gate_rules.KEY, table.key, "repeated key", f"each ({', '.join(table.key)}) once", None)
    return (*(violation for column in table for violation in _of_column(column)), key)


def bounds_text(column: Column) -> str:
    """The column's bounds in words."""
    finite = " finite" if column.type == "DOUBLE" else ""
    low = f" >= {column.minimum:g}" if column.minimum is not None else ""
    high = f" <= {column.maximum:g}" if column.maximum is not None else ""
    return f"{column.name}{finite}{low}{high}"


def has_bounds(column: Column) -> bool:
    """Whether the contract bounds the column; every DOUBLE must at least be finite."""
    return column.minimum is not None or column.maximum is not None or column.type == "DOUBLE"


def scoped(table: Table) -> str:
    """WHERE clause of the rows that a build replaces."""
    if table.session_column is None:
        return ""
    return f"where {table.session_column} in (select session_date from {SCOPE})"  # noqa: S608


def counts_sql(table: Table, violations: Sequence[Violation]) -> str:
    """One row per replaced session, or one in all: part, rows_seen, and a column v0, v1 ... per violation."""
    by = table.session_column or "'all'"
    counts = [
        "coalesce(any_value(repeats.n), 0)::bigint"
        if violation.predicate is None
        else f"count(*) filter (where {violation.predicate})"
        for violation in violations
    ]
    named = "".join(f", {count} as v{place}" for place, count in enumerate(counts))
    return (
        f"select counted.{by} as part, count(*) as {ROWS_SEEN}{named} from {table.full_name} as counted "  # noqa: S608
        f"left join ({_repeats_sql(table, by)}) as repeats on repeats.part = counted.{by} "
        f"{scoped(table)} group by all order by part"
    ).replace("counted.'all'", "'all'")


def profile(counts: pl.DataFrame, violations: Sequence[Violation]) -> pl.DataFrame:
    """One row per part and violation: part, rule_code, what, bad_rows, rows_seen; from the rows of `counts_sql`."""
    meaning = pl.DataFrame(
        {
            "place": [f"v{place}" for place in range(len(violations))],
            RULE_CODE: [violation.rule.code for violation in violations],
            WHAT: [violation.label for violation in violations],
        },
        schema={"place": pl.String, RULE_CODE: pl.String, WHAT: pl.String},
    )
    places = meaning["place"].to_list()
    return (
        counts.unpivot(places, index=[PART, ROWS_SEEN], variable_name="place", value_name=BAD_ROWS)
        .join(meaning, on="place", how="left", maintain_order="left")
        .select(PART, RULE_CODE, WHAT, BAD_ROWS, ROWS_SEEN)
    )


def sample_sql(table: Table, violation: Violation, limit: int) -> str:
    """Some of the rows that violate: key and columns concerned."""
    names = ", ".join(_quoted(name) for name in dict.fromkeys((*table.key, *violation.columns)))
    if violation.predicate is None:
        return (
            f"select {names}, count(*) as times from {table.full_name} {scoped(table)} "  # noqa: S608
            f"group by all having count(*) > 1 limit {limit}"
        )
    glue = "and" if table.session_column else "where"
    return (
        f"select {names} from {table.full_name} {scoped(table)} {glue} ({violation.predicate}) "  # noqa: S608
        f"limit {limit}"
    )


def _repeats_sql(table: Table, by: str) -> str:
    keys = ", ".join(_quoted(name) for name in table.key)
    return (
        f"select {by} as part, sum(times) - count(*) as n from ("  # noqa: S608
        f"select {keys}, count(*) as times from {table.full_name} {scoped(table)} "
        "group by all having count(*) > 1) group by all"
    )


def _of_column(column: Column) -> list[Violation]:
    name, at = _quoted(column.name), (column.name,)
    found = []
    if not column.nullable:
        expected = f"{column.name} never null"
        found.append(Violation(gate_rules.NOT_NULL, at, f"null {column.name}", expected, f"{name} is null"))
    if has_bounds(column):
        label = f"{column.name} out of range"
        found.append(Violation(gate_rules.RANGE, at, label, bounds_text(column), _outside(column, name)))
    if column.values:
        allowed = ", ".join(f"'{value}'" for value in column.values)
        expected = f"{column.name} one of {', '.join(column.values)}"
        unknown = f"{name} not in ({allowed})"
        found.append(Violation(gate_rules.VALUES, at, f"unknown {column.name}", expected, unknown))
    return found


def _outside(column: Column, name: str) -> str:
    low = [f"{name} < {column.minimum!r}"] if column.minimum is not None else []
    high = [f"{name} > {column.maximum!r}"] if column.maximum is not None else []
    finite = [f"not isfinite({name})"] if column.type == "DOUBLE" else []
    return " or ".join([*low, *high, *finite])


def _quoted(name: str) -> str:
    return f'"{name}"'
