"""Is a staged session fit to be compared with? Pure rules: one session against the last admitted one, no look-ahead.

Companies are judged first (jumps, first appearances), then the session with what would remain of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from expectations import rules
from expectations.companies import floats, is_admitted
from expectations.rules import Rule

Outcome = Literal["passed", "failed", "errored", "not_applicable"]

_TOTAL = ("verdict", "cap_usd", "anchor_cap_usd", "step_log", "drift_log", "is_known", "return_price")
_HALF = 32
"""Bits of a half: sums of halves of whole numbers cannot overflow."""


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
        _some_company(judged),
    ]


def _some_company(judged: pl.DataFrame) -> Check:
    admitted = int(is_admitted(judged).sum())
    traded = judged.height - judged["dollar_volume_usd"].null_count()
    observed = f"{admitted} of {judged.height} companies admitted, volumes known of {traded}"
    outcome: Outcome = "passed" if admitted else "failed"
    return Check(rules.NO_COMPANY, "market", outcome, observed, ">= 1 company", 0 if admitted else judged.height)


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
    was_admitted = (judged["anchor_session"] == facts.last_admitted).fill_null(value=False).to_numpy()
    # A count that jumped and is not taken is as wrong as a cap that is held: a file full of them is no file to trust.
    newly_held = (~is_admitted(judged) | judged["is_refused_count"].to_numpy()) & was_admitted
    held_cap = exact_sum(judged["anchor_cap_usd"].filter(pl.Series(newly_held)))
    weight = _threshold(
        rules.QUARANTINE_WEIGHT,
        "market",
        held_cap / previous_total if previous_total else float(held_cap > 0),
        weight_limit,
        at_most=True,
        rows=int(newly_held.sum()),
    )
    gone = previous_total - exact_sum(judged["anchor_cap_usd"].filter(pl.Series(was_admitted)))
    gap = abs(total_gap(judged, gone))
    total = _threshold(rules.TOTAL, "market", gap, total_limit, at_most=True, rows=judged.height)
    return [weight, total]


def exact_sum(values: pl.Series) -> int:
    """Sum of whole dollars without overflow; null adds nothing."""
    dollars = values.filter(values == values).to_numpy()  # null equals nothing
    return (int((dollars >> _HALF).sum()) << _HALF) + int((dollars & ((1 << _HALF) - 1)).sum())


def total_gap(judged: pl.DataFrame, gone_usd: int) -> float:
    """Change of the market's total less its cap-weighted return, companies held today apart.

    ``gone_usd``: last admitted caps of companies that are not there today.

    Each company's base is what it was worth at the last admitted session: the anchor moved by the returns since. So a
    company that comes back from quarantine, or is confirmed at a new level, does not count as money that appeared.
    What is left are listings, delistings and steps too small to be jumps.
    """
    kept = judged[list(_TOTAL)][np.flatnonzero(is_admitted(judged))]
    anchor, drift, step = (floats(kept[name]) for name in ("anchor_cap_usd", "drift_log", "step_log"))
    is_confirmed = (kept["verdict"] == "confirmed").to_numpy()
    at_anchor = np.where(kept["is_known"].to_numpy(), anchor * np.exp(drift), 0.0)
    base = np.where(is_confirmed, kept["cap_usd"].to_numpy() / np.exp(step), at_anchor)
    growth = floats(kept["return_price"])
    has_return = ~np.isnan(growth)
    total, weight = math.fsum(base.tolist()) + gone_usd, math.fsum(base[has_return].tolist())
    if not total or not weight:
        return 1.0
    gain = math.fsum((base * growth)[has_return].tolist())
    return exact_sum(kept["cap_usd"]) / total - 1 - gain / weight


def refusing(checks: Sequence[Check]) -> list[str]:
    """Codes of the rules that refuse the session, each once, in order."""
    return list(dict.fromkeys(check.rule.code for check in checks if check.refuses))
