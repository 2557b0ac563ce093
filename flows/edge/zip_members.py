"""Zip files too large for memory: their members one by one, none of them unpacked to disk."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flows.edge.compressed import MAX_EXPANDED_BYTES, BadCompression, refuse_explosion

MAX_MEMBERS = 2_000_000
"""submissions.zip has about 950,000."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def each_member(
    source: Path | BinaryIO, is_wanted: Callable[[str], bool], *, limit_bytes: int = MAX_EXPANDED_BYTES
) -> Iterator[tuple[str, bytes]]:
    """Name and content of the wanted members, in the order of the file's directory; one is in memory at a time.

    Raises:
        BadCompression: not a zip, damaged, with too many members, or one that is encrypted or explodes.
    """
    with _opened(source) as bundle:
        for info in bundle.infolist():
            if is_wanted(info.filename):
                _check(info, limit_bytes)
                yield info.filename, bundle.read(info)


def member_content(payload: bytes, member: str, *, limit_bytes: int = MAX_EXPANDED_BYTES) -> bytes:
    """One member of a small zip that holds others, too.

    Raises:
        BadCompression: see `each_member`, or there is no such member.
    """
    for _, content in each_member(io.BytesIO(payload), lambda name: name == member, limit_bytes=limit_bytes):
        return content
    raise BadCompression(f"zip has no member {member!r}")


def member_lines(
    source: Path | BinaryIO, member: str, is_wanted: Callable[[bytes], bool], *, limit_bytes: int
) -> Iterator[bytes]:
    """The first line of one member and the wanted ones after it, without their line ends.

    Raises:
        BadCompression: see `each_member`, or there is no such member.
    """
    with _opened(source) as bundle:
        found = [info for info in bundle.infolist() if info.filename == member]
        if len(found) != 1:
            raise BadCompression(f"zip holds {bundle.namelist()[:5]}, expected one {member!r}")
        _check(found[0], limit_bytes)
        with bundle.open(found[0]) as stream:
            for position, line in enumerate(stream):
                if position == 0 or is_wanted(line):
                    yield line.rstrip(b"\r\n")


def member_names(source: Path | BinaryIO) -> list[str]:
    """The names of a zip file's members, as its directory has them.

    Raises:
        BadCompression: not a zip, damaged, or with too many members.
    """
    with _opened(source) as bundle:
        return bundle.namelist()


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as bundle:
            if len(bundle.infolist()) > MAX_MEMBERS:
                raise BadCompression(f"zip holds more than {MAX_MEMBERS} members")
            yield bundle
    except _DAMAGE as error:
        raise BadCompression(f"damaged zip: {str(error) or type(error).__name__}") from error


def _check(info: zipfile.ZipInfo, limit_bytes: int) -> None:
    """A member's declared size bounds what is read of it: more bytes than declared are never given."""
    if info.flag_bits & 0x1:
        raise BadCompression(f"zip member {info.filename!r} is encrypted")
    try:
        refuse_explosion(info.file_size, info.compress_size, limit_bytes)
    except BadCompression as error:
        raise BadCompression(f"zip member {info.filename!r} {error}") from error
