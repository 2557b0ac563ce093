"""Dollar volumes by month, and what they make of a year."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.market_calendar import sessions_between
from transforms.core.dollar_volumes import MONTHLY_VOLUMES, volumes_of_a_year, with_volumes

D = date
NOTHING = pl.DataFrame(schema=MONTHLY_VOLUMES)
CAPS = {"session_date": pl.Date, "company_id": pl.String, "dollar_volume_usd": pl.Int64}


def caps(*rows: tuple[date, str, int | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, CAPS, orient="row")


def traded(company: str, first: date, last: date, volume: int) -> pl.DataFrame:
    return caps(*((day, company, volume) for day in sessions_between(first, last)))


def test_volumes_are_summed_by_month_and_unknown_ones_count_for_nothing() -> None:
    told = caps((D(2024, 1, 2), "a", 5), (D(2024, 1, 3), "a", None), (D(2024, 1, 4), "a", 7), (D(2024, 2, 1), "b", 1))
    assert with_volumes(NOTHING, told).rows() == [("a", D(2024, 1, 1), 12, 2), ("b", D(2024, 2, 1), 1, 1)]


def test_more_sessions_add_to_a_month_and_the_thirteenth_month_goes() -> None:
    before = with_volumes(NOTHING, caps((D(2023, 12, 29), "a", 1), (D(2024, 1, 2), "a", 2), (D(2024, 12, 2), "a", 3)))
    assert before["month"].to_list() == [D(2024, 1, 1), D(2024, 12, 1)]
    after = with_volumes(before, caps((D(2024, 12, 3), "a", 4)))
    assert after.rows() == [("a", D(2024, 1, 1), 2, 1), ("a", D(2024, 12, 1), 7, 2)]
    assert with_volumes(after, caps((D(2025, 1, 2), "b", 1)))["month"].to_list() == [D(2024, 12, 1), D(2025, 1, 1)]


@pytest.mark.parametrize(("sessions", "year"), [(19, None), (20, 252_000)])
def test_a_month_s_sessions_make_a_year_and_fewer_tell_nothing(sessions: int, year: int | None) -> None:
    days = sessions_between(D(2024, 1, 2), D(2024, 3, 1))[:sessions]
    months = with_volumes(NOTHING, caps(*((day, "a", 1_000) for day in days)))
    assert volumes_of_a_year(months, days[-1]).rows() == [("a", year)]


def test_a_year_is_the_twelve_months_up_to_the_session_s() -> None:
    """22 sessions of January 2023 at a million are a month too old in January 2024."""
    early = traded("a", D(2023, 1, 3), D(2023, 1, 31), 1_000_000)
    late = traded("a", D(2023, 12, 1), D(2024, 1, 31), 1_000)
    months = pl.concat([with_volumes(NOTHING, early), with_volumes(NOTHING, late)])
    assert volumes_of_a_year(months, D(2024, 1, 31)).rows() == [("a", 252_000)]


def test_a_large_market_s_year_is_exact() -> None:
    months = with_volumes(NOTHING, traded("a", D(2024, 1, 2), D(2024, 12, 31), 50_000_000_001))
    assert volumes_of_a_year(months, D(2024, 12, 31)).rows() == [("a", 252 * 50_000_000_001)]


SESSIONS = sessions_between(D(2023, 1, 3), D(2024, 6, 28))[::9]
volumes = st.lists(
    st.tuples(st.sampled_from(SESSIONS), st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 10**12))),
    unique_by=lambda row: row[:2],
)


@given(volumes, st.integers(0, len(SESSIONS)))
def test_the_months_are_the_same_wherever_the_sessions_are_cut(
    rows: list[tuple[date, str, int | None]], cut: int
) -> None:
    day = SESSIONS[cut] if cut < len(SESSIONS) else D(2025, 1, 1)
    early, late = (caps(*(row for row in rows if (row[0] < day) is first)) for first in (True, False))
    assert with_volumes(with_volumes(NOTHING, early), late).equals(with_volumes(NOTHING, caps(*rows)))
