"""The published file: swapped in whole, rolled back, read. Nothing here writes into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from flows.edge import ddl
from flows.edge.build_files import is_published, marker, settle
from flows.edge.builds import REBUILD, last_run_id
from flows.edge.clones import link_or_copy, make_read_only, sync_file
from flows.edge.durable import sync_folder
from flows.edge.loading import registered
from flows.errors import MissingData, SmallcapsError, UsageError
from flows.paths import DataPaths

FIRST_BACKFILL = "run `smallcaps backfill --from D --to D`, or `smallcaps rollback`"


@dataclass(frozen=True)
class KeptBuild:
    """One build that was published and is kept for a rollback."""

    run_id: str
    path: Path
    size_bytes: int
    is_current: bool


def publish(paths: DataPaths, build_path: Path, keep: int = 5) -> Path:
    """Swap a closed build in as the published file, and keep the last `keep` published ones.

    Every step leaves either the old or the new file whole under the published name; an open reader goes on
    reading the old one. The build stays in the builds folder under its run id, as a second name of the file.

    Raises:
        UsageError: `keep` is below 1.
        SmallcapsError: the build is still open, was built with other contracts, or is no DuckDB file.
    """
    if keep < 1:
        raise UsageError("keep_builds must be at least 1.", next_step="set SMALLCAPS_KEEP_BUILDS")
    _refuse_unfit(build_path)
    _keep_current(paths)
    make_read_only(build_path)
    sync_file(build_path)
    _swap_in(paths, build_path)
    marker(build_path).unlink(missing_ok=True)
    sync_folder(paths.builds)
    _prune(paths, keep)
    return paths.warehouse


def rollback(paths: DataPaths, to: str | None = None) -> KeptBuild:
    """Publish a kept build again: the one of run `to`, else the one before the current; returns it.

    Raises:
        UsageError: no such build is kept.
    """
    kept = kept_builds(paths)
    target = _rollback_target(kept, to)
    if target is None:
        names = ", ".join(build.run_id for build in kept) or "none"
        wanted = f"of run {to}" if to else "before the current one"
        raise UsageError(f"No build {wanted} is kept; kept are: {names}.", next_step=f"name one of them, or {REBUILD}")
    _refuse_unfit(target.path)
    _keep_current(paths)
    _swap_in(paths, target.path)
    return KeptBuild(target.run_id, target.path, target.size_bytes, is_current=True)


def kept_builds(paths: DataPaths) -> list[KeptBuild]:
    """Published builds that are kept, oldest first; unfinished and refused builds are none of them."""
    found = [path for path in paths.builds.glob("*.duckdb") if not marker(path).exists()]
    found.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    return [KeptBuild(path.stem, path, path.stat().st_size, is_published(paths, path)) for path in found]


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a warehouse file, in UTC.

    Raises:
        MissingData: there is no such file.
        SmallcapsError: it is no DuckDB file.
    """
    if not path.exists():
        raise MissingData(f"There is no warehouse {path.name} yet.", next_step=FIRST_BACKFILL)
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        reason = " ".join(str(error).split())[:200]
        raise SmallcapsError(f"The file {path.name} cannot be opened: {reason}", next_step=FIRST_BACKFILL) from error
    try:
        con.execute("set timezone = 'UTC'")
        yield con
    finally:
        con.close()


def query(paths: DataPaths, sql: str) -> pl.DataFrame:
    """Rows of a statement over the published file, opened read-only; HUGEINT comes as DECIMAL(38,0).

    Raises:
        UsageError: DuckDB refuses the statement.
    """
    with reading(paths.warehouse) as con:
        try:
            return con.execute(sql).pl()
        except duckdb.Error as error:
            raise UsageError(f"DuckDB refuses the query: {error}", next_step="correct the SQL") from error


def looked_up(path: Path, sql: str, name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of a SELECT over a warehouse file that reads `frame` as the table `name`."""
    with reading(path) as con, registered(con, frame, name):
        return con.execute(sql).pl()


def _refuse_unfit(build_path: Path) -> None:
    if Path(f"{build_path}.wal").exists():
        raise SmallcapsError(f"The build {build_path.name} was not closed.", next_step="run again")
    with reading(build_path) as con:
        if ddl.stored_fingerprint(con) != ddl.fingerprint():
            raise UsageError(f"The build {build_path.name} was made with other contracts.", next_step=REBUILD)


def _keep_current(paths: DataPaths) -> None:
    """Make sure that the file about to be replaced stays reachable: a kill may have come before it was kept."""
    settle(paths)
    if not paths.warehouse.exists() or any(build.is_current for build in kept_builds(paths)):
        return
    with reading(paths.warehouse) as con:
        run_id = last_run_id(con) or "unnamed"
    target = paths.build(run_id)
    if not target.exists():
        link_or_copy(paths.warehouse, target)
        sync_folder(paths.builds)


def _swap_in(paths: DataPaths, build_path: Path) -> None:
    aside = paths.warehouse.with_suffix(".duckdb.next")
    aside.unlink(missing_ok=True)
    link_or_copy(build_path, aside)
    # POSIX: renaming one name of a file over another name of the same file does nothing, so the name stays.
    aside.replace(paths.warehouse)
    aside.unlink(missing_ok=True)
    sync_folder(paths.root)


def _prune(paths: DataPaths, keep: int) -> None:
    kept = kept_builds(paths)
    for build in kept[: max(len(kept) - keep, 0)]:
        if not build.is_current:
            build.path.unlink()
    sync_folder(paths.builds)


def _rollback_target(kept: list[KeptBuild], to: str | None) -> KeptBuild | None:
    if to is not None:
        return next((build for build in kept if build.run_id == to), None)
    current = next((index for index, build in enumerate(kept) if build.is_current), len(kept))
    return kept[current - 1] if current > 0 else None
