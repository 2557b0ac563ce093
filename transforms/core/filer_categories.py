"""Which filer a company is to the SEC: large accelerated or not, smaller reporting, emerging growth, shell."""

from datetime import date

import polars as pl

from transforms.contracts.filers import FILER_CATEGORIES
from transforms.core.fundamentals import known_at
from transforms.core.registrants import of_companies, registrants
from transforms.staging.sec_source import SEC

STATES: dict[str, pl.DataType] = {
    "cik": pl.Int64(),
    "known_on": pl.Date(),
    "filed": pl.Date(),
    "category": pl.String(),
    "is_smaller_reporting": pl.Boolean(),
    "is_emerging_growth": pl.Boolean(),
    "is_shell": pl.Boolean(),
    "evidence": pl.String(),
    "accession": pl.String(),
}
"""One row per registrant and day on which its standing became known; a flag that nobody told is null."""
STANDING: dict[str, pl.DataType] = {
    "cik": pl.Int64(),
    "filer_category": pl.String(),
    "vintage_date": pl.Date(),
    "seen_from": pl.Date(),
}
"""What EDGAR says about a registrant (submissions): the text has no date but that of its download."""
FRESH_DAYS = 460
"""A standing is told anew by every annual and quarterly report; one older than a year and its filing time is none."""
BOXES_APART = date(2018, 9, 10)
"""From this day on a cover page ticks smaller reporting beside the category; before, it was one of the four."""
_LATEST = ("known_on", "filed", "accession")


def filer_states(covers: pl.DataFrame, data_sets: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """STATES as they became known, from COVER and FSDS_SUB rows with ``known_on``, and STANDING rows.

    Filings come first: what EDGAR says without a date counts where no filing of the 460 days before told it.
    """
    filed = told_by_filings(covers, data_sets)
    seen = _of_standing(standing)
    return pl.concat([filed, untold(seen, filed)]).sort("cik", *_LATEST)


def told_by_filings(covers: pl.DataFrame, data_sets: pl.DataFrame) -> pl.DataFrame:
    """STATES of filings, one per registrant and day; a filing that is older than one known before tells nothing."""
    paged = _of_covers(covers)
    pages = paged.select("cik", "accession", paged_on="known_on")
    beside = _of_data_sets(data_sets).join(pages, on=["cik", "accession"], how="left")
    # What was known of a filing before its cover page came was published so.
    listed = beside.filter(pl.col("paged_on").is_null() | (pl.col("known_on") < pl.col("paged_on"))).drop("paged_on")
    newest = (
        pl.concat([paged, listed])
        .sort("cik", *_LATEST)
        .unique(["cik", "known_on"], keep="last", maintain_order=True)
        .sort("cik", "known_on")
    )
    return newest.filter(pl.col("filed") >= pl.col("filed").cum_max().over("cik"))


def untold(seen: pl.DataFrame, filed: pl.DataFrame) -> pl.DataFrame:
    """Rows (cik, known_on) of registrants whose standing no filing of the 460 days before had told."""
    told = filed.select("cik", "known_on", told_on="known_on").sort("known_on")
    latest = seen.sort("known_on").join_asof(told, on="known_on", by="cik", check_sortedness=False)
    is_told = (pl.col("known_on") - pl.col("told_on")).dt.total_days() <= FRESH_DAYS
    return latest.filter(~is_told.fill_null(value=False)).drop("told_on")


def filer_categories(states: pl.DataFrame, securities: pl.DataFrame, last: date) -> pl.DataFrame:
    """core.FILER_CATEGORIES: the standing of companies as known by the session ``last``.

    ``valid_from`` is the day on which it became known, or on which the company became that registrant.
    """
    known = of_companies(states.filter(pl.col("known_on") <= pl.lit(last, pl.Date)), registrants(securities))
    counted = (
        known.with_columns(valid_from=pl.max_horizontal("known_on", "link_from"))
        .sort("company_id", "valid_from", *_LATEST)
        .unique(["company_id", "valid_from"], keep="last", maintain_order=True)
    )
    return FILER_CATEGORIES.conform(counted.with_columns(known_at=known_at(pl.col("known_on")), source=pl.lit(SEC)))


def _of_covers(covers: pl.DataFrame) -> pl.DataFrame:
    told = (
        covers.filter(pl.col("filer_category").is_not_null())
        .sort("known_on", "share_class")
        .group_by("cik", "accession", maintain_order=True)
        .agg(pl.col("known_on", "filed", "filer_category", "is_small", "is_shell").first())
    )
    is_small = pl.coalesce("is_small", _small_by_box())
    return _states(told, is_small, pl.lit(None, pl.Boolean), pl.col("is_shell"), "cover")


def _of_data_sets(filings: pl.DataFrame) -> pl.DataFrame:
    told = filings.filter(pl.col("filer_category").is_not_null()).sort("known_on").unique(
        ["cik", "accession"], keep="first", maintain_order=True
    )  # fmt: skip
    # Its code says `non-accelerated` of smaller companies, too, since cover pages ask for both.
    is_small = pl.when(pl.col("is_small") | (pl.col("filed") < BOXES_APART)).then("is_small")
    nobody = pl.lit(None, pl.Boolean)
    return _states(told, is_small, nobody, nobody, "data_set")


def _of_standing(standing: pl.DataFrame) -> pl.DataFrame:
    """A text with a category lists every standing; one without (an emerging growth company alone) what it names."""
    seen = standing.filter(pl.col("filer_category").is_not_null()).with_columns(
        known_on=pl.coalesce("seen_from", "vintage_date"), accession=pl.lit("")
    )
    dated = seen.filter(pl.col("known_on").is_not_null()).with_columns(filed="known_on")
    lists_all = category_of(pl.col("filer_category")).is_not_null()
    small, emerging = _says("smaller reporting"), _says("emerging growth")
    single = dated.sort("filer_category").unique(["cik", "known_on"], keep="first", maintain_order=True)
    return _states(
        single,
        pl.when(lists_all | small).then(small),
        pl.when(lists_all | emerging).then(emerging),
        pl.lit(None, pl.Boolean),
        "submissions",
    )


def _states(
    rows: pl.DataFrame, is_small: pl.Expr, is_emerging: pl.Expr, is_shell: pl.Expr, evidence: str
) -> pl.DataFrame:
    told = rows.select(
        "cik",
        "known_on",
        "filed",
        "accession",
        category=category_of(pl.col("filer_category")),
        is_smaller_reporting=is_small,
        is_emerging_growth=is_emerging,
        is_shell=is_shell,
        evidence=pl.lit(evidence),
    )
    return told.select(pl.col(name).cast(dtype) for name, dtype in STATES.items())


def category_of(text: pl.Expr) -> pl.Expr:
    """The category in a cover page's or EDGAR's words; a smaller reporting company alone is no accelerated one."""
    low = text.str.to_lowercase()
    return (
        pl.when(low.str.contains("large accelerated"))
        .then(pl.lit("large_accelerated"))
        .when(low.str.contains("non.?accelerated"))
        .then(pl.lit("non_accelerated"))
        .when(low.str.contains("accelerated"))
        .then(pl.lit("accelerated"))
        .when(low.str.contains("smaller reporting"))
        .then(pl.lit("non_accelerated"))
    )


def _small_by_box() -> pl.Expr:
    """Whether the category itself says so: it could until the boxes were set apart."""
    says = _says("smaller reporting")
    return pl.when(says | (pl.col("filed") < BOXES_APART)).then(says)


def _says(words: str) -> pl.Expr:
    return pl.col("filer_category").str.to_lowercase().str.contains(words, literal=True)
