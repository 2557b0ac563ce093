"""What a quoted line is called, apart from its prices: millions of rows share some ten thousand descriptions."""

from dataclasses import dataclass, field
from typing import Final

import polars as pl

SYMBOL: Final = ("exchange", "symbol")
DESCRIBED: Final[dict[str, pl.DataType]] = {
    "name": pl.String(),
    "country": pl.String(),
    "sector": pl.String(),
    "industry": pl.String(),
    "ipo_year": pl.Int32(),
}
FIRST_SEEN: Final = {"symbol": pl.String, "first_date": pl.Date}
_DAYS = 1 << 24
"""More than there are days, so that a symbol's number and a day make one number."""


@dataclass(frozen=True)
class Described:
    """Quotes with the row number of their description in place of its texts, and the descriptions (SYMBOL, DESCRIBED).

    Descriptions may repeat, and some may have no quote. ``first_seen``: symbol and first_date, since when the vendor
    has had it, where a file of descriptions tells that of days before the quotes.
    """

    quotes: pl.DataFrame
    descriptions: pl.DataFrame
    first_seen: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FIRST_SEEN))


def of_quotes(quotes: pl.DataFrame) -> Described:
    """Quotes that bring their descriptions with them."""
    described = [name for name in DESCRIBED if name in quotes.columns]
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in DESCRIBED.items() if name not in quotes.columns]
    told = quotes.select(*SYMBOL, *described).with_columns(absent).select(*SYMBOL, *DESCRIBED)
    distinct = told.unique(maintain_order=True).with_row_index("description")
    number = told.join(distinct, on=[*SYMBOL, *DESCRIBED], how="left", nulls_equal=True, maintain_order="left")
    return Described(quotes.drop(described).hstack(number.select("description")), distinct.drop("description"))


def of_reference(quotes: pl.DataFrame, reference: pl.DataFrame) -> Described:
    """Quotes under the description that was valid on their session, of several the one first seen last.

    ``reference``: SYMBOL, DESCRIBED, first_date, last_date; intervals of one symbol may overlap. A quote outside every
    interval has an empty description.
    """
    steps = _steps(reference).sort(*SYMBOL, "from_date")
    symbols = pl.concat([steps.select(SYMBOL), quotes.select(SYMBOL)]).unique(maintain_order=True)
    numbered = symbols.with_row_index("number")
    # Each symbol's days on one line of numbers: the step a quote stands on is then found by bisection.
    steps_at = _on_a_line(steps, numbered, "from_date")
    quotes_at = _on_a_line(quotes, numbered, "session_date")
    behind = steps_at.search_sorted(quotes_at, side="right").cast(pl.Int64)  # 0: before the first step
    symbol = quotes_at // _DAYS
    is_own = pl.concat([pl.Series([-1]), steps_at // _DAYS])[behind] == symbol
    number = (behind - 1).zip_with(is_own, symbol + steps.height)
    return Described(
        quotes.drop(DESCRIBED).with_columns(description=number.cast(pl.UInt32)),
        pl.concat([steps.drop("from_date"), symbols], how="diagonal"),
        reference.group_by("symbol").agg(pl.col("first_date").min()).sort("symbol"),
    )


def _on_a_line(frame: pl.DataFrame, numbered: pl.DataFrame, day: str) -> pl.Series:
    number = frame.select(SYMBOL).join(numbered, on=SYMBOL, how="left", maintain_order="left")["number"]
    days = frame[day].to_physical().cast(pl.Int64) + _DAYS // 2
    return number.cast(pl.Int64) * _DAYS + days


def _steps(reference: pl.DataFrame) -> pl.DataFrame:
    """Overlapping intervals as steps: a description holds from `from_date` until the next step."""
    intervals = reference.with_row_index("__interval")
    changes = pl.concat(
        [
            intervals.select(*SYMBOL, pl.col("first_date").alias("from_date")),
            intervals.select(*SYMBOL, pl.col("last_date").dt.offset_by("1d").alias("from_date")),
        ]
    ).unique()
    winners = (
        changes.join(intervals.select(*SYMBOL, "first_date", "last_date", "__interval"), on=SYMBOL)
        .filter(pl.col("from_date").is_between("first_date", "last_date"))
        .sort("first_date", "__interval")
        .group_by(*SYMBOL, "from_date")
        .agg(pl.col("__interval").last())
    )
    steps = changes.join(winners, on=[*SYMBOL, "from_date"], how="left").join(
        intervals.drop(SYMBOL), on="__interval", how="left"
    )
    return steps.select(*SYMBOL, "from_date", *DESCRIBED)
