"""What is wrong with a filed count: each company's newest filing against the one before, and the vendor's count.

Nothing is mended: a count that cannot be right is refused, with a reason.
"""

from datetime import date
from math import log

import polars as pl

from transforms.core.line_counts import fresh_until
from transforms.core.split_register import ratio_between

PLACEHOLDER_BELOW = 10_000
"""Counts such as 1, 100 or 1000 are forms filled in before the company had shares. No listed company has fewer than
ten thousand: the smallest, Berkshire's class A, has half a million."""
THOUSAND = 1_000
THOUSANDS = (log(THOUSAND), log(THOUSAND**2))
THOUSANDS_WIDTH = 0.2
"""A count in thousands where shares are asked for, give or take issues since (53,501 for 54,119,255)."""
LARGEST_STEP = log(3)
"""From one filing to the next, splits apart. Offerings triple small companies, so the vendor's count may vouch."""
VOUCHED_WITHIN = log(1.25)
FROZEN_FILINGS = 4
FROZEN_DAYS = 270
FROZEN_APART = log(1.10)
"""The same count to the share in four filings over nine months, while the vendor's is a tenth away: nobody fills it in
any more. Counts rounded to a thousand may well repeat (NVIDIA's do)."""
ROUNDED_TO = 1_000

CLASS_KEY = ("cik", "share_class")


def vetted(
    filings: pl.DataFrame, current: pl.DataFrame, lines: pl.DataFrame, splits: pl.DataFrame, session: date
) -> pl.DataFrame:
    """One row per company: cik, reason_code (null where nothing is wrong), same_since and same_filings.

    ``filings``: BOOK rows of one filing per company. ``current``: the newest accepted one of each. ``lines``: the
    session's equity lines with cik, security_id, first_session, symbol, ads_ratio, vendor_shares.
    """
    sets = _sets(filings, current, lines, splits, session)
    return _reasons(sets.join(_classes(filings, current, sets), on="cik", how="left", maintain_order="left"), session)


def _sets(
    news: pl.DataFrame, current: pl.DataFrame, lines: pl.DataFrame, splits: pl.DataFrame, session: date
) -> pl.DataFrame:
    """One row per company: its total, ``step``, log of it against the one before, and ``apart``, from the vendor's."""
    new = news.group_by("cik").agg(
        pl.col("as_of").first(), total=pl.col("shares").sum(), fresh_until=fresh_until().first()
    )
    before = current.group_by("cik").agg(
        last_as_of=pl.col("as_of").first(),
        last_total=pl.col("shares").sum(),
        last_same_since=pl.col("same_since").first(),
        last_same_filings=pl.col("same_filings").first(),
    )
    vendors = lines.group_by("cik").agg(
        pl.col("security_id").sort_by("first_session", "symbol").first(),
        vendor_most=pl.col("vendor_shares").max(),
        vendor_sum=pl.col("vendor_shares").sum(),
        ads_ratio=pl.col("ads_ratio").max().fill_null(1.0),
    )
    joined = new.join(before, on="cik", how="left").join(vendors, on="cik", how="left").sort("cik")
    today = _splits_since(joined, splits, "as_of", session)
    return joined.with_columns(
        today=today,
        last_today=_splits_since(joined, splits, "last_as_of", session),
        today_total=pl.col("total") * today,
    ).with_columns(
        step=(pl.col("today_total") / (pl.col("last_total") * pl.col("last_today"))).log(),
        apart=_apart(pl.col("today_total")),
    )


def _splits_since(sets: pl.DataFrame, splits: pl.DataFrame, as_of: str, session: date) -> pl.Series:
    asked = sets.select("security_id", pl.col(as_of).alias("as_of"), session_date=pl.lit(session, pl.Date))
    return ratio_between(splits, asked)["split_ratio"]


def _apart(total: pl.Expr) -> pl.Expr:
    """How far a total, in ordinary or in depositary shares, is from the vendor's count: a log, null without one."""
    return pl.min_horizontal(
        (shares / pl.col(vendor)).log().abs()
        for shares in (total, total / pl.col("ads_ratio"))
        for vendor in ("vendor_most", "vendor_sum")
    )


