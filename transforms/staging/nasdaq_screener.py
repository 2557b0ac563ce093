"""Nasdaq screener to quotes: one row per session, exchange and symbol. Source: api.nasdaq.com screener."""

from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.model import Staged

SOURCE: Final = "nasdaq_screener"
EXCHANGES: Final = ("nasdaq", "nyse", "amex")
KEY: Final = ("session_date", "exchange", "symbol")

QUOTES: Final[dict[str, pl.DataType]] = {
    "session_date": pl.Date(),
    "exchange": pl.String(),
    "symbol": pl.String(),
    "name": pl.String(),
    "close": pl.Float64(),
    "net_change": pl.Float64(),
    "volume": pl.Int64(),
    "vendor_cap_usd": pl.Int64(),
    "country": pl.String(),
    "ipo_year": pl.Int32(),
    "sector": pl.String(),
    "industry": pl.String(),
}
"""close and net_change (against the vendor's split-adjusted previous close) in USD, volume in shares,
vendor_cap_usd in whole USD, null where the vendor gives none or zero."""

REFERENCE: Final[dict[str, pl.DataType]] = {
    "exchange": pl.String(),
    "symbol": pl.String(),
    "name": pl.String(),
    "country": pl.String(),
    "ipo_year": pl.Int32(),
    "industry": pl.String(),
    "sector": pl.String(),
    "first_date": pl.Date(),
    "last_date": pl.Date(),
}
"""One row per spelling of a security's description, with the first and last day it was seen."""

_NUMBERS = (
    Field("symbol", "symbol", "text", required=True),
    Field("lastsale", "close", "price", required=True),
    Field("netchange", "net_change", "number"),
    Field("volume", "volume", "count"),
    Field("marketCap", "vendor_cap_usd", "whole_usd"),
)
_DESCRIPTION = (
    Field("name", "name", "text"),
    Field("country", "country", "text"),
    Field("ipoyear", "ipo_year", "year"),
    Field("industry", "industry", "text"),
    Field("sector", "sector", "text"),
)
_UNUSED = ("pctchange", "url")
DAILY_COLUMNS: Final = (*(field.raw for field in (*_NUMBERS, *_DESCRIPTION)), *_UNUSED)
_HISTORY_COLUMNS = ("date", "exchange", *(field.raw for field in _NUMBERS))
_REFERENCE_COLUMNS = ("exchange", *(f.raw for f in _DESCRIPTION), "symbol", "first_date", "last_date", "days")


def stage_daily(raw: pl.DataFrame, *, exchange: str, session_date: date, file: str) -> Staged:
    """Quotes of one exchange (columns `QUOTES`) under the session they were asked for; not yet proven.

    Raises:
        BadInput: a column is missing or unknown, or more than 2 % of the rows cannot be read.
    """
    check_columns(raw, DAILY_COLUMNS, source=SOURCE, file=file)
    dated = raw.drop(_UNUSED).with_columns(
        pl.lit(session_date, dtype=pl.Date).alias("session_date"), pl.lit(exchange).alias("exchange")
    )
    staged = cast_rows(dated, (*_NUMBERS, *_DESCRIPTION), _entity(), source=SOURCE, file=file)
    return _finish(Staged(staged.rows.with_columns(_clean_name()).select(*QUOTES), staged.rejects), file)


def stage_history(raw: pl.DataFrame, *, file: str) -> Staged:
    """Quotes of one year (columns `QUOTES`) with empty descriptions: see `descriptions.of_reference`.

    Raises:
        BadInput: a column is missing, unknown or not text, an exchange is unknown, or more than 2 % of the
            rows cannot be read.
    """
    check_columns(raw, _HISTORY_COLUMNS, source=SOURCE, file=file)
    _check_text(raw, [column for column in _HISTORY_COLUMNS if column != "date"], file)
    _check_dates(raw, ["date"], file)
    _check_exchanges(raw, file)
    dated = raw.rename({"date": "session_date"})
    staged = cast_rows(dated, _NUMBERS, _entity(), source=SOURCE, file=file)
    return _finish(Staged(staged.rows.select(_columns(QUOTES, staged.rows)), staged.rejects), file)


def stage_reference(raw: pl.DataFrame, *, file: str) -> Staged:
    """Descriptions by interval of days (columns `REFERENCE`); intervals of one security overlap.

    Raises:
        BadInput: a column is missing, unknown or not text, or more than 2 % of the rows cannot be read.
    """
    check_columns(raw, _REFERENCE_COLUMNS, source=SOURCE, file=file)
    _check_text(raw, ["exchange", "symbol", *(field.raw for field in _DESCRIPTION)], file)
    _check_dates(raw, ["first_date", "last_date"], file)
    _check_exchanges(raw, file)
    fields = (_NUMBERS[0], *_DESCRIPTION)
    staged = cast_rows(raw.drop("days"), fields, pl.col("exchange") + " " + pl.col("symbol"), source=SOURCE, file=file)
    rows = staged.rows.with_columns(_clean_name()).select(*REFERENCE)
    return refuse_if_rotten(Staged(rows, staged.rejects), source=SOURCE, file=file)


def _entity() -> pl.Expr:
    day = pl.col("session_date").dt.to_string()
    return pl.concat_str([day, pl.col("exchange"), pl.col("symbol")], separator=" ", ignore_nulls=True)


def _clean_name() -> pl.Expr:
    """Names arrive with tabs, runs of blanks and a few HTML ampersands; the same name must compare equal."""
    blanks = pl.col("name").str.replace_all(r"\s+", " ")
    return blanks.str.replace_all("&amp;", "&", literal=True).alias("name")


def _columns(schema: dict[str, pl.DataType], rows: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]


def _finish(staged: Staged, file: str) -> Staged:
    unique = drop_duplicates(staged, KEY, source=SOURCE, file=file, differing="duplicate_symbol")
    return refuse_if_rotten(unique, source=SOURCE, file=file)


def _check_text(raw: pl.DataFrame, columns: list[str], file: str) -> None:
    for column in columns:
        if raw.schema[column] != pl.String:
            raise BadInput(SOURCE, file, column, f"expected text as the vendor serves it, found {raw.schema[column]}")


def _check_dates(raw: pl.DataFrame, columns: list[str], file: str) -> None:
    for column in columns:
        if raw.schema[column] != pl.Date:
            raise BadInput(SOURCE, file, column, f"expected dates, found {raw.schema[column]}")
        if raw[column].null_count():
            raise BadInput(SOURCE, file, column, f"{raw[column].null_count()} rows have no date")


def _check_exchanges(raw: pl.DataFrame, file: str) -> None:
    unknown = sorted(set(raw["exchange"].unique().to_list()) - set(EXCHANGES), key=str)
    if unknown:
        raise BadInput(SOURCE, file, "exchange", f"unknown exchange {unknown[0]!r}")
