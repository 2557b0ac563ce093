"""What to make of the vendor's count of a line when it moves, or does not, where its splits are known."""

from math import log
from typing import NamedTuple

import numpy as np

from transforms.core.count_conventions import FOREVER, Convention
from transforms.core.count_memory import FEW_DAYS, JUMPED, LAGS, Event, Past
from transforms.core.rows import Floats, Mask, Rows
from transforms.core.splits import EXACT_COUNT_LOG, nearest_ratio

SAME_LOG = 0.09
"""Up to here two counts are one, give or take issues and buy-backs; the smallest split is 0.095."""
SMALLEST_JUMP_LOG = 0.38
"""A count that moves by less than three for two is judged like an issue."""
NEWS_LOG, SPLIT_PART = 0.2, 8
"""A count that lags a split changes by up to a fifth, and an eighth of the split, and lags it still: it was brought up
to date in old shares (AEVA, 2024-03-20)."""
RECENT_DAYS = 365
"""A count that falls back to what it was before a split of the last year lags that split; one that moves by the ratio
of a split that it has not followed follows it now."""
WEEK_DAYS = 8
"""A week and a day. Within it a count may follow a close that moved by its ratio on an unadjusted previous close: a
split that nobody declared. ANET's would have been one (2024-12-04, the count a session later). Within it a count that
nearly has the ratio has led a split (DPRO, 2024-09-05); and of one that falls back to what it was before, the old count
is as new as the one taken since, which was wrong if it had fewer shares than the split leaves (AGLE, 2023-09-08)."""
OLD_EXACT_LOG, OLD_LOG = 0.005, 0.05
"""More than FEW_DAYS after a split a count is the old one if it is so to a two hundredth; or to a twentieth, and little
was issued since. Companies that split in reverse issue soon, and some have as many shares again: TTOO, 2023-08-11."""
LARGE_LOG, ABOUT_OLD_LOG = log(8), 0.45
"""Within FEW_DAYS of a split of one for eight or more, a count that had followed it and is the old one, or half as many
more, is the old one brought up to date: MEDS, 2023-06-23; SDIG, 2023-05-26. Nobody issues so many shares so soon."""
QUARTER_DAYS, NEW_COUNT_LOG = 92, 0.0001
"""A quarter after a split a count that moves by more than a rounding (a ten thousandth) is of a filing after it: where
it is near the old one, nothing lags. NSSC's was right on its ex-date (2022-01-05), two sessions after the archive's
first."""


class CountOfSplit(NamedTuple):
    """Where each line's count stands to its last split."""

    split: Event
    """Log ratio, today's included."""
    due: Floats
    """Log ratio that today's count should move by: 0 where there is no split, or where the count had it before."""
    level: Floats
    """Log of the count against the one before the last split; NaN where that is not known, or had the split."""
    taken_level: Floats
    """The same of the last count taken."""

    @property
    def is_recent(self) -> Mask:
        """The split is of the last year."""
        return np.asarray(self.split.age <= RECENT_DAYS)

    @property
    def is_filed_since(self) -> Mask:
        """A count that changes today is of a filing after the split."""
        return np.asarray(self.split.age > QUARTER_DAYS)

    @property
    def has_it(self) -> Mask:
        """The count is where the split asks it to be, give or take news."""
        return self._is_at(self.level, 1)

    @property
    def has_it_twice(self) -> Mask:
        """The vendor applied the split once more: MBIO, 2023-05-26, for some weeks."""
        return self._is_at(self.level, 2)

    @property
    def is_old(self) -> Mask:
        """The count is the one before the split."""
        is_little_issued = (np.abs(self.level) <= OLD_LOG) & self._is_at(self.taken_level, 1)
        is_old = (np.abs(self.level) <= OLD_EXACT_LOG) | is_little_issued
        return np.where(self.split.age <= FEW_DAYS, self._is_at(self.level, 0), is_old)

    @property
    def is_about_old(self) -> Mask:
        """Weeks after a large split that the count had followed, it is near the one before."""
        is_large = (np.abs(self.split.value) >= LARGE_LOG) & (self.split.age <= FEW_DAYS)
        had_followed = np.abs(self.taken_level - self.split.value) < np.abs(self.taken_level)
        return np.asarray(is_large & had_followed & (self.level >= -SAME_LOG) & (self.level <= ABOUT_OLD_LOG))

    def _is_at(self, level: Floats, times: int) -> Mask:
        size = np.abs(self.split.value)
        return np.asarray(np.abs(level - times * self.split.value) <= np.minimum(share_of(size), size / 3))


class Verdict(NamedTuple):
    """What each line's count is multiplied by, why, and what that leaves to remember."""

    log_factor: Floats
    cause: Rows
    is_news: Mask
    """A step that nothing explains: taken as it stands, and left to the rules of admission."""
    awaits_split: Mask
    """The count as it is taken has not the last split yet."""
    follows_split: Mask
    """The count has a split now that it lagged."""
    is_mended: Mask
    """The count of a depositary line moved from the ordinary shares behind it to its own: taken."""
    is_restored: Mask
    """It did, or is back where it was."""


