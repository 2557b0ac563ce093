"""The second source of a company's share count: averages that were published, and where ours stood meanwhile."""

import polars as pl

from transforms.core.fundamentals import Statements
from transforms.measures.trailing import visible_versions

STALE_AFTER = "15mo"
REPORTED_QUARTERS = ("Q1", "Q2", "Q3")
"""Quarters with a count of their own. SimFin computes the fourth's: four times the year's less the other three's, to
the share in 76 % of 7,758, so an odd year is odd fourfold there (AAT 2022: 60, 60, 60, then 125 million)."""

_CHECK = ("check_shares", "diluted_shares", "period_start", "report_date")
_QUARTER = ("quarter_shares", "quarter_start", "quarter_end")
COLUMNS = (*_CHECK, *_QUARTER)


def check_counts(statements: Statements) -> pl.DataFrame:
    """What checks an entity's caps from ``valid_from`` on: source_entity, valid_from and COLUMNS, by valid_from.

    ``check_shares``: the basic average of the newest report; of the reports that were known on a day the newest, an
    older one published later is passed by. A year and its last quarter end on one day and come out on one: the quarter
    counts, its average is nearer to today. ``quarter_shares``: that of the newest first, second or third quarter, where
    the newest report is a later one whose average nobody reported for a quarter; else null.
    """
    counts = (
        visible_versions(statements.income.filter(pl.col("shares_basic") > 0))
        .select(
            *("source_entity", "valid_from", "report_date", "period_start", "period_kind", "vintage_date"),
            quarter=pl.when(pl.col("period_kind") == "quarter").then("fiscal_period"),
            check_shares="shares_basic",
            diluted_shares="shares_diluted",
        )
        .sort("source_entity", "valid_from", "report_date", pl.col("period_kind") == "quarter", "vintage_date")
        .with_columns(pl.col("quarter").is_in(REPORTED_QUARTERS).fill_null(value=False).alias("is_reported"))
    )
    reported = _newest(counts.filter("is_reported")).select(
        *("source_entity", "valid_from"),
        quarter_shares="check_shares",
        quarter_start="period_start",
        quarter_end="report_date",
    )
    newest = _newest(counts).join_asof(reported, on="valid_from", by="source_entity", check_sortedness=False)
    return newest.select(
        *("source_entity", "valid_from", *_CHECK),
        *(pl.when(~pl.col("is_reported")).then(name).alias(name) for name in _QUARTER),
    )


def _newest(counts: pl.DataFrame) -> pl.DataFrame:
    """One row per entity and day from which the newest report known is another one, sorted by day."""
    return (
        counts.filter(pl.col("report_date") >= pl.col("report_date").cum_max().over("source_entity"))
        .unique(["source_entity", "valid_from"], keep="last", maintain_order=True)
        .sort("valid_from", "source_entity")
    )


def checked_by(caps: pl.DataFrame, entities: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """For each row of ``caps``: ``check``, the row of ``counts`` that checks it, and its check_shares; else null."""
    keys = ["session_date", "company_id"]
    linked = caps.select(keys).with_row_index("row").join(entities.select(*keys, "source_entity"), on=keys)
    known = counts.with_row_index("check").select(
        *("check", "source_entity", "valid_from", "check_shares"),
        last_day=pl.col("report_date").dt.offset_by(STALE_AFTER),
    )
    joined = (
        linked.select("row", "session_date", "source_entity")
        .sort("session_date")
        .join_asof(known, left_on="session_date", right_on="valid_from", by="source_entity", check_sortedness=False)
        .filter(pl.col("last_day") >= pl.col("session_date"))
    )
    return pl.DataFrame(
        [
            pl.Series(name, [None], dtype).new_from_index(0, caps.height).scatter(joined["row"], joined[name])
            for name, dtype in (("check", pl.UInt32), ("check_shares", pl.Int64))
        ]
    )
