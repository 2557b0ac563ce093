"""What issuers' files have in common: numbers and dates as people write them, and holdings that add up."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.etf_flows import FUND_SHARES
from transforms.staging.model import Staged

WEIGHT_TOLERANCE_PERCENT: Final = 1.0
"""Weights are printed with two to four digits; those of the real files add up to 99.99 to 100.02 percent."""
BLANKS: Final = ("", "-", "--", "N/A")
_FIGURES = (
    Field("as_of", "as_of", "iso_date", required=True),
    Field("shares", "shares", "count"),
    Field("nav", "nav", "price"),
    Field("aum_usd", "aum_usd", "number"),
)


def plain_number(column: str) -> pl.Expr:
    """A number without thousands commas; what issuers print for "none" is null."""
    text = pl.col(column).str.strip_chars().str.replace_all(",", "").str.strip_prefix("$")
    return pl.when(~text.is_in(BLANKS)).then(text).alias(column)


def iso_day(column: str, *formats: str) -> pl.Expr:
    """A day written in one of the formats as 2026-01-31; other text stays as it is, for the reject."""
    text = pl.col(column).str.strip_chars()
    days = [text.str.to_date(form, strict=False) for form in formats]
    return pl.coalesce(*(day.dt.to_string("%Y-%m-%d") for day in days), text).alias(column)


def read_day(text: str, *formats: str) -> date | None:
    """One day written in one of the formats; None for any other text."""
    told = pl.DataFrame({"day": [text]}).select(iso_day("day", *formats)).item()
    read = pl.Series([told]).str.to_date("%Y-%m-%d", strict=False).item()
    return read if isinstance(read, date) else None


def staged_figures(raw: pl.DataFrame, *, fund: str, vintage_date: date | None, source: str, file: str) -> Staged:
    """Rows of one fund (columns `FUND_SHARES`) from texts: as_of (ISO), and any of shares, nav and aum_usd.

    ``raw`` may have inception_date as a date. Without a vintage the file's own last day stands in.

    Raises:
        BadInput: no row, or more than 2 % of them cannot be read.
    """
    if raw.is_empty():
        raise BadInput(source, file, "-", "the file has no rows")
    fields = [field for field in _FIGURES if field.raw in raw.columns]
    staged = cast_rows(raw, fields, pl.format("{} {}", pl.lit(fund), "as_of"), source=source, file=file)
    vintage = pl.lit(vintage_date, dtype=pl.Date) if vintage_date else pl.col("as_of").max()
    dated = staged.rows.with_columns(fund=pl.lit(fund), vintage_date=vintage)
    filled = dated.select(
        pl.col(name).cast(dtype) if name in dated.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in FUND_SHARES.items()
    )
    unique = drop_duplicates(Staged(filled, staged.rejects), ("fund", "as_of"), source=source, file=file)
    return refuse_if_rotten(unique, source=source, file=file)


def check_weights(weights: Sequence[float], *, source: str, file: str, field: str) -> None:
    """Hold a list of holdings to its own weights: they are those of a whole fund.

    Raises:
        BadInput: they do not add up to 100 percent: a part of the list is missing, or is there twice.
    """
    total = sum(weights)
    if abs(total - 100) > WEIGHT_TOLERANCE_PERCENT:
        detail = f"{len(weights)} holdings have {total:.2f} percent of the fund; the list is not whole"
        raise BadInput(source, file, field, detail)


def read_numbers(raw: pl.DataFrame, column: str, *, source: str, file: str) -> list[float]:
    """A column of numbers as issuers print them; blanks count as zero.

    Raises:
        BadInput: the column is missing, or one value is no number.
    """
    if column not in raw.columns:
        raise BadInput(source, file, column, f"column is missing; the file has {', '.join(raw.columns)}")
    text = raw.select(plain_number(column))[column]
    numbers = text.cast(pl.Float64, strict=False)
    bad = text.filter(text.is_not_null() & (numbers.is_null() | ~numbers.is_finite().fill_null(value=False)))
    if bad.len():
        raise BadInput(source, file, column, f"not a number: {bad[0]!r}")
    return numbers.fill_null(0.0).to_list()
