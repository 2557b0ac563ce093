"""The vendor's share counts around splits: they lag the price by a day or by months, lead it, or flip between both.

A count that moves by an exact, simple ratio without the price is no issue of shares: in 2022-24 1,147 did so, and every
large one was a vendor's error or a change of what it counts. Such a count is not taken. The count before it stands,
times the splits since, and the line says so, until the vendor's count is back or a quarter has gone by.
"""

from datetime import date

import numpy as np
import polars as pl

from transforms.core.rows import Floats, Mask, flags, floats
from transforms.core.splits import EXACT_COUNT_LOG, EXACT_LOG, UNADJUSTED_LOG, Moves, nearest_ratio

SAME_LOG = 0.09
"""Up to here two counts are one, give or take issues and buy-backs; the smallest split is 0.095."""
SMALLEST_JUMP_LOG = 0.38
"""A count that moves by less than three for two is judged like an issue."""
MAX_SESSIONS = 63
"""A count that jumped without a split is not taken for a quarter; by then a filing would show it, and it is judged like
any other step. One that lags a split seen in the price is not taken for as long as it lags."""
RECENT_DAYS = 365
"""A count that falls back to what it was before a split of the last year lags that split; one that jumped by the ratio
of a split less than a year before its ex-date has led it: Novo Nordisk's did in 2023, by three sessions."""

FOLLOWS_WITHIN_DAYS = 8
"""Days within which a count may follow a close that moved by its ratio on an unadjusted previous close: a split
that nobody declared. ANET's would have been one (2024-12-04, the count a session later)."""

CAUSES = ("lags_split", "jumped_without_split")
_LAGS, _JUMPED = 1, 2
FACTOR_SCHEMA: dict[str, pl.DataType] = {
    "count_factor": pl.Float64(),
    "factor_cause": pl.String(),
    "factor_sessions": pl.Int32(),
    "recent_split_log": pl.Float64(),
    "split_on": pl.Date(),
    "recent_jump_log": pl.Float64(),
    "jump_on": pl.Date(),
    "recent_move_log": pl.Float64(),
    "move_on": pl.Date(),
}
"""What is remembered of a line's count: its factor, why and for how many sessions; its last split, its last jump
without one, the last move of its close that only a split would explain, and the session of each."""


def followed(lines: pl.DataFrame, session: date, near_from: date) -> pl.DataFrame:
    """Lines with FACTOR_SCHEMA as of this session, ``followed_cap_usd``, ``is_refused_count`` and ``is_noted``.

    The followed cap is the vendor's times the factor, in whole USD. A refused count jumped without a split today. Noted
    are lines whose FACTOR_SCHEMA is not what it was.
    ``lines``: with `with_splits`, the FACTOR_SCHEMA of the last admitted session under ``last_<name>``, and
    ``is_accepted``: the operator takes the company as the vendor shows it. The factor is 1 where the vendor's count is
    taken as it stands.
    """
    is_near = lines["last_session"].to_numpy() >= np.datetime64(near_from)
    split = np.log(lines["split_ratio"].to_numpy())
    before = np.where(is_near, np.nan_to_num(floats(lines["last_count_factor"]), nan=1.0), 1.0)
    was_set, was_jumped = _was_any(lines), flags(lines["last_factor_cause"] == CAUSES[_JUMPED - 1])
    recent_split, split_age = _remembered(lines, "split", session, split, split != 0)
    led = _led(lines, session, split) & ~was_jumped
    moves = Moves.of(lines)
    count, has_moved = moves.shares, _has_moved(moves, split)
    recent_move, move_age = _remembered(lines, "move", session, moves.close, has_moved)
    log_factor, cause = _judged(count, np.log(before) + np.where(led, 0.0, split), recent_split, split_age)
    is_due = (cause == _JUMPED) & _follows(count, recent_move, move_age) & ~was_jumped
    cause = np.where(is_due, 0, cause)
    cause = np.where((cause == _LAGS) & was_jumped & is_near & (split == 0), _JUMPED, cause)
    cause = np.where(flags(lines["is_accepted"]), 0, cause)
    is_new_jump = (cause == _JUMPED) & ~was_jumped
    has_jumped = _has_jumped(count, split) & ~is_due
    recent_jump, _ = _remembered(lines, "jump", session, count, has_jumped)
    lasted = np.where(was_set & is_near, np.nan_to_num(floats(lines["last_factor_sessions"])), 0) + 1
    is_set = (cause > 0) & ~((cause == _JUMPED) & (lasted > MAX_SESSIONS))
    factor = np.where(is_set, np.exp(log_factor), 1.0)
    names = pl.Series([None, *CAUSES], dtype=pl.String)
    cap = np.where(factor == 1.0, floats(lines["vendor_cap_usd"]), np.rint(floats(lines["vendor_cap_usd"]) * factor))
    columns = {
        "count_factor": pl.Series(factor),
        "factor_cause": names[pl.Series(np.where(is_set, cause, 0))],
        "factor_sessions": pl.Series(np.where(is_set, lasted, 0)),
        "recent_split_log": pl.Series(recent_split, nan_to_null=True),
        "split_on": _days(lines["last_split_on"], session, split != 0),
        "recent_jump_log": pl.Series(recent_jump, nan_to_null=True),
        "jump_on": _days(lines["last_jump_on"], session, has_jumped),
        "recent_move_log": pl.Series(np.where(is_due, np.nan, recent_move), nan_to_null=True),
        "move_on": _days(lines["last_move_on"], session, has_moved),
        "followed_cap_usd": pl.Series(cap, nan_to_null=True).cast(pl.Int64),
        "is_refused_count": pl.Series(is_set & is_new_jump),
        "is_noted": pl.Series(is_set | was_set | (split != 0) | has_jumped | has_moved | is_due),
    }
    schema = {**FACTOR_SCHEMA, **dict.fromkeys(("is_refused_count", "is_noted"), pl.Boolean())}
    schema["followed_cap_usd"] = pl.Int64()
    return lines.hstack([column.cast(schema[name]).alias(name) for name, column in columns.items()])


