"""How far a cap can be trusted: only where a second, independent source of the count agrees within 5 %."""

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


def cap_quality(caps: pl.DataFrame, entities: pl.DataFrame, statements: Statements) -> pl.DataFrame:
    """``caps`` (session_date, company_id, cap_usd, shares, tier, vendor_shares) with ``quality`` and ``reason``.

    ``entities``: session_date, company_id, source_entity, the fundamentals source's id of the company on the session.
    The check count of a session is the basic share count of the newest income statement published by then, at most
    15 months old: an average over its period, so it checks counts and is none. Supplied counts are checked against
    the vendor's. trusted: the two agree within 5 %; disputed: they do not; single_source: there is nothing to compare.
    """
    checked = _check_counts(caps, entities, statements)
    gap = (pl.col("shares") / pl.col("check_shares")).log().abs()
    files_gap = (pl.col("shares") / pl.col("vendor_shares")).log().abs()
    limit = pl.lit(1 + AGREEMENT).log()
    is_files = pl.col("tier") != "vendor_implied"
    near_ratio = pl.min_horizontal([(gap - pl.lit(ratio).log()).abs() for ratio in _RATIOS]) <= SIMPLE_RATIO_LOG
    reason = (
        pl.when(is_files & (files_gap <= limit))
        .then(pl.lit(FILES_AGREE))
        .when(gap <= limit)
        .then(pl.lit(AGREES))
        .when(is_files & (files_gap > limit))
        .then(pl.lit(FILES_DIFFER))
        .when(gap.is_null())
        .then(pl.lit(NO_SECOND))
        .when(near_ratio)
        .then(pl.lit(SPLIT_RATIO))
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
    return (
        checked.with_columns(reason=reason)
        .with_columns(quality=pl.col("reason").replace_strict(quality, return_dtype=pl.String))
        .drop("check_shares")
    )


def _check_counts(caps: pl.DataFrame, entities: pl.DataFrame, statements: Statements) -> pl.DataFrame:
    keys = ["session_date", "company_id"]
    linked = caps.join(entities.select(*keys, "source_entity"), on=keys, how="left")
    counts = visible_versions(statements.income.filter(pl.col("shares_basic") > 0)).select(
        "source_entity", "report_date", "valid_from", "shares_basic"
    )
    if counts.is_empty():
        return linked.drop("source_entity").with_columns(check_shares=pl.lit(None, pl.Int64))
    newest = (
        counts.sort("source_entity", "valid_from", "report_date")
        .filter(pl.col("report_date") >= pl.col("report_date").cum_max().over("source_entity"))
        .unique(["source_entity", "valid_from"], keep="last", maintain_order=True)
        .sort("valid_from")
    )
    joined = linked.sort("session_date").join_asof(
        newest, left_on="session_date", right_on="valid_from", by="source_entity", check_sortedness=False
    )
    is_fresh = pl.col("report_date").dt.offset_by(STALE_AFTER) >= pl.col("session_date")
    return joined.with_columns(check_shares=pl.when(is_fresh).then(pl.col("shares_basic"))).drop(
        "source_entity", "report_date", "valid_from", "shares_basic"
    )
