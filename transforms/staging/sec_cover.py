"""Cover pages by class of share: counts as of a day, titles, symbols, exchanges and the filer's standing."""

from typing import Final

import polars as pl

from transforms.staging.model import Staged, no_rejects
from transforms.staging.sec_rejects import Fault, reject_rows, split
from transforms.staging.sec_tags import COVER_SHARES, PUBLIC_FLOAT

COVER: Final[dict[str, pl.DataType]] = {
    "cik": pl.Int64(),
    "accession": pl.String(),
    "form": pl.String(),
    "filed": pl.Date(),
    "period_end": pl.Date(),
    "document_period_end": pl.Date(),
    "share_class": pl.String(),
    "class_title": pl.String(),
    "symbol": pl.String(),
    "exchange": pl.String(),
    "shares": pl.Int64(),
    "public_float": pl.Float64(),
    "public_float_as_of": pl.Date(),
    "filer_category": pl.String(),
    "is_small": pl.Boolean(),
    "is_shell": pl.Boolean(),
    "amendment": pl.Boolean(),
}
"""One row per filing and class. share_class is the member's local name (CommonClassAMember), empty for what the
filing says without a class. period_end is the day of the count; shares is null for a class that is listed without one.
public_float (US dollars) is the company's on each of its rows, unless the filing gives it by class."""

COVER_FACTS: Final[dict[str, pl.DataType]] = {
    "cik": pl.Int64(),
    "accession": pl.String(),
    "form": pl.String(),
    "filed": pl.Date(),
    "tag": pl.String(),
    "share_class": pl.String(),
    "end": pl.Date(),
    "unit": pl.String(),
    "value": pl.String(),
}
"""Facts of cover pages as text; share_class is null where the fact is about something else than a class."""

OF_A_CLASS: Final = {
    COVER_SHARES: "shares",
    "Security12bTitle": "class_title",
    "Security12gTitle": "class_title_12g",
    "TradingSymbol": "symbol",
    "SecurityExchangeName": "exchange",
}
OF_A_FILING: Final = {
    "DocumentType": "document_type",
    "DocumentPeriodEndDate": "document_period_end",
    "AmendmentFlag": "amendment",
    "EntityFilerCategory": "filer_category",
    "EntitySmallBusiness": "is_small",
    "EntityShellCompany": "is_shell",
}
COVER_TAGS: Final = frozenset({*OF_A_CLASS, *OF_A_FILING, PUBLIC_FLOAT})
_NO_SYMBOL = ("none", "n/a", "na", "-", "not applicable")
_FILING = ["accession", "cik", "form", "filed"]
_CLASS = [*_FILING, "share_class"]


def stage_cover(facts: pl.DataFrame, *, file: str) -> Staged:
    """Rows by class (columns `COVER`) from the facts (columns `COVER_FACTS`) of one filing or of many.

    Of several counts of a class the one of the latest day counts, the others are rejected; differing ones of one day
    are all rejected. So are counts and floats that are no number, negative, in another unit or of something else than
    a class.
    """
    known = facts.filter(pl.col("tag").is_in(sorted(COVER_TAGS)) & pl.col("value").is_not_null())
    numbers = known.filter(pl.col("tag").is_in([COVER_SHARES, PUBLIC_FLOAT])).with_columns(
        number=pl.col("value").str.strip_chars().cast(pl.Float64, strict=False)
    )
    judged = split(numbers, _FAULTS, _ENTITY, file=file)
    chosen, others = _latest(judged.rows, file)
    texts = known.filter(~pl.col("tag").is_in([COVER_SHARES, PUBLIC_FLOAT]) & pl.col("share_class").is_not_null())
    rows = _classes(texts, chosen).join(_filings(texts), on="accession", how="left")
    own, company = _floats(chosen)
    with_float = rows.join(own, on=["accession", "share_class"], how="left").join(company, on="accession", how="left")
    finished = with_float.with_columns(
        pl.coalesce("own_float", "company_float").alias("public_float"),
        pl.coalesce("own_float_as_of", "company_float_as_of").alias("public_float_as_of"),
        pl.coalesce("document_type", "form").alias("form"),
    ).with_columns(pl.coalesce("amendment", pl.col("form").str.ends_with("/A")).alias("amendment"))
    ordered = finished.select(list(COVER)).cast(pl.Schema(COVER)).sort("filed", "accession", "share_class")
    return Staged(ordered, pl.concat([no_rejects(), judged.rejects, others]))


