"""DDL of the warehouse, derived from the contracts: tables, comments, the view, the version marker."""

import hashlib
import json
from collections.abc import Iterable

import duckdb

from transforms.contracts import TABLES, Column, Table
from transforms.contracts.marts import BUCKET_MEMBERS_DAILY_SQL

SCHEMAS = ("core", "marts", "ops")
VIEW = "marts.bucket_members_daily"
VIEW_COMMENT = (
    "Grain: one row per admitted session, scheme, company and bucket. "
    "Membership by session, so that an end date never tells the future. Owner: buckets."
)
_DESCRIBED_AS = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


def text_literal(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def described_type(column: Column) -> str:
    """The type as DuckDB's DESCRIBE spells it."""
    return _DESCRIBED_AS.get(column.type, column.type)


def table_comment(table: Table) -> str:
    """Grain, key, owner and notes on one line."""
    parts = [f"Grain: {table.grain}.", f"Key: {', '.join(table.key)}.", f"Owner: {table.owner}."]
    return " ".join([*parts, *([table.notes] if table.notes else [])])


def create_table(table: Table) -> str:
    """CREATE TABLE without constraints: nulls, keys and ranges are the gate's, which names the failing rows."""
    columns = ",\n".join(f"    {identifier(column.name)} {column.type}" for column in table)
    return f"create table if not exists {table.full_name} (\n{columns}\n)"


def comments(tables: Iterable[Table] = TABLES) -> dict[str, str]:
    """What is commented on (``table core.quotes``, ``column core.quotes."close"``) and the comment."""
    found = {}
    for table in tables:
        found[f"table {table.full_name}"] = table_comment(table)
        for column in table:
            found[f"column {table.full_name}.{identifier(column.name)}"] = column.comment
    return found


def apply(con: duckdb.DuckDBPyConnection) -> None:
    """Give a file everything that the contracts declare and it lacks: schemas, tables, the view, comments."""
    for schema in SCHEMAS:
        con.execute(f"create schema if not exists {schema}")
    for table in TABLES:
        con.execute(create_table(table))
    con.execute(f"create or replace view {VIEW} as {BUCKET_MEMBERS_DAILY_SQL.strip()}")
    stored = stored_comments(con)
    wanted = {**comments(), f"view {VIEW}": VIEW_COMMENT}
    for place, comment in wanted.items():
        if stored.get(place) != comment:
            con.execute(f"comment on {place} is {text_literal(comment)}")


def stored_comments(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The comments of a file's tables, views and columns, keyed as `comments` keys them."""
    rows = con.execute(
        """
        select 'table ' || schema_name || '.' || table_name as place, comment from duckdb_tables()
        where database_name = current_database()
        union all
        select 'view ' || schema_name || '.' || view_name, comment from duckdb_views()
        where database_name = current_database()
        union all
        select 'column ' || schema_name || '.' || table_name || '."' || column_name || '"', comment
        from duckdb_columns() where database_name = current_database()
        """
    ).pl()
    return {place: comment for place, comment in rows.iter_rows() if comment is not None}


def fingerprint(tables: Iterable[Table] = TABLES) -> str:
    """Hash of what a file cannot change by itself: tables, keys, policies, columns and types; not the wording."""
    shape = [
        [table.full_name, table.key, table.policy, table.session_column, [(c.name, c.type) for c in table]]
        for table in tables
    ]
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:16]


def stored_fingerprint(con: duckdb.DuckDBPyConnection, catalog: str | None = None) -> str | None:
    """The fingerprint that a file was built with; None where the file has none."""
    place = f"{identifier(catalog)}." if catalog else ""
    try:
        found = con.execute(f"select fingerprint from {place}ops.schema_version").pl()  # noqa: S608
    except duckdb.CatalogException:
        return None
    return str(found.item()) if found.height == 1 else None
