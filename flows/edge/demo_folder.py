"""The demo's own folder: made anew each time, and never anybody else's."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from flows.errors import UsageError

MARKER = ".smallcaps-demo"


def fresh_folder(root: Path) -> Path:
    """An empty folder for a demo; what an earlier demo left there is removed.

    Raises:
        UsageError: the folder holds something that no demo made, or cannot be written.
    """
    if root.exists() and not (root / MARKER).exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty and no folder of a demo.", next_step="Give another one with --data-dir.")
    try:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        (root / MARKER).touch()
    except OSError as error:
        raise UsageError(
            f"{root} cannot be written: {error.strerror or error}.", next_step="Give another one with --data-dir."
        ) from error
    return root


def write_files(root: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """Write files by their path relative to `root`; returns the folder."""
    for relative, content in files:
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root
