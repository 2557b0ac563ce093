"""A build: the next warehouse, made aside from the published file and swapped in only when it is whole."""

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import polars as pl

from flows.edge import ddl, loading, macros, mart_runner, sql_files
from flows.edge.build_files import marker, remove_build, remove_stale, spill_folder
from flows.edge.clones import clone, sync_file
from flows.edge.durable import sync_folder
from flows.errors import SmallcapsError, UsageError
from flows.paths import DataPaths
from transforms.contracts import BY_NAME, table

REBUILD = "run `smallcaps rebuild`: it makes the whole warehouse again from landing"
_FULL_DISK = ("No space left", "File too large", "Disk quota")


@dataclass(frozen=True)
class Limits:
    """What DuckDB may use while it builds; beyond the memory it spills into the builds folder."""

    memory: str = "2GB"
    threads: int = 2


class Build:
    """One build file, open for writing by one run.

    Everything between `start` and `commit` is one transaction. Leaving the `with` block by an error, or being
    killed, leaves the published file as it was, and a build that is removed (by the next run after a kill).
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, path: Path, run_id: str, base_run_id: str | None, *, is_clone: bool
    ) -> None:
        self._con = con
        self._work: dict[str, pl.DataFrame] = {}
        self._ran_marts = False
        self._open = True
        self._in_transaction = False
        self._is_kept = False
        self.path = path
        self.run_id = run_id
        self.base_run_id = base_run_id
        self.is_clone = is_clone

    @classmethod
    def start(cls, paths: DataPaths, run_id: str, base: Path | None, *, limits: Limits | None = None) -> "Build":
        """Clone `base` (or begin empty where it is None) as the build of `run_id`, and open it.

        Raises:
            UsageError: `base` was built with other contracts; rebuild.
            SmallcapsError: `base` is no DuckDB file, or the disk is full.
        """
        paths.builds.mkdir(parents=True, exist_ok=True)
        remove_stale(paths)
        path = paths.build(run_id)
        if path.exists():
            raise UsageError(f"Run id {run_id} already has a build.", next_step="use another run id")
        marker(path).touch()
        sync_folder(paths.builds)
        try:
            if base is not None:
                clone(base, path)
            return cls._opened(path, run_id, limits or Limits())
        except (OSError, duckdb.Error) as error:
            remove_build(path)
            raise unusable(error, base or path) from error
        except BaseException:
            remove_build(path)
            raise

    @classmethod
    def _opened(cls, path: Path, run_id: str, limits: Limits) -> "Build":
        is_clone = path.exists()
        con = _connect(path, limits)
        try:
            if is_clone and ddl.stored_fingerprint(con) != ddl.fingerprint():
                raise UsageError("The published warehouse has other contracts than this code.", next_step=REBUILD)
            build = cls(con, path, run_id, last_run_id(con) if is_clone else None, is_clone=is_clone)
            build._begin()
            ddl.apply(con)
            macros.apply(con, macros.read_macros())
            if not is_clone:
                build.replace("ops.schema_version", pl.DataFrame({"fingerprint": [ddl.fingerprint()]}))
        except BaseException:
            con.close()
            raise
        return build

    def replace(self, table_name: str, frame: pl.DataFrame, sessions: Collection[date] = ()) -> int:
        """Write a frame as the table's policy says; returns the rows written.

        `replace_sessions` deletes `sessions` and inserts the frame, whose sessions must all be among them;
        `replace_all` writes the table anew; `append` adds. Raises ValueError where frame and contract differ.
        """
        contract = table(table_name)
        rows = contract.conform(frame)
        loading.refuse_other_sessions(contract, rows, sessions)
        self._begin()
        loading.delete(self._con, contract, sessions)
        loading.insert(self._con, contract, rows)
        return rows.height

    def work(self, name: str, frame: pl.DataFrame) -> None:
        """Give a computed frame to the mart SQL as ``work.<name>``, in the shape of marts.<name> if there is one."""
        contract = BY_NAME.get(f"marts.{name}")
        self._work[name] = contract.conform(frame) if contract else frame

    def run_marts(
        self, sessions: Collection[date], files: Collection[sql_files.SqlFile] | None = None
    ) -> dict[str, int]:
        """Run sql/marts in dependency order over the replaced sessions; returns rows written by mart.

        Raises ValueError where a SELECT's columns or types are not its contract's, where it reads a work frame
        that nobody gave, or where it gives rows of sessions that are not replaced.
        """
        if self._ran_marts:
            raise ValueError("the marts of a build run once, after all frames are given")
        self._ran_marts = True
        mart_runner.store_work(self._con, self._work)
        self._begin()
        given = files if files is not None else sql_files.read_folder(sql_files.MARTS)
        return mart_runner.run(self._con, given, self._work.keys(), sessions)

    def scope(self, sessions: Collection[date], parameters: Mapping[str, float]) -> None:
        """What check SQL sees: the temp table replaced_sessions, and thresholds as variables."""
        mart_runner.set_scope(self._con, sessions)
        for name, value in parameters.items():
            self._con.execute(f"set variable {ddl.identifier(name)} = {value!r}::double")

    @contextmanager
    def threads(self, count: int) -> Iterator[None]:
        """Let DuckDB use this many threads while the block runs: beside other work more of them only get in its way."""
        (before,) = self._con.execute("select current_setting('threads')").pl().row(0)
        self._con.execute(f"set threads = {count:d}")
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # an error inside has aborted the transaction: that one counts
                self._con.execute(f"set threads = {before:d}")

    def query(self, sql: str) -> pl.DataFrame:
        """The rows of a SELECT over this build; HUGEINT comes as DECIMAL(38,0)."""
        return self._con.execute(sql).pl()

    def look_up(self, sql: str, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of a SELECT over this build that reads `frame` as the table `name`."""
        with loading.registered(self._con, frame, name):
            return self._con.execute(sql).pl()

    @property
    def catalog(self) -> str:
        """DuckDB's name for this build, beside other attached files."""
        return str(self.query("select current_database() as name").item())

    def beside(self, other: Path, name: str) -> duckdb.DuckDBPyConnection:
        """This build's connection, with another warehouse file attached read-only as `name` until the build closes.

        DuckDB cannot detach inside a transaction that has read from it: trying aborts the transaction.
        """
        self._con.execute(f"attach if not exists {ddl.text_literal(str(other))} as {ddl.identifier(name)} (read_only)")
        return self._con

    def commit(self) -> None:
        """Make everything since the last commit durable in the build file.

        After any failed statement DuckDB's COMMIT rolls back without a word; a statement before it does not.
        """
        if self._in_transaction:
            self._con.execute("select 1")  # raises where an earlier error has aborted the transaction
            self._con.execute("commit")
            self._in_transaction = False

    def close(self) -> Path:
        """Commit, checkpoint, close and fsync; the file is then whole, without a write-ahead log.

        Raises:
            SmallcapsError: the disk is full; the build is removed.
        """
        if self._open:
            try:
                self.commit()
                self._con.execute("checkpoint")
            except duckdb.Error as error:
                self.abort()
                raise unusable(error, self.path) from error
            self._shut()
            sync_file(self.path)
        return self.path

    def keep_for_inspection(self) -> None:
        """From here on an error leaves the closed build in its folder, unpublished, until the next run removes it."""
        self._is_kept = True

    def abort(self) -> None:
        """Close without commit and remove the file; does nothing after `close`."""
        if self._open:
            self._shut()
            remove_build(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._open:
            return
        if self._is_kept:
            with suppress(SmallcapsError):  # what cannot be closed is removed; the error inside the block counts
                self.close()
        self.abort()
        if isinstance(error, duckdb.IOException):
            raise unusable(error, self.path) from error

    def _begin(self) -> None:
        if not self._in_transaction:
            self._con.execute("begin transaction")
            self._in_transaction = True

    def _shut(self) -> None:
        self._open = False
        with suppress(duckdb.Error):  # a full disk fails the rollback too; the caller removes the file
            if self._in_transaction:
                self._con.execute("rollback")
        with suppress(duckdb.Error):
            self._con.close()
        shutil.rmtree(spill_folder(self.path), ignore_errors=True)


def last_run_id(con: duckdb.DuckDBPyConnection) -> str | None:
    """The run that published an open warehouse; None where no publication is recorded."""
    found = con.execute("select run_id from ops.publications order by build_closed_at desc, run_id desc limit 1").pl()
    return str(found.item()) if found.height else None


def unusable(error: Exception, path: Path) -> SmallcapsError:
    """A full disk or a damaged file, told apart, each with what to do."""
    text = " ".join(str(error).split())[:300]
    if any(sign in text for sign in _FULL_DISK):
        return SmallcapsError(
            f"No room for the build {path.name}: {text}",
            next_step="free disk space, then run again; nothing was published",
        )
    return SmallcapsError(
        f"The file {path.name} cannot be used: {text}", next_step=f"`smallcaps rollback`, or {REBUILD}"
    )


def _connect(path: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    spill = spill_folder(path)
    spill.mkdir(exist_ok=True)
    con = duckdb.connect(
        str(path),
        config={
            "memory_limit": limits.memory,
            "threads": limits.threads,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    con.execute("set timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")  # a long statement would draw into the run's own output
    return con
