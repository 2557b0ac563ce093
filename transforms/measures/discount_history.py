"""How a series of discounts stands, session after session, in its own history."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

SCALE = 10**9
"""Means and deviations are of whole 1e-9, so that a night and a backfill agree to the last bit."""
LEAST_SESSIONS = 252
"""A year: with fewer sessions a standard deviation says little, and there is no z-score."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one session's discount stands among those since the start, its own included.

    ``not_above``: how many are not above it. ``z_score``: its distance from their mean in their (sample) standard
    deviations; None before LEAST_SESSIONS, and where all are equal. ``as_wide_on``: the newest earlier session whose
    discount was at least as wide on the same side: as low where this one is below zero, as high where it is above.
    ``premium_on``: the newest session, this one included, on which the segment was dearer than large caps.
    """

    sessions: int
    premium_sessions: int
    premium_on: date | None
    not_above: int | None = None
    z_score: float | None = None
    as_wide_on: date | None = None


class DiscountHistory:
    """One series: what was known before, in order of sessions, and what comes in session by session.

    ``dearer``: the sign of a discount at which the segment is dearer than large caps: 1 for multiples, -1 for yields.
    """

    def __init__(self, dearer: int, days: Sequence[date] = (), discounts: Sequence[float] = ()) -> None:
        self._dearer = dearer
        self._past = tuple(zip(days, discounts, strict=True))
        self._ordered = sorted(discounts)
        whole = [_whole(value) for value in discounts]
        self._sum, self._squares = sum(whole), sum(value * value for value in whole)
        premiums = [day for day, value in self._past if value * dearer > 0]
        self._premium_sessions, self._premium_on = len(premiums), premiums[-1] if premiums else None
        # Of those that came in since, the ones that no later one is as low as, or as high as: the widest first.
        self._lows: list[tuple[date, float]] = []
        self._highs: list[tuple[date, float]] = []

    def next(self, day: date, discount: float | None) -> Standing:
        """The standing of the next session, which enters the history; one without a discount leaves it as it is."""
        if discount is None:
            return Standing(len(self._ordered), self._premium_sessions, self._premium_on)
        as_wide_on = self._as_wide_on(discount)
        self._enter(day, discount)
        return Standing(
            len(self._ordered),
            self._premium_sessions,
            self._premium_on,
            bisect_right(self._ordered, discount),
            self._z_score(discount),
            as_wide_on,
        )

    def _as_wide_on(self, discount: float) -> date | None:
        while self._lows and self._lows[-1][1] > discount:
            self._lows.pop()
        while self._highs and self._highs[-1][1] < discount:
            self._highs.pop()
        since = self._highs if discount > 0 else self._lows
        if since:
            return since[-1][0]
        sign = 1 if discount > 0 else -1
        return next((day for day, value in reversed(self._past) if value * sign >= discount * sign), None)

    def _enter(self, day: date, discount: float) -> None:
        self._lows.append((day, discount))
        self._highs.append((day, discount))
        insort(self._ordered, discount)
        self._sum += _whole(discount)
        self._squares += _whole(discount) ** 2
        if discount * self._dearer > 0:
            self._premium_sessions += 1
            self._premium_on = day

    def _z_score(self, discount: float) -> float | None:
        sessions = len(self._ordered)
        spread = sessions * self._squares - self._sum**2
        if sessions < LEAST_SESSIONS or spread == 0:
            return None
        deviation = sqrt(spread / (sessions * (sessions - 1)))
        return (_whole(discount) * sessions - self._sum) / sessions / deviation


def _whole(discount: float) -> int:
    return round(discount * SCALE)
