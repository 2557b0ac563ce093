"""Additions only: who may come in by the ranges of the day, and that nobody leaves for its size."""

from typing import Any

import polars as pl
import pytest

from transforms.schemes.additions import CANDIDATES, ELIGIBLE, STAYS_IN, with_eligible
from transforms.schemes.model import Additions

INF = float("inf")
RULE = Additions(
    "additions",
    {"small": (1.2e9, 8.0e9), "mid": (8.0e9, 22.7e9), "large": (22.7e9, INF)},
    earns=True,
    least_float_share=0.10,
    least_turnover=0.75,
)
NOBODY = pl.DataFrame(schema={"company_id": pl.String, "bucket": pl.String})


def candidate(cap: float, **given: Any) -> pl.DataFrame:
    row = {"company_id": "A", "cap": cap, "basis_cap": cap, "is_on_exchange": True, "earns": True} | given
    return pl.DataFrame([{name: row.get(name) for name in CANDIDATES}], CANDIDATES)


def told(candidates: pl.DataFrame, before: pl.DataFrame = NOBODY) -> list[tuple[str | None, ...]]:
    return with_eligible(RULE, candidates, before).select("bucket", "raw_bucket", "reason").rows()


@pytest.mark.parametrize(
    ("cap", "bucket"),
    [(1.2e9 - 1, None), (1.2e9, "small"), (8.0e9 - 1, "small"), (8.0e9, "mid"), (22.7e9, "large"), (3e12, "large")],
)
def test_ranges_are_half_open(cap: float, bucket: str | None) -> None:
    assert told(candidate(cap)) == ([(bucket, bucket, ELIGIBLE)] if bucket else [])


@pytest.mark.parametrize(
    ("given", "is_eligible"),
    [
        ({"earns": False}, False),
        ({"earns": None}, False),
        ({"float_share": 0.09}, False),
        ({"float_share": 0.10, "turnover": 0.75}, True),
        ({"turnover": 0.74}, False),
    ],
)
def test_what_else_an_addition_asks_for(given: dict[str, Any], is_eligible: bool) -> None:
    assert bool(told(candidate(5e9, **given))) is is_eligible


@pytest.mark.parametrize(("cap", "raw"), [(50e6, None), (5e9, "small"), (3e12, "large")])
def test_who_was_eligible_stays_where_it_was(cap: float, raw: str | None) -> None:
    before = pl.DataFrame({"company_id": ["A"], "bucket": ["mid"]})
    assert told(candidate(cap, earns=False), before) == [("mid", raw, STAYS_IN)]


def test_who_is_not_ranked_is_gone() -> None:
    before = pl.DataFrame({"company_id": ["B"], "bucket": ["mid"]})
    assert told(candidate(5e9), before) == [("small", "small", ELIGIBLE)]
