"""Reviews, whatever the market: boundary values, order, and what a review may change."""

from typing import get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.edge.scheme_files import SHIPPED, load_schemes
from transforms.contracts.fields import BUCKETS
from transforms.schemes.limits import RANKED
from transforms.schemes.model import Bands, Bucket, Money, Ranks, Rule, Shares
from transforms.schemes.review import MEMBERS, reviewed

MONEY = [
    (scheme.id, version.rule)
    for scheme in load_schemes([SHIPPED]).values()
    for version in scheme.versions
    if isinstance(version.rule, Money)
]
RULES: list[Rule] = [
    MONEY[0][1],
    Ranks("ranks", {"large": 2, "mid": 5, "small": 9}, Bands("share", share=0.025)),
    Shares("shares", {"large": 0.7, "mid": 0.9, "small": 1.0}, Bands("factor", down=2 / 3, up=1.5)),
    Shares(
        "shares", {"large": 0.7, "small": 0.9, "micro": 1.0}, Bands("factor", down=2 / 3, up=1.5, entry={"small": 1.5})
    ),
    Shares("shares", {"large": 0.7, "mid": 0.9, "small": 1.0}, Bands("packets", share=0.05, core=0.02)),
]
NOBODY = pl.DataFrame(schema=MEMBERS)


def ranked(caps: list[float]) -> pl.DataFrame:
    return pl.DataFrame([(f"C{n:02}", cap, cap, True) for n, cap in enumerate(caps)], RANKED, orient="row")


def test_the_buckets_of_schemes_are_those_of_the_tables() -> None:
    assert get_args(Bucket) == BUCKETS


@pytest.mark.parametrize(("scheme", "rule"), MONEY, ids=[scheme for scheme, _ in MONEY])
@given(near=st.integers(0, 10_000))
def test_each_boundary_falls_on_its_side(scheme: str, rule: Money, near: int) -> None:
    """The lower end is in, the upper end is the next bucket's."""
    for bucket, (low, high) in rule.caps.items():
        end = min(high, low + 1e12)
        caps = [cap for cap in (low, low + near, end - 1 - near) if low <= cap < high]
        found = reviewed(rule, ranked(caps), NOBODY).members
        assert set(found["bucket"]) == {bucket}, (scheme, caps)
        below = ranked([low - 1 - near] if low > near else [])
        assert bucket not in set(reviewed(rule, below, NOBODY).members["bucket"])


@settings(max_examples=60)
@given(rule=st.sampled_from(RULES), caps=st.lists(st.floats(1e6, 1e12), max_size=14), again=st.permutations(range(14)))
def test_reviews_keep_weights_and_know_no_order_of_rows(rule: Rule, caps: list[float], again: list[int]) -> None:
    first = reviewed(rule, ranked(caps), NOBODY).members
    second = reviewed(rule, ranked(caps), first).members
    assert first.filter(pl.col("bucket") != pl.col("raw_bucket")).is_empty(), "newcomers go by the bare rule"
    assert second.select("company_id", "bucket", "weight").equals(first.select("company_id", "bucket", "weight"))
    weights = second.group_by("company_id").agg(pl.col("weight").sum())["weight"]
    assert (weights == 1.0).all()
    mixed = ranked(caps)[[n for n in again if n < len(caps)]]
    assert reviewed(rule, mixed, first[::-1]).members.equals(second)


@settings(max_examples=60)
@given(
    rule=st.sampled_from(RULES),
    before=st.lists(st.floats(1e6, 1e12), min_size=4, max_size=14),
    data=st.data(),
)
def test_whoever_is_in_its_raw_bucket_and_stays_there_does_not_move(
    rule: Rule, before: list[float], data: st.DataObject
) -> None:
    after = data.draw(st.lists(st.floats(1e6, 1e12), min_size=len(before), max_size=len(before)))
    members = reviewed(rule, ranked(before), NOBODY).members
    now = reviewed(rule, ranked(after), members).members
    was = members.select("company_id", was="bucket")
    same = now.join(was, on="company_id").filter(pl.col("raw_bucket") == pl.col("was"))
    assert same.filter(pl.col("bucket") != pl.col("was")).is_empty()
