"""Fiscal Data, Monthly Treasury Statement, table 1: receipts, outlays and deficit of each month as first published."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.macro import MACRO, stage_series
from transforms.staging.model import REJECT_COLUMNS, Staged, no_rejects

SOURCE: Final = "fiscal_data"
SERIES: Final[dict[str, str]] = {
    "current_month_gross_rcpt_amt": "MTS_RECEIPTS",
    "current_month_gross_outly_amt": "MTS_OUTLAYS",
    "current_month_dfct_sur_amt": "MTS_DEFICIT",
}
"""US dollars. The deficit is outlays less receipts, so that a surplus is negative."""
FIELDS: Final = ("record_date", "classification_desc", "sequence_number_cd", *SERIES)
CURRENT_YEAR: Final = "2."
"""How the lines of the report's own fiscal year are numbered; those of the year before begin with 1."""
MOST_OFF_USD: Final = 1.0
_NO_AMOUNT = ("", "null")


def stage_budget(rows: Sequence[dict[str, Any]], *, vintage_date: date, file: str) -> Staged:
    """One page of the table (columns `MACRO`): of each statement the month that it is about.

    A statement restates the months before it and shows the year before, totals and headings; all that is left out. A
    month whose deficit is not its outlays less its receipts is set aside.

    Raises:
        BadInput: a field is missing, or more than 2 % of the values cannot be read.
    """
    for field in FIELDS:
        if any(field not in row for row in rows):
            raise BadInput(SOURCE, file, field, "a row lacks the field")
    frame = pl.DataFrame(
        [[_text(row[field]) for field in FIELDS] for row in rows], dict.fromkeys(FIELDS, pl.String), orient="row"
    )
    day = pl.col("record_date").str.to_date("%Y-%m-%d", strict=False)
    own = frame.filter(
        pl.col("sequence_number_cd").str.starts_with(CURRENT_YEAR),
        pl.col("classification_desc").str.strip_chars() == day.dt.to_string("%B"),
    )
    receipts, outlays, deficit = (pl.col(name).cast(pl.Float64, strict=False) for name in SERIES)
    off = ((outlays - receipts - deficit).abs() > MOST_OFF_USD).fill_null(value=False)
    wrong = own.filter(off)
    if own.is_empty():
        return Staged(pl.DataFrame(schema=MACRO))
    long = own.filter(~off).select(
        pl.col("record_date").alias("date"), *(pl.col(c).alias(n) for c, n in SERIES.items())
    )
    staged = stage_series(
        long.unpivot(index="date", variable_name="series", value_name="value"),
        "iso_date",
        vintage_date,
        source=SOURCE,
        file=file,
    )
    return Staged(staged.rows, pl.concat([no_rejects(), staged.rejects, _rejected(wrong, file)]))


def _text(value: Any) -> str | None:
    """Amounts come as text; what is not there as null or as the word."""
    return None if value is None or str(value).strip() in _NO_AMOUNT else str(value).strip()


def _rejected(wrong: pl.DataFrame, file: str) -> pl.DataFrame:
    receipts, outlays, deficit = SERIES
    return wrong.select(
        source=pl.lit(SOURCE),
        file=pl.lit(file),
        entity=pl.col("record_date"),
        field=pl.lit(deficit),
        reason_code=pl.lit("does_not_add_up"),
        detail=pl.format("{} is not {} less {}", deficit, outlays, receipts),
    ).cast(pl.Schema(REJECT_COLUMNS))
