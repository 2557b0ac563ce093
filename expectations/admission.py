"""Is a staged session fit to be compared with? Pure rules: one session against the last admitted one, no look-ahead.

Companies are judged first (jumps, first appearances), then the session with what would remain of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from expectations import rules
from expectations.rules import Rule

Outcome = Literal["passed", "failed", "errored", "not_applicable"]

COMPANY_STATE_SCHEMA: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "anchor_cap_usd": pl.Int64(),
    "anchor_session": pl.Date(),
    "last_seen": pl.Date(),
    "drift_log": pl.Float64(),
    "pending_cap_usd": pl.Int64(),
    "pending_streak": pl.Int32(),
}
"""One row per company: the last admitted cap, the log price return since, and a level that waits to be confirmed."""

ADMITTED = ("admitted", "confirmed")


@dataclass(frozen=True)
class Check:
    """One rule applied to one subject of a session."""

    rule: Rule
    subject: str
    outcome: Outcome
    observed: str
    expected: str
    failing_rows: int = 0

    @property
    def refuses(self) -> bool:
        """This check alone refuses the session."""
        return self.rule.severity == "critical" and self.outcome in ("failed", "errored")


def empty_company_state() -> pl.DataFrame:
    """The memory before the first session."""
    return pl.DataFrame(schema=COMPANY_STATE_SCHEMA)


def judge_companies(companies: pl.DataFrame, state: pl.DataFrame, near_from: date) -> pl.DataFrame:
    """Companies with ``verdict`` (admitted, confirmed, jump, first_level), log gap, anchors and the pending level.

    A company not seen within the horizon is judged as a first appearance. On the very first session there is nothing
    to rank against but the session itself; the same level rule applies.
    """
    joined = (
        companies.lazy()
        .join(state.lazy(), on="company_id", how="left", maintain_order="left")
        .with_columns(
            step_log=(1 + pl.col("return_price").fill_null(0.0)).log(),
            rank=pl.col("cap_usd").rank("ordinal", descending=True),
            turnover=pl.col("dollar_volume_usd") / pl.col("cap_usd"),
        )
    )
    is_known = pl.col("anchor_cap_usd").is_not_null() & (pl.col("last_seen") >= pl.lit(near_from))
    gap = ((pl.col("cap_usd") / pl.col("anchor_cap_usd")).log() - pl.col("drift_log") - pl.col("step_log")).abs()
    holds = (
        (pl.col("cap_usd") / pl.col("pending_cap_usd")).log() - pl.col("step_log")
    ).abs() <= rules.CONFIRMED.params["max_log_gap"]
    holds = holds.fill_null(value=False) & (pl.col("last_seen") >= pl.lit(near_from)).fill_null(value=False)
    streak = pl.when(holds).then(pl.col("pending_streak") + 1).otherwise(1).cast(pl.Int32)
    is_suspect = pl.when(is_known).then(gap > rules.JUMP.params["max_log_gap"]).otherwise(_is_implausible_first())
    marked = joined.with_columns(log_gap=pl.when(is_known).then(gap), streak=streak, is_known=is_known)
    return marked.with_columns(
        verdict=pl.when(~is_suspect)
        .then(pl.lit("admitted"))
        .when(_is_confirmed())
        .then(pl.lit("confirmed"))
        .when(is_known)
        .then(pl.lit("jump"))
        .otherwise(pl.lit("first_level"))
    ).collect()


def accept_companies(judged: pl.DataFrame, accepted: frozenset[str]) -> pl.DataFrame:
    """An operator's word stands above the rules: these companies are admitted at the level they show."""
    if not accepted:
        return judged
    is_accepted = pl.col("company_id").is_in(list(accepted)) | pl.col("ticker").is_in(list(accepted))
    return judged.with_columns(verdict=pl.when(is_accepted).then(pl.lit("confirmed")).otherwise(pl.col("verdict")))


def _is_confirmed() -> pl.Expr:
    params = rules.CONFIRMED.params
    is_large = pl.max_horizontal("cap_usd", "anchor_cap_usd") >= int(params["large_cap_usd"])
    is_wide = (pl.col("log_gap") > params["large_log_step"]).fill_null(value=True)
    trades_like_it = (pl.col("turnover") >= params["large_min_turnover"]).fill_null(value=False)
    return (
        pl.when(is_large & is_wide)
        .then((pl.col("streak") >= int(params["sessions_large"])) & trades_like_it)
        .otherwise(pl.col("streak") >= int(params["sessions"]))
    )


