"""Staged frames as Parquet, by content hash and parser version: a cache that may be deleted at any time."""

import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl

from flows.edge.durable import TEMPORARY_PREFIX, unwritable
from flows.edge.landing import LandedFile
from transforms.staging import REJECT_COLUMNS, Staged

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
        if not _VERSION.fullmatch(parser_version):
            raise ValueError(f"{parser_version!r} cannot be a parser version")
        entry = self.root / file.source / file.dataset / file.key / f"{file.sha256}-{parser_version}"
        cached = _load(entry)
        if cached is not None:
            return cached
        staged = make()
        try:
            _store(entry, staged)
        except PermissionError as error:
            raise unwritable(self.root) from error
        return staged


def _load(entry: Path) -> Staged | None:
    if not entry.is_dir():
        return None
    try:
        rejects = pl.read_parquet(entry / _REJECTS)
        return Staged(pl.read_parquet(entry / _ROWS), rejects.cast(pl.Schema(REJECT_COLUMNS)))
    except (pl.exceptions.PolarsError, OSError, ValueError):
        shutil.rmtree(entry, ignore_errors=True)
        return None


def _store(entry: Path, staged: Staged) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    aside = entry.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
    aside.mkdir()
    try:
        staged.rows.write_parquet(aside / _ROWS, compression="lz4")
        staged.rejects.write_parquet(aside / _REJECTS, compression="lz4")
        if not entry.exists():
            aside.rename(entry)
    except OSError:
        if not entry.is_dir():  # another run made the same entry between the two lines above
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
