"""The newest count of each company by its own filings, vetted as it becomes known: in order, without look-ahead.

A count that cannot be right is refused with a reason and never mended; the one before it stays, until it is too old.
"""

from datetime import date, timedelta

import polars as pl

from transforms.core.count_vetting import vetted
from transforms.core.line_counts import MAX_AGE_DAYS_ANNUAL
from transforms.core.operating_companies import are_of_shells
from transforms.core.reported_counts import BOOK, known_between

LOOKBACK_DAYS = MAX_AGE_DAYS_ANNUAL
"""At the first session no older filings are looked at: their counts would be stale."""
REVISITED_DAYS = 92
"""For a quarter a refused filing is looked at again: after a merger the vendor follows the cover page some days later,
and vouches for it then."""

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

    ``lines``: the session's equity lines with cik, company_id, security_id, first_session, symbol, operating_from and
    vendor_shares (today's, null where unknown). Filings are judged in the order in which they became known. One that
    was refused and is no longer has a second row.
    """
    news = _since(book, since, session)
    old = _revisited(book, current, lines, since, session)
    if news.is_empty() and old.is_empty():
        return current, no_decided()
    told = []
    for filings, is_old in [(old, True), *((part, False) for part in _in_order(news))]:
        found = vetted(filings, current, lines, splits, session)
        accepted = found.filter(pl.col("reason_code").is_null())
        new = filings.join(accepted.select("cik", "same_since", "same_filings"), on="cik").select(*CURRENT)
        if new.height:
            current = pl.concat([current.join(accepted, on="cik", how="anti"), new]).sort("cik", "share_class")
        told.append(_decided(new.select(*BOOK) if is_old else filings, found, lines, session))
    return current, pl.concat(told)


def _since(book: pl.DataFrame, since: date | None, session: date) -> pl.DataFrame:
    """What became known; at the first session each company's newest filing, and others that may still be fresh."""
    news = known_between(book, since, session)
    if since is not None or news.is_empty():
        return news
    oldest = pl.lit(session - timedelta(days=LOOKBACK_DAYS))
    return news.filter((pl.col("as_of") >= oldest) | (pl.col("as_of") == pl.col("as_of").max().over("cik")))


def _revisited(
    book: pl.DataFrame, current: pl.DataFrame, lines: pl.DataFrame, since: date | None, session: date
) -> pl.DataFrame:
    """The newest filing of each company that was refused of late, and is newer than the accepted one."""
    if since is None:
        return book.clear()
    late = known_between(book, session - timedelta(days=REVISITED_DAYS), since)
    if late.is_empty():
        return late
    accepted = current.select("cik", accepted_as_of="as_of").unique("cik")
    newer = late.join(accepted, on="cik", how="left", maintain_order="left").filter(
        (pl.col("as_of") > pl.col("accepted_as_of")).fill_null(value=True)
    )
    newest = newer.filter(pl.struct(_ORDER) == pl.struct(_ORDER).last().over("cik")).select(*BOOK)
    return newest.filter(~are_of_shells(newest, lines))


_ORDER = ("known_on", "as_of", "accession")


def _in_order(news: pl.DataFrame) -> list[pl.DataFrame]:
    """One filing per company at a time, as the public got to know them: one that is refused leaves the one before."""
    filing = pl.struct(_ORDER).rank("dense").over("cik")
    numbered = news.with_columns(_filing=filing).sort("_filing", "cik", "share_class", maintain_order=True)
    return [part.drop("_filing") for part in numbered.partition_by("_filing", maintain_order=True)]


def _decided(news: pl.DataFrame, found: pl.DataFrame, lines: pl.DataFrame, session: date) -> pl.DataFrame:
    """What was decided about companies that are listed; of the others nobody asks."""
    companies = lines.group_by("cik").agg(pl.col("company_id").sort_by("first_session", "symbol").first())
    reasons = found.select("cik", "reason_code")
    told = news.join(reasons, on="cik", maintain_order="left").join(companies, on="cik", maintain_order="left")
    status = pl.when(pl.col("reason_code").is_null()).then(pl.lit("accepted")).otherwise(pl.lit("refused"))
    return told.with_columns(status=status, decided_on=pl.lit(session, pl.Date)).select(
        pl.col(name).cast(dtype) for name, dtype in DECIDED.items()
    )
