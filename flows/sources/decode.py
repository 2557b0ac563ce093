"""From served bytes to frames of raw text: gzip, zip, JSON, CSV and Parquet, refused when not whole."""

import csv
import io
import json
from typing import Any

import polars as pl

from flows.edge.compressed import GZIP_MAGIC, MAX_EXPANDED_BYTES, BadCompression, gunzip, unzip_one
from flows.edge.landing import LandedFile
from transforms.staging import BadInput

_BOM = b"\xef\xbb\xbf"
_HTML = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")
_SHOWN = 60


def plain_bytes(payload: bytes, file: LandedFile) -> bytes:
    """The content: opened where it is gzip, without a byte order mark, neither empty nor a web page.

    Raises:
        BadInput: otherwise, or when a file called .gz is not gzip.
    """
    content = opened(payload, file)
    if content[:512].lstrip().lower().startswith(_HTML):
        raise BadInput(file.source, file.name, "body", "the body is a web page (HTML or XML), not data")
    return content


def opened(payload: bytes, file: LandedFile) -> bytes:
    """The content whatever it is: opened where it is gzip, without a byte order mark, not empty.

    Raises:
        BadInput: empty or blank, or a file called .gz is not gzip.
    """
    if not payload:
        raise BadInput(file.source, file.name, "body", "the body is empty")
    if payload.startswith(GZIP_MAGIC) or file.path.suffix == ".gz":
        try:
            payload = gunzip(payload)
        except BadCompression as error:
            raise BadInput(file.source, file.name, "body", str(error)) from error
    content = payload.removeprefix(_BOM)
    if not content[:512].strip():
        raise BadInput(file.source, file.name, "body", "the body is blank")
    return content


def json_document(payload: bytes, file: LandedFile) -> Any:
    """The one JSON document of a file.

    Raises:
        BadInput: not UTF-8, cut off, or followed by something else; names line, column and character.
    """
    content = plain_bytes(payload, file)
    try:
        return json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        detail = f"not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        kind = "a second JSON document follows" if error.msg == "Extra data" else f"not whole JSON ({error.msg})"
        detail = f"{kind} at line {error.lineno}, column {error.colno} (character {error.pos} of {len(error.doc)})"
    except RecursionError:
        detail = "JSON is nested too deeply"
    raise BadInput(file.source, file.name, "body", detail)


def csv_frame(payload: bytes, file: LandedFile, *, separator: str = ",", quote: str | None = '"') -> pl.DataFrame:
    """A CSV file as text columns; blank cells are null. Without a quote every quotation mark is a character.

    Raises:
        BadInput: not UTF-8, a row with too many cells, or a last row with too few (a file that was cut off).
    """
    content = plain_bytes(payload, file)
    try:
        frame = pl.read_csv(
            io.BytesIO(content), separator=separator, quote_char=quote, infer_schema=False, raise_if_empty=True
        )
    except pl.exceptions.PolarsError as error:
        reason = (str(error).strip().splitlines() or ["unreadable"])[0]
        raise BadInput(file.source, file.name, "body", f"not a CSV file: {reason}") from error
    _check_last_row(content, len(frame.columns), file, separator, quote)
    return frame.rename({column: column.strip() for column in frame.columns})


def _check_last_row(content: bytes, width: int, file: LandedFile, separator: str, quote: str | None) -> None:
    last = content.rstrip(b"\r\n").rpartition(b"\n")[2].decode("utf-8", errors="replace")
    cells = last.split(separator) if quote is None else next(csv.reader([last], delimiter=separator), [])
    if len(cells) < width:
        detail = f"the last row has {len(cells)} of {width} cells: {last[:_SHOWN]!r}; the file is cut off"
        raise BadInput(file.source, file.name, "body", detail)


def zipped_csv_frame(payload: bytes, file: LandedFile, *, member: str, separator: str) -> pl.DataFrame:
    """The CSV file that is the one member of a zip, as text columns.

    Raises:
        BadInput: not a zip, another member than `member`, a size that lies or explodes, or a broken CSV.
    """
    if not payload.startswith(b"PK"):
        plain_bytes(payload, file)  # says better what it is, when it is an empty body or a web page
    try:
        content = unzip_one(payload, member, limit_bytes=MAX_EXPANDED_BYTES)
    except BadCompression as error:
        raise BadInput(file.source, file.name, "body", str(error)) from error
    return csv_frame(content, file, separator=separator)


def parquet_frame(payload: bytes, file: LandedFile) -> pl.DataFrame:
    """A Parquet file with the types it declares.

    Raises:
        BadInput: not a whole Parquet file.
    """
    content = plain_bytes(payload, file)
    try:
        return pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = (str(error).strip().splitlines() or ["unreadable"])[0]
        raise BadInput(file.source, file.name, "body", f"not a Parquet file: {reason}") from error
