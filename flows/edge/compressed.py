"""Opening compressed bytes without trusting what they say about their size."""

import io
import zipfile
import zlib
from pathlib import Path

MIB = 1024 * 1024
MAX_EXPANDED_BYTES = 512 * MIB
"""Largest file of a source after decompression; the largest real one is 13 MB."""
MAX_RATIO = 200
"""Largest growth believed once the output passes `RATIO_FLOOR_BYTES`; real files grow 3 to 30 times."""
RATIO_FLOOR_BYTES = 16 * MIB

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib: largest window, gzip header and checksum required
_STEP_BYTES = MIB


class BadCompression(ValueError):
    """The bytes are not the gzip or zip they claim to be, or grow beyond the limit."""


def gunzip(payload: bytes, *, limit_bytes: int = MAX_EXPANDED_BYTES) -> bytes:
    """All members of a gzip file, one after the other.

    Raises:
        BadCompression: not gzip, cut off, wrong checksum, trailing bytes, or larger than the limit.
    """
    if not payload.startswith(GZIP_MAGIC):
        raise BadCompression("not gzip: the first two bytes are wrong")
    parts: list[bytes] = []
    rest, total = payload, 0
    while rest:
        rest, total = _one_member(rest, parts, total, len(payload), limit_bytes)
    return b"".join(parts)


def _one_member(data: bytes, parts: list[bytes], total: int, size: int, limit: int) -> tuple[bytes, int]:
    if not data.startswith(GZIP_MAGIC):
        raise BadCompression(f"{len(data)} bytes that are not gzip follow the gzip data")
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    pending = data
    while not inflate.eof:
        try:
            part = inflate.decompress(pending, _STEP_BYTES)
        except zlib.error as error:
            raise BadCompression(f"damaged gzip: {error}") from error
        pending = inflate.unconsumed_tail
        if not part and not pending and not inflate.eof:
            raise BadCompression(f"gzip is cut off after {total} expanded bytes")
        total += len(part)
        refuse_explosion(total, size, limit)
        parts.append(part)
    return inflate.unused_data, total


def refuse_explosion(expanded: int, compressed: int, limit_bytes: int) -> None:
    """Refuse output beyond the limit, or beyond `MAX_RATIO` times the input.

    Raises:
        BadCompression: when either is passed.
    """
    if expanded > limit_bytes:
        raise BadCompression(f"expands beyond the limit of {limit_bytes} bytes")
    if expanded > RATIO_FLOOR_BYTES and expanded > MAX_RATIO * compressed:
        raise BadCompression(f"expands more than {MAX_RATIO} times")


def is_zip(path: Path) -> bool:
    """Whether a file is a zip with a whole list of members; none of them is opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.filelist)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return False


def unzip_one(payload: bytes, member: str, *, limit_bytes: int = MAX_EXPANDED_BYTES) -> bytes:
    """The one member of a zip file, which must be called `member`.

    Raises:
        BadCompression: not a zip, another or a second member, encrypted, larger than it says or than the
            limit, or damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            info = _only_member(archive, member, limit_bytes)
            return _read_member(archive, info, len(payload), limit_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadCompression(f"damaged zip: {str(error) or type(error).__name__}") from error


def _only_member(archive: zipfile.ZipFile, member: str, limit_bytes: int) -> zipfile.ZipInfo:
    names = archive.namelist()
    if names != [member]:
        raise BadCompression(f"zip holds {names[:5]}, expected only {member!r}")
    info = archive.getinfo(member)
    if info.flag_bits & 0x1:
        raise BadCompression(f"zip member {member!r} is encrypted")
    refuse_explosion(info.file_size, info.compress_size, limit_bytes)
    return info


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    with archive.open(info) as stream:
        while part := stream.read(_STEP_BYTES):
            total += len(part)
            refuse_explosion(total, size, limit_bytes)
            parts.append(part)
    if total != info.file_size:
        raise BadCompression(f"zip member {info.filename!r} says {info.file_size} bytes and has {total}")
    return b"".join(parts)