def _latest(numbers: pl.DataFrame, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One number per filing, class and tag; and what was not taken."""
    key = ["accession", "tag", "share_class"]
    single = numbers.unique([*_CLASS, "tag", "end", "number"], keep="first", maintain_order=True)
    is_older = pl.col("end") < pl.col("end").max().over(key)
    older = single.filter(is_older)
    newest = single.filter(~is_older.fill_null(value=False))
    differs = pl.struct(key).is_duplicated()
    number = pl.col("value")
    rejects = [
        reject_rows(older, _ENTITY, Fault("value", "older_count", pl.lit(value=True), number), file=file),
        reject_rows(
            newest.filter(differs), _ENTITY, Fault("value", "differing_count", pl.lit(value=True), number), file=file
        ),
    ]
    return newest.filter(~differs), pl.concat(rejects)


def _classes(texts: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """One row per class that has a count, a title, a symbol or an exchange."""
    counts = numbers.filter(pl.col("tag") == COVER_SHARES).select(
        *_CLASS, pl.col("number").round(0).cast(pl.Int64).alias("shares"), pl.col("end").alias("period_end")
    )
    named = texts.filter(pl.col("tag").is_in(sorted(OF_A_CLASS)))
    listed = named.group_by(_CLASS, maintain_order=True).agg(
        _text_of(tag).alias(column) for tag, column in OF_A_CLASS.items() if tag != COVER_SHARES
    )
    both = counts.join(listed, on=_CLASS, how="full", coalesce=True, nulls_equal=True)
    symbol = pl.col("symbol")
    return both.with_columns(
        pl.coalesce("class_title", "class_title_12g").alias("class_title"),
        pl.when(~symbol.str.to_lowercase().is_in(_NO_SYMBOL)).then(symbol).alias("symbol"),
    ).drop("class_title_12g")


def _filings(texts: pl.DataFrame) -> pl.DataFrame:
    """What a filing says about itself and its filer, once."""
    whole = texts.filter(pl.col("tag").is_in(sorted(OF_A_FILING)) & (pl.col("share_class") == ""))
    said = whole.group_by("accession", maintain_order=True).agg(
        _text_of(tag).alias(column) for tag, column in OF_A_FILING.items()
    )
    return said.with_columns(
        pl.col("document_period_end").str.to_date("%Y-%m-%d", strict=False),
        *(_yes(column) for column in ("amendment", "is_small", "is_shell")),
    )


def _floats(numbers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    floats = numbers.filter(pl.col("tag") == PUBLIC_FLOAT)
    own = floats.filter(pl.col("share_class") != "").select(
        "accession", "share_class", own_float="number", own_float_as_of="end"
    )
    company = floats.filter(pl.col("share_class") == "").select(
        "accession", company_float="number", company_float_as_of="end"
    )
    return own, company


def _text_of(tag: str) -> pl.Expr:
    trimmed = pl.col("value").str.replace_all(r"\s+", " ").str.strip_chars()
    return trimmed.filter((pl.col("tag") == tag) & (trimmed != "")).first()


def _yes(column: str) -> pl.Expr:
    text = pl.col(column).str.to_lowercase()
    is_yes = pl.when(text.is_in(["true", "1", "yes"])).then(pl.lit(value=True))
    return is_yes.when(text.is_in(["false", "0", "no"])).then(pl.lit(value=False)).alias(column)


_ENTITY = pl.format("{} {} {}", "accession", "tag", pl.col("share_class").fill_null("of no class"))
_IS_FLOAT = pl.col("tag") == PUBLIC_FLOAT
_FAULTS = (
    Fault("share_class", "other_axis", pl.col("share_class").is_null(), pl.col("value")),
    Fault("value", "not_a_number", ~pl.col("number").is_finite().fill_null(value=False), pl.col("value")),
    Fault("value", "negative", pl.col("number") < 0, pl.col("value")),
    Fault("value", "too_large", pl.col("number") >= 1e15, pl.col("value")),
    Fault("unit", "other_unit", _IS_FLOAT & (pl.col("unit") != "USD"), pl.col("unit")),
    Fault("unit", "other_unit", ~_IS_FLOAT & (pl.col("unit").str.to_lowercase() != "shares"), pl.col("unit")),
    Fault("end", "missing_value", pl.col("end").is_null(), pl.col("value")),
    Fault("end", "ends_after_filed", pl.col("end") > pl.col("filed"), pl.col("end").cast(pl.String)),
)