def _judged(count: Floats, expected: Floats, recent: Floats, age: Floats) -> tuple[Floats, Floats]:
    """Log factor and cause of each line. ``count``: the move of the vendor's count; ``expected``: what it should be."""
    with np.errstate(invalid="ignore"):
        surprise = count - expected  # of a count that is taken as it stands
        ratio, off = nearest_ratio(surprise)
        is_exact = (off <= EXACT_COUNT_LOG) & (np.abs(surprise) >= SMALLEST_JUMP_LOG)
        is_due = np.abs(expected) > SAME_LOG
        is_back = np.abs(surprise) <= np.minimum(SAME_LOG, np.where(is_due, np.abs(count), np.inf))
        still = is_due & ~is_back & ((np.abs(count) <= SAME_LOG) | np.isnan(count))
        jumped = ~is_back & ~still & is_exact
        undoes_split = (age <= RECENT_DAYS) & (np.abs(ratio + recent) <= EXACT_COUNT_LOG)
    cause = np.select([still, jumped & undoes_split, jumped], [_LAGS, _LAGS, _JUMPED], 0)
    return np.where(still, expected, np.where(jumped, -ratio, 0.0)), cause


def _remembered(lines: pl.DataFrame, kind: str, session: date, today: Floats, is_new: Mask) -> tuple[Floats, Floats]:
    """The last log ratio of its kind and the days since; NaN where there was none."""
    value = np.where(is_new, today, floats(lines[f"last_recent_{kind}_log"]))
    return value, np.where(is_new, 0, _days_since(lines[f"last_{kind}_on"], session))


def _days_since(days: pl.Series, session: date) -> Floats:
    return floats((session - days).dt.total_days())


def _days(before: pl.Series, session: date, is_new: Mask) -> pl.Series:
    at = np.flatnonzero(is_new)
    return before.clone().scatter(pl.Series(at), session) if at.size else before


def _has_jumped(count: Floats, split: Floats) -> Mask:
    """Whether the vendor's count moved like a split, exact or not, while the price did not."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(count) >= SMALLEST_JUMP_LOG) & (split == 0))


def _has_moved(moves: Moves, split: Floats) -> Mask:
    """Whether the close moved like a split without one, on a previous close that the vendor did not adjust."""
    with np.errstate(invalid="ignore"):
        is_unadjusted = ~(np.abs(moves.price) > EXACT_LOG)
        return np.asarray(is_unadjusted & (np.abs(moves.close) >= SMALLEST_JUMP_LOG) & (split == 0))


def _follows(count: Floats, move: Floats, age: Floats) -> Mask:
    """Whether a count moves by the ratio that its close moved by some sessions ago."""
    with np.errstate(invalid="ignore"):
        is_its_ratio = np.abs(count - move) <= np.minimum(UNADJUSTED_LOG, np.abs(count) / 3)
        return np.asarray((age >= 1) & (age <= FOLLOWS_WITHIN_DAYS) & is_its_ratio)


def _led(lines: pl.DataFrame, session: date, split: Floats) -> Mask:
    """Whether the vendor's count has had today's split before."""
    jump, age = floats(lines["last_recent_jump_log"]), _days_since(lines["last_jump_on"], session)
    with np.errstate(invalid="ignore"):
        is_the_split = (age <= RECENT_DAYS) & (np.abs(jump - split) <= SAME_LOG)
    return np.asarray((split != 0) & is_the_split)


def _was_any(lines: pl.DataFrame) -> Mask:
    return np.asarray(lines["last_factor_cause"].is_not_null().to_numpy())
