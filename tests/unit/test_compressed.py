"""gzip and zip files that are cut off, lie or explode."""

import gzip
import io
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.edge.compressed import BadCompression, gunzip, unzip_one

calm = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def with_declared_size(payload: bytes, size: int) -> bytes:
    """The zip with another uncompressed size in both of its headers."""
    changed = bytearray(payload)
    struct.pack_into("<I", changed, 22, size)
    directory = changed.find(b"PK\x01\x02")
    struct.pack_into("<I", changed, directory + 24, size)
    return bytes(changed)


@calm
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_gunzip_undoes_gzip_member_by_member(parts: list[bytes]) -> None:
    assert gunzip(b"".join(gzip.compress(part) for part in parts)) == b"".join(parts)


@calm
@given(st.binary(min_size=1, max_size=300), st.data())
def test_gzip_cut_anywhere_is_refused(content: bytes, data: st.DataObject) -> None:
    whole = gzip.compress(content)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BadCompression):
        gunzip(whole[:cut])


def test_gzip_that_is_none_or_damaged_or_continues() -> None:
    whole = gzip.compress(b"hello" * 100)
    for payload, word in [
        (b"", "not gzip"),
        (b"plain text", "not gzip"),
        (whole[:-8] + b"\0" * 8, "damaged"),
        (whole + b"tail", "follow"),
    ]:
        with pytest.raises(BadCompression, match=word):
            gunzip(payload)


def test_gzip_explodes() -> None:
    bomb = gzip.compress(b"\0" * 40_000_000)
    with pytest.raises(BadCompression, match="more than 200 times"):
        gunzip(bomb)
    with pytest.raises(BadCompression, match="limit of 1000 bytes"):
        gunzip(gzip.compress(b"ab" * 501), limit_bytes=1000)
    assert len(gunzip(gzip.compress(b"ab" * 500), limit_bytes=1000)) == 1000


def test_zip_with_its_one_member() -> None:
    assert unzip_one(zipped(("a.csv", b"x;y\n1;2\n")), "a.csv") == b"x;y\n1;2\n"


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b"", "damaged zip"),
        (b"<html></html>", "damaged zip"),
        (zipped(("a.csv", b"x" * 500))[:-30], "damaged zip"),
        (zipped(("b.csv", b"x")), "expected only 'a.csv'"),
        (zipped(("../a.csv", b"x")), "expected only 'a.csv'"),
        (zipped(("a.csv", b"x"), ("b.csv", b"y")), "expected only 'a.csv'"),
        (zipped(("a.csv", b"\0" * 50_000_000)), "more than 200 times"),
        (zipped(("a.csv", b"x" * 2001)), "limit of 2000 bytes"),
        (with_declared_size(zipped(("a.csv", b"x" * 1500)), 10), "damaged zip"),
        (
            with_declared_size(zipped(("a.csv", b"x" * 1500)), 1900),
            "damaged zip|says 1900 bytes and has 1500",
        ),
        (zipped(("a.csv", b"abc"), method=zipfile.ZIP_STORED).replace(b"abc", b"abd", 1), "damaged zip"),
    ],
    ids=["empty", "html", "cut", "name", "path", "two", "bomb", "large", "says less", "says more", "crc"],
)
def test_zip_that_is_refused(payload: bytes, word: str) -> None:
    with pytest.raises(BadCompression, match=word):
        unzip_one(payload, "a.csv", limit_bytes=2000 if len(payload) < 10_000 else 100_000_000)


def test_encrypted_zip_is_refused() -> None:
    payload = bytearray(zipped(("a.csv", b"abc")))
    payload[6] |= 1
    payload[payload.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadCompression, match="encrypted"):
        unzip_one(bytes(payload), "a.csv")
