"""Staged frames as Parquet, by content hash and parser version: a cache that may be deleted at any time."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from flows.edge.durable import TEMPORARY_PREFIX, unwritable
from flows.edge.landing import LandedFile
from transforms.staging import REJECT_COLUMNS, Staged, no_rejects

_ROWS = "rows.parquet"
_REJECTS = "rejects.parquet"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class StagingStore:
    """`<root>/<source>/<dataset>/<key>/<sha256>-<parser version>/`, each entry whole or absent."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get_or_make(self, file: LandedFile, parser_version: str, make: Callable[[], Staged]) -> Staged:
        """The staged frames of a landed file: from the cache, else made now and kept.

        The key stands in the path because a vendor can serve the same bytes for two sessions, and the
        session's date is in the rows. A damaged entry is made anew.

        Raises:
            UsageError: the folder cannot be written.
        """
        entry = self._entry(file, parser_version)
        cached = _load(entry)
        if cached is not None:
            return cached
        staged = make()
        try:
            _store(entry, staged)
        except PermissionError as error:
            raise unwritable(self.root) from error
        return staged

    def scan_or_make(
        self, file: LandedFile, parser_version: str, make: Callable[[], Iterable[Staged]]
    ) -> tuple[pl.LazyFrame, pl.DataFrame]:
        """The rows of a large landed file, to be scanned, and its rejects; `make` gives them part by part.

        Raises:
            UsageError: the folder cannot be written.
        """
        entry = self._entry(file, parser_version)
        if not _is_whole(entry):
            try:
                with _aside(entry) as folder:
                    _write_parts(folder, make())
            except PermissionError as error:
                raise unwritable(self.root) from error
        rejects = pl.read_parquet(entry / _REJECTS).cast(pl.Schema(REJECT_COLUMNS))
        return pl.scan_parquet(entry / _ROWS), rejects

    def _entry(self, file: LandedFile, parser_version: str) -> Path:
        if not _VERSION.fullmatch(parser_version):
            raise ValueError(f"{parser_version!r} cannot be a parser version")
        return self.root / file.source / file.dataset / file.key / f"{file.sha256}-{parser_version}"


def _load(entry: Path) -> Staged | None:
    if not entry.is_dir():
        return None
    try:
        rejects = pl.read_parquet(entry / _REJECTS)
        return Staged(pl.read_parquet(entry / _ROWS), rejects.cast(pl.Schema(REJECT_COLUMNS)))
    except (pl.exceptions.PolarsError, OSError, ValueError):
        shutil.rmtree(entry, ignore_errors=True)
        return None


def _is_whole(entry: Path) -> bool:
    """Whether an entry can be read; a damaged one is cleared away."""
    if not entry.is_dir():
        return False
    try:
        pl.scan_parquet(entry / _ROWS).collect_schema()
        pl.read_parquet(entry / _REJECTS)
    except (pl.exceptions.PolarsError, OSError):
        shutil.rmtree(entry, ignore_errors=True)
        return False
    return True


def _store(entry: Path, staged: Staged) -> None:
    with _aside(entry) as folder:
        staged.rows.write_parquet(folder / _ROWS, compression="lz4")
        staged.rejects.write_parquet(folder / _REJECTS, compression="lz4")


def _write_parts(folder: Path, parts: Iterable[Staged]) -> None:
    """One Parquet file, a row group or more per part: no more than one part is in memory."""
    rejects = [no_rejects()]
    writer: pq.ParquetWriter | None = None
    try:
        for part in parts:
            table = part.rows.to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(folder / _ROWS, table.schema, compression="lz4")
            writer.write_table(table)
            rejects.append(part.rejects)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ValueError("a large file gave no part, not even an empty one")
    pl.concat(rejects).write_parquet(folder / _REJECTS, compression="lz4")


@contextmanager
def _aside(entry: Path) -> Iterator[Path]:
    """A folder to write an entry into; the entry is there, whole, when the block has ended well."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    aside = entry.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
    aside.mkdir()
    try:
        yield aside
        if not entry.exists():
            aside.rename(entry)
    except OSError:
        if not entry.is_dir():  # another run made the same entry between the two lines above
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
