"""Review days of the shipped schemes, as they were."""

from datetime import date

import pytest

from flows.edge.scheme_files import SHIPPED, load_schemes
from flows.market_calendar import all_sessions
from transforms.schemes.calendar import reviews
from transforms.schemes.model import FixedCount, Rule

SCHEMES = load_schemes([SHIPPED])


def days(scheme: str, first: date, last: date) -> list[tuple[date, date]]:
    found = reviews(SCHEMES[scheme], all_sessions(), first, last)
    return [(review.rank_session, review.effective_session) for review in found]


@pytest.mark.parametrize(
    ("scheme", "year", "expected"),
    [
        ("russell_like", 2023, [("2023-04-28", "2023-06-26")]),
        ("russell_like", 2024, [("2024-04-30", "2024-07-01")]),
        ("russell_like", 2026, [("2026-04-30", "2026-06-29"), ("2026-10-30", "2026-12-14")]),
        (
            "crsp_like",
            2024,
            [
                ("2024-02-29", "2024-03-18"),
                ("2024-05-31", "2024-06-24"),
                ("2024-08-30", "2024-09-23"),
                ("2024-11-29", "2024-12-23"),
            ],
        ),
        ("msci_like", 2022, [("2022-04-29", "2022-06-01"), ("2022-10-31", "2022-12-01")]),
        ("morningstar_like", 2024, [("2024-05-31", "2024-06-24"), ("2024-11-29", "2024-12-23")]),
        ("dax_like", 2021, [("2021-08-31", "2021-09-20"), ("2021-11-30", "2021-12-20")]),
    ],
)
def test_the_reviews_of_a_year(scheme: str, year: int, expected: list[tuple[str, str]]) -> None:
    told = [(rank.isoformat(), effective.isoformat()) for rank, effective in days(scheme, *_year(year))]
    assert told == expected


def _year(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def test_four_reviews_a_year_since_february_2023() -> None:
    assert [effective.month for _, effective in days("msci_like", *_year(2023))] == [3, 6, 9, 12]
    assert days("msci_like", date(2023, 1, 1), date(2023, 3, 1)) == [(date(2023, 1, 31), date(2023, 3, 1))]


def test_every_month_and_every_session() -> None:
    monthly = days("nyse_quantile", date(2024, 1, 2), date(2024, 3, 1))
    assert monthly == [
        (date(2023, 12, 29), date(2024, 1, 2)),
        (date(2024, 1, 31), date(2024, 2, 1)),
        (date(2024, 2, 29), date(2024, 3, 1)),
    ]
    sessions = [session for session in all_sessions() if date(2024, 1, 2) <= session <= date(2024, 1, 31)]
    assert days("fixed_usd", sessions[0], sessions[-1]) == [(session, session) for session in sessions]


def test_swaps_of_certain_months_are_in_the_rules_of_those_reviews() -> None:
    found = reviews(SCHEMES["dax_like"], all_sessions(), *_year(2024))
    rules = {review.effective_session.month: review.version.rule for review in found}
    fast, regular = ["fast exit", "fast entry"], ["fast exit", "fast entry", "regular exit", "regular entry"]
    assert {month: _swaps(rule) for month, rule in rules.items()} == {
        3: [regular] * 3, 6: [fast] * 3, 9: [regular] * 3, 12: [fast] * 3,
    }  # fmt: skip


def _swaps(rule: Rule) -> list[list[str]]:
    assert isinstance(rule, FixedCount)
    return [[swap.name for swap in tier.swaps] for tier in rule.tiers]


def test_before_its_first_version_a_scheme_has_no_reviews() -> None:
    assert days("sp_like", date(2018, 1, 1), date(2019, 2, 19)) == []
