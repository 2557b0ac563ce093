"""Fixed limits in money, and the intervals of memberships."""

from collections.abc import Sequence
from datetime import date
from math import inf

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.edge.scheme_files import SHIPPED, load_schemes
from transforms.contracts.schemes import BUCKET_MEMBERSHIPS
from transforms.core.buckets import Intervals, pieces_by_cap, pieces_by_term, runs
from transforms.measures.placement import ByCap
from transforms.schemes.by_cap import distance, is_by_cap
from transforms.schemes.model import Money, Scheme
from transforms.schemes.seats import SEATS
from transforms.schemes.terms import Term

DAYS = [date(2024, 1, day) for day in (2, 3, 4, 5, 8, 9)]
SCHEMES = {name: scheme for name, scheme in load_schemes([SHIPPED]).items() if is_by_cap(scheme)}
RATE = 1.0956
"""Dollars for one euro, of a day in 2024."""


def limits(scheme: Scheme) -> dict[str, tuple[float, float]]:
    rule = scheme.versions[-1].rule
    assert isinstance(rule, Money)
    return {str(name): ends for name, ends in rule.caps.items()}


def of(scheme: Scheme, cap_local: int) -> str:
    """The bucket of a company quoted in the scheme's currency."""
    rate = 1.0 if scheme.currency == "USD" else RATE
    rows = pl.DataFrame(
        {"company_id": ["C:INNO"], "session_date": DAYS[:1], "cap_usd": [round(cap_local * rate)],
         "currency": [scheme.currency], "cap_local": [cap_local]}
    )  # fmt: skip
    placed = ByCap(scheme, lambda currency, _: 1.0 if currency == "USD" else RATE).place(
        rows, "session_date", "cap_usd"
    )
    return str(placed["bucket"].item())


every_money_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))


def test_there_are_money_schemes_in_two_currencies() -> None:
    assert {"fixed_usd", "fixed_eur"} <= set(SCHEMES)


@every_money_scheme
def test_innovatetech_is_a_small_cap(scheme: Scheme) -> None:
    assert of(scheme, 20_000_000 * 25) == "small"


@every_money_scheme
@given(st.data())
def test_each_limit_belongs_to_the_bucket_above_it(scheme: Scheme, data: st.DataObject) -> None:
    name, (low, high) = data.draw(st.sampled_from(list(limits(scheme).items())))
    below = [other for other, (_, end) in limits(scheme).items() if end == low]
    above = [other for other, (begin, _) in limits(scheme).items() if begin == high]
    if low > 0:
        assert of(scheme, int(low)) == name
        assert [of(scheme, int(low) - 1)] == below
    if high < inf:
        assert of(scheme, int(high) - 1) == name
        assert [of(scheme, int(high))] == above


@every_money_scheme
@given(cap=st.integers(min_value=1, max_value=10**13))
def test_every_cap_is_in_the_one_range_that_has_it(scheme: Scheme, cap: int) -> None:
    assert [of(scheme, cap)] == [name for name, (low, high) in limits(scheme).items() if low <= cap < high]


def test_a_cap_in_another_currency_is_converted_before_it_is_compared() -> None:
    scheme = SCHEMES["fixed_eur"]
    rows = pl.DataFrame(
        {"company_id": ["a", "b"], "session_date": [DAYS[0]] * 2, "currency": ["USD"] * 2,
         "cap_usd": [328_000_000, 329_000_000], "cap_local": [328_000_000, 329_000_000]}
    )  # fmt: skip
    placed = ByCap(scheme, lambda _currency, _day: RATE).place(rows, "session_date", "cap_usd")
    # 300,000,000 EUR are 328,680,000 USD at 1.0956.
    assert placed["bucket"].to_list() == ["micro", "small"]


def test_without_a_rate_nobody_has_a_bucket() -> None:
    rows = pl.DataFrame({"company_id": ["a"], "session_date": DAYS[:1], "cap_usd": [10**9]})
    assert ByCap(SCHEMES["fixed_eur"], lambda _currency, _day: None).place(rows, "session_date", "cap_usd").is_empty()


def test_the_distance_is_to_the_nearer_limit() -> None:
    rule = SCHEMES["fixed_usd"].versions[-1].rule
    assert isinstance(rule, Money)
    caps = pl.DataFrame({"cap": [330_000_000, 1_900_000_000, 10_000_000, 400_000_000_000]})
    assert caps.select(distance(rule, pl.col("cap")))["cap"].to_list() == pytest.approx([0.1, -0.05, -0.8, 1.0])


