"""One table of two attached warehouses, joined on its key: which rows differ, for a diff, revisions and versions."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from flows.edge import ddl
from transforms.contracts import Table

SESSIONS_AT_ONCE = 60


@dataclass(frozen=True)
class Comparison:
    """Which rows and columns of one table are compared, between two attached catalogs; `sessions` None means all."""

    table: Table
    columns: tuple[str, ...]
    old: str = "old"
    new: str = "new"
    with_added_rows: bool = True
    sessions: tuple[date, ...] | None = None


def values_of(table: Table) -> tuple[str, ...]:
    """Columns whose values two equal warehouses share, the key's apart."""
    return tuple(column.name for column in table if column.compared and column.name not in table.key)


def stored_columns(con: duckdb.DuckDBPyConnection, catalog: str, table: Table) -> frozenset[str]:
    """Columns that an attached file has of a table; none where it was built before there was such a table."""
    names = con.execute(
        "select column_name from duckdb_columns() where database_name = ? and schema_name = ? and table_name = ?",
        [catalog, table.schema, table.name],
    ).pl()
    return frozenset(names["column_name"])


def content(columns: Iterable[str]) -> str:
    """Aggregates that are equal where the same rows are, in any order: their number and hashes."""
    hashed = f"hash({', '.join(map(ddl.identifier, columns))})"
    return f"count(*) as n, sum({hashed}) as total, bit_xor({hashed}) as mixed"


def differing_parts(
    con: duckdb.DuckDBPyConnection, comparison: Comparison, sessions: Collection[date]
) -> Iterator[Comparison]:
    """The comparison of those of `sessions` whose rows differ, a quarter at a time.

    Hashes by session tell which: a join of all rows of some years would not fit into the memory of a build.
    """
    table = comparison.table
    columns = content([*table.key, *comparison.columns])
    old, new = (
        f"select {table.session_column} as day, {columns} "  # noqa: S608
        f"from {ddl.identifier(catalog)}.{table.full_name} group by day"
        for catalog in (comparison.old, comparison.new)
    )
    apart = f"select distinct day from (({old} except {new}) union all ({new} except {old}))"  # noqa: S608
    differing = sorted(set(con.execute(apart).pl()["day"]) & set(sessions))
    for start in range(0, len(differing), SESSIONS_AT_ONCE):
        yield replace(comparison, sessions=tuple(differing[start : start + SESSIONS_AT_ONCE]))


def among(table: Table, sessions: Collection[date]) -> str:
    """Condition that a row is about one of the sessions; as literals, so that DuckDB passes over other row groups."""
    days = ", ".join(f"date '{session}'" for session in sessions)
    return f"{table.session_column} in ({days})"


def differing_rows(comparison: Comparison) -> str:
    """FROM and WHERE of the rows that differ: ``o`` and ``n`` are the sides, ``is_there`` is null on one without it."""
    table = comparison.table
    where = "" if comparison.sessions is None else f"where {among(table, comparison.sessions)}"
    old = f"(select true as is_there, * from {ddl.identifier(comparison.old)}.{table.full_name} {where})"  # noqa: S608
    new = f"(select true as is_there, * from {ddl.identifier(comparison.new)}.{table.full_name} {where})"  # noqa: S608
    same_key = (f"o.{key} is not distinct from n.{key}" for key in map(ddl.identifier, table.key))
    differs = [
        "o.is_there is null",
        "n.is_there is null",
        *(f"o.{name} is distinct from n.{name}" for name in map(ddl.identifier, comparison.columns)),
    ]
    return (
        f"from {old} as o {'full' if comparison.with_added_rows else 'left'} join {new} as n "
        f"on {' and '.join(same_key)} where {' or '.join(differs)}"
    )


def changed_values(comparison: Comparison) -> str:
    """SELECT of one row per value that differs: table_name, row_key, column_name, old_value, new_value."""
    table = comparison.table
    changes = ", ".join(_changes(comparison.columns))
    keys = (f"coalesce(coalesce(o.{key}, n.{key})::varchar, '')" for key in map(ddl.identifier, table.key))
    return f"""
        select {ddl.text_literal(table.full_name)} as table_name, row_key,
            change.name as column_name, change.old as old_value, change.new as new_value
        from (
            select {" || ' | ' || ".join(keys)} as row_key, unnest([{changes}]) as change
            {differing_rows(comparison)}
        )
        where change is not null
    """  # noqa: S608


def _changes(columns: Collection[str]) -> Iterator[str]:
    yield "if(o.is_there is null, {'name': '*', 'old': null, 'new': 'row'}, null)"
    yield "if(n.is_there is null, {'name': '*', 'old': 'row', 'new': null}, null)"
    for name in columns:
        key = ddl.identifier(name)
        yield (
            f"if(o.is_there and n.is_there and o.{key} is distinct from n.{key}, "
            f"{{'name': {ddl.text_literal(name)}, 'old': o.{key}::varchar, 'new': n.{key}::varchar}}, null)"
        )
