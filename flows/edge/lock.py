"""One writer at a time per data folder: a kernel lock that a killed run gives back by itself."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from flows.edge.clock import utc_now
from flows.errors import LockHeld, UsageError
from flows.paths import DataPaths


def prepare_data_folder(paths: DataPaths) -> None:
    """Create the data folder with its sub-folders and prove that it can be written.

    Raises:
        UsageError: it cannot be created or written.
    """
    probe = paths.root / f".writable-{os.getpid()}"
    try:
        for folder in paths.folders():
            folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unusable(paths, error) from error


@contextmanager
def writer_lock(paths: DataPaths, run_id: str) -> Iterator[None]:
    """Hold the writer lock while the block runs.

    The lock is the kernel's (flock), so it ends with the process however that ends; what the file says
    (pid, run id, since when) is only for people.

    Raises:
        LockHeld: another run holds it; says which.
        UsageError: the data folder cannot be written.
    """
    prepare_data_folder(paths)
    try:
        file = paths.lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise _unusable(paths, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(paths, file) from None
        _write(file, {"run_id": run_id, "pid": os.getpid(), "since": utc_now().isoformat(timespec="seconds")})
        try:
            yield
        finally:
            _write(file, None)


def lock_is_free(paths: DataPaths) -> bool:
    """Whether no run of this machine holds the writer lock; False where the lock cannot be tried.

    It is tried as a reader, given back at once, and nothing is written. Only a run that asks for it in these
    microseconds would be turned away.
    """
    try:
        with paths.lock.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return paths.runs.is_dir()
    except OSError:  # held, or no access
        return False
    return True


def _write(file: IO[str], holder: dict[str, object] | None) -> None:
    file.seek(0)
    file.truncate()
    if holder:
        file.write(json.dumps(holder) + "\n")
    file.flush()


def _held(paths: DataPaths, file: IO[str]) -> LockHeld:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        who = f"run {holder['run_id']}, process {holder['pid']}, since {holder['since']}"
    except (ValueError, TypeError, KeyError):  # its holder is between lock and write
        who = "a run that has just started"
    return LockHeld(
        f"Another run holds the writer lock of {paths.root}: {who}.",
        next_step="Wait until it ends; a killed run gives the lock back by itself.",
    )


def _unusable(paths: DataPaths, error: OSError) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    return UsageError(
        f"The data folder {paths.root} cannot be written: {reason} ({error.filename}).",
        next_step="Give --data-dir (or SMALLCAPS_DATA_DIR) a folder that this user may write.",
    )
