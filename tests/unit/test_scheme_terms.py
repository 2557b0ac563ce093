"""From one review of a scheme to the next: which session it counts from, whose caps it ranks, and why."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import polars as pl

from flows.market_calendar import all_sessions
from tests.unit.ranked_days import Days, scheme, version
from transforms.schemes.model import Bands, Money, Ranks, Reviews, Scheme, Shares
from transforms.schemes.seats import SEATS
from transforms.schemes.terms import Term, terms

D = date
NOV_27, NOV_29 = D(2024, 11, 27), D(2024, 11, 29)
DEC_20, DEC_23, DEC_24 = (D(2024, 12, day) for day in (20, 23, 24))
TWO = Ranks("ranks", {"large": 1, "small": 3})
"""The largest company is large, the next two are small, others are nowhere."""
RANKED = scheme(version(TWO))
A_LEADS, B_LEADS = {"a": 300, "b": 200, "c": 100, "d": 50}, {"a": 200, "b": 300, "d": 150, "c": 50}
EARLIER = pl.DataFrame(
    [(name, bucket, 1.0, True, bucket, "full", "stays", None) for name, bucket in (("a", "large"), ("b", "small"))],
    SEATS,
    orient="row",
)


def in_usd(_currency: str, _day: date) -> float | None:
    return 1.0


def held(
    of: Scheme,
    caps: Mapping[date, Mapping[str, int]],
    admitted: Sequence[date],
    before: pl.DataFrame | None = None,
    last: date | None = None,
    rate: Callable[[str, date], float | None] = in_usd,
) -> list[Term]:
    return terms(of, before, admitted, last, all_sessions(), Days(caps), rate)


def told(term: Term) -> tuple[date, dict[str, str]]:
    """Since when, and who has which seat why."""
    seats = {who: f"{where}: {why}" for who, where, why in term.seats.select("company_id", "bucket", "reason").rows()}
    return term.first, seats


def test_a_scheme_begins_with_the_bare_rule_on_the_first_session() -> None:
    first, *others = held(RANKED, {NOV_29: A_LEADS}, [NOV_29, DEC_20])
    assert others == []
    assert told(first) == (NOV_29, {"a": "large: initial", "b": "small: initial", "c": "small: initial"})
    assert first.limits.select("session_date", "rank_session", "bucket", "cap_lower", "company_count").rows() == [
        (NOV_29, NOV_29, "large", 300.0, 1),
        (NOV_29, NOV_29, "small", 100.0, 2),
    ]


def test_a_review_ranks_the_month_s_end_and_counts_from_its_effective_session() -> None:
    caps = {NOV_27: A_LEADS, NOV_29: B_LEADS, DEC_20: A_LEADS, DEC_23: A_LEADS}
    _, review = held(RANKED, caps, [NOV_27, NOV_29, DEC_20, DEC_23, DEC_24])
    assert told(review) == (DEC_23, {"b": "large: moved up", "a": "small: moved down", "d": "small: newcomer"})
    assert review.is_review
    assert set(review.limits["rank_session"]) == {NOV_29}
    assert set(review.limits["session_date"]) == {DEC_23}


def test_a_review_whose_session_was_refused_counts_from_the_next_admitted_one() -> None:
    _, review = held(RANKED, {NOV_27: A_LEADS, NOV_29: B_LEADS}, [NOV_27, NOV_29, DEC_20, DEC_24])
    assert review.first == DEC_24


def test_a_review_that_the_sessions_do_not_reach_waits() -> None:
    assert len(held(RANKED, {NOV_27: A_LEADS, NOV_29: B_LEADS}, [NOV_27, NOV_29, DEC_20])) == 1


def test_a_review_on_the_first_session_of_all_is_the_beginning() -> None:
    (only,) = held(RANKED, {NOV_29: B_LEADS, DEC_23: A_LEADS}, [DEC_23, DEC_24])
    assert told(only) == (DEC_23, {"a": "large: initial", "b": "small: initial", "c": "small: initial"})


def test_a_night_without_a_review_goes_on() -> None:
    (only,) = held(RANKED, {}, [DEC_24], EARLIER, DEC_23)
    assert only.first == DEC_24
    assert not only.is_review
    assert only.limits.is_empty()
    assert only.seats.equals(EARLIER)


def test_a_night_on_the_day_of_a_review_holds_it() -> None:
    (only,) = held(RANKED, {NOV_29: B_LEADS}, [DEC_23], EARLIER, DEC_20)
    assert told(only) == (DEC_23, {"b": "large: moved up", "a": "small: moved down", "d": "small: newcomer"})


def test_the_first_night_after_a_gap_holds_the_review_that_fell_into_it() -> None:
    (only,) = held(RANKED, {NOV_29: B_LEADS}, [D(2025, 1, 10)], EARLIER, DEC_20)
    assert only.is_review
    assert only.seats.filter(pl.col("company_id") == "b")["reason"].to_list() == ["moved up"]


def test_a_review_whose_market_nobody_has_begins_anew() -> None:
    _, review = held(RANKED, {D(2024, 11, 18): A_LEADS, DEC_23: B_LEADS}, [D(2024, 11, 18), DEC_23])
    assert told(review) == (
        DEC_23,
        {"b": "large: reinitialised", "a": "small: reinitialised", "d": "small: reinitialised"},
    )
    assert set(review.limits["rank_session"]) == {DEC_23}


def test_a_scheme_whose_version_is_yet_to_come_has_nobody_until_its_first_review() -> None:
    later = scheme(version(TWO, since=D(2024, 12, 23)))
    first, review = held(later, {NOV_29: B_LEADS}, [NOV_29, DEC_20, DEC_23])
    assert (first.first, first.seats.height, first.limits.height) == (NOV_29, 0, 0)
    assert told(review) == (DEC_23, {"b": "large: newcomer", "a": "small: newcomer", "d": "small: newcomer"})


def test_a_version_that_begins_after_the_review_does_not_hold_it() -> None:
    later = scheme(version(TWO, since=D(2024, 12, 24)))
    assert [term.seats.height for term in held(later, {NOV_29: B_LEADS}, [NOV_29, DEC_20, DEC_23, DEC_24])] == [0]


def test_a_review_follows_the_version_of_its_effective_session() -> None:
    both = scheme(version(TWO), version(Ranks("ranks", {"mid": 2}), since=DEC_23))
    _, review = held(both, {NOV_27: A_LEADS, NOV_29: B_LEADS}, [NOV_27, NOV_29, DEC_23])
    # There is no large and no small any more, so nobody was anywhere.
    assert told(review)[1] == {"b": "mid: newcomer", "a": "mid: newcomer"}
    assert set(review.limits["version_from"]) == {DEC_23}


def test_without_a_rate_all_keep_their_seats_and_a_beginning_has_nobody() -> None:
    euros = scheme(version(TWO), currency="EUR")
    (night,) = held(euros, {NOV_29: B_LEADS}, [DEC_23], EARLIER, DEC_20, rate=lambda _c, _d: None)
    assert night.seats.equals(EARLIER)
    assert not night.is_review
    (begun,) = held(euros, {NOV_29: B_LEADS}, [NOV_29], rate=lambda _c, _d: None)
    assert begun.seats.is_empty()
    assert begun.limits["cap_lower"].to_list() == [None, None]


def test_a_review_is_held_at_the_rate_of_the_session_it_ranks() -> None:
    money = scheme(
        version(Money("money", {"small": (0, 200), "large": (200, float("inf"))})), currency="EUR", id="euros"
    )
    rates = {NOV_27: 1.0, NOV_29: 2.0, DEC_23: 1.0}
    caps = {NOV_27: {"a": 300}, NOV_29: {"a": 300}, DEC_23: {"a": 300}}
    begun, review = held(money, caps, [NOV_27, NOV_29, DEC_23], rate=lambda _currency, day: rates[day])
    assert (told(begun)[1], told(review)[1]) == ({"a": "large: initial"}, {"a": "small: moved down"})
    assert review.limits.select("cap_lower", "cap_lower_usd").rows() == [(200.0, 400.0), (None, None)]


PACKETS = Shares("shares", {"large": 0.7, "small": 1.0}, Bands("packets", share=0.05, core=0.02))
EARLY = Reviews((1, 2), 1, "month_begin")
"""Of 2025: ranks 31 December, counts from 2 January; ranks 31 January, counts from 3 February."""


def test_two_reviews_due_at_once_are_held_one_after_the_other() -> None:
    """X falls from 69 % covered before it to 90: by half at the first review, as a whole at the second."""
    before, after = {"a": 690, "x": 210, "z": 100}, {"a": 900, "x": 99, "z": 1}
    caps = {D(2024, 12, 2): before, D(2024, 12, 31): after, D(2025, 1, 31): after}
    admitted = [D(2024, 12, 2), D(2024, 12, 31), D(2025, 1, 31), D(2025, 2, 4)]
    of = scheme(version(PACKETS, EARLY))
    one_by_one = held(of, caps, admitted)
    assert [term.first for term in one_by_one] == [D(2024, 12, 2), D(2025, 1, 31), D(2025, 2, 4)]
    where = [term.seats.filter(pl.col("company_id") == "x")["bucket"].to_list() for term in one_by_one]
    assert where == [["large"], ["large", "small"], ["small"]]

    (at_once,) = held(of, caps, [D(2025, 2, 4)], one_by_one[0].seats, D(2024, 12, 2))
    assert at_once.seats.equals(one_by_one[-1].seats)
    assert set(at_once.limits["rank_session"]) == {D(2025, 1, 31)}


def test_a_scheme_reviewed_every_session_ranks_each_session_s_own_caps() -> None:
    daily = scheme(version(TWO, Reviews()))
    caps = {DEC_20: A_LEADS, DEC_23: B_LEADS, DEC_24: A_LEADS}
    found = held(daily, caps, [DEC_20, DEC_23, DEC_24])
    assert [(term.first, told(term)[1]["b"]) for term in found] == [
        (DEC_20, "small: initial"),
        (DEC_23, "large: moved up"),
        (DEC_24, "small: moved down"),
    ]
    assert [set(term.limits["rank_session"]) for term in found] == [{DEC_20}, {DEC_23}, {DEC_24}]


def test_a_refused_session_has_no_review_of_a_scheme_reviewed_every_session() -> None:
    daily = scheme(version(TWO, Reviews()))
    found = held(daily, {DEC_20: A_LEADS, DEC_24: B_LEADS}, [DEC_20, DEC_24])
    assert [term.first for term in found] == [DEC_20, DEC_24]


def test_a_month_end_review_ranks_the_end_of_its_own_month() -> None:
    of = scheme(version(TWO, Reviews((11,), 0, "month_end")))
    _, review = held(of, {NOV_27: A_LEADS, NOV_29: B_LEADS, D(2024, 12, 2): A_LEADS}, [NOV_27, NOV_29, D(2024, 12, 2)])
    assert (review.first, set(review.limits["rank_session"])) == (D(2024, 12, 2), {NOV_29})
    assert told(review)[1]["b"] == "large: moved up"