def _is_implausible_first() -> pl.Expr:
    params = rules.FIRST_LEVEL.params
    is_large = pl.col("rank") <= int(params["judged_ranks"])
    odd_turnover = ~pl.col("turnover").is_between(params["min_turnover"], params["max_turnover"])
    # Whoever supplies a count or a cap of their own vouches for its level, and need not supply volumes.
    is_vendors = pl.col("tier") == "vendor_implied"
    return is_large & is_vendors & odd_turnover.fill_null(value=True)


def next_state(judged: pl.DataFrame, state: pl.DataFrame, session: date) -> pl.DataFrame:
    """The memory after an admitted session: admitted companies get a new anchor, held ones keep theirs and drift."""
    is_admitted = pl.col("verdict").is_in(ADMITTED)
    today = (
        judged.lazy()
        .select(
            "company_id",
            anchor_cap_usd=pl.when(is_admitted).then(pl.col("cap_usd")).otherwise(pl.col("anchor_cap_usd")),
            anchor_session=pl.when(is_admitted).then(pl.lit(session)).otherwise(pl.col("anchor_session")),
            last_seen=pl.lit(session),
            drift_log=pl.when(is_admitted)
            .then(0.0)
            .when(pl.col("is_known"))
            .then(pl.col("drift_log") + pl.col("step_log"))
            .otherwise(pl.col("drift_log")),
            pending_cap_usd=pl.when(~is_admitted).then(pl.col("cap_usd")),
            pending_streak=pl.when(~is_admitted).then(pl.col("streak")),
        )
        .cast(pl.Schema(COMPANY_STATE_SCHEMA))
    )
    others = state.lazy().filter(~pl.col("company_id").is_in(judged["company_id"].implode()))
    return pl.concat([others, today]).collect()


def judge_session(
    lines: pl.DataFrame, judged: pl.DataFrame, registry: pl.DataFrame, state: pl.DataFrame, facts: "SessionFacts"
) -> list[Check]:
    """Every session rule: rows and repeats per exchange, the chain of closes, weight and total of the market."""
    last = (
        registry.select("exchange", "last_session").filter(pl.col("last_session") == pl.lit(facts.last_admitted))
        if facts.can_compare
        else None
    )
    return [
        *_exchange_checks(lines, last),
        *_chain_checks(lines, facts),
        *_market_checks(judged, state, facts),
    ]


@dataclass(frozen=True)
class SessionFacts:
    """What the rules need to know about time."""

    session: date
    last_admitted: date | None
    can_compare: bool
    is_next_session: bool


def _not_applicable(rule: Rule, subject: str, expected: str) -> Check:
    return Check(rule, subject, "not_applicable", "no admitted session within the horizon", expected)


def _threshold(rule: Rule, subject: str, value: float, limit: float, *, at_most: bool, rows: int = 0) -> Check:
    holds = value <= limit if at_most else value >= limit
    sign = "<=" if at_most else ">="
    return Check(
        rule, subject, "passed" if holds else "failed", f"{value:.6f}", f"{sign} {limit:g}", 0 if holds else rows
    )


def _exchange_checks(lines: pl.DataFrame, last: pl.DataFrame | None) -> list[Check]:
    row_limit = rules.ROWS.params["max_change"]
    repeat_limit = rules.REPEATED.params["max_share"]
    if last is None:
        present = sorted(lines["exchange"].unique().to_list())
        return [
            check
            for exchange in present
            for check in (
                _not_applicable(rules.ROWS, exchange, f"<= {row_limit:g}"),
                _not_applicable(rules.REPEATED, exchange, f"<= {repeat_limit:g}"),
            )
        ]
    compared = lines["last_session"] == last["last_session"].max()
    repeated = compared & (lines["close"] == lines["last_close"]) & (lines["volume"] == lines["last_volume"])
    before = dict(last["exchange"].value_counts().rows())
    checks = []
    for exchange in sorted(before):
        here = lines["exchange"] == exchange
        rows = int(here.sum())
        if not rows:
            checks.append(Check(rules.EXCHANGES, exchange, "failed", "0 rows", f"about {before[exchange]} rows"))
            continue
        change = round(abs(rows / before[exchange] - 1), 9)
        known, same = int((here & compared).sum()), int((here & repeated).sum())
        share = same / known if known else 0.0
        checks.append(_threshold(rules.ROWS, exchange, change, row_limit, at_most=True, rows=rows))
        checks.append(_threshold(rules.REPEATED, exchange, share, repeat_limit, at_most=True, rows=same))
    return checks


