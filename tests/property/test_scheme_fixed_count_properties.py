"""Fixed numbers of places, whatever the market and whoever was in it: counts, order of rows, who stays."""

from itertools import accumulate, pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.schemes.limits import RANKED
from transforms.schemes.model import FixedCount, Swap, Tier
from transforms.schemes.review import MEMBERS, reviewed

DAX = FixedCount(
    "fixed_count",
    (
        Tier(
            {"large": 3},
            (
                Swap("fast exit", exit_beyond=6, entry_within=4),
                Swap("fast entry", entry_within=2),
                Swap("regular exit", exit_beyond=5, entry_within=4, months=(3,)),
                Swap("regular entry", exit_beyond=4, entry_within=3, months=(3,)),
            ),
        ),
        Tier({"mid": 4}, (Swap("fast exit", exit_beyond=10, entry_within=8), Swap("fast entry", entry_within=6))),
        Tier({"small": 4}, (Swap("fast exit", exit_beyond=14, entry_within=12), Swap("fast entry", entry_within=10))),
    ),
)
FTSE = FixedCount(
    "fixed_count",
    (
        Tier({"large": 3}, (Swap("exit", exit_beyond=4), Swap("entry", entry_within=2))),
        Tier({"mid": 5}, (Swap("exit", exit_beyond=10), Swap("entry", entry_within=6))),
    ),
    rest={"small": 9, "micro": 13},
)
PLACES, AUTOMATIC, BUFFER = 6, 4, 9
STOXX = FixedCount(
    "fixed_count",
    (
        Tier(
            {"large": 2, "mid": 2, "small": 2},
            (Swap("exit", exit_beyond=BUFFER), Swap("entry", entry_within=AUTOMATIC)),
        ),
    ),
)
RULES = st.sampled_from([DAX, DAX.of_month(6), FTSE, STOXX])
CAPS = st.lists(st.floats(1e6, 1e12) | st.sampled_from([1e9, 2e9]), max_size=18)
"""Some are equal."""
BEFORE = st.lists(st.sampled_from(["large", "mid", "small", "micro", "nano", None]), min_size=20, max_size=20)
"""Anything, also more members than places, and two that are ranked no more."""


def ranked(caps: list[float]) -> pl.DataFrame:
    return pl.DataFrame([(f"C{n:02}", 1e13 - cap, cap, True) for n, cap in enumerate(caps)], RANKED, orient="row")


def members(before: list[str | None]) -> pl.DataFrame:
    rows = [(f"C{n:02}", bucket, 1.0, bucket, "", None) for n, bucket in enumerate(before) if bucket]
    return pl.DataFrame(rows, MEMBERS, orient="row")


def by_rank(caps: list[float]) -> list[str]:
    return ranked(caps).sort("basis_cap", "company_id", descending=[True, False])["company_id"].to_list()


@settings(max_examples=150)
@given(rule=RULES, caps=CAPS, before=BEFORE)
def test_every_place_is_taken_while_companies_last(
    rule: FixedCount, caps: list[float], before: list[str | None]
) -> None:
    now = reviewed(rule, ranked(caps), members(before)).members
    assert now["company_id"].is_unique().all()
    counts = dict(now.group_by("bucket").len().iter_rows())
    ends = [min(end, len(caps)) for end in accumulate(rule.places().values(), initial=0)]
    assert [counts.get(bucket, 0) for bucket in rule.places()] == [end - begin for begin, end in pairwise(ends)]
    assert now.height == (len(caps) if rule.rest else ends[-1])


@settings(max_examples=100)
@given(rule=RULES, caps=CAPS, before=BEFORE, mixed=st.permutations(range(18)))
def test_a_replay_is_the_same_in_any_order_of_rows(
    rule: FixedCount, caps: list[float], before: list[str | None], mixed: list[int]
) -> None:
    first = reviewed(rule, ranked(caps), members(before))
    rows = ranked(caps)[[n for n in mixed if n < len(caps)]]
    again = reviewed(rule, rows, members(before)[::-1])
    assert again.members.equals(first.members)
    assert again.limits.equals(first.limits)


@settings(max_examples=100)
@given(rule=RULES, caps=CAPS)
def test_a_cold_start_goes_by_rank_and_lasts(rule: FixedCount, caps: list[float]) -> None:
    first = reviewed(rule, ranked(caps), pl.DataFrame(schema=MEMBERS)).members
    assert first.filter(pl.col("bucket") != pl.col("raw_bucket")).is_empty()
    second = reviewed(rule, ranked(caps), first).members
    assert second.select("company_id", "bucket").equals(first.select("company_id", "bucket"))
    assert set(second["reason"]) <= {"stays"}


@settings(max_examples=100)
@given(caps=st.lists(st.floats(1e6, 1e12), min_size=12, max_size=18), was=st.permutations(range(12)))
def test_stoxx_is_the_first_ones_then_members_of_the_buffer_then_the_best(caps: list[float], was: list[int]) -> None:
    """The rule as its provider states it, which knows no swaps."""
    before = {f"C{n:02}" for n in was[:PLACES]}
    order = by_rank(caps)
    automatic = order[:AUTOMATIC]
    in_buffer = [company for company in order[AUTOMATIC:BUFFER] if company in before]
    best = [company for company in order if company not in {*automatic, *in_buffer}]
    expected = {*automatic, *[*in_buffer, *best][: PLACES - AUTOMATIC]}
    placed = members(["small" if f"C{n:02}" in before else None for n in range(12)])
    now = reviewed(STOXX, ranked(caps), placed).members
    assert set(now["company_id"]) == expected
    told = dict(now.select("company_id", "bucket").iter_rows())
    inside = [told[company] for company in order if company in told]
    assert inside == ["large", "large", "mid", "mid", "small", "small"]


@settings(max_examples=150)
@given(rule=RULES, caps=st.lists(st.floats(1e6, 1e12), min_size=16, max_size=16), places=st.permutations(range(16)))
def test_a_member_inside_its_buffer_leaves_only_for_a_better_ranked_one(
    rule: FixedCount, caps: list[float], places: list[int]
) -> None:
    """Who leaves the largest index without being beyond an exit rank made room for one within an entry rank."""
    tier = rule.tiers[0]
    size = sum(tier.counts.values())
    before: list[str | None] = [None] * 16
    for n, bucket in zip(places, [b for b, count in tier.counts.items() for _ in range(count)], strict=False):
        before[n] = bucket
    rank = {company: number for number, company in enumerate(by_rank(caps), start=1)}
    now = reviewed(rule, ranked(caps), members(before)).members
    inside = set(now.filter(pl.col("bucket").is_in(list(tier.counts)))["company_id"])
    were = {f"C{n:02}" for n in places[:size]}
    left, came = sorted(rank[c] for c in were - inside), sorted(rank[c] for c in inside - were)
    exits = [swap.exit_beyond for swap in tier.swaps if swap.exit_beyond is not None]
    entries = [swap.entry_within for swap in tier.swaps if swap.entry_within is not None]
    forced = [number for number in left if number <= min(exits)]
    assert len(forced) <= sum(number <= max(entries) for number in came)
    assert all(worse > better for worse, better in zip(left, came, strict=True))
