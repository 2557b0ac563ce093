"""The scheme fixed_usd and the intervals of memberships."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.contracts.core import BUCKET_MEMBERSHIPS
from transforms.core.buckets import memberships
from transforms.schemes.fixed_usd import LOWER_BOUNDS_USD, bucket

DAYS = [date(2024, 1, day) for day in (2, 3, 4, 5, 8, 9)]
NAMES = list(LOWER_BOUNDS_USD)


def of(cap: int) -> str:
    return str(pl.DataFrame({"cap": [cap]}).select(bucket(pl.col("cap"))).item())


def test_innovatetech_is_a_small_cap() -> None:
    assert of(20_000_000 * 25) == "small"


@pytest.mark.parametrize(("name", "bound"), list(LOWER_BOUNDS_USD.items())[1:])
def test_each_bound_belongs_to_the_bucket_above_it(name: str, bound: int) -> None:
    assert of(bound) == name
    assert of(bound - 1) == NAMES[NAMES.index(name) - 1]


@given(st.integers(min_value=1, max_value=10**13))
def test_every_cap_has_the_highest_bucket_that_it_reaches(cap: int) -> None:
    assert of(cap) == [name for name, bound in LOWER_BOUNDS_USD.items() if cap >= bound][-1]


observations = st.lists(
    st.lists(st.sampled_from([None, "small", "mid"]), min_size=len(DAYS), max_size=len(DAYS)), min_size=1, max_size=4
)


@given(observations, st.integers(min_value=1, max_value=len(DAYS) - 1))
def test_a_night_after_a_backfill_is_the_backfill(seen: list[list[str | None]], cut: int) -> None:
    rows = [(day, f"c{i}", name) for i, row in enumerate(seen) for day, name in zip(DAYS, row, strict=True) if name]
    # A market is never empty on an admitted session.
    rows += [(day, "always", "mega") for day in DAYS]
    frame = pl.DataFrame(
        rows, schema={"session_date": pl.Date, "company_id": pl.String, "bucket": pl.String}, orient="row"
    )
    at_once = memberships(BUCKET_MEMBERSHIPS.empty(), frame, DAYS)
    early = memberships(BUCKET_MEMBERSHIPS.empty(), frame.filter(pl.col("session_date") <= DAYS[cut - 1]), DAYS[:cut])
    later = memberships(early, frame.filter(pl.col("session_date") > DAYS[cut - 1]), DAYS[cut - 1 :])
    assert later.equals(at_once)


@given(observations)
def test_intervals_say_what_was_observed(seen: list[list[str | None]]) -> None:
    rows = [(day, f"c{i}", name) for i, row in enumerate(seen) for day, name in zip(DAYS, row, strict=True) if name]
    rows += [(day, "always", "mega") for day in DAYS]
    frame = pl.DataFrame(
        rows, schema={"session_date": pl.Date, "company_id": pl.String, "bucket": pl.String}, orient="row"
    )
    intervals = memberships(BUCKET_MEMBERSHIPS.empty(), frame, DAYS)
    told = sorted(
        (day, row["company_id"], row["bucket"])
        for row in intervals.to_dicts()
        for day in DAYS
        if row["valid_from"] <= day <= (row["valid_to"] or DAYS[-1])
    )
    assert told == sorted(rows)


def test_reasons_read_like_a_story() -> None:
    story = {"a": ["small", "mid", None, "mid"], "b": [None, "nano", "nano", "nano"], "z": ["mega"] * 4}
    rows = [(day, name, b) for name, row in story.items() for day, b in zip(DAYS, row, strict=False) if b]
    frame = pl.DataFrame(
        rows, schema={"session_date": pl.Date, "company_id": pl.String, "bucket": pl.String}, orient="row"
    )
    table = memberships(BUCKET_MEMBERSHIPS.empty(), frame, DAYS[:4])
    told = (
        table.sort("company_id", "valid_from").select("company_id", "bucket", "valid_from", "valid_to", "reason").rows()
    )
    assert told == [
        ("a", "small", DAYS[0], DAYS[0], "initial"),
        ("a", "mid", DAYS[1], DAYS[1], "cap crossed a threshold"),
        ("a", "mid", DAYS[3], None, "back after an absence"),
        ("b", "nano", DAYS[1], None, "first appearance"),
        ("z", "mega", DAYS[0], None, "initial"),
    ]
