"""What differs between two warehouses, without run ids and clock times: the tables whose contract is `compared`."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from flows.edge import ddl
from flows.edge.builds import Build
from flows.edge.comparison import Comparison, changed_values, content, differing_parts, stored_columns, values_of
from flows.edge.warehouse import reading
from transforms.contracts import TABLES, Table

COMPARED = tuple(table for table in TABLES if table.compared)

REVISION_CAP = 1_000
"""Rows of ops.revisions per table and run; one more row, keyed '*', says how many were left out."""

OPEN_ENDED = {
    "core.securities": frozenset({"valid_to", "last_session", "delisted_on", "delisting_known_at", "delisting_reason"}),
    "core.bucket_memberships": frozenset({"valid_to"}),
}
"""Columns that new sessions move on: an interval or a listing that ends is no revision of what was published."""

ABOUT_NOW = frozenset(
    {
        "marts.caps_latest",
        "ops.admission_securities",
        "ops.admission_companies",
        "ops.scheme_seats",
        "ops.scheme_markets",
        "ops.scheme_windows",
        "ops.size_portfolio_seats",
    }
)
"""Tables about the newest session only, or for the next one: they change every night and revise nothing."""

DIFF_SCHEMA: dict[str, pl.DataType] = {
    "table_name": pl.String(),
    "row_key": pl.String(),
    "column_name": pl.String(),
    "old_value": pl.String(),
    "new_value": pl.String(),
}


def diff(old: Path, new: Path, tables: Iterable[Table] = COMPARED) -> pl.DataFrame:
    """One row per differing value: table_name, row_key, column_name, old_value, new_value (all text).

    A row that only one side has is one row with column_name '*' and the text 'row' on the side that has it.
    """
    with _side_by_side(old, new) as con:
        changed = [table for table in tables if _hash(con, "old", table) != _hash(con, "new", table)]
        return _stack(_rows(con, Comparison(table, values_of(table))) for table in changed)


def content_hashes(path: Path, tables: Iterable[Table] = COMPARED) -> dict[str, str]:
    """Table to a hash of its rows, the same for any order of rows; equal contents have equal hashes."""
    with reading(path) as con:
        catalog = str(con.execute("select current_database() as name").pl().item())
        return {table.full_name: _hash(con, catalog, table) for table in tables}


def revisions(
    base: Path | None, build: Build, sessions: Collection[date], *, cause: str, cap: int = REVISION_CAP
) -> pl.DataFrame:
    """Published values that an open build changes, in the shape of ops.revisions; at most `cap` + 1 rows a table.

    Compared are the replaced sessions that `base` had published, and in tables written anew the rows that `base`
    had: there a new row is news and no revision. Empty where `base` is None.
    """
    if base is None:
        return _as_revisions(_stack([]), build.run_id, cause)
    con = build.beside(base, "base")
    again = _published_again(con, sessions)
    parts = [_capped(con, comparison, again, cap) for comparison in _touched(con, build.catalog, bool(again))]
    return _as_revisions(_stack(parts), build.run_id, cause)


@contextmanager
def _side_by_side(old: Path, new: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    for path in (old, new):
        with reading(path):  # says which file is missing or unreadable
            pass
    con = duckdb.connect(":memory:")
    try:
        con.execute("set timezone = 'UTC'")
        con.execute(f"attach {ddl.text_literal(str(old))} as old (read_only)")
        con.execute(f"attach {ddl.text_literal(str(new))} as new (read_only)")
        yield con
    finally:
        con.close()


def _hash(con: duckdb.DuckDBPyConnection, catalog: str, table: Table) -> str:
    columns = content(column.name for column in table if column.compared)
    found = con.execute(f"select {columns} from {ddl.identifier(catalog)}.{table.full_name}").pl()  # noqa: S608
    return ":".join(str(value) for value in found.row(0))


def _published_again(con: duckdb.DuckDBPyConnection, sessions: Collection[date]) -> list[date]:
    published = con.execute("select session_date from base.ops.sessions where status = 'published'").pl()
    return sorted(set(published["session_date"]) & set(sessions))


def _touched(con: duckdb.DuckDBPyConnection, catalog: str, any_again: bool) -> Iterator[Comparison]:
    for table in COMPARED:
        if table.full_name in ABOUT_NOW or table.policy == "append":
            continue
        by_session = table.policy == "replace_sessions"
        if by_session and not any_again:
            continue
        stored = stored_columns(con, "base", table)
        if not stored.issuperset(table.key):
            continue  # a file of other contracts, about to be rebuilt: only what both know can be compared
        is_same_shape = stored.issuperset(table.column_names)
        if not by_session and is_same_shape and _hash(con, "base", table) == _hash(con, catalog, table):
            continue
        skipped = OPEN_ENDED.get(table.full_name, frozenset())
        columns = tuple(name for name in values_of(table) if name in stored and name not in skipped)
        yield Comparison(table, columns, "base", catalog, with_added_rows=by_session)


def _rows(con: duckdb.DuckDBPyConnection, comparison: Comparison, limit: int | None = None) -> pl.DataFrame:
    ordered = f"{changed_values(comparison)} order by row_key, column_name"
    if limit is not None:
        ordered += f" limit {limit}"
    return con.execute(ordered).pl().cast(dict(DIFF_SCHEMA))  # type: ignore[arg-type]


def _capped(con: duckdb.DuckDBPyConnection, comparison: Comparison, again: Collection[date], cap: int) -> pl.DataFrame:
    found, total = _stack([]), 0
    by_session = comparison.table.policy == "replace_sessions"
    for part in differing_parts(con, comparison, again) if by_session else [comparison]:
        rows = _rows(con, part, cap + 1)
        total += rows.height if rows.height <= cap else _count(con, part)
        found = pl.concat([found, rows]).head(cap)
    if total <= cap:
        return found
    rest = [[comparison.table.full_name, "*", "*", None, f"{total - cap} more changes"]]
    return pl.concat([found, pl.DataFrame(rest, DIFF_SCHEMA, orient="row")])


def _count(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> int:
    return int(con.execute(f"select count(*) as n from ({changed_values(comparison)})").pl().item())  # noqa: S608


def _stack(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=DIFF_SCHEMA), *parts])


def _as_revisions(changes: pl.DataFrame, run_id: str, cause: str) -> pl.DataFrame:
    return changes.select(pl.lit(run_id).alias("run_id"), pl.all(), pl.lit(cause).alias("cause"))
