"""core tables of a chunk of admitted sessions, in the shape of their contracts."""

from datetime import date

import polars as pl

from flows.market_calendar import known_at
from flows.steps.admit import Judged
from transforms.contracts import table
from transforms.core.cap_quality import cap_quality
from transforms.core.fundamentals import known_at as public_at
from transforms.core.fx_tables import as_quoted, price_in_usd
from transforms.core.line_counts import fresh_until
from transforms.core.sec_facts import ENTITY_PREFIX
from transforms.core.security_types import EQUITY_TYPES
from transforms.measures.company_fundamentals import linked_entities
from transforms.staging.sec_source import SEC

_HELD_REASON = {"jump": "ADM_JUMP", "first_level": "ADM_FIRST_LEVEL"}


def quotes(judged: Judged) -> pl.DataFrame:
    """core.quotes of the chunk."""
    return judged.lines.join(known_at(judged.admitted), on="session_date", how="left").with_columns(
        source=pl.lit(judged.source)
    )


def security_caps(judged: Judged) -> pl.DataFrame:
    """core.security_caps of the chunk: the lines that are, or could be, part of a company's cap."""
    lines = judged.lines.filter(pl.col("class_convention").is_not_null())
    return lines.with_columns(price=price_in_usd(lines, judged.usd_per_unit), vendor_factor="count_factor")


def market_caps(
    judged: Judged, known: pl.DataFrame, check_counts: pl.DataFrame, months: pl.DataFrame, splits: pl.DataFrame
) -> pl.DataFrame:
    """core.market_caps of the chunk, with the quality of each cap; known from the session's close, see cap_versions.

    ``months``: our counts by month so far. ``splits``: company_id, ex_date, ratio of those seen so far.
    """
    caps = _with_vendor_shares(judged)
    # A filing's own average says nothing beside its count: SimFin's reading of it is the second source.
    entities = linked_entities(known).filter(~pl.col("source_entity").str.starts_with(ENTITY_PREFIX))
    rated = cap_quality(caps, entities, check_counts, months, splits).join(
        known_at(judged.admitted), on="session_date", how="left"
    )
    quoted = as_quoted(rated, judged.lines, judged.usd_per_unit)
    return quoted.with_columns(
        previous_cap_usd="anchor_cap_usd",
        previous_session="anchor_session",
    ).select(table("core.market_caps").column_names)


def filed_counts(decided: pl.DataFrame) -> pl.DataFrame:
    """core.share_counts of what companies filed, as the walk decided about it."""
    rows = decided.filter(pl.col("shares").is_not_null())
    return table("core.share_counts").conform(
        rows.with_columns(
            share_class=pl.when(pl.col("share_class") == "").then(pl.lit("all")).otherwise("share_class"),
            known_at=public_at(pl.col("known_on")),
            source=pl.lit(SEC),
            quality="basis",
            fresh_until=fresh_until(),
        )
    )


