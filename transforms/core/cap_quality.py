"""How far a cap can be trusted: only where a second, independent source of the count agrees within 5 %."""

from math import log

import polars as pl

from transforms.core.fundamentals import Statements
from transforms.measures.trailing import visible_versions

AGREEMENT = 0.05
"""Two independent counts this close are the same count: a period's average differs from its end by that much."""
STALE_AFTER = "15mo"
SIMPLE_RATIO_LOG = 0.03
_RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)

AGREES = "SimFin's average count agrees within 5 %"
DIFFERS = "SimFin's average count differs by more than 5 %"
SPLIT_RATIO = "SimFin's average count differs by a split ratio: restated for a later split, or ours lags one"
NO_SECOND = "no second source of the count"
FILES_AGREE = "the supplied count and the vendor's agree within 5 %"
FILES_DIFFER = "the supplied count and the vendor's differ by more than 5 %"


def cap_quality(caps: pl.DataFrame, entities: pl.DataFrame, check_counts: pl.DataFrame) -> pl.DataFrame:
    """``caps`` (session_date, company_id, cap_usd, shares, tier, vendor_shares) with ``quality`` and ``reason``.

    ``entities``: session_date, company_id, source_entity, the fundamentals source's id of the company on the session.
    ``check_counts``: of the function of that name.
    The check count of a session is the basic share count of the newest income statement published by then, at most
    15 months old: an average over its period, so it checks counts and is none. Supplied counts are checked against
    the vendor's. trusted: the two agree within 5 %; disputed: they do not; single_source: there is nothing to compare.
    """
    counts = caps.select("session_date", "company_id", "shares", "vendor_shares", "tier").with_columns(
        check_shares=_checked_by(caps, entities, check_counts)
    )
    gap = (pl.col("shares") / pl.col("check_shares")).log().abs()
    files_gap = (pl.col("shares") / pl.col("vendor_shares")).log().abs()
    limit = log(1 + AGREEMENT)
    is_files = pl.col("tier") != "vendor_implied"
    reason = (
        pl.when(is_files & (files_gap <= limit))
        .then(pl.lit(FILES_AGREE))
        .when(gap <= limit)
        .then(pl.lit(AGREES))
        .when(is_files & (files_gap > limit))
        .then(pl.lit(FILES_DIFFER))
        .when(gap.is_null())
        .then(pl.lit(NO_SECOND))
        .otherwise(pl.lit(DIFFERS))
    )
    quality = {
        AGREES: "trusted",
        FILES_AGREE: "trusted",
        NO_SECOND: "single_source",
        DIFFERS: "disputed",
        SPLIT_RATIO: "disputed",
        FILES_DIFFER: "disputed",
    }
    rated = counts.select(reason.alias("reason"), gap.alias("gap"))
    reasons = _with_split_ratios(rated["reason"], rated["gap"])
    return caps.with_columns(
        reasons.replace_strict(quality, return_dtype=pl.String).alias("quality"), reasons.alias("reason")
    )


def _with_split_ratios(reasons: pl.Series, gap: pl.Series) -> pl.Series:
    """Reasons, with those that differ by the ratio of a usual split named as such."""
    # Only those that differ are held against the ratios: of a quarter's rows a tenth.
    differing = pl.DataFrame({"gap": gap}).with_row_index("row").filter(reasons == DIFFERS)
    distance = pl.min_horizontal([(pl.col("gap") - log(ratio)).abs() for ratio in _RATIOS])
    return reasons.scatter(differing.filter(distance <= SIMPLE_RATIO_LOG)["row"], SPLIT_RATIO)


def check_counts(statements: Statements) -> pl.DataFrame:
    """The count that checks an entity's caps from ``valid_from`` on: source_entity, valid_from, report_date, shares.

    Sorted by valid_from; of the reports that were known on a day the newest, an older one published later is passed by.
    A year and its last quarter end on one day and come out on one: the quarter counts, its average is nearer to today.
    """
    counts = visible_versions(statements.income.filter(pl.col("shares_basic") > 0))
    return (
        counts.select(
            *("source_entity", "valid_from", "report_date", "period_kind", "vintage_date"), check_shares="shares_basic"
        )
        .sort("source_entity", "valid_from", "report_date", pl.col("period_kind") == "quarter", "vintage_date")
        .filter(pl.col("report_date") >= pl.col("report_date").cum_max().over("source_entity"))
        .unique(["source_entity", "valid_from"], keep="last", maintain_order=True)
        .drop("period_kind", "vintage_date")
        .sort("valid_from", "source_entity")
    )


def _checked_by(caps: pl.DataFrame, entities: pl.DataFrame, counts: pl.DataFrame) -> pl.Series:
    """The count that checks each row of ``caps``; null where there is none."""
    keys = ["session_date", "company_id"]
    linked = caps.select(keys).with_row_index("row").join(entities.select(*keys, "source_entity"), on=keys)
    joined = (
        linked.select("row", "session_date", "source_entity")
        .sort("session_date")
        .join_asof(counts, left_on="session_date", right_on="valid_from", by="source_entity", check_sortedness=False)
        .filter(pl.col("report_date").dt.offset_by(STALE_AFTER) >= pl.col("session_date"))
    )
    unknown = pl.Series("check_shares", [None], pl.Int64).new_from_index(0, caps.height)
    return unknown.scatter(joined["row"], joined["check_shares"])
