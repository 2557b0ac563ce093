"""Corrections that an operator declares: a filed count that is known to be wrong, and what it should say.

Each names what the source says now (``expect``). Once the source says anything else it has been mended, and the
correction would spoil what is right: the run ends until it is removed.
"""

from typing import Any, Final

import polars as pl

from transforms.staging import BadInput
from transforms.staging.sec_source import SEC

SOURCE: Final = "files"
CORRECTED_SOURCES: Final = (SEC,)
CORRECTED_FIELDS: Final = ("shares",)

Row = dict[str, Any]


def corrected(book: pl.DataFrame, corrections: pl.DataFrame, tickers: pl.DataFrame, file: str) -> pl.DataFrame:
    """BOOK with the corrected counts in place, and in ``corrected_from`` what the source says.

    ``corrections``: rows of the operator's file (`staging.files.CORRECTIONS`) in its order; ``tickers``: cik, symbol. A
    correction of a fact that is not there changes nothing (see `unmatched`).

    Raises:
        BadInput: a correction is of what cannot be corrected or does not say of what it is, or the fact says something
            else than it expects.
    """
    for number, row in enumerate(corrections.to_dicts(), start=1):
        _check(row, number, file)
        book = _with(book, row, _of_fact(row, tickers), number, file)
    return book


def unmatched(book: pl.DataFrame, corrections: pl.DataFrame, tickers: pl.DataFrame) -> pl.DataFrame:
    """Corrections of facts that are not in BOOK, with their number in the operator's file (``row``, from 1).

    The fact may be yet to come; it may also have been withdrawn, or the correction may name it wrongly.
    """
    numbered = corrections.with_row_index("row", offset=1)
    return numbered.filter([book.filter(_of_fact(row, tickers)).is_empty() for row in corrections.to_dicts()])


def _check(row: Row, number: int, file: str) -> None:
    if row["source"] not in CORRECTED_SOURCES:
        told = f"row {number}: {row['source']!r} cannot be corrected, only {', '.join(CORRECTED_SOURCES)}"
        raise BadInput(SOURCE, file, "source", told)
    if row["field"] not in CORRECTED_FIELDS:
        told = f"row {number}: {row['field']!r} cannot be corrected, only {', '.join(CORRECTED_FIELDS)}"
        raise BadInput(SOURCE, file, "field", told)
    if row["cik"] is None and row["symbol"] is None:
        raise BadInput(SOURCE, file, "cik", f"row {number}: a correction needs cik or symbol")
    if row["accession"] is None and row["as_of"] is None:
        raise BadInput(SOURCE, file, "accession", f"row {number}: a correction needs accession or as_of")


def _of_fact(row: Row, tickers: pl.DataFrame) -> pl.Expr:
    """Whether a row of the book is the fact that a correction names."""
    if row["cik"] is not None:
        whose = pl.col("cik") == row["cik"]
    else:
        ciks = tickers.filter(pl.col("symbol") == row["symbol"])["cik"].unique()
        whose = pl.col("cik").is_in(ciks.implode()) | (pl.col("symbol") == row["symbol"]).fill_null(value=False)
    given = {name: row[name] for name in ("accession", "as_of") if row[name] is not None}
    named = [pl.col(name) == value for name, value in given.items()]
    share_class = "" if row["share_class"] in (None, "all") else row["share_class"]
    return pl.all_horizontal(whose, *named, pl.col("share_class") == share_class, pl.col("shares").is_not_null())


def _with(book: pl.DataFrame, row: Row, is_fact: pl.Expr, number: int, file: str) -> pl.DataFrame:
    facts = book.filter(is_fact)
    other = facts.filter(pl.coalesce("corrected_from", "shares") != row["expect"])
    if other.height:
        fact = other.row(0, named=True)
        raise BadInput(
            SOURCE,
            file,
            row["field"],
            f"row {number}: {row['source']} says {fact['shares']} in {fact['accession']} of {fact['as_of']}, and the "
            f"correction expects {row['expect']}: the source has been mended, so the correction must be removed",
        )
    if facts.is_empty():
        return book
    return book.with_columns(
        shares=pl.when(is_fact).then(pl.lit(row["value"], pl.Int64)).otherwise("shares"),
        corrected_from=pl.when(is_fact).then(pl.coalesce("corrected_from", "shares")).otherwise("corrected_from"),
    )