def decided_counts(before: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """core.share_counts of filings after a chunk: what was refused, and is no longer, stands as it was decided last."""
    told = pl.concat([before, filed_counts(decided)])
    return told.unique(list(table("core.share_counts").key), keep="last", maintain_order=True)


def cap_candidates(judged: Judged) -> pl.DataFrame:
    """core.cap_candidates of the chunk: companies that stand on a better source than the vendor, by every other one."""
    companies = judged.companies.select("session_date", "company_id")
    return judged.runners_up.join(companies, on=companies.columns)


def company_splits(register: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """company_id, ex_date and ratio of every split of shares; one that was withdrawn is undone on that day, not before.

    Splits of a company's warrants, notes and preferred shares are not its own.
    """
    shares = securities.filter(pl.col("security_type").is_in(EQUITY_TYPES))
    companies = shares.select("security_id", "company_id").unique()
    undone = register.filter(pl.col("withdrawn_on").is_not_null()).select(
        "security_id", ex_date="withdrawn_on", ratio=1 / pl.col("ratio")
    )
    seen = pl.concat([register.select("security_id", "ex_date", "ratio"), undone])
    return (
        seen.join(companies, on="security_id")
        .sort("company_id", "ex_date", "security_id")
        .unique(["company_id", "ex_date"], keep="first", maintain_order=True)
        .select("company_id", "ex_date", "ratio")
    )


def supplied_counts(counts: pl.DataFrame | None, securities: pl.DataFrame, last: date) -> pl.DataFrame:
    """core.share_counts of the operator: counts whose symbol is known, as far as public by the last session.

    A symbol means the company that held it on the count's date, or that took it next.
    """
    contract = table("core.share_counts")
    if counts is None:
        return contract.empty()
    public = counts.with_columns(known_on=pl.col("known_at").fill_null(pl.col("as_of"))).filter(
        pl.col("known_on") <= pl.lit(last, pl.Date)
    )
    held = securities.select("symbol", "company_id", "valid_from", "valid_to").with_columns(
        pl.col("valid_to").fill_null(pl.lit(date.max, pl.Date))
    )
    placed = (
        public.drop("company")
        .join(held, on="symbol", how="inner")
        .filter(pl.col("valid_to") >= pl.col("as_of"))
        .sort("symbol", "as_of", "valid_from")
        .unique(["symbol", "share_class", "as_of", "known_on"], keep="first", maintain_order=True)
    )
    return contract.conform(
        placed.with_columns(
            share_class=pl.coalesce("share_class", "symbol"),
            known_at=public_at(pl.col("known_on")),
            source=pl.lit("files"),
            accession=pl.lit(""),
            form=pl.lit(None, pl.String),
            title=pl.lit(None, pl.String),
            quality=pl.lit("reported"),
            status=pl.lit("accepted"),
            reason_code=pl.lit(None, pl.String),
            corrected_from=pl.lit(None, pl.Int64),
            decided_on=pl.lit(None, pl.Date),
            fresh_until=pl.lit(None, pl.Date),
        )
    )


def splits(register: pl.DataFrame, securities: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """core.splits: the register of the walk, with the symbol each security had on the ex-date; and unseen ones."""
    names = securities.select("security_id", "symbol", "valid_from").sort("valid_from")
    named = register.sort("ex_date").join_asof(
        names, left_on="ex_date", right_on="valid_from", by="security_id", check_sortedness=False
    )
    status = (
        pl.when(pl.col("withdrawn_on").is_not_null())
        .then(pl.lit("withdrawn"))
        .when(pl.col("confirmed_on").is_not_null())
        .then(pl.lit("confirmed"))
        .otherwise(pl.lit("inferred"))
    )
    contract = table("core.splits")
    unseen = declared.with_columns(
        evidence=pl.lit("declared"),
        status=pl.lit("unseen"),
        confirmed_on=pl.lit(None, pl.Date),
        withdrawn_on=pl.lit(None, pl.Date),
    )
    return pl.concat([contract.conform(named.with_columns(status=status)), contract.conform(unseen)])


def _with_vendor_shares(judged: Judged) -> pl.DataFrame:
    """The vendor's count beside one that was filed or supplied; elsewhere there is nothing beside the vendor's."""
    vendor = judged.runners_up.filter(pl.col("tier") == "vendor_implied").select(
        "session_date", "company_id", vendor_cap="cap_usd"
    )
    beside = judged.companies.join(vendor, on=["session_date", "company_id"], how="left", maintain_order="left")
    return beside.with_columns(vendor_shares=pl.col("vendor_cap") / pl.col("price")).drop("vendor_cap")


def set_aside(rejects: pl.DataFrame, session: date, run_id: str) -> pl.DataFrame:
    """Rejects of files about no one session, as ops.quarantine under the first session of the run that read them."""
    return _quarantined(rejects.with_columns(session_date=pl.lit(session, pl.Date)), run_id)


def _quarantined(rejects: pl.DataFrame, run_id: str) -> pl.DataFrame:
    detail = pl.format("{}, field {}: {}", "file", pl.col("field").fill_null("-"), pl.col("detail").fill_null("-"))
    return (
        rejects.filter(pl.col("session_date").is_not_null())
        .select(
            "session_date",
            "source",
            pl.col("entity").fill_null("-"),
            "reason_code",
            detail=detail,
            last_cap_usd=pl.lit(None, pl.Int64),
            run_id=pl.lit(run_id),
            status=pl.lit("held"),
        )
        .unique(["session_date", "source", "entity", "reason_code", "detail"], maintain_order=True)
        .select(table("ops.quarantine").column_names)
    )


def held_companies(judged: Judged) -> pl.DataFrame:
    """Companies of the chunk that are held back: session_date, company_id, ticker, the cap that waits, and why."""
    last = pl.col("anchor_cap_usd").cast(pl.String).fill_null("none")
    return judged.held.select(
        *("session_date", "company_id", "ticker", "cap_usd"),
        reason=pl.format("{}, last admitted cap {} USD", _held_code(), last),
    )


def _held_code() -> pl.Expr:
    return pl.col("verdict").replace_strict(_HELD_REASON, return_dtype=pl.String)


def quarantine(judged: Judged, run_id: str) -> pl.DataFrame:
    """ops.quarantine of the chunk: companies held back, and rows that could not be read."""
    held = judged.held.select(
        "session_date",
        source=pl.lit(judged.source),
        entity="company_id",
        reason_code=_held_code(),
        detail=pl.format(
            "{}: cap {} USD, last admitted {} USD, log gap {}, turnover {}, session {} at this level",
            "ticker",
            "cap_usd",
            pl.col("anchor_cap_usd").cast(pl.String).fill_null("none"),
            pl.col("log_gap").round(3).cast(pl.String).fill_null("none"),
            pl.col("turnover").round(6).cast(pl.String).fill_null("none"),
            "streak",
        ),
        last_cap_usd="anchor_cap_usd",
    )
    companies = held.with_columns(run_id=pl.lit(run_id), status=pl.lit("held"))
    parts = [companies.select(table("ops.quarantine").column_names)]
    if judged.rejects.height:
        parts.append(_quarantined(judged.rejects, run_id))
    return pl.concat(parts)
