"""Frames and bytes in the containers that vendors use: the same content gives the same bytes on every day."""

import io
import zipfile

import polars as pl

_THE_SAME_DAY = (2020, 1, 1, 0, 0, 0)


def zipped(member: str, content: bytes) -> bytes:
    """A zip of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(zipfile.ZipInfo(member, _THE_SAME_DAY), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """A Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
