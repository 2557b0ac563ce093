"""Quarters that nobody files: the difference of two years to date that were known on the same day."""

import polars as pl

from transforms.core.fundamentals import FLOW_CONCEPTS
from transforms.core.sec_facts import KIND_DAYS

SAME_START_DAYS = 7
"""Years to date of one fiscal year start on one day; filings of 52-week years differ by a few."""
LONGER_OF = {"half_year": "quarter", "nine_months": "half_year"}
"""Year to date: the shorter one that it contains. The year less nine months is the trailing year's matter."""

_SUMS = tuple(concept for concept in FLOW_CONCEPTS if not concept.startswith("shares_"))
_PERIOD = ("cik", "period_kind", "report_date", "currency")
_PAIR = ("cik", "currency", "period_kind", "report_date", "report_date_shorter")


def with_derived_quarters(versions: pl.DataFrame) -> pl.DataFrame:
    """`versions` with the quarters that follow from years to date; where a quarter was filed, that counts.

    In and out: one row per cik, period_kind, report_date, currency and filed, with period_start,
    fiscal_year_end and FLOW_CONCEPTS as known on that day. Line by line: a quarter with a filed net
    income and a derived revenue is possible.
    """
    derived = _derived(versions)
    is_quarter = pl.col("period_kind") == "quarter"
    filed = versions.filter(is_quarter).with_columns(pl.col(name).alias(f"_filed_{name}") for name in FLOW_CONCEPTS)
    both = (
        pl.concat([filed, derived.rename({name: f"_derived_{name}" for name in _SUMS})], how="diagonal")
        .sort(*_PERIOD, "filed", pl.col("_filed_net_income_common").is_not_null())
        .with_columns(pl.col("^_(filed|derived)_.*$").forward_fill().over(_PERIOD))
        .with_columns(
            pl.coalesce(f"_filed_{name}", *([f"_derived_{name}"] if name in _SUMS else [])).alias(name)
            for name in FLOW_CONCEPTS
        )
    )
    quarters = both.unique([*_PERIOD, "filed"], keep="last", maintain_order=True).select(versions.columns)
    return pl.concat([versions.filter(~is_quarter), quarters])


def _derived(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per derivable quarter and day on which either of its two years to date changed."""
    pairs = _pairs(versions)
    sides = {
        side: pairs.join(
            versions.rename({"report_date": date_column, "period_kind": kind_column}).select(
                "cik", "currency", date_column, kind_column, "filed", "fiscal_year_end", *_SUMS
            ),
            on=["cik", "currency", date_column, kind_column],
        )
        for side, date_column, kind_column in (
            ("longer", "report_date", "period_kind"),
            ("shorter", "report_date_shorter", "period_kind_shorter"),
        )
    }
    days = pl.concat(side.select(*_PAIR, "filed") for side in sides.values()).unique().sort("filed")
    known = days
    for name, side in sides.items():
        values = side.select(*_PAIR, "filed", "fiscal_year_end", *_SUMS).sort("filed")
        known = known.join_asof(values, on="filed", by=list(_PAIR), suffix=f"_{name}", check_sortedness=False)
    return (
        known.with_columns((pl.col(name) - pl.col(f"{name}_shorter")).alias(name) for name in _SUMS)
        .filter(pl.col("net_income_common").is_not_null())
        .with_columns(
            pl.lit("quarter").alias("period_kind"),
            (pl.col("report_date_shorter") + pl.duration(days=1)).alias("period_start"),
        )
        .select("cik", "period_kind", "report_date", "currency", "filed", "period_start", "fiscal_year_end", *_SUMS)
    )


def _pairs(versions: pl.DataFrame) -> pl.DataFrame:
    """Two years to date of one fiscal year that end one quarter apart: their kinds and report dates.

    The start of a period is the one first filed: a later filing moves no pair.
    """
    periods = (
        versions.sort("filed").unique([*_PERIOD], keep="first", maintain_order=True).select(*_PERIOD, "period_start")
    )
    longer = periods.with_columns(
        pl.col("period_kind")
        .replace_strict(LONGER_OF, default=None, return_dtype=pl.String)
        .alias("period_kind_shorter")
    ).filter(pl.col("period_kind_shorter").is_not_null())
    pairs = longer.join(
        periods.rename({"period_kind": "period_kind_shorter"}),
        on=["cik", "currency", "period_kind_shorter"],
        suffix="_shorter",
    )
    gap = (pl.col("report_date") - pl.col("report_date_shorter")).dt.total_days()
    apart = (pl.col("period_start") - pl.col("period_start_shorter")).dt.total_days().abs()
    return pairs.filter(gap.is_between(*KIND_DAYS["quarter"]) & (apart <= SAME_START_DAYS)).select(
        *_PAIR, "period_kind_shorter"
    )