def _classes(filings: pl.DataFrame, current: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """Of companies with classes: whether one class alone is a placeholder, or in thousands.

    A class with one share may well be: a special vote. So it is compared with the same class before, if the company's
    total has changed (classes convert into each other); where there was none, with what the vendor's count asks for.
    """
    known = ("cik", "today", "last_today", "today_total", "step", "apart", "ads_ratio", "vendor_most", "vendor_sum")
    before = current.select(*CLASS_KEY, last_shares="shares")
    classes = (
        filings.filter((pl.col("basis") == "class") & pl.col("shares").is_not_null())
        .join(before, on=list(CLASS_KEY), how="left")
        .join(sets.select(known), on="cik")
        .with_columns(now=pl.col("shares") * pl.col("today"), was=pl.col("last_shares") * pl.col("last_today"))
    )
    is_first = pl.col("was").is_null()
    has_moved = pl.col("step").abs() > VOUCHED_WITHIN
    is_off = ~(pl.col("apart") <= VOUCHED_WITHIN).fill_null(value=False)
    asked = pl.col("today_total") + (THOUSAND - 1) * pl.col("now")
    is_small = pl.col("shares") < PLACEHOLDER_BELOW
    is_placeholder = is_small & pl.when(is_first).then(is_off).otherwise(
        has_moved & (pl.col("was") >= PLACEHOLDER_BELOW)
    )
    is_in_thousands = (
        pl.when(is_first)
        .then(is_off & (pl.col("now") > 0) & (_apart(asked) <= THOUSANDS_WIDTH))
        .otherwise(has_moved & _is_scaled((pl.col("now") / pl.col("was")).log()))
    )
    return classes.group_by("cik").agg(
        has_placeholder=is_placeholder.fill_null(value=False).any(),
        has_thousands=is_in_thousands.fill_null(value=False).any(),
    )


def _reasons(sets: pl.DataFrame, session: date) -> pl.DataFrame:
    """One row per company: cik, reason_code, same_since and same_filings."""
    step, apart = pl.col("step"), pl.col("apart")
    is_same = (pl.col("total") == pl.col("last_total")) & (pl.col("total") % ROUNDED_TO != 0)
    same_since = pl.when(is_same.fill_null(value=False)).then("last_same_since").otherwise("as_of")
    same_filings = pl.when(is_same.fill_null(value=False)).then(pl.col("last_same_filings") + 1).otherwise(1)
    is_frozen = (
        (same_filings >= FROZEN_FILINGS)
        & ((pl.col("as_of") - same_since).dt.total_days() >= FROZEN_DAYS)
        & (apart > FROZEN_APART)
    )
    reason = (
        pl.when((pl.col("total") < PLACEHOLDER_BELOW) | pl.col("has_placeholder"))
        .then(pl.lit("placeholder"))
        .when(pl.col("fresh_until") < session)
        .then(pl.lit("stale"))
        .when((pl.col("as_of") < pl.col("last_as_of")).fill_null(value=False))
        .then(pl.lit("older_than_known"))
        .when(_is_scaled(step) | _is_scaled(apart) | pl.col("has_thousands"))
        .then(pl.lit("scaled_by_a_thousand"))
        .when((step.abs() > LARGEST_STEP) & ~(apart <= VOUCHED_WITHIN).fill_null(value=False))
        .then(pl.lit("jump"))
        .when(is_frozen.fill_null(value=False))
        .then(pl.lit("frozen"))
    )
    return sets.select("cik", reason_code=reason, same_since=same_since, same_filings=same_filings.cast(pl.Int32))


def _is_scaled(gap: pl.Expr) -> pl.Expr:
    off = pl.min_horizontal((gap.abs() - thousand).abs() for thousand in THOUSANDS)
    return (off <= THOUSANDS_WIDTH).fill_null(value=False)
