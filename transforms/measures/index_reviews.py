"""When the indexes that funds follow change their members: what goes in and out then is no investor's choice."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from transforms.measures.fund_registry import Confidence, Family

_FRIDAY, _WEEK = 4, 7


@dataclass(frozen=True)
class Review:
    """A yearly review: effective after the close of the n-th Friday of a month (-1: the last), from a year on.

    Around it lie ``before`` and ``after`` sessions in which flows follow from it.
    """

    family: Family
    month: int
    friday: int
    before: int
    after: int
    first_year: int
    source: str
    confidence: Confidence


_QUARTERS = (3, 6, 9, 12)
REVIEWS = (
    Review("russell", 6, -1, 5, 5, 1989, "FTSE Russell: reconstitution on the last Friday of June", "documented"),
    Review("russell", 11, 2, 5, 5, 2026, "FTSE Russell: a second one in November from 2026 on", "assumed"),
    *(
        Review("sp", month, 3, 5, 5, 1957, "S&P: rebalancing on the third Friday of the quarter", "documented")
        for month in _QUARTERS
    ),
    *(
        Review("crsp", month, 3, 1, 6, 2012, "CRSP: five days from the third Friday of the quarter", "assumed")
        for month in _QUARTERS
    ),
    *(
        Review("dow_jones", month, 3, 5, 5, 2006, "as of S&P, which runs these indexes", "assumed")
        for month in _QUARTERS
    ),
)


def review_places(days: Sequence[date], families: Iterable[Family]) -> dict[Family, list[int]]:
    """Of each family the places in a sorted calendar that lie around its reviews."""
    found: dict[Family, list[int]] = {}
    for family in families:
        places: set[int] = set()
        for review in (review for review in REVIEWS if review.family == family):
            for year in range(max(days[0].year, review.first_year), days[-1].year + 1):
                effective = _friday(year, review.month, review.friday)
                at = bisect_left(days, effective)
                if days[0] <= effective <= days[-1]:
                    places |= set(range(max(at - review.before, 0), min(at + review.after + 1, len(days))))
        found[family] = sorted(places)
    return found


def _friday(year: int, month: int, number: int) -> date:
    """The n-th Friday of a month, or its last for -1."""
    first = date(year, month, 1)
    friday = first + timedelta(days=(_FRIDAY - first.weekday()) % _WEEK)
    if number > 0:
        return friday + timedelta(days=_WEEK * (number - 1))
    while (friday + timedelta(days=_WEEK)).month == month:
        friday += timedelta(days=_WEEK)
    return friday
