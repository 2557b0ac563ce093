"""iShares: a fund's history of net asset value and shares outstanding, and its holdings of one day."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.etf_flows import FUND_SHARES
from transforms.staging.issuer_files import (
    BLANKS,
    check_weights,
    iso_day,
    plain_number,
    read_day,
    read_numbers,
    staged_figures,
)
from transforms.staging.model import Staged

SOURCE: Final = "ishares"
HISTORICAL, HOLDINGS = "Historical", "Holdings"
Sheets = Mapping[str, Sequence[Sequence[str]]]
_HISTORY = {"As Of": "as_of", "NAV per Share": "nav", "Shares Outstanding": "shares"}
_DAYS = ("%b %d, %Y", "%d %b %Y", "%d-%b-%Y", "%Y-%m-%d")
_AS_OF, _INCEPTION, _SHARES = "Fund Holdings as of", "Inception Date", "Shares Outstanding"
_HEADER, _VALUE, _WEIGHT = "Ticker,", "Market Value", "Weight (%)"


def stage_fund(sheets: Sheets, *, fund: str, name: str | None, vintage_date: date | None, file: str) -> Staged:
    """The fund file's sheet "Historical" (columns `FUND_SHARES`), one row per day since the fund's first.

    ``name``: what the fund is called, where that is known; the sheet "Holdings" has it in a cell of its own.

    Raises:
        BadInput: another fund, no such sheet, header or rows, or too many rows cannot be read.
    """
    if name is not None and not any(_same(cell, name) for row in sheets.get(HOLDINGS, [])[:3] for cell in row):
        raise BadInput(SOURCE, file, HOLDINGS, f"the file is not about {name} ({fund})")
    if HISTORICAL not in sheets:
        raise BadInput(SOURCE, file, HISTORICAL, f"no such sheet; the file has {', '.join(sheets) or 'none'}")
    rows = sheets[HISTORICAL]
    at = next((place for place, row in enumerate(rows) if "Shares Outstanding" in row), None)
    header = list(rows[at]) if at is not None else []
    missing = [column for column in _HISTORY if column not in header]
    if at is None or missing:
        raise BadInput(SOURCE, file, missing[0], f"column is missing; the sheet has {', '.join(header) or 'no header'}")
    places = [header.index(column) for column in _HISTORY]
    days = [[row[place] if place < len(row) else "" for place in places] for row in rows[at + 1 :] if any(row)]
    raw = pl.DataFrame(days, dict.fromkeys(_HISTORY.values(), pl.String), orient="row").select(
        iso_day("as_of", *_DAYS), plain_number("nav"), plain_number("shares")
    )
    staged = staged_figures(raw, fund=fund, vintage_date=vintage_date, source=SOURCE, file=file)
    return Staged(staged.rows.with_columns(inception_date=pl.col("as_of").min()), staged.rejects)


def stage_holdings(
    text: str, *, fund: str, name: str | None, asked: date | None, vintage_date: date | None, file: str
) -> Staged:
    """One row (columns `FUND_SHARES`): shares outstanding and what the holdings are worth; none for "no data".

    The issuer answers for another day, or with "-" for the day, where it has nothing for the one that is asked:
    "-" gives no row, another day is refused. The file may hold itself twice; the first copy counts. Below the
    holdings, after an empty line, come terms.

    Raises:
        BadInput: another fund or day, no header, or weights that are not those of a whole fund.
    """
    lines = [line.strip("\r\u00a0 ") for line in text.split("\n")]
    title = lines[0].strip('"')
    if name is not None and not _same(title, name):
        raise BadInput(SOURCE, file, "title", f"the file is about {title!r}, asked was {name} ({fund})")
    preamble = {row[0]: row[1] for row in csv.reader(lines[:9]) if len(row) > 1}
    if _AS_OF not in preamble or _SHARES not in preamble:
        raise BadInput(SOURCE, file, _AS_OF, "not in the lines above the holdings: the file has another layout")
    if preamble[_AS_OF] in BLANKS:
        return Staged(pl.DataFrame(schema=FUND_SHARES))
    as_of = read_day(preamble[_AS_OF], *_DAYS)
    if as_of is None:
        raise BadInput(SOURCE, file, _AS_OF, f"not a day: {preamble[_AS_OF]!r}")
    if asked is not None and as_of != asked:
        raise BadInput(SOURCE, file, _AS_OF, f"the file is of {as_of}, asked was {asked}")
    holdings = _holdings(lines, file)
    check_weights(read_numbers(holdings, _WEIGHT, source=SOURCE, file=file), source=SOURCE, file=file, field=_WEIGHT)
    worth = sum(read_numbers(holdings, _VALUE, source=SOURCE, file=file))
    told = pl.DataFrame({"as_of": [as_of.isoformat()], "shares": [preamble[_SHARES]], "aum_usd": [f"{worth:.2f}"]})
    inception = read_day(preamble.get(_INCEPTION, ""), *_DAYS)
    staged = staged_figures(
        told.with_columns(plain_number("shares")), fund=fund, vintage_date=vintage_date, source=SOURCE, file=file
    )
    return Staged(staged.rows.with_columns(inception_date=pl.lit(inception, pl.Date)), staged.rejects)


def _holdings(lines: Sequence[str], file: str) -> pl.DataFrame:
    start = next((place for place, line in enumerate(lines) if line.startswith(_HEADER)), None)
    if start is None:
        raise BadInput(SOURCE, file, "Ticker", "no row has this column: the file has another layout")
    end = next((place for place in range(start, len(lines)) if not lines[place]), None)
    if end is None:
        raise BadInput(SOURCE, file, "body", "the holdings do not end with an empty line: the file is cut off")
    header, *rows = csv.reader(lines[start:end])
    bad = next((row for row in rows if len(row) != len(header)), None)
    if bad is not None:
        raise BadInput(SOURCE, file, "body", f"a row has {len(bad)} of {len(header)} cells: {bad[0]!r}")
    return pl.DataFrame(rows, dict.fromkeys(header, pl.String), orient="row")


def _same(told: str, name: str) -> bool:
    """Whether two names of a fund are one: the issuer spells it with and without signs."""
    return "".join(filter(str.isalnum, told)).lower() == "".join(filter(str.isalnum, name)).lower()
