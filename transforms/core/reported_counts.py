"""Share counts as companies report them to the SEC: by class from a filing's cover page, else one for the company.

A book of counts in the order in which the public could know them. Nothing here depends on prices.
"""

from datetime import date

import numpy as np
import polars as pl

from transforms.staging.sec_tags import COVER_SHARES

BOOK: dict[str, pl.DataType] = {
    "cik": pl.Int64(),
    "known_on": pl.Date(),
    "as_of": pl.Date(),
    "accession": pl.String(),
    "form": pl.String(),
    "basis": pl.String(),
    "share_class": pl.String(),
    "symbol": pl.String(),
    "title": pl.String(),
    "shares": pl.Int64(),
    "corrected_from": pl.Int64(),
}
"""One row per company, filing and share class, sorted by known_on. ``basis``: ``class`` (the cover page's count of one
class) or ``single`` (the cover page has one count, of no class). ``symbol``: in the quotes' dialect, null where the
class is not listed. ``shares`` is null for a listed class whose count the cover page leaves out. ``corrected_from``:
what was filed, where an operator corrects it."""

TOTAL_WITHIN = 0.001
"""How far a cover page's total may be from its classes, as some round it."""
_SET = ("cik", "accession")
_KEY = (*_SET, "share_class")


def book_of(covers: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """BOOK from cover pages (COVER or NOTES rows) and companyfacts (FACTS rows), each with ``known_on``.

    Of one filing the cover page counts, as companyfacts leave out every class. Of several as-of dates in one filing the
    newest counts; of two downloads of one filing the first, as a filing does not change.
    """
    paged = _of_covers(covers)
    single = _of_facts(facts).join(paged.select(_SET).unique(), on=list(_SET), how="anti")
    return pl.concat([paged, single]).sort("known_on", "cik", "as_of", "accession", "share_class")


def _of_covers(covers: pl.DataFrame) -> pl.DataFrame:
    """A cover page has a row for each registered security: those without a count tell titles and symbols.

    A count of no class is the company's; preferred shares, notes and warrants beside it have none to give. Where it
    stands beside the counts of its classes, these are taken if they add up to it, else it alone: nothing counts twice.
    """
    once = _counted_once(covers)
    has_count = pl.col("shares").is_not_null()
    is_single = ((pl.col("share_class") == "") & has_count).any().over(_SET)
    rows = once.with_columns(symbol=vendor_symbol(pl.col("symbol"))).filter(
        has_count | (pl.col("symbol").is_not_null() & (is_single | is_common(pl.col("class_title"))))
    )
    told = rows.select(
        "cik",
        "known_on",
        as_of="period_end",
        accession="accession",
        form="form",
        basis=pl.when(is_single).then(pl.lit("single")).otherwise(pl.lit("class")),
        share_class="share_class",
        symbol="symbol",
        title="class_title",
        shares="shares",
        corrected_from=pl.lit(None, pl.Int64),
    )
    return _newest_of_filing(told)


def _counted_once(covers: pl.DataFrame) -> pl.DataFrame:
    """Cover pages without a total that their classes add up to, else without the counts of classes beside a total."""
    of_date = [*_SET, "period_end"]
    is_total = (pl.col("share_class") == "") & pl.col("shares").is_not_null()
    total = pl.col("shares").filter(is_total).first().over(of_date)
    classes = pl.col("shares").filter(pl.col("share_class") != "").sum().over(of_date)
    adds_up = ((classes - total).abs() <= TOTAL_WITHIN * total).fill_null(value=False)
    is_beside = (pl.col("share_class") != "") & total.is_not_null() & ~adds_up
    return covers.filter(~(is_total & adds_up)).with_columns(shares=pl.when(~is_beside).then(pl.col("shares")))


def is_common(title: pl.Expr) -> pl.Expr:
    """Whether a title is that of common shares or of depositary shares for them; an unknown one may be."""
    other = r"(?i)\b(preferred|preference|notes?|debentures?|warrants?|rights?|units?|bonds?|senior|subordinated)\b"
    plain = title.str.replace_all(r"(?i)\bwith.*rights?.*|\bcommon units?\b|\bright to receive\b", "")
    return ~plain.str.contains(other).fill_null(value=False)


def _of_facts(facts: pl.DataFrame) -> pl.DataFrame:
    rows = facts.filter((pl.col("tag") == COVER_SHARES) & (pl.col("unit") == "shares")).select(
        "cik",
        "known_on",
        as_of="period_end",
        accession="accession",
        form="form",
        basis=pl.lit("single"),
        share_class=pl.lit(""),
        symbol=pl.lit(None, pl.String),
        title=pl.lit(None, pl.String),
        shares=pl.col("value").cast(pl.Int64),
        corrected_from=pl.lit(None, pl.Int64),
    )
    return _newest_of_filing(rows)


def _newest_of_filing(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each filing the counts of its newest date; a class that is listed without a count has none."""
    newest = pl.col("as_of").max().over(_SET)
    return (
        rows.with_columns(as_of=pl.col("as_of").fill_null(newest))
        .filter(pl.col("as_of") == newest)
        .sort(*_KEY, "known_on", pl.col("shares").is_null())
        .unique(_KEY, keep="first", maintain_order=True)
        .select(pl.col(name).cast(dtype) for name, dtype in BOOK.items())
    )


def vendor_symbol(symbol: pl.Expr) -> pl.Expr:
    """A symbol in the quotes' dialect: `BRK.B`, `BRK-B`, `BRK B` are `BRK/B`; null where it says there is none."""
    plain = symbol.str.strip_chars().str.to_uppercase().str.replace(r"^(NYSE|NASDAQ|AMEX)\s*:\s*", "")
    dialect = plain.str.replace(r"^([A-Z]{1,5})[.\- ]([A-Z]{1,2})$", "$1/$2")
    return pl.when(dialect.str.contains(r"^[A-Z]{1,5}(/[A-Z]{1,2})?$") & ~dialect.is_in(["NONE", "N/A"])).then(dialect)


def known_between(book: pl.DataFrame, since: date | None, until: date) -> pl.DataFrame:
    """Rows of the book that became known after ``since`` and by ``until``."""
    if book.is_empty():
        return book
    days = book["known_on"].to_numpy()
    first = 0 if since is None else int(np.searchsorted(days, np.datetime64(since), side="right"))
    last = int(np.searchsorted(days, np.datetime64(until), side="right"))
    return book.slice(first, last - first)
