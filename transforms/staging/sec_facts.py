"""Companies' facts as filed: one row per fact and filing that gave it; a later filing's version is a row of its own."""

from typing import Final

import polars as pl

from transforms.staging.model import Staged
from transforms.staging.sec_rejects import Fault, refuse_if_changed, split
from transforms.staging.sec_tags import KNOWN_AHEAD

FACTS: Final[dict[str, pl.DataType]] = {
    "cik": pl.Int64(),
    "taxonomy": pl.String(),
    "tag": pl.String(),
    "unit": pl.String(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "value": pl.Float64(),
    "accession": pl.String(),
    "form": pl.String(),
    "filed": pl.Date(),
    "fiscal_year": pl.Int32(),
    "fiscal_period": pl.String(),
}
"""period_start is null for an instant. fiscal_year and fiscal_period are those of the filing, not of the fact: a
10-K for 2024 repeats the figures of 2023 under 2024 and FY."""

RAW_FACTS: Final[dict[str, pl.DataType]] = {
    "cik": pl.Int64(),
    "taxonomy": pl.String(),
    "tag": pl.String(),
    "unit": pl.String(),
    "start": pl.String(),
    "end": pl.String(),
    "val": pl.Float64(),
    "accn": pl.String(),
    "form": pl.String(),
    "filed": pl.String(),
    "fy": pl.Int32(),
    "fp": pl.String(),
}
"""The same under the names of companyfacts, dates as text; val is null where there is none or it is no number."""

ACCESSION = r"^\d{10}-\d{2}-\d{6}$"


def stage_facts(raw: pl.DataFrame, *, file: str) -> Staged:
    """Facts (columns `FACTS`) from raw ones (columns `RAW_FACTS`), in the file's own units and order.

    Rejected are facts without a value, an end, a filing or a form, with a day that is none, whose period ends
    before it starts, or after it was filed (but for tags that are known ahead).

    Raises:
        BadInput: more than 2 % of a thousand rows or more are rejected.
    """
    rows = raw.select(
        "cik",
        "taxonomy",
        "tag",
        "unit",
        _day("start").alias("period_start"),
        _day("end").alias("period_end"),
        pl.col("val").alias("value"),
        pl.col("accn").alias("accession"),
        "form",
        _day("filed").alias("filed"),
        pl.col("fy").alias("fiscal_year"),
        pl.col("fp").alias("fiscal_period"),
        served_start="start",
        served_end="end",
        served_filed="filed",
    )
    staged = split(rows, _FAULTS, _ENTITY, file=file)
    return refuse_if_changed(Staged(staged.rows.select(list(FACTS)), staged.rejects), file=file)


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.to_date("%Y-%m-%d", strict=False)


_ENTITY = pl.format(
    "{} {}:{} {}", "cik", "taxonomy", "tag", pl.col("accession").fill_null("without an accession number")
)
_FAULTS = (
    Fault("val", "missing_value", ~pl.col("value").is_finite().fill_null(value=False), pl.col("served_end")),
    Fault("end", "missing_value", pl.col("served_end").is_null(), pl.lit("")),
    Fault("end", "not_a_date", pl.col("period_end").is_null(), pl.col("served_end")),
    Fault(
        "start",
        "not_a_date",
        pl.col("served_start").is_not_null() & pl.col("period_start").is_null(),
        pl.col("served_start"),
    ),
    Fault("filed", "missing_value", pl.col("served_filed").is_null(), pl.lit("")),
    Fault("filed", "not_a_date", pl.col("filed").is_null(), pl.col("served_filed")),
    Fault(
        "accn",
        "not_an_accession",
        ~pl.col("accession").str.contains(ACCESSION).fill_null(value=False),
        pl.col("accession"),
    ),
    Fault("form", "missing_value", pl.col("form").is_null() | (pl.col("form") == ""), pl.lit("")),
    Fault("start", "ends_before_start", pl.col("period_start") > pl.col("period_end"), pl.col("served_start")),
    Fault(
        "end",
        "ends_after_filed",
        (pl.col("period_end") > pl.col("filed")) & ~pl.col("tag").is_in(sorted(KNOWN_AHEAD)),
        pl.format("{} filed {}", "served_end", "served_filed"),
    ),
)
