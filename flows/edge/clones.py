"""Second copies and second names of big files, for builds that are made aside and swapped in."""

import errno
import fcntl
import os
import shutil
from pathlib import Path

from flows.edge.durable import READ_ONLY

_FICLONE = 0x40049409  # linux/fs.h: share the extents of another file, where the file system can
_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}
_WRITABLE = 0o644
_COPY_BYTES = 16 * 1024 * 1024


def sync_file(path: Path) -> None:
    """Have the file's bytes on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def clone(source: Path, target: Path) -> None:
    """A second, independent, writable file: shared extents where the file system can, else a copy; fsynced."""
    with source.open("rb") as old, target.open("xb") as new:
        try:
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
        except OSError:
            shutil.copyfileobj(old, new, _COPY_BYTES)
        new.flush()
        os.fsync(new.fileno())
    target.chmod(_WRITABLE)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file; a fsynced copy of the same age where hard links do not exist."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        clone(source, target)
        shutil.copystat(source, target)
        sync_file(target)


def make_read_only(path: Path) -> None:
    """Nobody writes into a published file, not even a careless notebook."""
    path.chmod(READ_ONLY)
