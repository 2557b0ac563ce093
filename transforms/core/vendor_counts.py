"""The vendor's share counts around splits: they lag the price by a day or by months, lead it, or flip between both.

A count that moves by an exact, simple ratio without the price is no issue of shares: in 2022-24 1,147 did so, and every
large one was a vendor's error or a change of what it counts. Such a count is not taken. The count before it stands,
times the splits since, and the line says so, until the vendor's count is back or a quarter has gone by.
"""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from transforms.core.count_conventions import LARGE_CAP_USD, Convention
from transforms.core.count_memory import CAUSES, FACTOR_SCHEMA, FEW_DAYS, JUMPED, Event, Past
from transforms.core.count_verdicts import (
    LARGE_LOG,
    SAME_LOG,
    SMALLEST_JUMP_LOG,
    WEEK_DAYS,
    CountOfSplit,
    judged,
    share_of,
)
from transforms.core.rows import Floats, Mask, Rows, constant, flags, floats, masked, where
from transforms.core.splits import EXACT_LOG, UNADJUSTED_LOG, Moves, exact_ratio, nearest_ratio, shares_of

BACK_DAYS, BACK_DAYS_DEPOSITARY = 92, 365
"""A count that is back within a quarter where it was before a step is right again: NCTY, 2023-06-01, after three
sessions. That of a depositary line within a year: Suzano, 2024-05-01, counted at half for 219 sessions, of which 63
were not taken."""
BRIEF_DAYS = 10
"""A level that stood for so few days was none to come back to: First BanCorp's, 2023-06-14 to 19, at a nineteenth."""
YOUNG_DAYS, FIRST_DAYS = 31, 7
"""A jump within a month of a line's first session mends its first count (IONR, 2022-07-05: 2,091 million, then 52;
SHEL, 2022-02-15); after the first week not one that makes a company of some size eight times larger (GEN, 2022-11-21:
240 billion USD)."""

_CAUSE_NAMES = pl.Series([None, *CAUSES], dtype=pl.String)
_FOLLOWED: dict[str, pl.DataType] = {
    **FACTOR_SCHEMA,
    "followed_cap_usd": pl.Int64(),
    **dict.fromkeys(("is_refused_count", "is_restored_count", "follows_split", "is_noted"), pl.Boolean()),
    "late_split_ratio": pl.Float64(),
    "late_split_on": pl.Date(),
}

_UNDISTURBED: dict[str, object] = {
    "count_factor": 1.0,
    "factor_sessions": 0,
    "factor_most": 0,
    **dict.fromkeys(("is_refused_count", "is_restored_count", "follows_split", "is_noted"), False),
    **dict.fromkeys(("late_split_ratio", "late_split_on")),
}


def followed(lines: pl.DataFrame, session: date, near_from: date) -> pl.DataFrame:
    """Lines with FACTOR_SCHEMA as of this session and what it makes of the vendor's count.

    ``followed_cap_usd``: the vendor's cap times the factor, whole USD; the factor is 1 where the count is taken as it
    stands. ``is_refused_count``: it jumped without a split today. ``is_restored_count``: a depositary line's is of
    depositary shares again, or back where it was; or it follows a split that nobody saw. ``follows_split``: it has a
    split now that it lagged. ``late_split_ratio``, ``late_split_on``: the split that nobody saw on its day, as the
    count follows the close by its ratio now; null where there is none. ``is_noted``: the line's FACTOR_SCHEMA is not
    what it was.
    ``lines``: with `with_last_shares` and `with_splits`, first_session, security_type, ``stated_ratio`` (shares behind
    a depositary one by the operator or the quotes' name, null where unknown), and ``is_accepted``: the operator takes
    the company as the vendor shows it.
    """
    at = where(~_is_quiet(lines))
    columns = {name: _undisturbed(lines, name, dtype) for name, dtype in _FOLLOWED.items()}
    if at.size:
        found = _judged_lines(lines[at], session, near_from, Young.of(lines, session).at(at))
        columns = {name: column.scatter(pl.Series(at), found[name]) for name, column in columns.items()}
    return lines.hstack(list(columns.values()))


def _is_quiet(lines: pl.DataFrame) -> Mask:
    """Whether nothing is to be said of a line's count: most of a session's, and `_judged_lines` would leave them so."""
    moves = Moves.of(lines)
    with np.errstate(invalid="ignore"):
        is_moved = np.logical_or.reduce([np.abs(move) >= SMALLEST_JUMP_LOG for move in moves])
    is_remembered = lines["last_factor_cause"].is_not_null().to_numpy() | flags(lines["last_awaits_split"])
    return np.asarray(~(is_moved | is_remembered | _is_lost(lines) | flags(lines["split_ratio"] != 1.0)))


