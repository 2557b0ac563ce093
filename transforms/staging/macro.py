"""Macro series: one row per series, day and vintage, in the publisher's own unit (percent for yields)."""

import re
from datetime import date
from typing import Final, Literal

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.model import Staged, no_rejects

MACRO: Final[dict[str, pl.DataType]] = {
    "series": pl.String(),
    "as_of": pl.Date(),
    "value": pl.Float64(),
    "vintage_date": pl.Date(),
    "source": pl.String(),
}
"""value is null where the publisher has a day without a value; vintage_date is the day of the download."""

Curve = Literal["nominal", "real"]
_TENOR = re.compile(r"(\d+(?:\.\d+)?) (mo|month|yr)", re.IGNORECASE)
_DAY_COLUMNS = ("observation_date", "date", "DATE")
"""FRED has called its first column by each of these names."""
_NO_VALUE = (".", "N/A", "NA", "")
"""FRED writes a full stop where there is no value, the Treasury N/A, the stress index NA."""


def stage_fred(raw: pl.DataFrame, *, series: str, vintage_date: date, file: str) -> Staged:
    """One FRED series (columns `MACRO`) from its two-column CSV, in the unit of the series.

    Raises:
        BadInput: other columns than a day and a value, or more than 2 % of the rows cannot be read.
    """
    day = next((name for name in _DAY_COLUMNS if name in raw.columns), _DAY_COLUMNS[0])
    value = series if series in raw.columns else "value"
    check_columns(raw, (day, value), source="fred", file=file)
    named = raw.select(pl.col(day).alias("date"), pl.col(value).alias("value"), pl.lit(series).alias("series"))
    return stage_series(named, "iso_date", vintage_date, source="fred", file=file)


def stage_par_yields(raw: pl.DataFrame, *, curve: Curve, vintage_date: date, file: str) -> Staged:
    """One year of a Treasury par yield curve (columns `MACRO`), in percent; series such as UST_REAL_10Y.

    Raises:
        BadInput: no Date column, a column that is no maturity, or more than 2 % of the rows cannot be read.
    """
    check_columns(raw, ("Date",), raw.columns, source="treasury", file=file)
    maturities = [column for column in raw.columns if column != "Date"]
    if not maturities:
        raise BadInput("treasury", file, "10 Yr", "there is no column with yields")
    names = {column: series_name(curve, column, file) for column in maturities}
    long = raw.rename(names | {"Date": "date"}).unpivot(index="date", variable_name="series", value_name="value")
    return stage_series(long, "us_date", vintage_date, source="treasury", file=file)


def series_name(curve: Curve, maturity: str, file: str) -> str:
    """UST_REAL_10Y for "10 YR", UST_NOMINAL_1_5M for "1.5 Month".

    Raises:
        BadInput: the column's name is no maturity.
    """
    match = _TENOR.fullmatch(maturity.strip())
    if match is None:
        raise BadInput("treasury", file, maturity, "unknown column; expected a maturity such as '10 Yr'")
    number = match[1].replace(".", "_")
    return f"UST_{curve.upper()}_{number}{'Y' if match[2].lower() == 'yr' else 'M'}"


def stage_series(
    raw: pl.DataFrame, day_kind: Literal["iso_date", "us_date"], vintage_date: date, *, source: str, file: str
) -> Staged:
    """Series as text (date, series, value) as columns `MACRO`.

    Raises:
        BadInput: more than 2 % of the rows cannot be read.
    """
    known = pl.col("value").str.strip_chars()
    blanked = raw.with_columns(pl.when(~known.is_in(_NO_VALUE)).then(known).alias("value"))
    fields = (Field("date", "as_of", day_kind, required=True), Field("value", "value", "number"))
    entity = pl.col("series") + " " + pl.col("date").fill_null("")
    staged = cast_rows(blanked, fields, entity, source=source, file=file)
    rows = staged.rows.with_columns(
        pl.lit(vintage_date, dtype=pl.Date).alias("vintage_date"), pl.lit(source).alias("source")
    ).select(*MACRO)
    known_later = _after_vintage(rows, source, file)
    kept = Staged(rows.filter(pl.col("as_of") <= vintage_date), pl.concat([staged.rejects, known_later]))
    unique = drop_duplicates(kept, ("series", "as_of"), source=source, file=file)
    return refuse_if_rotten(unique, source=source, file=file)


def _after_vintage(rows: pl.DataFrame, source: str, file: str) -> pl.DataFrame:
    """A value for a day after its download cannot have been observed."""
    late = rows.filter(pl.col("as_of") > pl.col("vintage_date"))
    if late.height == 0:
        return no_rejects()
    return late.select(
        pl.lit(source).alias("source"),
        pl.lit(file).alias("file"),
        (pl.col("series") + " " + pl.col("as_of").dt.to_string()).alias("entity"),
        pl.lit("date").alias("field"),
        pl.lit("after_vintage").alias("reason_code"),
        pl.col("vintage_date").dt.to_string().alias("detail"),
    )
