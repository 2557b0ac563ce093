"""core.macro: values of macro series with the day on which the public could know them."""

from datetime import timedelta

import polars as pl

from transforms.contracts.core import MACRO
from transforms.core.fundamentals import known_at

PUBLICATION_LAG_DAYS: dict[str, int] = {
    "M2SL": 60,
    "WALCL": 1,
    "ANFCI": 5,
    "STLFSI4": 7,
    "RRPONTSYD": 0,
    "SP500": 0,
    "VIXCLS": 1,
}
"""Calendar days from the date a value is about until it is out, where that is not the usual next day."""
USUAL_LAG_DAYS = 1
"""Daily yields and spreads appear on FRED the next working day; the recorded lags of 2026 are one or two days."""
SAME_DAY_SOURCES = ("treasury",)
"""The Treasury publishes its par yields the same evening."""


def macro_rows(staged: pl.DataFrame, licences: dict[str, str]) -> pl.DataFrame:
    """Rows of core.macro: one per series, date and vintage that changed the value; days without a value left out.

    ``staged``: series, as_of, value, vintage_date, source. known_at is the end of the New York day on which the value
    was out, and never later than the download that has it.
    """
    lag = pl.col("series").replace_strict(PUBLICATION_LAG_DAYS, default=USUAL_LAG_DAYS, return_dtype=pl.Int64)
    same_day = pl.col("source").is_in(SAME_DAY_SOURCES)
    out_on = pl.col("as_of") + pl.when(same_day).then(0).otherwise(lag) * timedelta(days=1)
    series = ("source", "series", "as_of")
    changed = (
        staged.filter(pl.col("value").is_not_null())
        .sort(*series, "vintage_date")
        .filter((pl.col("value") != pl.col("value").shift(1).over(series)).fill_null(value=True))
    )
    return MACRO.conform(
        changed.with_columns(
            known_at=known_at(pl.min_horizontal(out_on, "vintage_date")),
            licence=pl.col("source").replace_strict(licences, return_dtype=pl.String),
        )
    )
