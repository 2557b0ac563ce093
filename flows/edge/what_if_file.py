"""The file that a scheme on trial is written into: beside the published warehouse, never into it."""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from flows.edge import ddl, loading, sql_files
from flows.edge.builds import unusable
from flows.edge.warehouse import reading
from flows.errors import SmallcapsError, UsageError
from transforms.contracts import table

MARTS = ("migrations", "transition_matrix")
"""Marts whose SELECT runs over the trial's memberships and the published caps."""
_ORIGIN = """
create table ops.trial as select
    'a scheme on trial: not published, not gated' as note,
    (select max_by(run_id, build_closed_at) from published.ops.publications) as of_run_id,
    (select min(session_date) from replaced_sessions) as first_session,
    (select max(session_date) from replaced_sessions) as last_session
"""


def refuse_other_file(path: Path, warehouse: Path) -> None:
    """A trial replaces nothing but an earlier trial; its folder is made.

    Raises:
        UsageError: the path is that of the published file, or of a file that no trial has made, or its folder cannot
            be made.
    """
    if path.resolve() == warehouse.resolve():
        raise UsageError(f"{path} is the published file.", next_step="Name another file with --out.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path.parent} cannot be made: {error}.", next_step="Name another file with --out."
        ) from error
    if path.exists() and not _is_trial(path):
        raise UsageError(f"{path} exists and is no trial of a scheme.", next_step="Name another file with --out.")


def write_trial(path: Path, warehouse: Path, tables: Mapping[str, pl.DataFrame], sessions: Sequence[date]) -> None:
    """A DuckDB file with these tables (by their contracts) and MARTS; whole under its name, or not there.

    ``sessions``: those of the trial, in order.

    Raises:
        SmallcapsError: the disk is full, or the folder cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        _write(aside, warehouse, tables, sessions)
        aside.replace(path)
    except (duckdb.Error, OSError) as error:
        raise unusable(error, path) from error
    finally:
        for left in (aside, aside.with_name(f"{aside.name}.wal")):
            left.unlink(missing_ok=True)


def _write(path: Path, warehouse: Path, tables: Mapping[str, pl.DataFrame], sessions: Sequence[date]) -> None:
    with closing(duckdb.connect(str(path))) as con:
        con.execute("set timezone = 'UTC'")
        for schema in ddl.SCHEMAS:
            con.execute(f"create schema {schema}")
        for name, frame in tables.items():
            contract = table(name)
            con.execute(ddl.create_table(contract))
            with loading.registered(con, frame) as incoming:
                con.execute(f"insert into {name} by name {loading.select_typed(contract, incoming)}")
        _run_marts(con, warehouse, sessions)
        for place, comment in ddl.comments(map(table, (*tables, *(f"marts.{name}" for name in MARTS)))).items():
            con.execute(f"comment on {place} is {ddl.text_literal(comment)}")


def _run_marts(con: duckdb.DuckDBPyConnection, warehouse: Path, sessions: Sequence[date]) -> None:
    con.execute(f"attach {ddl.text_literal(str(warehouse))} as published (read_only)")
    # To a trial that begins within history its first session is the first of all: it has no seats from before.
    for name in ("core.market_caps", "ops.sessions"):
        con.execute(f"create view {name} as from published.{name} where session_date >= date '{sessions[0]}'")
    frame = pl.DataFrame({"session_date": sessions}, schema={"session_date": pl.Date})
    with loading.registered(con, frame, "days") as days:
        con.execute(f"create temp table replaced_sessions as from {days}")
    texts = {file.name: file.text for file in sql_files.read_folder(sql_files.MARTS)}
    for name in MARTS:
        contract = table(f"marts.{name}")
        con.execute(ddl.create_table(contract))
        con.execute(f"insert into {contract.full_name} by name {texts[name]}")
    con.execute(_ORIGIN)
    con.execute("drop view core.market_caps")
    con.execute("drop view ops.sessions")


def _is_trial(path: Path) -> bool:
    try:
        with reading(path) as con:
            return bool(con.execute("select count(*) as rows from ops.trial").pl().item())
    except (SmallcapsError, duckdb.Error):
        return False
