"""Filings in the SEC's Financial Statement data sets: the filer's category at each, one row per filing."""

from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.model import Staged
from transforms.staging.sec_source import SEC

FSDS_SUB: Final[dict[str, pl.DataType]] = {
    "accession": pl.String(),
    "cik": pl.Int64(),
    "name": pl.String(),
    "sic": pl.String(),
    "filer_category": pl.String(),
    "is_small": pl.Boolean(),
    "form": pl.String(),
    "filed": pl.Date(),
    "period_end": pl.Date(),
    "fiscal_year": pl.Int32(),
    "fiscal_period": pl.String(),
    "fiscal_year_end": pl.String(),
    "instance": pl.String(),
}
"""period_end is the balance sheet's day rounded to the nearest month end. filer_category reads as on cover pages."""

_REQUIRED = ("adsh", "cik", "name", "form", "period", "filed")
_OPTIONAL = ("sic", "afs", "fy", "fp", "fye", "instance")
_CATEGORY: dict[str, tuple[str | None, bool | None]] = {
    "1-LAF": ("Large Accelerated Filer", False),
    "2-ACC": ("Accelerated Filer", False),
    "3-SRA": ("Accelerated Filer", True),
    "4-NON": ("Non-accelerated Filer", False),
    "5-SML": ("Non-accelerated Filer", True),
}
_FIELDS = (
    Field("adsh", "accession", "text", required=True),
    Field("cik", "cik", "count", required=True),
    Field("name", "name", "text", required=True),
    Field("form", "form", "text", required=True),
    Field("filed", "filed", "iso_date", required=True),
    Field("period", "period_end", "iso_date"),
    Field("fy", "fiscal_year", "year"),
)


def stage_fsds_sub(raw: pl.DataFrame, *, file: str) -> Staged:
    """Filings (columns `FSDS_SUB`) from the rows of sub, as text or with types of their own.

    Raises:
        BadInput: a needed column is missing, or more than 2 % of the rows cannot be read.
    """
    check_columns(raw, _REQUIRED, raw.columns, source=SEC, file=file)
    text = raw.select(_as_text(name, raw) for name in (*_REQUIRED, *_OPTIONAL))
    dated = text.with_columns(_with_hyphens("filed"), _with_hyphens("period"))
    staged = cast_rows(dated, _FIELDS, pl.col("adsh"), source=SEC, file=file)
    unique = drop_duplicates(staged, ("accession",), source=SEC, file=file)
    whole = refuse_if_rotten(unique, source=SEC, file=file)
    category = {code: name for code, (name, _) in _CATEGORY.items()}
    small = {code: is_small for code, (_, is_small) in _CATEGORY.items()}
    rows = whole.rows.with_columns(
        pl.col("afs").replace_strict(category, default=None, return_dtype=pl.String).alias("filer_category"),
        pl.col("afs").replace_strict(small, default=None, return_dtype=pl.Boolean).alias("is_small"),
        fiscal_period="fp",
        fiscal_year_end="fye",
    )
    return Staged(rows.select(list(FSDS_SUB)).cast(pl.Schema(FSDS_SUB)), whole.rejects)


def _as_text(name: str, raw: pl.DataFrame) -> pl.Expr:
    if name not in raw.columns:
        return pl.lit(None, pl.String).alias(name)
    column = pl.col(name)
    if raw.schema[name].is_float():
        column = column.cast(pl.Int64)
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _with_hyphens(name: str) -> pl.Expr:
    return pl.col(name).str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
