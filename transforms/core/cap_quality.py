"""How far a cap can be trusted: only where a second, independent source of the count agrees within 5 %."""

from math import log

import polars as pl

from transforms.contracts.fields import FILED_TIERS
from transforms.core.check_counts import checked_by
from transforms.core.period_counts import MONTHLY_COUNTS, SPLITS, period_means

AGREEMENT = 0.05
"""Two independent counts this close are the same count: a period's average differs from its end by that much."""
MOVED_AT_MOST = 0.20
"""How far our count may have moved since it agreed over the report's period. A following report confirmed 90 % of
those that moved less, as of those that agree on the session alone (91 %); 81 % of those that moved by 20 to 50 %, half
of those that moved further (twelve quarter ends of 2022-24, docs/counts.md)."""
SIMPLE_RATIO_LOG = 0.03
_RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)

AGREES = "SimFin's average count agrees within 5 %"
AGREES_AFTER_SPLIT = "SimFin's average count agrees within 5 % after the split of "
AGREES_IN_PERIOD = "SimFin's average count agrees within 5 % with ours over its period; ours has moved since"
QUARTER_AGREES = "SimFin's average count of the last quarter with a count of its own agrees within 5 %"
MOVED = "SimFin's average count agreed over its period, but ours has moved by more than 20 % since"
UNLISTED_CLASS = "SimFin's average count differs by more than 5 %, its diluted one agrees: units or a class not listed"
DIFFERS = "SimFin's average count differs by more than 5 %"
SPLIT_RATIO = "SimFin's average count differs by a split ratio: restated for a later split, or ours lags one"
NO_SECOND = "no second source of the count"
FILES_AGREE = "the supplied count and the vendor's agree within 5 %"
FILES_DIFFER = "the supplied count and the vendor's differ by more than 5 %"
FILED_AGREES = "the filed count and the vendor's agree within 5 %"
FILED_DIFFERS = "the filed count and the vendor's differ by more than 5 %"
_TRUSTED = (AGREES, AGREES_IN_PERIOD, QUARTER_AGREES, FILES_AGREE, FILED_AGREES)
_LIMIT = log(1 + AGREEMENT)