def share_of(split: Floats, most: float = NEWS_LOG) -> Floats:
    """How far a count may be from where it was and be nearer to that than to a split of this log ratio."""
    return np.clip(np.abs(split) / SPLIT_PART, SAME_LOG, most)


@np.errstate(invalid="ignore")
def judged(
    count: Floats, past: Past, counted: CountOfSplit, convention: Convention, *, is_back: Mask, is_none: Mask
) -> Verdict:
    """What to make of the move of each line's count, a log, NaN where it is not known.

    It is right, or lags a split still, or has fallen back to the count before one, or follows one that it had not
    followed, or has had one twice, or has jumped without one, or counts other shares than the line's, or those no more;
    or it is news. ``is_back``: it is where it was before a step that nothing explained. ``is_none``: the vendor gives
    none today.
    """
    expected, split = past.log_factor + counted.due, counted.split
    surprise = count - expected
    is_right = np.abs(surprise) <= SAME_LOG
    still = _is_still(count, expected, past, counted, is_none) & ~is_right
    is_renewed = still & past.lagged & counted.is_filed_since & (np.abs(count) > NEW_COUNT_LOG)
    is_jump = ~is_right & ~still & (np.abs(surprise) >= SMALLEST_JUMP_LOG)
    of_split = is_jump & counted.is_recent
    ratio, _ = nearest_ratio(surprise)
    is_exact = is_jump & convention.is_exact(surprise)
    follows = of_split & past.awaited_split & ~split.is_new & _is_by_split(surprise, counted)
    is_old = of_split & (counted.is_old | (counted.is_about_old & ~past.lagged))
    is_twice = of_split & counted.has_it_twice & ~is_old
    is_ordinary = is_jump & convention.is_ordinary(surprise) & ~(of_split & counted.has_it)
    is_mended = is_jump & convention.is_mended(surprise) & ~is_old
    is_returned = is_jump & is_back
    is_explained = is_renewed | follows | (of_split & counted.has_it) | is_returned | is_mended
    is_ordinary = is_ordinary & ~is_returned
    is_taken = is_explained | ~(still | is_old | is_exact | is_twice | is_ordinary)
    is_jump_still = still & past.had_jumped & (counted.due == 0.0)
    cause = np.select([is_taken, (still | is_old) & ~is_jump_still], [0, LAGS], JUMPED)
    known = [is_taken, still, is_old, is_twice & ~split.is_new, is_ordinary, is_exact]
    back = _back(surprise, counted)
    log_factor = np.select(known, [0.0, expected, back, -split.value, -convention.log_ratio, -ratio], -surprise)
    has_it = follows | counted.has_it | (is_right & (past.lagged | split.is_new))
    is_due = np.isnan(past.shares) | (counted.due != 0.0)
    awaited = np.where(split.is_new, is_due, past.awaited_split | past.lagged)
    return Verdict(
        log_factor,
        cause,
        is_news=is_taken & is_jump & ~is_explained,
        awaits_split=np.where(is_taken, awaited & ~has_it, past.awaited_split & (cause != LAGS)),
        follows_split=has_it & ~split.is_new & (past.lagged | past.awaited_split),
        is_mended=is_mended,
        is_restored=is_mended | (is_returned & convention.is_depositary),
    )


def _is_still(count: Floats, expected: Floats, past: Past, counted: CountOfSplit, is_none: Mask) -> Mask:
    """Whether a count that was not taken as it stood, or should move today, stands where it was, or is not given.

    One that jumped and moves by a tenth is alive; one that lags, or is of other shares by the stated ratio, was brought
    up to date.
    """
    of_other_shares = np.where(past.most >= FOREVER, np.minimum(SMALLEST_JUMP_LOG, np.abs(expected) / 2), SAME_LOG)
    near = np.where(past.had_jumped & (counted.due == 0.0), of_other_shares, share_of(expected))
    is_given_again = np.isnan(count) & ~is_none & counted.has_it
    stands = (np.abs(count) <= near) | (np.isnan(count) & ~is_given_again)
    return np.asarray((np.abs(expected) > SAME_LOG) & stands)


def _is_by_split(surprise: Floats, counted: CountOfSplit) -> Mask:
    """Whether a count moves by the last split's ratio; about so where no count was known before the split."""
    off, split = np.abs(surprise - counted.split.value), counted.split.value
    return np.asarray((off <= EXACT_COUNT_LOG) | (np.isnan(counted.level) & (off <= np.abs(split) / 3)))


def _back(surprise: Floats, counted: CountOfSplit) -> Floats:
    """Log factor of a count that fell back to the one before its split: the split, or what keeps the one taken."""
    split = counted.split
    # More shares than the split leaves are issues: KERN, 2022-11-10. Fewer were an error: AGLE, 2023-09-08.
    is_issued = (counted.taken_level > split.value + EXACT_COUNT_LOG) & (counted.taken_level < 0.0)
    return np.where((split.age <= WEEK_DAYS) & ~is_issued, split.value, -surprise)
