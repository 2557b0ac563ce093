"""Statements from filed XBRL facts, versioned by filing: what a company's reports said, and since when."""

from collections.abc import Mapping

import polars as pl

from transforms.core.fundamentals import FLOW_CONCEPTS, STOCK_CONCEPTS, Statements, version_schema
from transforms.core.sec_facts import entity, filed_rows, month
from transforms.core.sec_quarters import with_derived_quarters
from transforms.core.sec_tag_map import FLOW_READINGS, STOCK_READINGS, Reading
from transforms.staging.sec_source import SEC

QUARTER_GAP_DAYS = (75, 120)
"""Distance of the ends of consecutive quarters as filed: retailers have quarters of 12 and of 17 weeks."""

_PERIOD = ("cik", "period_kind", "report_date", "currency")
_STATEMENT_KINDS = ("quarter", "nine_months", "annual")


def sec_statements(facts: pl.DataFrame) -> Statements:
    """Statements of every filing in `facts` (FACTS). One row per entity, period and version.

    source_entity is `CIK` and ten digits. Publish and vintage date are the day of filing: each filing
    that changes a line is a version, lines it does not repeat keep what was filed before, and what a day
    knew is exactly what had been filed by then. period_kind: quarter, annual, and nine_months in
    `income`, from which the trailing year takes a fourth quarter that nobody files. A second or third
    quarter of which only the year to date was filed is its difference; a derived quarter has no share
    averages. Money in whole units of `currency`, share averages as filed (splits are not undone).
    Entities do not influence each other: a caller may hand them over in parts. Facts that cannot be true
    are left out; `rejected_facts` tells them. Source: SEC companyfacts, through the tag map.
    """
    rows = filed_rows(facts)
    flows = with_derived_quarters(_versions(rows.flows, FLOW_READINGS))
    stocks = _versions(rows.stocks, STOCK_READINGS)
    return Statements(
        _finished(flows.filter(pl.col("period_kind").is_in(_STATEMENT_KINDS)), FLOW_CONCEPTS, is_flow=True),
        _finished(stocks, STOCK_CONCEPTS, is_flow=False),
    )


def _versions(rows: pl.DataFrame, readings: Mapping[str, tuple[Reading, ...]]) -> pl.DataFrame:
    """One row per period and day of filing: every concept as known at the end of that day."""
    ordered = rows.sort(*_PERIOD, "filed", "accession")
    read = ordered.with_columns(
        part
        for concept, several in readings.items()
        for part in (
            pl.coalesce(reading.value() for reading in several).alias(concept),
            pl.coalesce(
                pl.when(reading.value().is_not_null()).then(pl.lit(place, pl.Int32))
                for place, reading in enumerate(several)
            ).alias(f"_place_{concept}"),
        )
    )
    names = list(readings)
    return (
        read.with_columns(
            pl.when(_is_news(concept, readings[concept])).then(pl.col(concept)).alias(concept) for concept in names
        )
        .with_columns(pl.col(names).forward_fill().over(_PERIOD))
        .unique([*_PERIOD, "filed"], keep="last", maintain_order=True)
        .select(*_PERIOD, "filed", "period_start", "fiscal_year_end", *names)
    )


def _is_news(concept: str, readings: tuple[Reading, ...]) -> pl.Expr:
    """Whether a filing's value counts. Not where it stands under a worse tag than the period's value before.

    Unless the filing uses no better tag for any period: then the company has changed tags. So a year's
    report that tags net income for its quarters does not replace their net income to common shares, and
    one that splits up what it had summed does not leave the first part for the sum.
    """
    parts = [place for place, reading in enumerate(readings) if reading.is_part]
    place = pl.col(f"_place_{concept}")
    best_before = place.cum_min().shift(1).over(_PERIOD)
    best_of_filing = place.min().over("cik", "filed", "accession")
    is_worse = (best_before.fill_null(place) < place) & ((best_of_filing < place) | place.is_in(parts))
    return is_worse.fill_null(value=False).not_()


def _finished(versions: pl.DataFrame, concepts: tuple[str, ...], *, is_flow: bool) -> pl.DataFrame:
    """Versions with the columns of Statements, without those that repeat the one before."""
    to_go = (pl.col("fiscal_year_end") - month(pl.col("report_date"))) % 12
    labelled = versions.with_columns(
        pl.lit(SEC).alias("source"),
        entity(pl.col("cik")).alias("source_entity"),
        _fiscal_year(to_go).alias("fiscal_year"),
        _fiscal_period(to_go).alias("fiscal_period"),
        (pl.col("period_start") if is_flow else pl.col("report_date")).alias("period_start"),
        pl.col("filed").alias("publish_date"),
        pl.lit(None, pl.Date).alias("restated_date"),
        pl.col("filed").alias("vintage_date"),
    ).select(*(pl.col(name).cast(dtype) for name, dtype in version_schema().items()), *concepts)
    fact = ("source_entity", "period_kind", "report_date")
    ordered = labelled.sort(*fact, "vintage_date", "currency").unique(
        [*fact, "vintage_date"], keep="last", maintain_order=True
    )
    told = pl.struct("currency", *concepts)
    same_fact = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in fact)
    return ordered.filter(~(same_fact & told.eq_missing(told.shift(1))).fill_null(value=False))


def _fiscal_year(months_to_go: pl.Expr) -> pl.Expr:
    """The calendar year in which the fiscal year ends."""
    end = pl.col("report_date") - pl.duration(days=10)
    return end.dt.offset_by(months_to_go.cast(pl.String) + "mo").dt.year()


def _fiscal_period(months_to_go: pl.Expr) -> pl.Expr:
    """FY, 9M, or the quarter by its distance from the end of the fiscal year."""
    quarter = (12 - months_to_go + 1) // 3
    named = "Q" + pl.when(quarter.is_between(1, 4)).then(quarter).otherwise(4).cast(pl.String)
    return (
        pl.when(pl.col("period_kind") == "annual")
        .then(pl.lit("FY"))
        .when(pl.col("period_kind") == "nine_months")
        .then(pl.lit("9M"))
        .otherwise(named)
    )
