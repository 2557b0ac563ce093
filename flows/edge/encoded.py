"""Frames and bytes in the containers that vendors use: the same content gives the same bytes on every day."""

import io
import zipfile
from collections.abc import Iterable
from html import escape

import polars as pl

_THE_SAME_DAY = (2020, 1, 1, 0, 0, 0)
_OPEN = "http://schemas.openxmlformats.org"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def zipped(member: str, content: bytes) -> bytes:
    """A zip of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(zipfile.ZipInfo(member, _THE_SAME_DAY), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def xlsx_bytes(sheet: str, rows: Iterable[Iterable[str | int | float]]) -> bytes:
    """A workbook of one sheet: texts as texts, numbers as numbers, an empty text as an empty cell."""
    lines = "".join(f'<row r="{at}">{_cells(row)}</row>' for at, row in enumerate(rows, start=1))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_OPEN}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_SHEET_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": _relation("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_OPEN}/spreadsheetml/2006/main" xmlns:r="{_OPEN}/officeDocument/2006/'
        f'relationships"><sheets><sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_OPEN}/spreadsheetml/2006/main"><sheetData>{lines}'
        "</sheetData></worksheet>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in parts.items():
            content = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}'.encode()
            bundle.writestr(zipfile.ZipInfo(name, _THE_SAME_DAY), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_OPEN}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OPEN}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


def _cells(row: Iterable[str | int | float]) -> str:
    return "".join(
        f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>' if isinstance(value, str) else f"<c><v>{value}</v></c>"
        for value in row
    )


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """A Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
