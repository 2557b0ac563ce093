"""The SEC's JSON documents as raw frames: facts, particulars of companies and their filings, tickers."""

from itertools import repeat
from typing import Any

import orjson
import polars as pl

from flows.edge.landing import LandedFile
from flows.sources.decode import json_document, plain_bytes
from flows.sources.sec_datasets import NAME
from transforms.staging import BadInput
from transforms.staging.sec_facts import RAW_FACTS
from transforms.staging.sec_submissions import (
    RAW_COMPANIES,
    RAW_COMPANY,
    RAW_FILING_ROWS,
    RAW_FILINGS,
)
from transforms.staging.sec_tags import KEPT_TAGS
from transforms.staging.sec_tickers import RAW_TICKERS

_OF_A_FACT = ("start", "end", "val", "accn", "form", "filed", "fy", "fp")


class Columns:
    """Rows collected column by column until there are enough for a frame."""

    def __init__(self, schema: dict[str, pl.DataType]) -> None:
        self._schema = schema
        self.lists: dict[str, list[Any]] = {name: [] for name in schema}

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.lists.values())))

    def cut(self, height: int) -> None:
        """Forget all rows after the first `height`."""
        for values in self.lists.values():
            del values[height:]

    def take(self) -> pl.DataFrame:
        """The rows so far as a frame; afterwards there are none. What is of another type becomes null."""
        frame = pl.DataFrame([_series(name, self.lists[name], dtype) for name, dtype in self._schema.items()])
        self.lists = {name: [] for name in self._schema}
        return frame


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    try:
        return pl.Series(name, values, dtype, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [value if _fits(value, dtype) else None for value in values], dtype, strict=False)


def _fits(value: object, dtype: pl.DataType) -> bool:
    if dtype == pl.String:
        return isinstance(value, str)
    if dtype.is_numeric():
        whole = not isinstance(value, bool) and isinstance(value, int) and abs(value) < 2**53
        return whole or (dtype.is_float() and isinstance(value, int | float) and not isinstance(value, bool))
    return True


def document(payload: bytes, file: LandedFile) -> dict[str, Any]:
    """The JSON object of a landed file.

    Raises:
        BadInput: it is no JSON object; says where it breaks off.
    """
    content = plain_bytes(payload, file)
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        found = json_document(payload, file)  # says better where it breaks off
    if not isinstance(found, dict):
        raise BadInput(NAME, file.name, "body", "the document is no JSON object")
    return found


def add_facts(found: dict[str, Any], cik: int, columns: Columns) -> None:
    """Add the kept facts of one company's companyfacts document to columns `RAW_FACTS`; `{}` has none.

    Raises:
        TypeError, KeyError, ValueError, AttributeError: it has another shape. The columns are as before.
    """
    if not found:
        return
    before = columns.height
    try:
        if cik_of(found["cik"]) != cik:
            raise ValueError(f"the document is about company {found['cik']}")
        facts = found["facts"]
        for taxonomy, kept in KEPT_TAGS.items():
            tags = facts.get(taxonomy)
            if tags:
                for tag in sorted(kept & tags.keys()):
                    for unit, rows in tags[tag]["units"].items():
                        _add_rows(rows, (cik, taxonomy, tag, unit), columns.lists)
    except (TypeError, KeyError, ValueError, AttributeError):
        columns.cut(before)
        raise


def _add_rows(rows: list[dict[str, Any]], about: tuple[int, str, str, str], lists: dict[str, list[Any]]) -> None:
    for name in _OF_A_FACT:
        lists[name].extend([row.get(name) for row in rows])
    for name, value in zip(("cik", "taxonomy", "tag", "unit"), about, strict=True):
        lists[name].extend(repeat(value, len(rows)))


