"""Fixed numbers of places, as in DAX, FTSE and STOXX: who has one after a review, tier by tier, the largest first.

In a tier are at first its members, and who fell out of the tier above. Free places go to the best ranked of everybody
outside, too many members lose the worst ranked; then each swap is made in its order. Who is out falls into the next
tier, or stays in the lower one that it was in. So nobody is in two tiers, and every tier is full while companies last.
Where nobody was a member, all places are free, and go by rank.
"""

from bisect import bisect_right
from itertools import chain, repeat

import polars as pl

from transforms.schemes.model import FixedCount, Swap, Tier


def with_places(rule: FixedCount, recalled: pl.DataFrame) -> pl.DataFrame:
    """Adds ``now``, the number of each company's bucket, and ``swap``, the last one that moved it; both may be null.

    ``recalled``: one row per company, the best ranked first, with the number ``was`` of the bucket it was in.
    """
    was: dict[int, int | None] = dict(enumerate(recalled["was"], start=1))
    outside, fallen, first = set(was), set[int](), 0
    now: dict[int, int] = {}
    moved_by: dict[int, str] = {}
    for tier in rule.tiers:
        numbers = range(first, first + len(tier.counts))
        members = fallen | {rank for rank in outside if was[rank] in numbers}
        inside = _inside(tier, members, outside, moved_by)
        by_rank = chain.from_iterable(map(repeat, numbers, tier.counts.values()))
        now |= dict(zip(sorted(inside), by_rank, strict=False))
        outside, fallen, first = outside - inside, members - inside, numbers.stop
    now |= _rest(rule, outside, first)
    return recalled.with_columns(
        now=pl.Series([now.get(rank) for rank in was], dtype=pl.Int64),
        swap=pl.Series([moved_by.get(rank) for rank in was], dtype=pl.String),
    )


def _inside(tier: Tier, members: set[int], available: set[int], moved_by: dict[int, str]) -> set[int]:
    """The ranks that have a place in the tier, of those available; names in ``moved_by`` the swap of who changes."""
    count = sum(tier.counts.values())
    inside = set(sorted(members)[:count])
    inside |= set(sorted(available - inside)[: count - len(inside)])
    for swap in tier.swaps:
        pairs = list(zip(sorted(inside, reverse=True), sorted(available - inside), strict=False))
        for worst, best in pairs:
            if _applies(swap, worst, best):
                inside = (inside - {worst}) | {best}
                moved_by[worst] = moved_by[best] = swap.name
    return inside


def _applies(swap: Swap, worst: int, best: int) -> bool:
    is_out = swap.exit_beyond is None or worst > swap.exit_beyond
    is_in = swap.entry_within is None or best <= swap.entry_within
    return is_out and is_in and best < worst


def _rest(rule: FixedCount, outside: set[int], first: int) -> dict[int, int]:
    """Numbers of the buckets of who has no place; one that is ranked before they begin is in the first of them."""
    begins = list(rule.rest.values())
    return {rank: first + max(bisect_right(begins, rank) - 1, 0) for rank in outside} if begins else {}
