"""core.cap_versions: what the published file said of a company's cap before a later run said otherwise."""

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path

import duckdb

from flows.edge import ddl
from flows.edge.builds import Build
from flows.edge.comparison import Comparison, among, differing_parts, differing_rows, stored_columns, values_of
from flows.edge.loading import height
from transforms.contracts import table

CAPS = table("core.market_caps")
VERSIONS = table("core.cap_versions")


def append_versions(base: Path | None, build: Build, sessions: Collection[date], *, cause: str, at: datetime) -> int:
    """Append the caps of `base` that an open build changes, and date what replaces them; returns the rows appended.

    Compared are those of `sessions` that `base` has a verdict about: a first verdict, however late, counts from the
    session's close. A build that began empty takes the versions of `base` over. The new row of a changed cap is known
    from `at` on (on a clock that was set back, from the next microsecond). `base` may be of other contracts: columns
    that it lacks are not compared, and one without core.cap_versions has no versions yet.
    """
    if base is None:
        return 0
    con = build.beside(base, "base")
    if not stored_columns(con, "base", VERSIONS):
        return 0
    if not build.is_clone:
        _take_over(con)
    again = _judged_again(con, sessions)
    if not again:
        return 0
    comparison = _caps(con, build.catalog)
    before = height(con, VERSIONS.full_name)
    for part in differing_parts(con, comparison, again):
        con.execute(_append(part), {"at": at, "cause": cause, "run_id": build.run_id})
    con.execute(_DATE_CHANGED)
    return height(con, VERSIONS.full_name) - before


_DATE_CHANGED = """
    update core.market_caps as caps set known_at = held.since
    from (
        select session_date, company_id, max(superseded_at) as since from core.cap_versions group by all
    ) as held
    where caps.session_date = held.session_date and caps.company_id = held.company_id and caps.known_at < held.since
"""


def _take_over(con: duckdb.DuckDBPyConnection) -> None:
    """The versions of the file that this build replaces, in the columns that both have."""
    both = stored_columns(con, "base", VERSIONS).intersection(VERSIONS.column_names)
    columns = ", ".join(ddl.identifier(name) for name in sorted(both))
    con.execute(f"insert into core.cap_versions by name select {columns} from base.core.cap_versions")  # noqa: S608


def _judged_again(con: duckdb.DuckDBPyConnection, sessions: Collection[date]) -> list[date]:
    judged = con.execute("select session_date from base.ops.sessions").pl()
    return sorted(set(judged["session_date"]) & set(sessions))


def _caps(con: duckdb.DuckDBPyConnection, catalog: str) -> Comparison:
    stored = stored_columns(con, "base", CAPS)
    shared = tuple(name for name in values_of(CAPS) if name in stored)
    return Comparison(CAPS, shared, "base", catalog)


def _append(comparison: Comparison) -> str:
    """INSERT of the old side of each differing row, from when it held to now; absent where there was none."""
    of_part = among(VERSIONS, comparison.sessions or ())
    values = ", ".join(f"o.{ddl.identifier(name)}" for name in comparison.columns)
    return f"""
        insert into core.cap_versions by name
        with earlier as (
            select session_date, company_id, max(superseded_at) as until from core.cap_versions
            where {of_part} group by all
        ),
        changed as (
            select coalesce(o.session_date, n.session_date) as session_date,
                coalesce(o.company_id, n.company_id) as company_id,
                {values}, o.known_at as told_at, n.known_at as quoted_at, o.is_there is null as is_absent
            {differing_rows(comparison)}
        ),
        held as (
            select changed.* exclude (told_at, quoted_at),
                coalesce(changed.told_at, earlier.until, changed.quoted_at) as known_at
            from changed left join earlier using (session_date, company_id)
        )
        select held.*, greatest($at::timestamptz, held.known_at + interval 1 microsecond) as superseded_at,
            $cause as cause, $run_id as run_id
        from held
    """  # noqa: S608
