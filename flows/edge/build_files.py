"""Build files on disk: which are unfinished, which are published, and what a killed run left behind."""

import os
import shutil
from pathlib import Path

from flows.paths import DataPaths

_UNFINISHED = ".unfinished"


def marker(build_path: Path) -> Path:
    """The file that stands beside a build from before its first byte until it is published."""
    return build_path.with_suffix(_UNFINISHED)


def spill_folder(build_path: Path) -> Path:
    """Where DuckDB spills while it builds."""
    return build_path.with_suffix(".spill")


def remove_build(build_path: Path) -> None:
    """Remove a build with its write-ahead log, spill folder and marker, the marker last."""
    build_path.unlink(missing_ok=True)
    Path(f"{build_path}.wal").unlink(missing_ok=True)
    shutil.rmtree(spill_folder(build_path), ignore_errors=True)
    marker(build_path).unlink(missing_ok=True)


def remove_stale(paths: DataPaths) -> list[str]:
    """Remove the builds that killed or refused runs left behind; returns their run ids."""
    settle(paths)
    stale = sorted(paths.builds.glob(f"*{_UNFINISHED}"))
    for mark in stale:
        remove_build(mark.with_suffix(".duckdb"))
    return [mark.stem for mark in stale]


def settle(paths: DataPaths) -> None:
    """Finish what a run killed right after its swap left undone: its build is published, so it is finished."""
    for mark in paths.builds.glob(f"*{_UNFINISHED}"):
        if is_published(paths, mark.with_suffix(".duckdb")):
            mark.unlink()


def is_published(paths: DataPaths, build_path: Path) -> bool:
    """Whether the build is the published file: a second name of it, or a copy of the same size and time."""
    if not (build_path.exists() and paths.warehouse.exists()):
        return False
    one, other = build_path.stat(), paths.warehouse.stat()
    if os.path.samestat(one, other):
        return True
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