def facts_frame(payload: bytes, file: LandedFile) -> pl.DataFrame:
    """The kept facts (columns `RAW_FACTS`) of one company; the key is its number.

    Raises:
        BadInput: no companyfacts document, or one of another company.
    """
    columns = Columns(RAW_FACTS)
    try:
        add_facts(document(payload, file), cik_of(file.key), columns)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(NAME, file.name, "facts", f"no companyfacts document: {_said(error)}") from error
    return columns.take()


def add_submissions(found: dict[str, Any], cik: int, companies: Columns, filings: Columns) -> None:
    """Add one document of the submissions, or of their continuation, to columns `RAW_COMPANIES` and `RAW_FILING_ROWS`.

    Raises:
        TypeError, KeyError, ValueError, AttributeError: it has another shape. The columns are as before.
    """
    before = companies.height, filings.height
    try:
        is_company = "filings" in found
        if is_company and cik_of(found["cik"]) != cik:
            raise ValueError(f"the document is about company {found['cik']}")
        recent = found["filings"]["recent"] if is_company else found
        _add_filings(recent, (before[0], cik), filings.lists)
        lists = companies.lists
        lists["document"].append(before[0])
        lists["cik"].append(cik)
        for name in RAW_COMPANY:
            lists[name].append(found.get(name))
        for name in ("tickers", "exchanges", "formerNames"):
            lists[name].append(list(found.get(name) or []))
    except (TypeError, KeyError, ValueError, AttributeError):
        companies.cut(before[0])
        filings.cut(before[1])
        raise


def _add_filings(recent: dict[str, list[Any]], about: tuple[int, int], lists: dict[str, list[Any]]) -> None:
    height = len(recent["accessionNumber"])
    for name in RAW_FILINGS:
        values = recent[name]
        if len(values) != height:
            raise ValueError(f"{name} has {len(values)} values for {height} filings")
        lists[name].extend(str(value) if isinstance(value, int) else value for value in values)
    for name, number in zip(("document", "cik"), about, strict=True):
        lists[name].extend(repeat(number, height))


def submission_frames(payload: bytes, file: LandedFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One company (`RAW_COMPANIES`) and its filings (`RAW_FILING_ROWS`); the key begins with its number.

    Raises:
        BadInput: no document of submissions, or one of another company.
    """
    companies, filings = Columns(RAW_COMPANIES), Columns(RAW_FILING_ROWS)
    try:
        add_submissions(document(payload, file), cik_of(file.key.partition("-")[0]), companies, filings)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(NAME, file.name, "filings", f"no document of submissions: {_said(error)}") from error
    return companies.take(), filings.take()


def tickers_frame(payload: bytes, file: LandedFile) -> pl.DataFrame:
    """The rows of company_tickers_exchange as text; `cik` comes as number or as text.

    Raises:
        BadInput: no fields and data, or a row with another number of values.
    """
    found = document(payload, file)
    fields, rows = found.get("fields"), found.get("data")
    if not isinstance(fields, list) or not isinstance(rows, list):
        raise BadInput(NAME, file.name, "data", "the document has no fields and data")
    if sorted(map(str, fields)) != sorted(RAW_TICKERS):
        raise BadInput(NAME, file.name, "fields", f"{fields}, expected {list(RAW_TICKERS)}")
    if any(not isinstance(row, list) or len(row) != len(fields) for row in rows):
        raise BadInput(NAME, file.name, "data", f"a row has another number of values than {len(fields)}")
    return pl.DataFrame(
        {name: [None if row[at] is None else str(row[at]) for row in rows] for at, name in enumerate(map(str, fields))},
        schema=dict.fromkeys(map(str, fields), pl.String()),
    ).select(RAW_TICKERS)


def cik_of(served: object) -> int:
    """A company's number, served as a number or as text with or without leading zeros.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(served, int) and not isinstance(served, bool):
        return served
    if isinstance(served, str) and served.isdigit() and len(served) <= 10:
        return int(served)
    raise ValueError(f"{served!r} is no company's number")


def _said(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