def cap_quality(
    caps: pl.DataFrame,
    entities: pl.DataFrame,
    check_counts: pl.DataFrame,
    months: pl.DataFrame | None = None,
    splits: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """``caps`` (session_date, company_id, cap_usd, shares, tier, vendor_shares) with ``quality`` and ``reason``.

    With ``check_shares``, too: the average that checks the count, as published and not restated, null where none does.
    ``entities``: session_date, company_id, source_entity, the fundamentals source's id of the company on the session.
    ``check_counts``: of the function of that name. ``months``: MONTHLY_COUNTS of the sessions so far; months of and
    after a session's own do not count for it. ``splits``: SPLITS; those after a session do not count for it.
    The check count of a session is the basic share count of the newest income statement published by then, at most
    15 months old: an average over its period, so it checks counts and is none. Where it differs from the session's
    count it is restated for splits that the company had since the period began, and compared with the mean of our
    counts over the period. Supplied counts are checked against the vendor's.
    trusted: the two agree within 5 %; disputed: they do not; single_source: there is nothing to compare.
    """
    checked = checked_by(caps, entities, check_counts)
    counts = caps.select("session_date", "company_id", "shares", "vendor_shares", "tier").hstack(checked)
    reasons = _first_reasons(counts)
    # Only those that differ are looked into: of a quarter's rows a sixth.
    differing = (
        counts.select("session_date", "company_id", "shares", "check")
        .with_row_index("row")
        .filter(reasons == DIFFERS)
        .join(check_counts.with_row_index("check").drop("source_entity", "valid_from"), on="check")
    )
    empty_months, empty_splits = pl.DataFrame(schema=MONTHLY_COUNTS), pl.DataFrame(schema=SPLITS)
    explained = _explained(
        differing,
        empty_months if months is None else months,
        empty_splits if splits is None else splits.select(list(SPLITS)),
    )
    reason = reasons.scatter(differing["row"], explained).alias("reason")
    is_single, is_trusted = reason == NO_SECOND, reason.is_in(_TRUSTED) | reason.str.starts_with(AGREES_AFTER_SPLIT)
    quality = pl.when(is_trusted).then(pl.lit("trusted")).when(is_single).then(pl.lit("single_source"))
    return caps.with_columns(quality.otherwise(pl.lit("disputed")).alias("quality"), reason, checked["check_shares"])


def _first_reasons(counts: pl.DataFrame) -> pl.Series:
    """What the session's count and the newest average, or the supplied count and the vendor's, say as they stand."""
    gap = (pl.col("shares") / pl.col("check_shares")).log().abs()
    files_gap = (pl.col("shares") / pl.col("vendor_shares")).log().abs()
    is_filed = pl.col("tier").is_in(FILED_TIERS)
    is_files = ~is_filed & (pl.col("tier") != "vendor_implied")
    reason = (
        pl.when(is_files & (files_gap <= _LIMIT))
        .then(pl.lit(FILES_AGREE))
        .when(is_filed & (files_gap <= _LIMIT))
        .then(pl.lit(FILED_AGREES))
        .when(gap <= _LIMIT)
        .then(pl.lit(AGREES))
        .when(is_files & (files_gap > _LIMIT))
        .then(pl.lit(FILES_DIFFER))
        .when(is_filed & (files_gap > _LIMIT))
        .then(pl.lit(FILED_DIFFERS))
        .when(gap.is_null())
        .then(pl.lit(NO_SECOND))
        .otherwise(pl.lit(DIFFERS))
    )
    return counts.select(reason.alias("reason"))["reason"]


def _explained(differing: pl.DataFrame, months: pl.DataFrame, splits: pl.DataFrame) -> pl.Series:
    """The reason of each row whose count differs from the newest average; the first that holds, in this order."""
    newest = _compared(differing, differing["check_shares"], ("period_start", "report_date"), months, splits)
    quarter = _compared(differing, differing["quarter_shares"], ("quarter_start", "quarter_end"), months, splits)
    gap = (differing["shares"] / differing["check_shares"]).log().abs()
    diluted_gap = (differing["shares"] / differing["diluted_shares"]).log().abs()
    # Options dilute by less; units that convert, by far more.
    is_diluted = differing["diluted_shares"] > differing["check_shares"] * (1 + AGREEMENT)
    distance = pl.min_horizontal([(pl.col("gap") - log(ratio)).abs() for ratio in _RATIOS])
    quarter_agrees = quarter["agrees"] | quarter["split_date"].is_not_null() | quarter["agrees_in_period"]
    told = newest.with_columns(
        gap.alias("gap"),
        (is_diluted & (diluted_gap <= _LIMIT)).alias("diluted_agrees"),
        quarter_agrees.alias("quarter_agrees"),
    )
    return told.select(
        pl.when(pl.col("split_date").is_not_null())
        .then(pl.lit(AGREES_AFTER_SPLIT) + pl.col("split_date").cast(pl.String))
        .when("agrees_in_period")
        .then(pl.lit(AGREES_IN_PERIOD))
        .when("quarter_agrees")
        .then(pl.lit(QUARTER_AGREES))
        .when("agreed_before")
        .then(pl.lit(MOVED))
        .when("diluted_agrees")
        .then(pl.lit(UNLISTED_CLASS))
        .when(distance <= SIMPLE_RATIO_LOG)
        .then(pl.lit(SPLIT_RATIO))
        .otherwise(pl.lit(DIFFERS))
        .alias("reason")
    )["reason"]


def _compared(
    rows: pl.DataFrame, average: pl.Series, period: tuple[str, str], months: pl.DataFrame, splits: pl.DataFrame
) -> pl.DataFrame:
    """agrees, split_date, agrees_in_period, agreed_before of each row: one average against today's count and our mean.

    ``split_date``: the split for which the average has to be restated to agree with today's count; null for none.
    ``agreed_before``: it agreed with our mean over the period, whatever our count has done since.
    """
    asked = rows.select("session_date", "company_id", "shares", period_start=period[0], period_end=period[1])
    asked = asked.with_columns(average.cast(pl.Float64).alias("average"), period_means(asked, months, splits))
    as_it_is = asked.with_row_index("row").select(
        "row", "shares", "mean", "average", pl.lit(None, pl.Date).alias("ex_date")
    )
    gap, mean_gap = ((pl.col(name) / pl.col("average")).log().abs() for name in ("shares", "mean"))
    moved = (pl.col("shares") / pl.col("mean")).log().abs()
    return (
        pl.concat([as_it_is, _restated(asked, splits)])
        .with_columns(is_same=(gap <= _LIMIT).fill_null(value=False), was_same=(mean_gap <= _LIMIT))
        .group_by("row")
        .agg(
            (pl.col("is_same") & pl.col("ex_date").is_null()).any().alias("agrees"),
            pl.col("ex_date").filter("is_same").max().alias("split_date"),
            pl.col("was_same").any().alias("agreed_before"),
            (moved.first() <= log(1 + MOVED_AT_MOST)).fill_null(value=False).alias("is_near"),
        )
        .sort("row")
        .with_columns(agrees_in_period=pl.col("agreed_before") & pl.col("is_near"))
    )


def _restated(asked: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Rows once for each split since the period began: the average, restated for that split and those after it."""
    since = asked.with_row_index("row").join(splits, on="company_id")
    is_since = (pl.col("ex_date") > pl.col("period_start")) & (pl.col("ex_date") <= pl.col("session_date"))
    return (
        since.filter(is_since)
        .sort("row", "ex_date", descending=[False, True])
        .select(
            *("row", "shares", "mean"),
            (pl.col("average") * pl.col("ratio").cum_prod().over("row")).alias("average"),
            "ex_date",
        )
    )
