"""The newest count of each company by its own filings, vetted as it becomes known: in order, without look-ahead.

A count that cannot be right is refused with a reason and never mended; the one before it stays, until it is too old.
"""

from datetime import date
from math import log

import polars as pl

from transforms.core.reported_counts import BOOK, known_between
from transforms.core.split_register import ratio_between

PLACEHOLDER_BELOW = 10_000
"""Counts such as 1, 100 or 1000 are forms filled in before the company had shares. No listed company has fewer than
ten thousand: the smallest, Berkshire's class A, has half a million."""
THOUSANDS = (log(1e3), log(1e6))
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

CURRENT: dict[str, pl.DataType] = {
    **BOOK,
    "same_since": pl.Date(),
    "same_filings": pl.Int32(),
}
"""The newest accepted filing of each company, a row per class; since when and in how many filings its total is the same
to the share."""
DECIDED: dict[str, pl.DataType] = {
    **BOOK,
    "company_id": pl.String(),
    "status": pl.String(),
    "reason_code": pl.String(),
    "decided_on": pl.Date(),
}
"""One row per count that became known: accepted or refused, when and why."""


def no_counts() -> pl.DataFrame:
    """Before the first filing."""
    return pl.DataFrame(schema=CURRENT)


_NOTHING = pl.DataFrame(schema=DECIDED)


def no_decided() -> pl.DataFrame:
    """When nothing became known."""
    return _NOTHING


def update_counts(
    current: pl.DataFrame,
    book: pl.DataFrame,
    lines: pl.DataFrame,
    splits: pl.DataFrame,
    since: date | None,
    session: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CURRENT after what became known after ``since`` and by the session, and DECIDED of what did.

    ``lines``: the session's equity lines with a cik: cik, company_id, security_id, first_session, symbol,
    vendor_shares (today's, null where unknown). Where several filings of a company became known, the newest by as-of
    date counts.
    """
    news = _newest(known_between(book, since, session))
    if news.is_empty():
        return current, no_decided()
    vetted = _vetted(_sets(news, current, lines, splits, session))
    accepted = vetted.filter(pl.col("reason_code").is_null())
    new = news.join(accepted.select("cik", "same_since", "same_filings"), on="cik").select(*CURRENT)
    after = pl.concat([current.join(accepted, on="cik", how="anti"), new]).sort("cik", "share_class")
    return after, _decided(news, vetted, lines, session)


def _newest(news: pl.DataFrame) -> pl.DataFrame:
    """Rows of each company's newest filing among the news."""
    if news.is_empty():
        return news
    last = (
        news.sort("cik", "as_of", "known_on", "accession")
        .unique("cik", keep="last", maintain_order=True)
        .select("cik", "accession")
    )
    return news.join(last, on=["cik", "accession"], maintain_order="left")


def _sets(
    news: pl.DataFrame, current: pl.DataFrame, lines: pl.DataFrame, splits: pl.DataFrame, session: date
) -> pl.DataFrame:
    """One row per company with news: total new and before, in shares of today, and the vendor's counts."""
    new = news.group_by("cik").agg(pl.col("as_of").first(), total=pl.col("shares").sum())
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
        today_total=pl.col("total") * today,
        last_today_total=pl.col("last_total") * _splits_since(joined, splits, "last_as_of", session),
    )


def _splits_since(sets: pl.DataFrame, splits: pl.DataFrame, as_of: str, session: date) -> pl.Series:
    asked = sets.select("security_id", pl.col(as_of).alias("as_of"), session_date=pl.lit(session, pl.Date))
    return ratio_between(splits, asked)["split_ratio"]


def _vetted(sets: pl.DataFrame) -> pl.DataFrame:
    """Sets with ``reason_code`` (null where accepted), same_since and same_filings."""
    step = (pl.col("today_total") / pl.col("last_today_total")).log()
    by_ratio = pl.col("today_total") / pl.col("ads_ratio")
    apart = pl.min_horizontal(
        (total / pl.col(vendor)).log().abs()
        for total in (pl.col("today_total"), by_ratio)
        for vendor in ("vendor_most", "vendor_sum")
    )
    is_same = (pl.col("total") == pl.col("last_total")) & (pl.col("total") % ROUNDED_TO != 0)
    same_since = pl.when(is_same.fill_null(value=False)).then("last_same_since").otherwise("as_of")
    same_filings = pl.when(is_same.fill_null(value=False)).then(pl.col("last_same_filings") + 1).otherwise(1)
    is_frozen = (
        (same_filings >= FROZEN_FILINGS)
        & ((pl.col("as_of") - same_since).dt.total_days() >= FROZEN_DAYS)
        & (apart > FROZEN_APART)
    )
    reason = (
        pl.when(pl.col("total") < PLACEHOLDER_BELOW)
        .then(pl.lit("placeholder"))
        .when((pl.col("as_of") < pl.col("last_as_of")).fill_null(value=False))
        .then(pl.lit("older_than_known"))
        .when(_is_scaled(step) | _is_scaled(apart))
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


def _decided(news: pl.DataFrame, vetted: pl.DataFrame, lines: pl.DataFrame, session: date) -> pl.DataFrame:
    """What was decided about companies that are listed; of the others nobody asks."""
    companies = lines.group_by("cik").agg(pl.col("company_id").sort_by("first_session", "symbol").first())
    reasons = vetted.select("cik", "reason_code")
    told = news.join(reasons, on="cik", maintain_order="left").join(companies, on="cik", maintain_order="left")
    status = pl.when(pl.col("reason_code").is_null()).then(pl.lit("accepted")).otherwise(pl.lit("refused"))
    return told.with_columns(status=status, decided_on=pl.lit(session, pl.Date)).select(
        pl.col(name).cast(dtype) for name, dtype in DECIDED.items()
    )
