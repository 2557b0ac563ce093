"""The walk: session by session in order, who each line is, what each company is worth, and whether to admit it.

Pure: frames in, frames out. A night continues from the memory that the last published build kept; a backfill starts
from an empty one. Both take the same steps, so both end the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from expectations import admission, companies, rules
from expectations.admission import Check, SessionFacts
from expectations.failing_lines import failing_lines
from transforms.core import declared_splits, identity
from transforms.core.caps import (
    NO_FILE_CAPS,
    NO_FILE_COUNTS,
    company_caps,
    count_classes_once,
    equity_lines,
    line_caps,
)
from transforms.core.company_state import empty_company_state, next_state, recalled
from transforms.core.count_memory import with_last_shares
from transforms.core.filed_counts import no_counts, no_decided, update_counts
from transforms.core.fx import SessionRates, in_usd, usd_returns, with_caps_as_quoted
from transforms.core.identity import REMEMBERED, SessionClock
from transforms.core.line_counts import NO_LINE_COUNTS, OWN_RATIOS
from transforms.core.line_ratios import LINE_RATIOS, line_ratios, stated_ratios
from transforms.core.operating_companies import refused_of_shells, with_operating_from, without_shells
from transforms.core.placed_counts import Placed, placed_counts
from transforms.core.reported_counts import BOOK, known_between
from transforms.core.returns import with_returns
from transforms.core.rows import NONE, constant, flags, gathered, where
from transforms.core.runners_up import runners_up
from transforms.core.split_register import no_splits, update_splits
from transforms.core.splits import with_splits
from transforms.core.vendor_counts import followed

NO_BOOK = pl.DataFrame(schema=BOOK)
NO_OWN_RATIOS = pl.DataFrame(schema=OWN_RATIOS)
NO_DECLARED_SPLITS = declared_splits.no_declared()
IN_USD_ALONE = SessionRates()
NO_FILED_RATIOS = declared_splits.no_filed_ratios()


@dataclass(frozen=True)
class Decision:
    """What an operator decided about a session: accept or reject it whole, or accept companies at their new level."""

    accept: bool = False
    reject: bool = False
    companies: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fault:
    """Why a session's files cannot be read, and what its source says to do about it."""

    observed: str
    next_step: str


@dataclass(frozen=True)
class Staged:
    """What is staged for one session: lines with security_type and name_root, or why there are none."""

    session: date
    lines: pl.DataFrame | None
    fault: Fault | None = None
    file_caps: pl.DataFrame = field(default_factory=lambda: NO_FILE_CAPS)
    file_counts: pl.DataFrame = field(default_factory=lambda: NO_FILE_COUNTS)
    declared_splits: pl.DataFrame = field(default_factory=lambda: NO_DECLARED_SPLITS)
    """Splits whose declared date is near the session: DECLARED, as `declared_splits.near` gives them."""
    filed_ratios: pl.DataFrame = field(default_factory=lambda: NO_FILED_RATIOS)
    """Ratios of splits that companies filed, all of them: they declare a split, or confirm it later."""
    depositary_ratios: pl.DataFrame = field(default_factory=lambda: NO_OWN_RATIOS)
    """Depositary ratios that the operator supplies for the session."""
    book: pl.DataFrame = field(default_factory=lambda: NO_BOOK)
    """Counts that companies filed, all of them: those known by the session are looked up."""
    decision: Decision = Decision()
    rates: SessionRates = IN_USD_ALONE
    """By which lines in other currencies are stated in USD; none where there is no such line."""


@dataclass(frozen=True)
class Memory:
    """What the walk remembers between sessions."""

    registry: pl.DataFrame
    companies: pl.DataFrame
    splits: pl.DataFrame
    counts: pl.DataFrame
    last_admitted: date | None = None
    placed: Placed | None = None
    """The lines' filed counts of the last admitted session: nothing but a shortcut."""

    @classmethod
    def empty(cls) -> "Memory":
        """Before the first session."""
        return cls(identity.empty_registry(), empty_company_state(), no_splits(), no_counts())


@dataclass(frozen=True)
class Verdict:
    """What became of one session. Frames are empty unless it was admitted."""

    session: date
    status: str
    checks: list[Check]
    rule_codes: list[str]
    row_count: int
    lines: pl.DataFrame | None = None
    companies: pl.DataFrame | None = None
    held: pl.DataFrame | None = None
    broken: pl.DataFrame | None = None
    """Of a refused session: the lines that broke a rule."""
    counts: pl.DataFrame | None = None
    """Filed counts that became known, accepted or refused (DECIDED)."""
    runners_up: pl.DataFrame | None = None
    """Caps of companies by the tiers that rank below the chosen one: RUNNERS_UP."""
    next_step: str = ""
    """Of an unreadable session: what its source says to do."""


@dataclass(frozen=True)
class Calendar:
    """Sessions of the exchange calendar in order, with their positions."""

    sessions: tuple[date, ...]

    def position(self, session: date) -> int:
        """Index of a session; ValueError for a day without one."""
        return self.sessions.index(session)

    def clock(self, session: date, last_admitted: date | None) -> SessionClock:
        """The clock of a session: its predecessor, and the oldest session within the horizon."""
        at = self.position(session)
        return SessionClock(
            session=session,
            previous=self.sessions[at - 1] if at else None,
            last_admitted=last_admitted,
            near_from=self.sessions[max(0, at - rules.HORIZON_SESSIONS)],
        )