class Young(NamedTuple):
    """Whether each line is new, or very new. Those that go back as far as any are not: they were there before."""

    is_young: Mask
    is_first: Mask

    @classmethod
    def of(cls, lines: pl.DataFrame, session: date) -> "Young":
        """From first_session, over all lines of the session."""
        first = lines["first_session"]
        is_new = first > first.min()
        ages = ((first >= session - timedelta(days=days)) & is_new for days in (YOUNG_DAYS, FIRST_DAYS))
        return cls(*(flags(age) for age in ages))

    def at(self, rows: Rows) -> "Young":
        """Of some of the lines."""
        return Young(self.is_young[rows], self.is_first[rows])


def _is_lost(lines: pl.DataFrame) -> Mask:
    """Whether the vendor gives no count today, and gave one on the last admitted session."""
    is_none = np.isnan(shares_of(lines["vendor_cap_usd"], lines["close"]))
    return np.asarray(is_none & ~np.isnan(shares_of(lines["last_cap_usd"], lines["last_close"])))


def _undisturbed(lines: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Series:
    """The column of a line whose count is taken as it stands, and which is remembered as it was."""
    if name in _UNDISTURBED:
        return constant(name, _UNDISTURBED[name], lines.height, dtype)
    return lines["vendor_cap_usd" if name == "followed_cap_usd" else f"last_{name}"].alias(name)


def _judged_lines(lines: pl.DataFrame, session: date, near_from: date, young: Young) -> dict[str, pl.Series]:
    """The columns of `followed`."""
    past, moves = Past.of(lines, session, near_from), Moves.of(lines)
    shares = shares_of(lines["vendor_cap_usd"], lines["close"])
    split = past.event("split", np.log(floats(lines["split_ratio"])), flags(lines["split_ratio"] != 1.0))
    before_split, counted = _counted(past, split, shares)
    convention, is_none = Convention.of(lines), np.isnan(shares)
    is_back = _is_back(past, shares, convention.is_depositary)
    verdict = judged(moves.shares, past, counted, convention, is_back=is_back, is_none=is_none)
    move = past.event("move", *_split_like_move(past, moves, split.is_new))
    is_doubted = (verdict.cause == JUMPED) & ~past.had_jumped
    is_large = np.nan_to_num(floats(lines["vendor_cap_usd"])) >= LARGE_CAP_USD
    is_mending = young.is_first | (young.is_young & ~(is_large & (moves.shares >= LARGE_LOG)))
    is_following = is_doubted & _follows_close(moves.shares, move)
    is_believed = is_following | (is_doubted & is_mending)
    late_ratio, _ = nearest_ratio(moves.shares)
    has_jumped = _has_jumped(moves.shares, split.is_new) & ~is_believed
    # A count that comes back from a jump has not jumped: there is nothing left that could have led a split.
    jump = past.event("jump", np.where(past.log_factor == 0.0, moves.shares, np.nan), has_jumped)
    cause = np.where(is_believed | flags(lines["is_accepted"]), 0, verdict.cause)
    lasted = np.where(past.had_jumped == (cause == JUMPED), past.sessions, 0)
    is_same_doubt = past.had_jumped & (np.abs(verdict.log_factor - past.log_factor) <= EXACT_LOG)
    most = np.where(is_same_doubt, past.most, convention.most_sessions(verdict.log_factor))
    has_lasted = (cause == JUMPED) & (lasted >= most)
    is_set = (cause > 0) & ~has_lasted
    is_news = verdict.is_news | has_lasted | verdict.is_mended
    is_brief = (past.event("news").age <= BRIEF_DAYS) & ~np.isnan(past.event("news").value)
    news = past.event("news", np.where(split.is_new, np.nan, past.taken), (is_news & ~is_brief) | split.is_new)
    lost = past.event("lost", past.shares, _is_lost(lines))
    factor = np.where(is_set, np.exp(verdict.log_factor), 1.0)
    events = {"split": split, "jump": jump, "move": _explained(move, is_believed), "news": news, "lost": lost}
    is_noted = is_set | past.was_set | past.awaited_split | is_believed
    columns = {
        "count_factor": pl.Series(factor),
        "factor_cause": _CAUSE_NAMES[pl.Series(np.where(is_set, cause, 0))],
        "factor_sessions": pl.Series(np.where(is_set, lasted + 1, 0)),
        "factor_most": pl.Series(np.where(is_set & (cause == JUMPED), most, 0)),
        "shares_before_split": pl.Series(before_split, nan_to_null=True),
        "awaits_split": pl.Series(verdict.awaits_split),
        **{name: column for kind, event in events.items() for name, column in event.columns(kind).items()},
        "followed_cap_usd": _followed_caps(lines["vendor_cap_usd"], factor),
        "is_refused_count": pl.Series(is_set & (cause == JUMPED) & ~past.had_jumped),
        # Of a small company a new level is confirmed soon.
        "is_restored_count": pl.Series((verdict.is_restored & (is_large | convention.was_large)) | is_following),
        "follows_split": pl.Series(verdict.follows_split),
        "late_split_ratio": masked(pl.Series(exact_ratio(late_ratio)), is_following),
        "late_split_on": masked(move.on, is_following),
        "is_noted": pl.Series(np.logical_or.reduce([is_noted, *(event.is_new for event in events.values())])),
    }
    return {name: column.cast(_FOLLOWED[name]).alias(name) for name, column in columns.items()}


def _followed_caps(caps: pl.Series, factor: Floats) -> pl.Series:
    vendor = floats(caps)
    return pl.Series(np.where(factor == 1.0, vendor, np.rint(vendor * factor)), nan_to_null=True)


def _counted(past: Past, split: Event, shares: Floats) -> tuple[Floats, CountOfSplit]:
    """The count before the last split, and where today's and yesterday's stand to it."""
    led = split.is_new & ~past.had_jumped & _led(past, split.value)
    # The old count that a lagging one falls back to is the vendor's own; of one that had jumped it is the one taken.
    old = np.where(past.had_jumped, past.taken, past.shares)
    before = np.where(split.is_new, old, floats(past.lines["last_shares_before_split"]))
    before = np.where(led, np.nan, before)
    due = np.where(split.is_new & ~led & ~np.isnan(past.shares), split.value, 0.0)
    with np.errstate(invalid="ignore"):
        levels = np.log(shares / before), np.log(past.taken / before)
        return before, CountOfSplit(split, due, *levels)


def _led(past: Past, split: Floats) -> Mask:
    """Whether the vendor's count has jumped by the ratio days before."""
    jump = past.event("jump")
    nearest = np.where(jump.age <= WEEK_DAYS, share_of(split, SMALLEST_JUMP_LOG), SAME_LOG)
    with np.errstate(invalid="ignore"):
        return np.asarray((jump.age <= FEW_DAYS) & (np.abs(jump.value - split) <= nearest))


def _is_back(past: Past, shares: Floats, is_depositary: Mask) -> Mask:
    """Whether the count is where it was before a step of these days that nothing explained, give or take issues since.

    The larger the step, the more may have been issued or bought back meanwhile (BP: 177 to one, and a tenth off).
    """
    news, days = past.event("news"), np.where(is_depositary, BACK_DAYS_DEPOSITARY, BACK_DAYS)
    with np.errstate(invalid="ignore"):
        near = share_of(np.log(news.value / past.taken))
        return np.asarray((news.age <= days) & (np.abs(np.log(shares / news.value)) <= near))


def _has_jumped(count: Floats, is_split: Mask) -> Mask:
    """Whether the vendor's count moved like a split, exact or not, while the price did not."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(count) >= SMALLEST_JUMP_LOG) & ~is_split)


def _split_like_move(past: Past, moves: Moves, is_split: Mask) -> tuple[Floats, Mask]:
    """Log move of each line, and whether it is like a split's without being one, and larger than one of these days.

    It is that of the previous close, where the vendor adjusted it by some number, else that of the close.
    """
    before = past.event("move")
    with np.errstate(invalid="ignore"):
        move = np.where(np.abs(moves.price) > EXACT_LOG, moves.price, moves.close)
        is_largest = ~((before.age <= WEEK_DAYS) & (np.abs(before.value) > np.abs(move)))
        return move, np.asarray((np.abs(move) >= SMALLEST_JUMP_LOG) & ~is_split & is_largest)


def _follows_close(count: Floats, move: Event) -> Mask:
    """Whether a count moves by the ratio that its close moved by some sessions ago."""
    with np.errstate(invalid="ignore"):
        is_its_ratio = np.abs(count - move.value) <= np.minimum(UNADJUSTED_LOG, np.abs(count) / 3)
        return np.asarray((move.age >= 1) & (move.age <= WEEK_DAYS) & is_its_ratio)


def _explained(move: Event, is_explained: Mask) -> Event:
    """The moves that no count has followed yet."""
    return move._replace(value=np.where(is_explained, np.nan, move.value))
