"""admit: walk the staged sessions in order and keep of each what the tables need."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from expectations import rules
from expectations.admission import Check, exact_sum
from expectations.companies import is_admitted
from flows.market_calendar import all_sessions
from flows.steps.stage import Chunk
from flows.walk import Calendar, Memory, Verdict, judge
from transforms.core.filed_counts import no_decided
from transforms.core.runners_up import NO_RUNNERS_UP

SHOWN = 10
_QUOTE = (
    "security_id",
    "company_id",
    "symbol",
    "exchange",
    "open",
    "high",
    "low",
    "close",
    "previous_close",
    "volume",
    "return_price",
    "is_multi_day",
    "currency",
    "vendor_cap_usd",
    "shares",
    "shares_source",
    "count_factor",
    "factor_cause",
    "class_convention",
    "class_cap_usd",
    "ads_ratio",
    "ads_ratio_from",
    "attributes_id",
)
_COMPANY = (
    "company_id",
    "ticker",
    "price",
    "shares",
    "shares_as_of",
    "shares_source",
    "cap_usd",
    "tier",
    "return_price",
    "is_multi_day",
    "dollar_volume_usd",
    "anchor_cap_usd",
    "anchor_session",
)
_HELD_SCHEMA: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "ticker": pl.String(),
    "verdict": pl.String(),
    "cap_usd": pl.Int64(),
    "anchor_cap_usd": pl.Int64(),
    "log_gap": pl.Float64(),
    "turnover": pl.Float64(),
    "streak": pl.Int32(),
}


USD_PER_UNIT: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "currency": pl.String(),
    "usd_per_unit": pl.Float64(),
}


@dataclass(frozen=True)
class JudgedSession:
    """One session's verdict without its frames."""

    session: date
    status: str
    rule_codes: list[str]
    checks: list[Check]
    row_count: int
    company_count: int
    quarantined_count: int
    market_cap_usd: int | None
    last_admitted: date | None
    suspects: pl.DataFrame
    suspect_count: int
    """Companies that quarantine took out, or would have, largest first: company, verdict, cap, last cap, log gap."""
    next_step: str = ""
    """Of an unreadable session: what its source says to do."""


@dataclass(frozen=True)
class Judged:
    """A chunk after the walk: verdicts, the admitted lines and companies, and what was held back."""

    sessions: list[JudgedSession]
    lines: pl.DataFrame
    companies: pl.DataFrame
    held: pl.DataFrame
    rejects: pl.DataFrame
    source: str
    counts: pl.DataFrame
    """Filed counts that became known, accepted or refused."""
    runners_up: pl.DataFrame
    """Caps by tiers that were not chosen."""
    splits: pl.DataFrame
    """The register of splits after the chunk."""
    usd_per_unit: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=USD_PER_UNIT))
    """By which lines in other currencies were stated in USD; no row of a session in USD alone."""

    @property
    def admitted(self) -> list[date]:
        """Admitted sessions in order."""
        return [judged.session for judged in self.sessions if judged.status == "published"]


class Walker:
    """The walk through any number of chunks; its memory goes from one to the next."""

    def __init__(self, memory: Memory, on_session: Callable[[JudgedSession], None] | None = None) -> None:
        self.memory = memory
        self._calendar = Calendar(all_sessions())
        self._on_session = on_session

    def judge(self, chunk: Chunk) -> Judged:
        """Judge a chunk's sessions in order."""
        sessions, lines, companies, held = [], [], [], []
        counts, runners_up = [no_decided()], [_dated(NO_RUNNERS_UP, chunk.sessions[0].session)]
        for verdict, before in self._verdicts(chunk):
            summary = _summary(verdict, before)
            sessions.append(summary)
            if verdict.lines is not None and verdict.companies is not None:
                lines.append(_dated(verdict.lines.select(_QUOTE), verdict.session))
                admitted = verdict.companies[list(_COMPANY)][np.flatnonzero(is_admitted(verdict.companies))]
                companies.append(_dated(admitted, verdict.session))
            if verdict.held is not None and verdict.status == "published":
                held.append(_dated(verdict.held, verdict.session).select(_HELD_SCHEMA.keys()))
            if verdict.counts is not None:
                counts.append(verdict.counts)
            if verdict.runners_up is not None:
                runners_up.append(_dated(verdict.runners_up, verdict.session))
            if self._on_session:
                self._on_session(summary)
        return Judged(
            sessions,
            pl.concat(lines) if lines else pl.DataFrame(),
            pl.concat(companies) if companies else pl.DataFrame(),
            pl.concat([pl.DataFrame(schema=_HELD_SCHEMA), *(frame.cast(pl.Schema(_HELD_SCHEMA)) for frame in held)]),
            chunk.rejects,
            chunk.source,
            pl.concat(counts),
            pl.concat(runners_up),
            self.memory.splits,
            _usd_per_unit(chunk),
        )

    def _verdicts(self, chunk: Chunk) -> Iterator[tuple[Verdict, date | None]]:
        for staged in chunk.sessions:
            before = self.memory.last_admitted
            verdict, self.memory = judge(staged, self.memory, self._calendar)
            yield verdict, before


def _usd_per_unit(chunk: Chunk) -> pl.DataFrame:
    rows = [(item.session, *rate) for item in chunk.sessions for rate in item.rates.on(item.session).items()]
    return pl.DataFrame(rows, USD_PER_UNIT, orient="row")


def _dated(frame: pl.DataFrame, session: date) -> pl.DataFrame:
    return frame.with_columns(session_date=pl.lit(session, pl.Date))


def _summary(verdict: Verdict, before: date | None) -> JudgedSession:
    companies = verdict.companies
    caps = companies["cap_usd"].filter(pl.Series(is_admitted(companies))) if companies is not None else None
    suspects = _suspects(verdict)
    return JudgedSession(
        session=verdict.session,
        status=verdict.status,
        rule_codes=verdict.rule_codes,
        checks=verdict.checks,
        row_count=verdict.row_count,
        company_count=caps.len() if caps is not None else 0,
        quarantined_count=verdict.held.height if verdict.held is not None else 0,
        market_cap_usd=exact_sum(caps) if caps is not None else None,
        last_admitted=before,
        suspects=suspects.head(SHOWN),
        suspect_count=suspects.height,
        next_step=verdict.next_step,
    )


def _suspects(verdict: Verdict) -> pl.DataFrame:
    """Of a refused session: the lines that broke a rule, or else the companies that would have been held back."""
    columns = ["ticker", "verdict", "cap_usd", "anchor_cap_usd", "log_gap"]
    if verdict.status != "refused" or verdict.held is None or verdict.broken is None:
        return pl.DataFrame(schema=columns)
    if verdict.broken.height and rules.QUARANTINE_WEIGHT.code not in verdict.rule_codes:
        return verdict.broken
    return verdict.held.sort("anchor_cap_usd", descending=True, nulls_last=True).select(columns)