def walk(
    staged: Iterator[Staged], memory: Memory, calendar: Calendar, on_session: Callable[[Verdict], None] | None = None
) -> tuple[list[Verdict], Memory]:
    """Judge sessions in order; the memory after the last one comes back with the verdicts."""
    verdicts = []
    for item in staged:
        verdict, memory = judge(item, memory, calendar)
        verdicts.append(verdict)
        if on_session:
            on_session(verdict)
    return verdicts, memory


def judge(staged: Staged, memory: Memory, calendar: Calendar) -> tuple[Verdict, Memory]:
    """One session against the memory. Only an admitted session changes it."""
    if staged.lines is None:
        return _without_lines(staged), memory
    clock = calendar.clock(staged.session, memory.last_admitted)
    # Within a line all is compared in the currency of its quote, between companies and with thresholds in USD.
    usd_per_unit = staged.rates.on(staged.session)
    lines = _prepared(staged, with_caps_as_quoted(staged.lines, usd_per_unit), memory, clock)
    counted = _counted(lines, in_usd(lines, usd_per_unit), staged, memory)
    lined = counted.lines
    chosen = company_caps(lined)
    compared = _returned_in_usd(chosen, lines, staged, memory.last_admitted)
    judged = companies.judge_companies(recalled(compared, memory.companies), clock.near_from)
    judged = companies.accept_companies(judged, staged.decision.companies)
    facts = SessionFacts(
        session=staged.session,
        last_admitted=memory.last_admitted,
        can_compare=clock.has_near_admitted,
        is_next_session=memory.last_admitted is not None and memory.last_admitted == clock.previous,
    )
    checks = [
        Check(rules.CALENDAR, "market", "passed", staged.session.isoformat(), "a session"),
        *admission.judge_session(lines, judged, memory.registry, memory.companies, facts),
    ]
    if staged.decision.reject:
        checks.append(Check(rules.REJECTED, "market", "failed", "rejected by the operator", "not rejected"))
    codes = list(dict.fromkeys(check.rule.code for check in checks if check.outcome == "failed"))
    if staged.decision.reject or (admission.refusing(checks) and not staged.decision.accept):
        broken = failing_lines(lines, checks)
        return Verdict(
            staged.session, "refused", checks, codes, lines.height, held=_suspect(judged), broken=broken
        ), memory
    after = Memory(
        identity.update_registry(memory.registry, lines, staged.session),
        next_state(judged, companies.is_admitted(judged), memory.companies, staged.session),
        counted.splits,
        counted.counts,
        staged.session,
        counted.placed,
    )
    told = lines if not usd_per_unit else lines.with_columns(staged.lines["vendor_cap_usd"])
    verdict = Verdict(
        staged.session,
        "published",
        checks,
        codes,
        lines.height,
        _with_class_caps(told, lined, line_ratios(counted.equity, staged.depositary_ratios, counted.filed)),
        judged if compared is chosen else judged.with_columns(chosen["return_price"]),
        _held(judged),
        counts=counted.decided,
        runners_up=runners_up(counted.equity, lined, chosen, staged.file_caps, counted.filed),
    )
    return verdict, after


@dataclass(frozen=True)
class _Counted:
    """The session's equity lines with caps, and what the memory will hold of splits and filed counts."""

    equity: pl.DataFrame
    lines: pl.DataFrame
    splits: pl.DataFrame
    counts: pl.DataFrame
    decided: pl.DataFrame
    placed: Placed | None
    filed: pl.DataFrame


def _returned_in_usd(chosen: pl.DataFrame, lines: pl.DataFrame, staged: Staged, before: date | None) -> pl.DataFrame:
    """Companies with the return that their caps in USD should have moved by."""
    now = staged.rates.on(staged.session)
    if not now or before is None:
        return chosen
    return chosen.with_columns(usd_returns(chosen, lines, now, staged.rates.on(before)))


def _counted(lines: pl.DataFrame, stated: pl.DataFrame, staged: Staged, memory: Memory) -> _Counted:
    """``stated``: the same lines with prices and caps in USD."""
    news = known_between(staged.filed_ratios, memory.last_admitted, staged.session)
    seen = update_splits(memory.splits, lines, staged.session)
    splits = declared_splits.confirmed(seen, _declared(lines, staged), news, lines, staged.session)
    equity, counts, decided = equity_lines(stated), memory.counts, no_decided()
    filed, placed = NO_LINE_COUNTS, None
    if counts.height or staged.book.height:
        known = without_shells(counts, equity)
        counts, decided = update_counts(
            known, staged.book, equity, splits, since=memory.last_admitted, session=staged.session
        )
        counts, decided = without_shells(counts, equity), refused_of_shells(decided, equity)
        filed, placed = placed_counts(equity, counts, splits, staged.session, staged.depositary_ratios, memory.placed)
    capped = count_classes_once(line_caps(equity, staged.file_caps, staged.file_counts, filed))
    return _Counted(equity, capped, splits, counts, decided, placed, filed)


