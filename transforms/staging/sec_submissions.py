"""Companies as EDGAR knows them, with their filings that matter: one row per company and file."""

from datetime import date
from typing import Final

import polars as pl

from transforms.staging.model import Staged
from transforms.staging.sec_facts import ACCESSION
from transforms.staging.sec_rejects import Fault, split

FILING: Final = pl.Struct(
    {
        "accession": pl.String(),
        "form": pl.String(),
        "filed": pl.Date(),
        "report_date": pl.Date(),
        "accepted": pl.Datetime("us"),
        "primary_document": pl.String(),
        "items": pl.String(),
        "is_xbrl": pl.Boolean(),
        "is_inline_xbrl": pl.Boolean(),
    }
)
"""accepted is as served, without a zone: some replies give UTC, others New York time, both marked Z. What was known
when is told by filed alone."""

FORMER_NAME: Final = pl.Struct({"name": pl.String(), "from": pl.Date(), "to": pl.Date()})

SUBMISSIONS: Final[dict[str, pl.DataType]] = {
    "cik": pl.Int64(),
    "name": pl.String(),
    "tickers": pl.List(pl.String()),
    "exchanges": pl.List(pl.String()),
    "sic": pl.String(),
    "entity_type": pl.String(),
    "filer_category": pl.String(),
    "fiscal_year_end": pl.String(),
    "state_of_incorporation": pl.String(),
    "former_names": pl.List(FORMER_NAME),
    "filings": pl.List(FILING),
    "vintage_date": pl.Date(),
}
"""Tickers in the SEC's dialect (TWO-PC), exchanges beside them. fiscal_year_end is MMDD. A continuation file has the
company's number and older filings alone. Filings newest first."""

FORMS_OF_LISTING: Final = (
    *("25", "25-NSE", "15-12B", "15-12G", "15-15D", "15F-12B", "15F-12G", "15F-15D"),
    *("8-A12B", "8-A12G", "10-12B", "10-12G"),
    *("8-K12B", "8-K12G3", "8-K15D5"),
)
"""A class leaves an exchange, or the register; a class is registered; another company takes this one's place."""
FORMS_THAT_MATTER: Final = (
    r"^(10-K|10-K405|10-KSB|10-KSB40|10-KT|10-KT405|10-Q|10-QSB|10-QT|20-F|20-FR12B|40-F|40FR12B"  # statements, covers
    rf"|{'|'.join(FORMS_OF_LISTING)})(/A)?$"
)
ITEMS_THAT_MATTER: Final = r"(^|,)\s*(1\.03|2\.01|3\.01|3\.03|5\.01|5\.03)\b"
"""Of 8-K: bankruptcy, a completed acquisition, notice of delisting, changed rights of holders, change of control,
amended articles (a split, a new name, another fiscal year)."""

RAW_FILINGS: Final[dict[str, str]] = {
    "accessionNumber": "accession",
    "form": "form",
    "filingDate": "filed",
    "reportDate": "report_date",
    "acceptanceDateTime": "accepted",
    "primaryDocument": "primary_document",
    "items": "items",
    "isXBRL": "is_xbrl",
    "isInlineXBRL": "is_inline_xbrl",
}
RAW_COMPANY: Final[dict[str, str]] = {
    "name": "name",
    "sic": "sic",
    "entityType": "entity_type",
    "category": "filer_category",
    "fiscalYearEnd": "fiscal_year_end",
    "stateOfIncorporation": "state_of_incorporation",
}
RAW_COMPANIES: Final[dict[str, pl.DataType]] = {
    "document": pl.Int64(),
    "cik": pl.Int64(),
    **dict.fromkeys(RAW_COMPANY, pl.String()),
    "tickers": pl.List(pl.String()),
    "exchanges": pl.List(pl.String()),
    "formerNames": pl.List(pl.Struct({"name": pl.String(), "from": pl.String(), "to": pl.String()})),
}
RAW_FILING_ROWS: Final[dict[str, pl.DataType]] = {
    "document": pl.Int64(),
    "cik": pl.Int64(),
    **dict.fromkeys(RAW_FILINGS, pl.String()),
}
"""document numbers the documents of one frame: a company may have several, its continuations."""


def stage_submissions(
    companies: pl.DataFrame, filings: pl.DataFrame, *, vintage_date: date | None, file: str
) -> Staged:
    """Companies (columns `SUBMISSIONS`) from their particulars (`RAW_COMPANIES`) and filings (`RAW_FILING_ROWS`).

    A vintage that is not known is taken as the day of the newest filing of any kind.
    """
    typed = _typed_filings(filings.filter(_matters()))
    faults = (
        Fault(
            "accessionNumber",
            "not_an_accession",
            ~pl.col("accession").str.contains(ACCESSION).fill_null(value=False),
            pl.col("accession"),
        ),
        Fault("filingDate", "not_a_date", pl.col("filed").is_null(), pl.col("served_filed")),
    )
    staged = split(typed, faults, pl.format("{} {}", "cik", pl.col("form").fill_null("")), file=file)
    lists = (
        staged.rows.sort("document", "filed", "accession", descending=[False, True, True])
        .group_by("document", maintain_order=True)
        .agg(pl.struct(list(FILING.to_schema())).alias("filings"))
    )
    vintage = pl.lit(vintage_date, pl.Date) if vintage_date else pl.lit(_newest(filings), pl.Date)
    rows = (
        _typed_companies(companies)
        .join(lists, on="document", how="left", maintain_order="left")
        .with_columns(pl.col("filings").fill_null([]), vintage_date=vintage)
    )
    return Staged(rows.select(list(SUBMISSIONS)).cast(pl.Schema(SUBMISSIONS)), staged.rejects)


def _matters() -> pl.Expr:
    is_own = pl.col("form").str.contains(FORMS_THAT_MATTER)
    is_event = pl.col("form").is_in(["8-K", "8-K/A"]) & pl.col("items").str.contains(ITEMS_THAT_MATTER)
    return (is_own | is_event).fill_null(value=False)


def _typed_filings(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.select(
        "document",
        "cik",
        pl.col("accessionNumber").alias("accession"),
        "form",
        _day("filingDate").alias("filed"),
        _day("reportDate").alias("report_date"),
        pl.col("acceptanceDateTime")
        .str.slice(0, 19)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
        .alias("accepted"),
        _text("primaryDocument").alias("primary_document"),
        _text("items").alias("items"),
        (pl.col("isXBRL") == "1").alias("is_xbrl"),
        (pl.col("isInlineXBRL") == "1").alias("is_inline_xbrl"),
        served_filed="filingDate",
    )


def _typed_companies(raw: pl.DataFrame) -> pl.DataFrame:
    name = pl.element().struct
    return raw.select(
        "document",
        "cik",
        "tickers",
        "exchanges",
        *(_text(served).alias(ours) for served, ours in RAW_COMPANY.items()),
        pl.col("formerNames")
        .list.eval(
            pl.struct(
                name.field("name"),
                name.field("from").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
                name.field("to").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
            )
        )
        .alias("former_names"),
    )


def _newest(filings: pl.DataFrame) -> date | None:
    newest: date | None = filings.select(_day("filingDate").max()).item()
    return newest


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.to_date("%Y-%m-%d", strict=False)


def _text(column: str) -> pl.Expr:
    trimmed = pl.col(column).str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)
