"""sql/marts run in dependency order: each SELECT must give exactly its contract's columns and sessions."""

from collections.abc import Collection, Mapping
from datetime import date

import polars as pl

from flows.edge import ddl, loading, sql_files
from flows.edge.loading import Connection
from transforms.contracts import BY_NAME, Table, table

SCOPE = "replaced_sessions"
"""Temp table with one column session_date: what mart and check SQL may look at."""


def set_scope(con: Connection, sessions: Collection[date]) -> None:
    """Make the temp table of replaced sessions."""
    with loading.registered(con, loading.session_frame(sessions)) as incoming:
        con.execute(
            f"create or replace temp table {SCOPE} as select session_date from {incoming}"  # noqa: S608
        )


def store_work(con: Connection, frames: Mapping[str, pl.DataFrame]) -> None:
    """Make a table work.<name> of each frame, of its mart contract's types where there is one.

    DuckDB lets one transaction write to one database, and shows it a database as it was at its first look. So
    this goes through a connection of its own, which makes `work` anew: the build's transaction has not seen it.
    """
    cursor = con.cursor()
    try:
        cursor.execute("attach ':memory:' as work")
        for name, frame in frames.items():
            contract = BY_NAME.get(f"marts.{name}")
            with loading.registered(cursor, frame) as incoming:
                select = loading.select_typed(contract, incoming) if contract else f"from {incoming}"
                cursor.execute(f"create table work.{ddl.identifier(name)} as {select}")
    finally:
        cursor.close()


def run(
    con: Connection,
    files: Collection[sql_files.SqlFile],
    given: Collection[str],
    sessions: Collection[date],
) -> dict[str, int]:
    """Rows written by mart; `given` are the names of the work frames. Raises ValueError as `Build.run_marts`."""
    set_scope(con, sessions)
    ordered = sql_files.in_dependency_order(con, files, "marts")
    return {file.name: _run_one(con, file, given, sessions) for file in ordered}


def _run_one(con: Connection, file: sql_files.SqlFile, given: Collection[str], sessions: Collection[date]) -> int:
    contract = table(f"marts.{file.name}")
    _refuse_missing_work(con, file, given)
    _refuse_other_columns(contract, con.execute(f"describe {file.text}").pl())
    loading.delete(con, contract, sessions)
    before = loading.height(con, contract.full_name)
    con.execute(f"insert into {contract.full_name} by name {file.text}")
    written = loading.height(con, contract.full_name) - before
    if contract.policy == "replace_sessions":
        _refuse_stray_sessions(con, contract, written)
    return written


def _refuse_missing_work(con: Connection, file: sql_files.SqlFile, given: Collection[str]) -> None:
    asked = {name for name in sql_files.references(con, file.text) if name.startswith("work.")}
    missing = sorted(asked - {f"work.{name}" for name in given})
    if missing:
        raise ValueError(f"sql/marts/{file.name}.sql reads {', '.join(missing)}, which no transform gave")


def _refuse_other_columns(contract: Table, described: pl.DataFrame) -> None:
    given = dict(zip(described["column_name"], described["column_type"], strict=True))
    asked = {column.name: ddl.described_type(column) for column in contract}
    if given != asked:
        wrong = sorted(set(given.items()) ^ set(asked.items()))
        raise ValueError(f"sql/marts/{contract.name}.sql and its contract disagree on {wrong}")


def _refuse_stray_sessions(con: Connection, contract: Table, written: int) -> None:
    inside = con.execute(
        f"select count(*) as n from {contract.full_name} "  # noqa: S608 - names come from contracts
        f"where {contract.session_column} in (select session_date from {SCOPE})"
    ).pl()
    if inside.item() != written:
        raise ValueError(f"{contract.full_name}: its SELECT gives rows of sessions that are not replaced")
