"""From served bytes to the cells of worksheets: XLSX, and the XML of 2003 that iShares calls .xls."""

import html
import io
import re
import zipfile

import fastexcel

from flows.edge.compressed import MIB, BadCompression, refuse_explosion
from flows.edge.landing import LandedFile
from flows.sources.decode import opened, plain_bytes
from transforms.staging import BadInput

MAX_SHEET_BYTES = 64 * MIB
"""All parts of a workbook together; a history of thirty years has about two."""
_SHEET = re.compile(r"<ss:Worksheet\s[^>]*ss:Name=\"([^\"]*)\"[^>]*>(.*?)</ss:Worksheet>", re.DOTALL)
_ROW = re.compile(r"<ss:Row\b[^>]*?(?:/>|>(.*?)</ss:Row>)", re.DOTALL)
_CELL = re.compile(r"<ss:Cell\b([^>]*?)(?:/>|>(.*?)</ss:Cell>)", re.DOTALL)
_INDEX = re.compile(r"ss:Index=\"(\d+)\"")
_DATA = re.compile(r"<ss:Data\b[^>]*>(.*?)</ss:Data>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_BOM = "\ufeff"
_MOST_COLUMNS = 1000


def xlsx_rows(payload: bytes, file: LandedFile) -> list[list[str]]:
    """The cells of a workbook's first sheet as texts; an empty cell is an empty text.

    Raises:
        BadInput: not a whole XLSX file, or one that explodes.
    """
    if not payload.startswith(b"PK"):
        plain_bytes(payload, file)  # says better what it is, when it is an empty body or a web page
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as bundle:
            size = sum(info.file_size for info in bundle.infolist())
            refuse_explosion(size, len(payload), MAX_SHEET_BYTES)
        sheet = fastexcel.read_excel(payload).load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    except (zipfile.BadZipFile, BadCompression, fastexcel.FastExcelError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["unreadable"])[0]
        raise BadInput(file.source, file.name, "body", f"not an XLSX file: {reason}") from error
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.to_polars().iter_rows()]


def xml_sheets(payload: bytes, file: LandedFile) -> dict[str, list[list[str]]]:
    """The cells of every worksheet of a spreadsheet in XML, by its name, as texts.

    Read by its marks and not by an XML parser: the issuer's files carry two byte order marks, bare ampersands and
    tags that are closed by another name, which no parser takes.

    Raises:
        BadInput: not UTF-8, a web page, without worksheets, or cut off before the workbook's end.
    """
    try:
        text = opened(payload, file).decode("utf-8").lstrip(_BOM).strip()
    except UnicodeDecodeError as error:
        raise BadInput(file.source, file.name, "body", f"not UTF-8 at byte {error.start}") from error
    if "<ss:Workbook" not in text[:2000]:
        raise BadInput(file.source, file.name, "body", "not a spreadsheet in XML, such as a web page")
    if not text.endswith("</ss:Workbook>"):
        raise BadInput(file.source, file.name, "body", "the workbook has no end: the file is cut off")
    sheets = {html.unescape(name): _rows(body) for name, body in _SHEET.findall(text)}
    if not sheets:
        raise BadInput(file.source, file.name, "body", "the workbook has no worksheet")
    return sheets


def _rows(sheet: str) -> list[list[str]]:
    return [_cells(match.group(1) or "") for match in _ROW.finditer(sheet)]


def _cells(row: str) -> list[str]:
    """Texts of one row; ``ss:Index`` says that cells before it were left out."""
    cells: list[str] = []
    for match in _CELL.finditer(row):
        index = _INDEX.search(match.group(1))
        if index is not None and len(cells) < int(index.group(1)) - 1 < _MOST_COLUMNS:
            cells += [""] * (int(index.group(1)) - 1 - len(cells))
        data = _DATA.search(match.group(2) or "")
        cells.append(html.unescape(_TAG.sub("", data.group(1))).strip() if data else "")
    return cells
