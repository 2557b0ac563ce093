"""polars frames into DuckDB tables, exactly as the contracts say."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date

import duckdb
import polars as pl
import pyarrow as pa

from flows.edge import ddl
from transforms.contracts import Table

Connection = duckdb.DuckDBPyConnection


ROW_GROUP = 122_880
"""Rows of a DuckDB row group: DuckDB reads a frame in one batch with one thread, many batches with all threads."""


def storable(frame: pl.DataFrame) -> pa.Table:
    """The frame as Arrow, in batches of a row group; shares memory with the frame where it can.

    Int128 has no Arrow type: DECIMAL(38,0) carries it exactly. Raises ValueError naming the columns where a value
    has more than 38 digits.
    """
    wide = [name for name, kind in frame.schema.items() if kind == pl.Int128]
    try:
        plain = frame.with_columns(pl.col(wide).cast(pl.Decimal(38, 0))) if wide else frame
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"a value of {', '.join(wide)} has more than 38 digits") from error
    table = plain.to_arrow()
    return pa.Table.from_batches(table.to_batches(max_chunksize=ROW_GROUP), schema=table.schema)


@contextmanager
def registered(con: Connection, frame: pl.DataFrame, name: str = "incoming") -> Iterator[str]:
    """The frame under a name that SQL can read, while the block runs."""
    con.register(name, storable(frame))
    try:
        yield name
    finally:
        con.unregister(name)


def select_typed(contract: Table, name: str) -> str:
    """SELECT of the contract's columns from `name`, each cast to its declared type."""
    columns = ", ".join(
        f"{ddl.identifier(column.name)}::{column.type} as {ddl.identifier(column.name)}" for column in contract
    )
    return f"select {columns} from {name}"  # noqa: S608 - names come from contracts


def delete(con: Connection, contract: Table, sessions: Collection[date]) -> None:
    """Delete what a build writes anew: all rows, the sessions' rows, or nothing, by the table's policy."""
    if contract.policy == "replace_all":
        con.execute(f"delete from {contract.full_name}")  # noqa: S608 - names come from contracts
    elif contract.policy == "replace_sessions" and sessions:
        with registered(con, session_frame(sessions), "doomed") as doomed:
            con.execute(
                f"delete from {contract.full_name} "  # noqa: S608 - names come from contracts
                f"where {contract.session_column} in (select session_date from {doomed})"
            )


def insert(con: Connection, contract: Table, rows: pl.DataFrame) -> None:
    """Append rows that already have the contract's shape."""
    with registered(con, rows) as incoming:
        con.execute(f"insert into {contract.full_name} {select_typed(contract, incoming)}")


def height(con: Connection, full_name: str) -> int:
    """Rows of a table."""
    return int(con.execute(f"select count(*) as n from {full_name}").pl().item())  # noqa: S608


def session_frame(sessions: Collection[date]) -> pl.DataFrame:
    """One row per distinct session, ordered."""
    return pl.DataFrame({"session_date": sorted(set(sessions))}, schema={"session_date": pl.Date})


def refuse_other_sessions(contract: Table, rows: pl.DataFrame, sessions: Collection[date]) -> None:
    """ValueError where rows of a `replace_sessions` table are about sessions that are not replaced."""
    if contract.policy != "replace_sessions" or contract.session_column is None:
        return
    others = sorted(set(rows[contract.session_column].unique()) - set(sessions), key=str)
    if others:
        shown = ", ".join(str(day) for day in others[:3])
        raise ValueError(f"{contract.full_name}: rows of {len(others)} sessions that are not replaced, such as {shown}")
