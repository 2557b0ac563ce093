"""marts.cap_reconciliation: what other sources say of a company's cap, side by side with the one chosen."""

from math import log

import polars as pl

from transforms.contracts.fields import FILED_TIERS, TIERS
from transforms.core.cap_quality import AGREEMENT
from transforms.exact import ratio_of_totals, round_significant

_KEY = ["session_date", "company_id"]
CAP_GAPS: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "vendor_cap_usd": pl.Int64(),
    "candidate_tier": pl.String(),
    "candidate_cap_usd": pl.Int64(),
    "filed_cap_usd": pl.Int64(),
    "gap": pl.Float64(),
    "check_gap": pl.Float64(),
    "flag": pl.String(),
    "held_ticker": pl.String(),
    "held_reason": pl.String(),
}
"""What `cap_gaps` gives: one row per session and company with something to reconcile; ``held_*`` of held companies."""


def cap_gaps(caps: pl.DataFrame, lines: pl.DataFrame, candidates: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """What differs, or could, in the caps of some sessions (CAP_GAPS), sorted by session and company.

    ``caps``: rows of core.market_caps. ``lines``: session_date, company_id, vendor_cap_usd as the vendor gives it,
    class_cap_usd, factor_cause. ``candidates``: rows of core.cap_candidates. ``held``: session_date, company_id,
    ticker, cap_usd, reason of companies held back.
    Something is to reconcile where another tier stands beside the chosen one, where the vendor's count is not taken,
    where the cap is disputed, and where the company is held. Where sources agree, or nothing but the second count
    differs, only a company's first session of a month is told: counts change by the quarter.
    """
    other = candidates.sort(*_KEY, pl.col("tier").cast(pl.Enum(TIERS))).unique(_KEY, keep="first", maintain_order=True)
    others = other.select(*_KEY, candidate_tier="tier", candidate_cap_usd="cap_usd")
    by_vendor = candidates.filter(pl.col("tier") == "vendor_implied").select(*_KEY, candidate_by_vendor="cap_usd")
    by_filing = candidates.filter(pl.col("tier").is_in(FILED_TIERS)).select(*_KEY, filed_cap_usd="cap_usd")
    is_adding = pl.col("class_cap_usd") > 0
    not_taken = (
        lines.filter(pl.col("factor_cause").is_not_null() & is_adding)
        .group_by(_KEY)
        .agg(cause=pl.col("factor_cause").min())
    )
    # Of a quarter's caps a hundredth: they are looked up before anything is joined to them.
    known = caps.select(*_KEY, "cap_usd", "shares", "check_shares", "tier", "quality", "previous_session")
    apart = pl.concat([others.select(_KEY), not_taken.select(_KEY)])
    disputed = known.filter((pl.col("quality") == "disputed") & _begins_month())
    rows = (
        pl.concat([known.join(apart, on=_KEY, how="semi"), disputed.join(apart, on=_KEY, how="anti")])
        .join(others, on=_KEY, how="left")
        .join(by_vendor, on=_KEY, how="left")
        .join(by_filing, on=_KEY, how="left")
        .join(not_taken, on=_KEY, how="left")
    )
    waiting = held.select(*_KEY, held_reason="reason", held_ticker="ticker", candidate_cap_usd="cap_usd")
    told = pl.concat([rows, waiting], how="diagonal")
    vendors = (
        lines.select(*_KEY, "vendor_cap_usd", "class_cap_usd")
        .join(told, on=_KEY, how="semi")
        .filter(is_adding)
        .group_by(_KEY)
        .agg(lines_by_vendor=pl.col("vendor_cap_usd").sum())
    )
    vendor_cap = pl.coalesce("candidate_by_vendor", pl.when(_stands_on_vendor()).then("lines_by_vendor"))
    measured = (
        told.join(vendors, on=_KEY, how="left")
        .with_columns(vendor_cap_usd=vendor_cap)
        .with_columns(
            gap=_gap(pl.col("cap_usd"), pl.coalesce("candidate_cap_usd", "vendor_cap_usd")),
            check_gap=_gap(pl.col("shares"), pl.col("check_shares")),
        )
    )
    flagged = measured.with_columns(flag=_flag())
    return (
        flagged.filter(~pl.col("flag").is_in(["agrees", "check_differs"]) | _begins_month())
        .select(CAP_GAPS.keys())
        .sort(_KEY)
    )


def _stands_on_vendor() -> pl.Expr:
    """Held companies have no tier: what the vendor says of them is told, too."""
    return pl.col("tier").is_null() | (pl.col("tier") == "vendor_implied")


def _gap(ours: pl.Expr, other: pl.Expr) -> pl.Expr:
    return round_significant(ratio_of_totals(ours, other) - 1)


def _flag() -> pl.Expr:
    """The first that holds: a count that is not taken explains the other differences."""
    is_other_tier = pl.col("candidate_tier") != "vendor_implied"
    tier_differs = (is_other_tier & _is_apart("candidate_cap_usd")) | _is_apart("filed_cap_usd")
    return (
        pl.when(pl.col("held_reason").is_not_null())
        .then(pl.lit("held"))
        .when(pl.col("cause") == "lags_split")
        .then(pl.lit("vendor_lags_split"))
        .when(pl.col("cause").is_not_null())
        .then(pl.lit("vendor_jumped"))
        .when(tier_differs)
        .then(pl.lit("tier_differs"))
        .when(_is_apart("candidate_by_vendor"))
        .then(pl.lit("vendor_differs"))
        .when(pl.col("quality") == "disputed")
        .then(pl.lit("check_differs"))
        .otherwise(pl.lit("agrees"))
    )


def _is_apart(other: str) -> pl.Expr:
    return (pl.col("cap_usd") / pl.col(other)).log().abs() > log(1 + AGREEMENT)


def _begins_month() -> pl.Expr:
    month = pl.col("session_date").dt.truncate("1mo")
    return pl.col("previous_session").is_null() | (pl.col("previous_session") < month)
