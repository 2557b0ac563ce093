"""Nasdaq's symbol directory: what is listed on the US exchanges on a day, with ETF and test flags."""

import re
from contextlib import suppress
from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import Field, Kind, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.model import Staged

SOURCE = "nasdaq_directory"
LISTED = "nasdaqlisted"
OTHER = "otherlisted"

DIRECTORY: Final[dict[str, pl.DataType]] = {
    "symbol": pl.String(),
    "symbol_vendor": pl.String(),
    "name": pl.String(),
    "exchange": pl.String(),
    "market_category": pl.String(),
    "is_etf": pl.Boolean(),
    "is_test": pl.Boolean(),
    "financial_status": pl.String(),
    "round_lot": pl.Int64(),
    "is_next_shares": pl.Boolean(),
    "vintage_date": pl.Date(),
}
"""symbol as served (BRK.A, ABR$D); symbol_vendor in the screener's dialect (BRK/A, ABR^D). market_category,
financial_status and is_next_shares are told of Nasdaq's own listings alone. vintage_date is the file's own day."""

EXCHANGE_CODES: Final = {
    "A": "amex",
    "N": "nyse",
    "P": "arca",
    "Z": "bats",
    "V": "iex",
    "M": "chicago",
}
_FOOTER = re.compile(r"File Creation Time:\s*(\d{2})(\d{2})(\d{4})\d{2}:\d{2}\|*\s*$")
_COLUMNS: dict[str, dict[str, str]] = {
    LISTED: {
        "Symbol": "symbol",
        "Security Name": "name",
        "Market Category": "market_category",
        "Test Issue": "is_test",
        "Financial Status": "financial_status",
        "Round Lot Size": "round_lot",
        "ETF": "is_etf",
        "NextShares": "is_next_shares",
    },
    OTHER: {
        "ACT Symbol": "symbol",
        "Security Name": "name",
        "Exchange": "exchange",
        "CQS Symbol": "cqs_symbol",
        "ETF": "is_etf",
        "Round Lot Size": "round_lot",
        "Test Issue": "is_test",
        "NASDAQ Symbol": "nasdaq_symbol",
    },
}
_MUST = {"symbol", "name", "exchange", "is_test"}


def stage_directory(raw: pl.DataFrame, *, listing: str, vintage_date: date, file: str) -> Staged:
    """One of the two files (columns `DIRECTORY`) from its rows as text, without the footer.

    Raises:
        BadInput: other columns than documented, or more than 2 % of the rows cannot be read.
    """
    columns = _COLUMNS[listing]
    check_columns(raw, columns, source=SOURCE, file=file)
    first = raw.columns[0]
    fields = tuple(_field(served, ours) for served, ours in columns.items())
    staged = cast_rows(_readable(raw, columns), fields, pl.col(first), source=SOURCE, file=file)
    unique = drop_duplicates(staged, ("symbol",), source=SOURCE, file=file)
    whole = refuse_if_rotten(unique, source=SOURCE, file=file)
    return Staged(_finished(whole.rows, vintage_date), whole.rejects)


def created_on(footer: str, *, file: str) -> date:
    """The day in a file's last line, such as `File Creation Time: 0811202518:01||||||`.

    Raises:
        BadInput: the line is not the footer; the file is cut off or is no directory.
    """
    match = _FOOTER.match(footer)
    if match:
        with suppress(ValueError):
            return date(int(match[3]), int(match[1]), int(match[2]))
    raise BadInput(SOURCE, file, "File Creation Time", f"the last line is not the footer: {footer[:60]!r}")


def vendor_symbol(symbol: pl.Expr) -> pl.Expr:
    """The screener's spelling of a directory symbol: a class after /, a preferred after ^, a warrant after /WS."""
    return symbol.str.replace(r"\.W$", "/WS").str.replace(".", "/", literal=True).str.replace("$", "^", literal=True)


def _field(served: str, ours: str) -> Field:
    kind: Kind = "count" if ours == "round_lot" else "text"
    return Field(served, ours, kind, required=ours in _MUST)


def _readable(body: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """Flags other than Y and N, and unknown exchanges, as blanks: required ones are rejected by `cast_rows`."""
    expressions = []
    for served, ours in columns.items():
        column = pl.col(served).str.strip_chars()
        if ours.startswith("is_"):
            expressions.append(pl.when(column.is_in(["Y", "N"])).then(column).alias(served))
        elif ours == "exchange":
            expressions.append(column.replace_strict(EXCHANGE_CODES, default=None).alias(served))
    return body.with_columns(expressions)


def _finished(rows: pl.DataFrame, vintage: date) -> pl.DataFrame:
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in DIRECTORY.items() if name not in rows.columns]
    wide = rows.with_columns(missing)
    flags = [name for name, dtype in DIRECTORY.items() if dtype == pl.Boolean and name in rows.columns]
    return wide.select(
        "symbol",
        vendor_symbol(pl.col("symbol")).alias("symbol_vendor"),
        "name",
        pl.col("exchange").fill_null("nasdaq"),
        "market_category",
        *(pl.col(name) == "Y" if name in flags else pl.col(name) for name in ("is_etf", "is_test")),
        "financial_status",
        "round_lot",
        pl.col("is_next_shares") == "Y" if "is_next_shares" in flags else pl.col("is_next_shares"),
        pl.lit(vintage, pl.Date).alias("vintage_date"),
    ).cast(pl.Schema(DIRECTORY))
