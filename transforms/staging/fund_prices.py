"""Daily prices of one fund, as price vendors serve them."""

from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.model import Staged

SEGMENTS: Final = ("nano", "micro", "small", "mid", "large", "mega", "smid", "total")

FUND_PRICES: Final[dict[str, pl.DataType]] = {
    "fund": pl.String(),
    "as_of": pl.Date(),
    "price": pl.Float64(),
    "segment": pl.String(),
    "vintage_date": pl.Date(),
}
"""price: close of a share in USD; segment: what the operator sets the fund against, null in vendors' files."""

_SERIES = (
    Field("timestamp", "as_of", "iso_date", required=True),
    Field("open", "open", "price"),
    Field("high", "high", "price"),
    Field("low", "low", "price"),
    Field("close", "price", "price", required=True),
    Field("volume", "volume", "count"),
)


def stage_series(raw: pl.DataFrame, *, fund: str, vintage_date: date | None, source: str, file: str) -> Staged:
    """Closes of one fund (columns `FUND_PRICES`), from timestamp, open, high, low, close, volume in any order of days.

    Without a vintage the file's own last day stands in: it cannot have been published before.

    Raises:
        BadInput: a column is missing or unknown, or more than 2 % of the rows cannot be read.
    """
    check_columns(raw, [field.raw for field in _SERIES], source=source, file=file)
    staged = cast_rows(raw, _SERIES, pl.format("{} {}", pl.lit(fund), "timestamp"), source=source, file=file)
    vintage = pl.lit(vintage_date, pl.Date) if vintage_date else pl.col("as_of").max()
    rows = staged.rows.with_columns(fund=pl.lit(fund), segment=pl.lit(None, pl.String), vintage_date=vintage)
    closes = Staged(rows.select(FUND_PRICES.keys()), staged.rejects)
    unique = drop_duplicates(closes, ("fund", "as_of"), source=source, file=file)
    return refuse_if_rotten(unique, source=source, file=file)
