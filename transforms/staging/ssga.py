"""SSGA: a fund's history of net asset value, shares outstanding and net assets; its holdings of one day."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.issuer_files import check_weights, iso_day, plain_number, read_day, read_numbers, staged_figures
from transforms.staging.model import Staged

SOURCE: Final = "ssga"
Rows = Sequence[Sequence[str]]
_HISTORY = {
    "Date": "as_of",
    "NAV": "nav",
    "Shares Outstanding": "shares",
    "Total Net Assets": "aum_usd",
}
_DAYS = ("%d-%b-%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
_TICKER, _AS_OF, _WEIGHT = "Ticker Symbol:", "Holdings:", "Weight"


def stage_history(rows: Rows, *, fund: str, vintage_date: date | None, file: str) -> Staged:
    """A NAV history (columns `FUND_SHARES`), one row per day since the fund's first.

    The header is wherever "Shares Outstanding" stands: the lines above it change in number. Below it rows count as
    long as their first cell has a digit at its start; what follows is the footer. A fund begins on its first day.

    Raises:
        BadInput: the file names another fund, has no header or no rows, or too many rows cannot be read.
    """
    _check_ticker(rows, fund, file)
    at = _header(rows, "Shares Outstanding", file)
    header = [cell.strip() for cell in rows[at]]
    missing = [name for name in _HISTORY if name not in header]
    if missing:
        raise BadInput(SOURCE, file, missing[0], f"column is missing; the file has {', '.join(filter(None, header))}")
    told = [
        [row[header.index(name)] if header.index(name) < len(row) else "" for name in _HISTORY]
        for row in rows[at + 1 :]
    ]
    days = [cells for cells in told if cells[0][:1].isdigit()]
    raw = pl.DataFrame(days, dict.fromkeys(_HISTORY.values(), pl.String), orient="row").select(
        iso_day("as_of", *_DAYS), plain_number("nav"), plain_number("shares"), plain_number("aum_usd")
    )
    staged = staged_figures(raw, fund=fund, vintage_date=vintage_date, source=SOURCE, file=file)
    return Staged(staged.rows.with_columns(inception_date=pl.col("as_of").min()), staged.rejects)


def stage_holdings(rows: Rows, *, fund: str, vintage_date: date | None, file: str) -> Staged:
    """No row: the file has weights and quantities, and neither shares outstanding nor values. It is held to its form.

    Raises:
        BadInput: another fund, no day, no header, or weights that are not those of a whole fund.
    """
    del vintage_date
    _check_ticker(rows, fund, file)
    told = _value(rows, _AS_OF)
    if told is None or read_day(told.removeprefix("As of").strip(), *_DAYS) is None:
        raise BadInput(SOURCE, file, _AS_OF, f"not a day: {told!r}")
    at = _header(rows, _WEIGHT, file)
    header = [cell.strip() for cell in rows[at]]
    body = [row for row in rows[at + 1 :] if len(row) >= len(header) and row[header.index(_WEIGHT)].strip()]
    raw = pl.DataFrame(body, dict.fromkeys(header, pl.String), orient="row")
    check_weights(read_numbers(raw, _WEIGHT, source=SOURCE, file=file), source=SOURCE, file=file, field=_WEIGHT)
    one = pl.DataFrame({"as_of": ["2000-01-01"]})
    return Staged(staged_figures(one, fund=fund, vintage_date=None, source=SOURCE, file=file).rows.clear())


def _value(rows: Rows, label: str) -> str | None:
    """The cell beside a label."""
    return next((row[1].strip() for row in rows if len(row) > 1 and row[0].strip() == label), None)


def _check_ticker(rows: Rows, fund: str, file: str) -> None:
    told = _value(rows, _TICKER)
    if told != fund:
        raise BadInput(SOURCE, file, _TICKER, f"the file is about {told!r}, asked was {fund}")


def _header(rows: Rows, column: str, file: str) -> int:
    at = next((place for place, row in enumerate(rows) if column in (cell.strip() for cell in row)), None)
    if at is None:
        raise BadInput(SOURCE, file, column, "no row has this column: the file has another layout")
    return at
