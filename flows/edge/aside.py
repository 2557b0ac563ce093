"""Large files: written piece by piece under a temporary name, hashed on the way, then linked under their own."""

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.edge.clock import wall_seconds
from flows.edge.durable import READ_ONLY, TEMPORARY_PREFIX, sync_folder, temporary, unwritten
from flows.edge.processes import is_gone
from flows.errors import UsageError

_TEMPORARY = re.compile(r"\.tmp-(\d+)-[0-9a-f]{16}")
_GONE_FOR_S = 600.0
_LEFT_FOR_S = 24 * 3600.0


@dataclass(frozen=True)
class Aside:
    """A whole file under a temporary name, with the hash of its bytes."""

    path: Path
    sha256: str
    size_bytes: int

    def remove(self) -> None:
        """Remove the temporary name; what was linked stays."""
        self.path.unlink(missing_ok=True)


class AsideWriter:
    """A file written piece by piece under a temporary name, hashed on the way.

    `what` names it in errors. After a crash its name stays until `remove_leftovers`.

    Raises:
        UsageError: the folder cannot be written, or the disk is full; nothing is left behind.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self._target = folder / what
        self._path = temporary(folder)
        self._hash = hashlib.sha256()
        self._size = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("xb")
        except OSError as error:
            raise unwritten(self._target, error) from error

    def expect(self, size_bytes: int) -> None:
        """Refuse a file for which there is no room before its first byte."""
        free = os.statvfs(self._path.parent)
        free_bytes = free.f_bavail * free.f_frsize
        if size_bytes > free_bytes:
            self.discard()
            raise UsageError(
                f"Cannot write {self._target.name} into {self._target.parent}: it has {size_bytes} bytes, "
                f"and {free_bytes} are free.",
                next_step="Make room on the disk of the data folder, then run again.",
            )

    def write(self, chunk: bytes) -> None:
        """Add to the file."""
        try:
            self._stream.write(chunk)
        except OSError as error:
            self.discard()
            raise unwritten(self._target, error) from error
        self._hash.update(chunk)
        self._size += len(chunk)

    def close(self) -> Aside:
        """The file, whole on disk and read-only."""
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._path.chmod(READ_ONLY)
        except OSError as error:
            self.discard()
            raise unwritten(self._target, error) from error
        return Aside(self._path, self._hash.hexdigest(), self._size)

    def discard(self) -> None:
        """Close and remove it."""
        with suppress(OSError):  # a full disk refuses what is still in the buffer
            self._stream.close()
        self._path.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The hash of a file, read piece by piece."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def link_once(path: Path, aside: Aside) -> bool:
    """Give a whole file its name if nobody has; True when this call did. The temporary name stays.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(aside.path)
        sync_folder(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritten(path, error) from error
    return True


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of killed processes: theirs is gone for ten minutes, or nobody wrote for a day."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        found = _TEMPORARY.fullmatch(path.name)
        with suppress(OSError):  # another run removes it, too
            idle_s = wall_seconds() - path.stat().st_mtime
            if idle_s > _LEFT_FOR_S or (found and idle_s > _GONE_FOR_S and is_gone(int(found[1]))):
                path.unlink()
