"""What an operator should look at: the rows of the review file, from frames alone."""

from datetime import date

import polars as pl

from transforms.contracts import table

VENDOR_SESSIONS = 5
"""A count that is not taken for longer than a week of sessions does not come right by itself."""
TIERS_GAP = 0.25
DISPUTED_USD = 2e9
"""Disputed caps from small caps' upper limit on: below, hundreds are, and none moves a segment."""
REFUSED_FILING_DAYS = 30

WHAT = (
    "session_refused",
    "correction_unmatched",
    "suspect",
    "held",
    "vendor_count_not_taken",
    "filing_refused",
    "tiers_differ",
    "disputed",
)
REVIEW: dict[str, pl.DataType] = {
    "ticker": pl.String(),
    "company_id": pl.String(),
    "session_date": pl.Date(),
    "what": pl.String(),
    "ours_usd": pl.Int64(),
    "other_usd": pl.Int64(),
    "ratio": pl.Float64(),
    "since": pl.Date(),
    "reason": pl.String(),
    "suggestion": pl.String(),
    "run_id": pl.String(),
}
"""Columns of the review file. ``ours_usd`` is what stands (of a held company its last admitted cap), ``other_usd`` what
speaks against it, ``ratio`` the other over ours."""
OPEN_GAPS: dict[str, pl.DataType] = {
    **table("marts.cap_reconciliation").polars_schema,
    "last_cap_usd": pl.Int64(),
    "since": pl.Date(),
    "sessions": pl.Int64(),
}
FILINGS: dict[str, pl.DataType] = {
    "ticker": pl.String(),
    "company_id": pl.String(),
    "session_date": pl.Date(),
    "since": pl.Date(),
    "filed": pl.String(),
    "reason_code": pl.String(),
    "shares": pl.Int64(),
    "price": pl.Float64(),
    "cap_usd": pl.Int64(),
}
REFUSED: dict[str, pl.DataType] = {
    "ticker": pl.String(),
    "session_date": pl.Date(),
    "what": pl.String(),
    "ours_usd": pl.Int64(),
    "other_usd": pl.Int64(),
    "reason": pl.String(),
}
UNMATCHED: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    "source": pl.String(),
    "cik": pl.Int64(),
    "symbol": pl.String(),
    "accession": pl.String(),
    "as_of": pl.String(),
    "share_class": pl.String(),
    "field": pl.String(),
}
_LAST = pl.col("session_date").cast(pl.String)


def review_rows(
    open_gaps: pl.DataFrame, filings: pl.DataFrame, refused: pl.DataFrame, unmatched: pl.DataFrame, run_id: str
) -> pl.DataFrame:
    """One row per thing to look at (REVIEW), the largest first; above all, refused sessions and unmatched corrections.

    ``open_gaps``: OPEN_GAPS, what is to reconcile on the last published session as marts.cap_reconciliation tells it,
    with the last admitted cap of held companies, and since when and for how many sessions the flag has held.
    ``filings``: FILINGS, counts refused lately. ``refused``: REFUSED, sessions refused since, and of them the
    companies most suspect. ``unmatched``: UNMATCHED, the operator's corrections that name no fact.
    """
    parts = [_of_gaps(open_gaps), _of_filings(filings), _of_refused(refused), _of_unmatched(unmatched)]
    # Of a check or a filing that is a thousandfold off, the other figure says nothing about size.
    is_of_ours = pl.col("what").is_in(["disputed", "filing_refused"]) & pl.col("ours_usd").is_not_null()
    size = pl.when(is_of_ours).then("ours_usd").otherwise(pl.max_horizontal("ours_usd", "other_usd"))
    return (
        pl.concat(parts, how="diagonal")
        .with_columns(
            ratio=(pl.col("other_usd") / pl.col("ours_usd")).round_sig_figs(6),
            suggestion=pl.coalesce("suggestion", _suggestion()),
            run_id=pl.lit(run_id),
        )
        .with_columns(pl.col("ratio").replace(float("inf"), None))
        .sort(_place(), -size, "ticker", "what", "since", nulls_last=True)
        .select(pl.col(name).cast(dtype) for name, dtype in REVIEW.items())
    )


