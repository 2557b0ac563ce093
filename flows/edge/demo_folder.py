"""The demo's own folder: made anew each time, and never anybody else's."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from flows.edge.lock import writer_lock
from flows.errors import UsageError
from flows.paths import DataPaths

MARKER = ".smallcaps-demo"
PARTS = ("archive", "data")


def fresh_folder(root: Path) -> Path:
    """A folder with nothing of an earlier demo in it. Only the demo's own `PARTS` are ever deleted.

    Raises:
        UsageError: it is no folder, holds something that no demo made, or cannot be written.
        LockHeld: a demo is at work in it.
    """
    elsewhere = "Give another folder with --data-dir."
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is no folder.", next_step=elsewhere)
    there = {path.name for path in root.iterdir()} if root.exists() else set()
    if there and MARKER not in there:
        raise UsageError(f"{root} is not empty and no folder of a demo.", next_step=elsewhere)
    if others := sorted(there - {MARKER, *PARTS}):
        raise UsageError(f"{root} holds what no demo made: {', '.join(others[:3])}.", next_step=f"Move it. {elsewhere}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        (root / MARKER).touch()
        _remove_parts(root)
    except OSError as error:
        raise UsageError(f"{root} cannot be written: {error.strerror or error}.", next_step=elsewhere) from error
    return root


def _remove_parts(root: Path) -> None:
    paths = DataPaths(root / "data")
    if paths.root.exists():
        with writer_lock(paths, "demo"):
            shutil.rmtree(paths.root)
    if (root / "archive").exists():
        shutil.rmtree(root / "archive")


def write_files(root: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """Write files by their path relative to `root`; returns the folder."""
    for relative, content in files:
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root
