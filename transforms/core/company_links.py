"""Which entity of the fundamentals source a company is, since which session, and which rule says so."""

from collections.abc import Sequence
from math import log

import polars as pl

from transforms.core.company_names import NAME_OVERLAP, begin_alike, overlap, words

SHARES_TOLERANCE = 0.10
"""A company's implied shares and the vendor's average may differ this much: issues and buybacks stay below;
wider, and companies that merely took over a ticker begin to pass (measured: ratios of true links without
a name match lie within 8 %, Weight Watchers against Willis Towers Watson at 22 %)."""
SHARES_MAX_AGE_DAYS = 457
"""Older counts prove nothing (15 months, as for the reports themselves): Valaris would pass for Valspar,
gone since 2017."""
LINK_COLUMNS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "source_entity": pl.String(),
    "valid_from": pl.Date(),
    "rule": pl.String(),
    "rule_rank": pl.Int32(),
    "source": pl.String(),
}
"""`source`: whose entity it is. company_links links those of SimFin."""
RULES = ("ticker_and_name", "ticker_and_shares", "ticker_only")
"""From strong to weak; `rule_rank` is the place in this order."""

_DELISTED = r"_(old|del[a-z]*)$"


def entity_tickers(staged_statements: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row per entity and ticker of any vintage: source_entity, symbol, is_former, vintage_date (newest).

    The vendor's permanent id ties renames together: the 2021 vintage has FB, the 2025 one META, both
    with one id. `symbol` is the bare ticker; `is_former` where every vintage suffixes it (`_old`,
    `_delisted`, cut off at will).
    """
    tickers = [frame.select("source_entity", "ticker", "vintage_date").unique() for frame in staged_statements]
    if not tickers:
        schema = {
            "source_entity": pl.String,
            "symbol": pl.String,
            "is_former": pl.Boolean,
            "vintage_date": pl.Date,
        }
        return pl.DataFrame(schema=schema)
    return (
        pl.concat(tickers)
        .filter(pl.col("ticker").is_not_null())
        .with_columns(
            pl.col("ticker").str.to_uppercase().str.replace(_DELISTED.upper(), "").alias("symbol"),
            pl.col("ticker").str.to_lowercase().str.contains(_DELISTED).alias("is_former"),
        )
        .group_by("source_entity", "symbol")
        .agg(pl.col("is_former").min(), pl.col("vintage_date").max())
        .sort("source_entity", "symbol")
    )


def company_links(
    sightings: pl.DataFrame,
    tickers: pl.DataFrame,
    names: pl.DataFrame,
    income: pl.DataFrame,
) -> pl.DataFrame:
    """One row per company and session from which a symbol of its lines links it to an entity (LINK_COLUMNS).

    `sightings`: company_id, symbol (vendor dialect, `BRK/A`), name?, first_session, implied_shares? (cap
    / price on that first session) per distinct (company_id, symbol, name). `tickers` from
    entity_tickers; `names`: source_entity, company_name?, vintage_date; `income`: Statements.income.

    A ticker alone links nothing, because tickers are used again: the name must agree, or else the share
    counts must (within 10 %), or else there must be nothing to compare and one candidate only. Each
    sighting is judged by itself, with the share count published last before it (or first after it, and
    then the link holds from that publication), so a later session adds links and never changes an
    earlier one. `link_spells` gives the link in force.
    """
    candidates = _candidates(sightings, tickers, names, income)
    if candidates.is_empty():
        return pl.DataFrame(schema=LINK_COLUMNS)
    judged = candidates.with_columns(_rank(pl.len().over("sighting")).alias("rule_rank")).filter(
        pl.col("rule_rank").is_not_null()
    )
    best = judged.sort(
        "sighting",
        "rule_rank",
        "is_former",
        pl.col("shares_agree").fill_null(value=False).not_(),
        pl.col("shares_basic").is_null(),
        pl.col("name_overlap").fill_null(0).neg(),
        pl.col("vintage_date").cast(pl.Int32).neg(),
        "source_entity",
    ).unique("sighting", keep="first", maintain_order=True)
    return (
        best.with_columns(
            pl.col("rule_rank").replace_strict(dict(enumerate(RULES)), return_dtype=pl.String).alias("rule"),
            pl.when(pl.col("rule_rank") == RULES.index("ticker_and_shares"))
            .then(pl.max_horizontal("first_session", "publish_date"))
            .otherwise("first_session")
            .alias("valid_from"),
            pl.lit("simfin").alias("source"),
        )
        .sort("company_id", "valid_from", "rule_rank", "source_entity")
        .unique(["company_id", "source_entity", "rule_rank"], keep="first", maintain_order=True)
        .select(pl.col(name).cast(dtype) for name, dtype in LINK_COLUMNS.items())
        .sort("company_id", "valid_from", "rule_rank", "source_entity")
    )


def link_spells(links: pl.DataFrame) -> pl.DataFrame:
    """One row per company and span with one entity: company_id, source_entity, valid_from, valid_to (excl.).

    `links` are those of one source. Of the links that hold by a session the strongest rule wins, then the
    latest. An open span has a null valid_to.
    """
    starts = links.select("company_id", pl.col("valid_from").alias("start")).unique()
    return (
        links.join(starts, on="company_id")
        .filter(pl.col("valid_from") <= pl.col("start"))
        .sort("company_id", "start", "rule_rank", pl.col("valid_from").cast(pl.Int32).neg(), "source_entity")
        .unique(["company_id", "start"], keep="first", maintain_order=True)
        .filter(pl.struct("company_id", "source_entity").rle_id().is_first_distinct())
        .select("company_id", "source_entity", pl.col("start").alias("valid_from"))
        .with_columns(pl.col("valid_from").shift(-1).over("company_id").alias("valid_to"))
    )


def _candidates(
    sightings: pl.DataFrame, tickers: pl.DataFrame, names: pl.DataFrame, income: pl.DataFrame
) -> pl.DataFrame:
    newest_names = (
        names.sort("vintage_date").unique("source_entity", keep="last").select("source_entity", "company_name")
    )
    keyed = (
        sightings.select("company_id", "symbol", "name", "first_session", "implied_shares")
        .unique()
        .sort("company_id", "symbol", "first_session", "name")
        .with_row_index("sighting")
        .with_columns(pl.col("symbol").str.strip_chars().str.to_uppercase().str.replace_all("/", "-", literal=True))
        .join(tickers, on="symbol")
        .join(newest_names, on="source_entity", how="left")
    )
    counted = _with_share_count(keyed, income)
    ratio = pl.col("shares_basic") / pl.col("implied_shares")
    is_recent = (pl.col("first_session") - pl.col("publish_date")).dt.total_days().abs() <= SHARES_MAX_AGE_DAYS
    return counted.with_columns(
        overlap(words("name"), words("company_name")).alias("name_overlap"),
        begin_alike("name", "company_name").alias("begins_alike"),
        pl.when(is_recent).then(ratio.log().abs() <= log(1 + SHARES_TOLERANCE)).alias("shares_agree"),
    )


def _rank(candidate_count: pl.Expr) -> pl.Expr:
    """Index into RULES of the strongest rule that holds, null where the evidence is against the ticker."""
    name_known = pl.col("name_overlap").is_not_null()
    name_agrees = name_known & (pl.col("begins_alike") | (pl.col("name_overlap") >= NAME_OVERLAP))
    nothing_to_compare = ~name_known & pl.col("shares_agree").is_null()
    return (
        pl.when(name_agrees)
        .then(0)
        .when(pl.col("shares_agree"))
        .then(1)
        .when(nothing_to_compare & ~pl.col("is_former") & (candidate_count == 1))
        .then(2)
        .cast(pl.Int32)
    )


def _with_share_count(keyed: pl.DataFrame, income: pl.DataFrame) -> pl.DataFrame:
    """Adds shares_basic and publish_date of the last report published by first_session, else the next."""
    counts = (
        income.filter(pl.col("shares_basic") > 0)
        .sort("source_entity", "publish_date", "report_date", "vintage_date")
        .unique(["source_entity", "publish_date"], keep="last", maintain_order=True)
        .select("source_entity", "publish_date", "shares_basic")
        .sort("publish_date")
    )
    keyed = keyed.sort("first_session")
    before = keyed.join_asof(
        counts,
        left_on="first_session",
        right_on="publish_date",
        by="source_entity",
        strategy="backward",
        check_sortedness=False,
    )
    after = before.drop("publish_date", "shares_basic").join_asof(
        counts,
        left_on="first_session",
        right_on="publish_date",
        by="source_entity",
        strategy="forward",
        check_sortedness=False,
    )
    return before.with_columns(
        pl.col("shares_basic").fill_null(after["shares_basic"]),
        pl.col("publish_date").fill_null(after["publish_date"]),
    )
