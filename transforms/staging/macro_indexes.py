"""Indexes that others compute and publish as one wide CSV with all of their history: one row per series and day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import check_columns
from transforms.staging.macro import stage_series
from transforms.staging.model import Staged

_US_DAY: Final = r"^\d{1,2}/\d{1,2}/\d{4}$"
"""Month first, with or without a leading zero: both have been served."""


@dataclass(frozen=True)
class WideFile:
    """One publisher's file: its column of days, its columns of values and what their series are called here.

    ``is_month``: days name the month that begins with them; a value is about its last day. ``others``: columns that
    may stand beside and are not read.
    """

    source: str
    day: str
    series: Mapping[str, str]
    others: tuple[str, ...] = ()
    is_month: bool = False


NFCI: Final = WideFile(
    "chicago_fed",
    "Friday_of_Week",
    {
        "NFCI": "NFCI",
        "ANFCI": "ANFCI",
        "Risk": "NFCI_RISK",
        "Credit": "NFCI_CREDIT",
        "Leverage": "NFCI_LEVERAGE",
        "Nonfinancial_Leverage": "NFCI_NONFINANCIAL_LEVERAGE",
    },
)
"""Standard deviations from the mean since 1971; above zero is tighter than on average."""
OFR_FSI: Final = WideFile(
    "ofr",
    "Date",
    {"OFR FSI": "OFR_FSI", "Credit": "OFR_FSI_CREDIT"},
    (
        *("Equity valuation", "Safe assets", "Funding", "Volatility"),
        *("United States", "Other advanced economies", "Emerging markets"),
    ),
)
"""The index is the sum of its five parts; zero is the average since 2000."""
EBP: Final = WideFile(
    "fed_ebp", "date", {"gz_spread": "GZ_SPREAD", "ebp": "EBP", "est_prob": "EBP_RECESSION_PROBABILITY"}, is_month=True
)
"""Percent, percent, and a probability as a fraction."""


def stage_wide(raw: pl.DataFrame, of: WideFile, *, vintage_date: date, file: str) -> Staged:
    """All series of a wide file (columns `MACRO`), in the publisher's units.

    Raises:
        BadInput: a column is missing or unknown, or more than 2 % of the values cannot be read.
    """
    check_columns(raw, (of.day, *of.series), of.others, source=of.source, file=file)
    named = raw.select(
        pl.col(of.day).alias("date"), *(pl.col(column).alias(name) for column, name in of.series.items())
    )
    long = named.unpivot(index="date", variable_name="series", value_name="value")
    read = long.with_columns(date=_as_iso(pl.col("date").str.strip_chars(), is_month=of.is_month))
    return stage_series(read, "iso_date", vintage_date, source=of.source, file=file)


def _as_iso(day: pl.Expr, *, is_month: bool) -> pl.Expr:
    """Days as ISO text, those of months as their last; what is no day stays as it is and is rejected."""
    us = pl.when(day.str.contains(_US_DAY)).then(day).str.to_date("%m/%d/%Y", strict=False)
    found = pl.coalesce(us, day.str.to_date("%Y-%m-%d", strict=False))
    told = found.dt.month_end() if is_month else found
    return pl.coalesce(told.dt.to_string("%Y-%m-%d"), day)