def _chain_checks(lines: pl.DataFrame, facts: "SessionFacts") -> list[Check]:
    is_told = lines["previous_close"].is_not_null().any()  # a source of the operator's own need not tell
    if not (facts.can_compare and facts.is_next_session and is_told):
        return [
            _not_applicable(rule, "market", f">= {rule.params['min_share']:g}")
            for rule in (rules.CHAIN, rules.CHAIN_LATE)
        ]
    compared = (lines["last_session"] == facts.last_admitted) & lines["previous_close"].is_not_null()
    gap = (lines["previous_close"] / lines["last_close"] - 1).abs()
    count = int(compared.sum())
    wrong = int((compared & (gap > rules.CHAIN.params["tolerance"])).sum())
    share = 1 - wrong / count if count else 0.0
    return [
        _threshold(rule, "market", share, rule.params["min_share"], at_most=False, rows=wrong)
        for rule in (rules.CHAIN, rules.CHAIN_LATE)
    ]


def _market_checks(judged: pl.DataFrame, state: pl.DataFrame, facts: "SessionFacts") -> list[Check]:
    weight_limit = rules.QUARANTINE_WEIGHT.params["max_share"]
    total_limit = rules.TOTAL.params["max_gap"]
    if not facts.can_compare:
        return [
            _not_applicable(rules.QUARANTINE_WEIGHT, "market", f"<= {weight_limit:g}"),
            _not_applicable(rules.TOTAL, "market", f"<= {total_limit:g}"),
        ]
    previous_total = exact_sum(state["anchor_cap_usd"].filter(state["anchor_session"] == facts.last_admitted))
    is_held = ~judged["verdict"].is_in(ADMITTED)
    was_admitted = (judged["anchor_session"] == facts.last_admitted).fill_null(value=False)
    newly_held = is_held & was_admitted
    held_cap = exact_sum(judged["anchor_cap_usd"].filter(newly_held))
    weight = _threshold(
        rules.QUARANTINE_WEIGHT,
        "market",
        held_cap / previous_total if previous_total else float(held_cap > 0),
        weight_limit,
        at_most=True,
        rows=int(newly_held.sum()),
    )
    gone = previous_total - exact_sum(judged["anchor_cap_usd"].filter(was_admitted))
    gap = abs(total_gap(judged, gone))
    total = _threshold(rules.TOTAL, "market", gap, total_limit, at_most=True, rows=judged.height)
    return [weight, total]


def exact_sum(values: pl.Series) -> int:
    """Sum of whole dollars without overflow; null adds nothing."""
    return int(values.cast(pl.Int128).sum())


def total_gap(judged: pl.DataFrame, gone_usd: int) -> float:
    """Change of the market's total less its cap-weighted return, companies held today apart.

    ``gone_usd``: last admitted caps of companies that are not there today.

    Each company's base is what it was worth at the last admitted session: the anchor moved by the returns since. So a
    company that comes back from quarantine, or is confirmed at a new level, does not count as money that appeared.
    What is left are listings, delistings and steps too small to be jumps.
    """
    kept = (
        judged.select("verdict", "cap_usd", "anchor_cap_usd", "step_log", "drift_log", "is_known", "return_price")
        .filter(pl.col("verdict").is_in(ADMITTED))
        .with_columns(
            base=pl.when(pl.col("verdict") == "confirmed")
            .then(pl.col("cap_usd") / pl.col("step_log").exp())
            .when(pl.col("is_known"))
            .then(pl.col("anchor_cap_usd") * pl.col("drift_log").exp())
            .otherwise(0.0)
        )
    )
    has_return = kept["return_price"].is_not_null()
    base = math.fsum(kept["base"].to_list()) + gone_usd
    weight = math.fsum(kept["base"].filter(has_return).to_list())
    if not base or not weight:
        return 1.0
    gain = math.fsum((kept["base"] * kept["return_price"]).drop_nulls().to_list())
    return exact_sum(kept["cap_usd"]) / base - 1 - gain / weight


def refusing(checks: Sequence[Check]) -> list[str]:
    """Codes of the rules that refuse the session, each once, in order."""
    return list(dict.fromkeys(check.rule.code for check in checks if check.refuses))