def _without_lines(staged: Staged) -> Verdict:
    if fault := staged.fault:
        check = Check(rules.READABLE, "market", "errored", fault.observed, "readable files of every exchange")
        return Verdict(staged.session, "refused", [check], [rules.READABLE.code], 0, next_step=fault.next_step)
    return Verdict(staged.session, "missing", [], [], 0)


def _prepared(staged: Staged, lines: pl.DataFrame, memory: Memory, clock: SessionClock) -> pl.DataFrame:
    previous = pl.col("close") - pl.col("net_change")
    with_close = lines.with_columns(previous_close=pl.when(previous > 0).then(previous))
    resolved = identity.resolve(with_close, memory.registry, clock)
    recalled = with_last_shares(_recalled(resolved, memory, staged), clock.session)
    operating = with_operating_from(recalled, memory.registry, memory.counts, clock.session)
    split = with_splits(operating, clock.previous, clock.near_from)
    stated = split.hstack([stated_ratios(split, staged.depositary_ratios)])
    returned = _accepted(with_returns(stated, clock.previous, clock.near_from), staged.decision)
    return _noted(_with_ratio_dates(followed(returned, clock.session, clock.near_from), clock))


def _accepted(lines: pl.DataFrame, decision: Decision) -> pl.DataFrame:
    """Add ``is_accepted``: the operator takes the line's company as it is shown."""
    none = constant("is_accepted", value=False, height=lines.height)
    if not decision.companies:
        return lines.hstack([none])
    named = pl.col("company_id").is_in(list(decision.companies)) | pl.col("symbol").is_in(list(decision.companies))
    return lines.with_columns(is_accepted=named)


def _with_ratio_dates(lines: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    """Add ``ads_ratio_from``: since when a line's name states its depositary ratio; null for as long as we know."""
    is_changed = flags(lines["ads_ratio"] != lines["last_ads_ratio"])  # a ratio never stated before is no change
    session = constant("ads_ratio_from", clock.session, lines.height)
    since = session.zip_with(pl.Series(is_changed), lines["last_ads_ratio_from"]).alias("ads_ratio_from")
    return lines.hstack([since])


def _noted(lines: pl.DataFrame) -> pl.DataFrame:
    """``is_noted`` holds also where a line's depositary ratio, or since when it is no shell's, is not what it was."""
    is_other = lines["ads_ratio"].ne_missing(lines["last_ads_ratio"])
    is_out = lines["operating_from"].ne_missing(lines["last_operating_from"])
    return lines.with_columns(is_noted=lines["is_noted"] | is_other | is_out)


def _recalled(lines: pl.DataFrame, memory: Memory, staged: Staged) -> pl.DataFrame:
    """Lines with the counts' factors of the last admitted session and the ratio of a split declared for these days."""
    factors = gathered(memory.registry, REMEMBERED, lines["registry_row"].to_numpy())
    declared = declared_splits.due(lines, _declared(lines, staged), memory.splits, staged.session)
    return lines.hstack([*(column.alias(f"last_{column.name}") for column in factors), *declared])


def _declared(lines: pl.DataFrame, staged: Staged) -> pl.DataFrame:
    """Splits declared for these days, by lists first, then by the companies' own filings."""
    if staged.filed_ratios.is_empty():
        return staged.declared_splits
    filed = declared_splits.of_filings(staged.filed_ratios, lines, staged.session)
    return pl.concat([staged.declared_splits, filed]) if filed.height else staged.declared_splits


def _with_class_caps(lines: pl.DataFrame, lined: pl.DataFrame, ratios: pl.DataFrame) -> pl.DataFrame:
    """Lines with what each adds to its company; LINE_RATIOS take the place of what the quotes' name says."""
    names = ("tier", "shares", "shares_source", "class_cap_usd", "class_convention", *LINE_RATIOS)
    rows = np.full(lines.height, NONE)
    rows[lined["line"].to_numpy()] = np.arange(lined.height)
    return lines.drop(list(LINE_RATIOS)).hstack(gathered(lined.hstack(ratios), names, rows))


_HELD = ["company_id", "ticker", "verdict", "cap_usd", "anchor_cap_usd", "log_gap", "rank", "turnover", "streak"]


def _held(judged: pl.DataFrame) -> pl.DataFrame:
    return judged[_HELD][where(~companies.is_admitted(judged))]


def _suspect(judged: pl.DataFrame) -> pl.DataFrame:
    """Companies held back, and those whose count jumped and is not taken."""
    is_refused = flags(judged["is_refused_count"]) & companies.is_admitted(judged)
    verdict = judged["verdict"].zip_with(pl.Series(~is_refused), constant("verdict", "count_jumped", judged.height))
    at = where(~companies.is_admitted(judged) | is_refused)
    return judged.with_columns(verdict)[_HELD][at]


def statuses(verdicts: list[Verdict]) -> Mapping[date, str]:
    """Session to status."""
    return {verdict.session: verdict.status for verdict in verdicts}