def _of_gaps(rows: pl.DataFrame) -> pl.DataFrame:
    """A company once, under what weighs most; with a flag that needs no look, it is left out."""
    is_not_taken = pl.col("flag").is_in(["vendor_lags_split", "vendor_jumped"])
    far = (1 + pl.col("gap")).log().abs() > pl.lit(1 + TIERS_GAP).log()
    what = (
        pl.when(pl.col("flag") == "held")
        .then(pl.lit("held"))
        .when(is_not_taken & (pl.col("sessions") > VENDOR_SESSIONS))
        .then(pl.lit("vendor_count_not_taken"))
        .when(far & pl.col("candidate_cap_usd").is_not_null())
        .then(pl.lit("tiers_differ"))
        .when((pl.col("quality") == "disputed") & (pl.col("cap_usd") > DISPUTED_USD))
        .then(pl.lit("disputed"))
    )
    told = rows.with_columns(what=what).filter(pl.col("what").is_not_null())
    by_check = (pl.col("cap_usd") / (1 + pl.col("check_gap"))).round().cast(pl.Int64)
    other = (
        pl.when(pl.col("what") == "vendor_count_not_taken")
        .then("vendor_cap_usd")
        .when(pl.col("what") == "disputed")
        .then(by_check)
        .otherwise("candidate_cap_usd")
    )
    reason = (
        pl.when(pl.col("what") == "vendor_count_not_taken")
        .then(pl.format("{} for {} sessions; {}", "flag", "sessions", "reason"))
        .when(pl.col("what") == "tiers_differ")
        .then(pl.format("{} against {}; {}", "tier", "candidate_tier", "reason"))
        .otherwise("reason")
    )
    return told.select(
        *("ticker", "company_id", "session_date", "what", "since"),
        ours_usd=pl.when(pl.col("what") == "held").then("last_cap_usd").otherwise("cap_usd"),
        other_usd=other,
        reason=reason,
    )


def _of_filings(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        *("ticker", "company_id", "session_date", "since"),
        what=pl.lit("filing_refused"),
        ours_usd="cap_usd",
        other_usd=(pl.col("shares") * pl.col("price")).round().cast(pl.Int64),
        reason=pl.format("{}: {} shares in {}", "reason_code", "shares", "filed"),
    )


def _of_refused(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(since="session_date")


def _of_unmatched(rows: pl.DataFrame) -> pl.DataFrame:
    """What has no size, and what only the operator can tell: not yet filed, withdrawn, or named wrongly."""
    whose = pl.coalesce("symbol", pl.format("cik {}", "cik"))
    of_class = pl.when(~pl.col("share_class").is_in(["", "all"])).then(pl.format("of {}", "share_class"))
    where = pl.concat_str(
        of_class,
        pl.format("in {}", "accession"),
        pl.format("as of {}", "as_of"),
        separator=" ",
        ignore_nulls=True,
    )
    named = pl.coalesce(
        pl.format("cik = {}", "cik"), pl.format("symbol = '{}'", pl.col("symbol").str.replace_all("'", "''"))
    )
    look = (
        'smallcaps sql "from core.share_counts where company_id in (select company_id from core.securities where {})"'
    )
    return rows.select(
        ticker="symbol",
        what=pl.lit("correction_unmatched"),
        reason=pl.format("{} row {}: {} has no {} of {} {}", "file", "row", "source", "field", whose, where),
        suggestion=pl.format(look, named),
    )


def _place() -> pl.Expr:
    what = pl.col("what")
    return pl.when(what == "session_refused").then(0).when(what == "correction_unmatched").then(1).otherwise(2)


def refused_session(session: date, rule_codes: list[str], suspects: pl.DataFrame) -> pl.DataFrame:
    """Rows of a refused session for `review_rows`: the session, and the companies that admission would have held.

    ``suspects``: ticker, verdict, cap_usd, anchor_cap_usd; of a session refused for its lines it has other columns,
    which the run's own quarantine file lists.
    """
    whole = pl.DataFrame({"what": ["session_refused"], "reason": [" ".join(rule_codes)]})
    is_of_companies = {"ticker", "verdict", "cap_usd", "anchor_cap_usd"} <= set(suspects.columns)
    parts = [whole]
    if is_of_companies and suspects.height:
        parts.append(
            suspects.select(
                pl.col("ticker").cast(pl.String),
                what=pl.lit("suspect"),
                ours_usd=pl.col("anchor_cap_usd").cast(pl.Int64),
                other_usd=pl.col("cap_usd").cast(pl.Int64),
                reason=pl.col("verdict").cast(pl.String),
            )
        )
    return pl.concat(parts, how="diagonal").with_columns(session_date=pl.lit(session, pl.Date))


def _suggestion() -> pl.Expr:
    """A command that exists: a decision where one can be made, else what to look at."""
    accept = pl.format(
        'smallcaps decide accept-company --session {} --company {} --reason "..."', _LAST, pl.col("ticker")
    )
    session = pl.format('smallcaps decide accept-session --session {} --reason "..."', _LAST)
    told_in = pl.when(pl.col("what") == "disputed").then(pl.lit("core.market_caps"))
    look = pl.format(
        "smallcaps sql \"from {} where company_id = '{}' order by session_date desc limit 20\"",
        told_in.otherwise(pl.lit("marts.cap_reconciliation")),
        pl.col("company_id"),
    )
    filed = pl.format(
        "smallcaps sql \"from core.share_counts where company_id = '{}' order by known_at desc\"", pl.col("company_id")
    )
    return (
        pl.when(pl.col("what") == "session_refused")
        .then(session)
        .when(pl.col("what").is_in(["held", "suspect", "vendor_count_not_taken"]))
        .then(accept)
        .when(pl.col("what") == "filing_refused")
        .then(filed)
        .otherwise(look)
    )
