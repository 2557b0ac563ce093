"""Files that are whole or absent: written aside, synced, then named."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from flows.errors import UsageError

READ_ONLY = 0o444
TEMPORARY_PREFIX = ".tmp-"


def write_once(path: Path, payload: bytes) -> bool:
    """Give `path` this content if nobody has; True when this call made it. Never replaces, never half-writes.

    Of several writers at once exactly one makes the file. After a crash there is a whole file or none.

    Raises:
        UsageError: the folder cannot be written.
    """
    if path.exists():
        return False
    try:
        return _write_aside_and_link(path, payload)
    except OSError as error:
        raise unwritten(path, error) from error


def _write_aside_and_link(path: Path, payload: bytes) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = temporary(path.parent)
    try:
        with aside.open("xb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        aside.chmod(READ_ONLY)
        try:
            path.hardlink_to(aside)  # fails where the name is taken, which rename would not
        except FileExistsError:
            return False
        sync_folder(path.parent)
        return True
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


def temporary(folder: Path) -> Path:
    """A name in a folder that nobody else uses, and that says whose it is."""
    return folder / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritten(path: Path, error: OSError) -> UsageError:
    """The error for a file that could not be written: no right to, a full disk, or what else the system says."""
    if isinstance(error, PermissionError):
        return unwritable(path.parent)
    return UsageError(
        f"Cannot write {path.name} into {path.parent}: {error.strerror or error}.",
        next_step="Check free space and the file system of the data folder.",
    )


def unwritable(folder: Path) -> UsageError:
    """The error for a folder that this user may not write."""
    return UsageError(
        f"Cannot write into {folder}.",
        next_step="Give this user write access, or choose another folder with --data-dir.",
    )
