"""core.macro: values of macro series with the day on which the public could know them."""

from datetime import timedelta

import polars as pl

from transforms.contracts.core import MACRO
from transforms.core.federal_days import each_working_days_after
from transforms.core.fundamentals import known_at
from transforms.core.vintages import changed_values, first_known_on

PUBLICATION_LAG_DAYS: dict[str, int] = {
    "M2SL": 60,
    "WALCL": 1,
    "ANFCI": 5,
    "STLFSI4": 7,
    "RRPONTSYD": 0,
    "SP500": 0,
    "VIXCLS": 1,
}
"""Calendar days from the date a value is about until it is out, where that is not the usual next day (FRED)."""
USUAL_LAG_DAYS = 1
"""Daily yields and spreads appear on FRED the next working day; the recorded lags of 2026 are one or two days."""
SAME_DAY_SOURCES = ("treasury",)
"""The Treasury publishes its par yields the same evening."""
LAG_WORKING_DAYS: dict[str, int] = {"chicago_fed": 3, "ofr": 2}
"""Federal working days: the NFCI of a Friday is out on Wednesday, on Thursday in a week with a holiday by then (as the
bank states); the stress index comes two days late (as its page states, and as downloads of 2026 show)."""
EBP_LAG_DAYS = 20
"""After the month's end. No schedule is published; downloads of 2026 had a month in the second week after it."""
BUDGET_WORKING_DAYS = 8
"""The Monthly Treasury Statement is out on the eighth working day after the month (as its page states) ..."""
BUDGET_DAYS_OF_YEAR_END = 25
"""... but that of September, which closes the fiscal year, about the twentieth of October: the 25th is a bound."""
_SEPTEMBER = 9
REVISED_AS_A_WHOLE = ("chicago_fed", "ofr", "fed_ebp")
"""Each release restates all of their history."""
REVISIONS_KEPT_DAYS = 400
"""Of what is older when it is downloaded, the first download counts: else a year would add millions of rows."""


def macro_rows(staged: pl.DataFrame, licences: dict[str, str]) -> pl.DataFrame:
    """Rows of core.macro: one per series, date and vintage that changed the value; days without a value left out.

    ``staged``: series, as_of, value, vintage_date, source. known_at is the end of the New York day on which the value
    was out; never later than the download that has it, nor on a day whose download lacks it. A restated value is known
    with the download that restates it.
    """
    rows = changed_values(staged, ("source", "series"), ("value",))
    old = pl.col("as_of") < pl.col("vintage_date") - timedelta(days=REVISIONS_KEPT_DAYS)
    kept = rows.filter(~(pl.col("is_revision") & old & pl.col("source").is_in(REVISED_AS_A_WHOLE)))
    return MACRO.conform(
        kept.with_columns(
            known_at=known_at(first_known_on(_out_on())),
            licence=pl.col("source").replace_strict(licences, return_dtype=pl.String),
        )
    )


def _out_on() -> pl.Expr:
    """The day by whose end a value usually is out."""
    lag = pl.col("series").replace_strict(PUBLICATION_LAG_DAYS, default=USUAL_LAG_DAYS, return_dtype=pl.Int64)
    found = pl.col("as_of") + lag * timedelta(days=1)
    found = pl.when(pl.col("source").is_in(SAME_DAY_SOURCES)).then("as_of").otherwise(found)
    for source, days in LAG_WORKING_DAYS.items():
        late = each_working_days_after(pl.col("as_of"), days)
        found = pl.when(pl.col("source") == source).then(late).otherwise(found)
    ebp = pl.col("as_of") + timedelta(days=EBP_LAG_DAYS)
    found = pl.when(pl.col("source") == "fed_ebp").then(ebp).otherwise(found)
    return pl.when(pl.col("source") == "fiscal_data").then(_budget_out_on()).otherwise(found)


def _budget_out_on() -> pl.Expr:
    month_end = pl.col("as_of").dt.month_end()
    year_end = month_end + timedelta(days=BUDGET_DAYS_OF_YEAR_END)
    usual = each_working_days_after(month_end, BUDGET_WORKING_DAYS)
    return pl.when(pl.col("as_of").dt.month() == _SEPTEMBER).then(year_end).otherwise(usual)
