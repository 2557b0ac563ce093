"""The SEC's map of companies to ticker symbols: one row per company and symbol on the day of the download."""

from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.model import Staged
from transforms.staging.sec_source import SEC

TICKERS: Final[dict[str, pl.DataType]] = {
    "cik": pl.Int64(),
    "name": pl.String(),
    "symbol": pl.String(),
    "exchange": pl.String(),
    "vintage_date": pl.Date(),
}
"""symbol in the SEC's dialect (BRK-B, CTA-PA); exchange is null for about 200 symbols of no exchange."""

RAW_TICKERS = ("cik", "name", "ticker", "exchange")
_FIELDS = (
    Field("cik", "cik", "count", required=True),
    Field("name", "name", "text", required=True),
    Field("ticker", "symbol", "text", required=True),
    Field("exchange", "exchange", "text"),
)


def stage_tickers(raw: pl.DataFrame, *, vintage_date: date, file: str) -> Staged:
    """The map (columns `TICKERS`) from its rows as text.

    Raises:
        BadInput: other columns than `RAW_TICKERS`, no rows, or more than 2 % of them cannot be read.
    """
    check_columns(raw, RAW_TICKERS, source=SEC, file=file)
    staged = cast_rows(raw, _FIELDS, pl.col("ticker"), source=SEC, file=file)
    unique = drop_duplicates(staged, ("cik", "symbol"), source=SEC, file=file)
    whole = refuse_if_rotten(unique, source=SEC, file=file)
    return Staged(whole.rows.with_columns(vintage_date=pl.lit(vintage_date, pl.Date)), whole.rejects)