def memberships(
    frame: pl.DataFrame, days: Sequence[date], base: Intervals | None = None, before: Sequence[date] = ()
) -> Intervals:
    known = base or Intervals.on(BUCKET_MEMBERSHIPS.empty())
    scope = [*before[-1:], *days]
    known.add("fixed_usd", pieces_by_cap(frame.with_columns(distance=pl.lit(0.5)), scope), scope)
    return known


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
    at_once = memberships(frame, DAYS).rows()
    early = memberships(frame.filter(pl.col("session_date") <= DAYS[cut - 1]), DAYS[:cut]).rows()
    night = Intervals.on(early)
    later = memberships(frame.filter(pl.col("session_date") > DAYS[cut - 1]), DAYS[cut:], night, DAYS[:cut]).rows()
    assert later.equals(at_once)


@given(observations)
def test_intervals_say_what_was_observed(seen: list[list[str | None]]) -> None:
    rows = [(day, f"c{i}", name) for i, row in enumerate(seen) for day, name in zip(DAYS, row, strict=True) if name]
    rows += [(day, "always", "mega") for day in DAYS]
    frame = pl.DataFrame(
        rows, schema={"session_date": pl.Date, "company_id": pl.String, "bucket": pl.String}, orient="row"
    )
    intervals = memberships(frame, DAYS).rows()
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
    table = memberships(frame, DAYS[:4]).rows()
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


def seats(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """SEATS of whole companies: company, bucket, reason."""
    full = [(company, bucket, 1.0, True, bucket, "full", why, 0.5) for company, bucket, why in rows]
    return pl.DataFrame(full, SEATS, orient="row")


def seated(terms: Sequence[Term], story: dict[str, Sequence[date]], days: Sequence[date]) -> Intervals:
    known = Intervals.on(BUCKET_MEMBERSHIPS.empty())
    quoted = [(day, name) for name, seen in story.items() for day in seen]
    caps = pl.DataFrame(quoted, {"session_date": pl.Date, "company_id": pl.String}, orient="row")
    known.add("ranks", pieces_by_term(terms, runs(caps, days), days), days)
    return known


def test_a_seat_holds_on_the_sessions_with_a_cap_and_a_review_that_moves_nobody_ends_nothing() -> None:
    before = seats(("a", "small", "initial"), ("b", "mid", "initial"), ("gone", "mid", "initial"))
    after = seats(("a", "mid", "moved up"), ("b", "mid", "stays"))
    terms = [Term(DAYS[0], before, is_review=True), Term(DAYS[3], after, is_review=True)]
    story = {"a": DAYS, "b": [DAYS[0], DAYS[1], DAYS[3], DAYS[4], DAYS[5]], "gone": DAYS[:2], "unknown": DAYS}
    rows = seated(terms, story, DAYS).rows()
    told = rows.select("company_id", "bucket", "valid_from", "valid_to", "reason").rows()
    assert told == [
        ("a", "small", DAYS[0], DAYS[2], "initial"),
        ("a", "mid", DAYS[3], None, "moved up"),
        ("b", "mid", DAYS[0], DAYS[1], "initial"),
        ("b", "mid", DAYS[3], None, "stays"),
        ("gone", "mid", DAYS[0], DAYS[1], "initial"),
    ]


def test_a_term_that_only_goes_on_gives_no_reason_of_its_own() -> None:
    held = seats(("a", "small", "moved up"), ("b", "mid", "newcomer"))
    first = seated([Term(DAYS[0], held, is_review=True)], {"a": DAYS[:3], "b": DAYS[:2]}, DAYS[:3])
    night = Intervals.on(first.rows())
    caps = pl.DataFrame({"session_date": [DAYS[3]] * 2, "company_id": ["a", "b"]})
    scope = DAYS[2:4]
    night.add("ranks", pieces_by_term([Term(DAYS[3], held)], runs(caps, scope), scope), scope)
    told = night.rows().select("company_id", "valid_from", "valid_to", "reason").rows()
    assert told == [
        ("a", DAYS[0], None, "moved up"),
        ("b", DAYS[0], DAYS[1], "newcomer"),
        ("b", DAYS[3], None, "back after an absence"),
    ]
