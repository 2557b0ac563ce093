"""Releases of reference portfolios become versions, by hand and by property."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.core.reference_portfolios import RELEASES, in_force, reference_portfolio_rows

D = date
FIRST, LAST = D(2026, 6, 1), D(2026, 9, 30)
JUNE, JULY = D(2026, 6, 15), D(2026, 7, 15)
AUGUST_RELEASE, SEPTEMBER_RELEASE, OCTOBER_RELEASE = D(2026, 8, 20), D(2026, 9, 19), D(2026, 10, 20)


def release(
    vintage: date | None, figures: dict[date, float | None], name: str, landed: datetime | None = None
) -> pl.DataFrame:
    rows = [
        {
            "as_of": day,
            "portfolio": "lo30",
            "weighting": "vw",
            "return": value,
            "vintage_date": vintage,
            "source": "french",
            "release": name,
            "landed_at": landed or datetime(2026, 11, 1, tzinfo=UTC),
        }
        for day, value in figures.items()
    ]
    return pl.DataFrame(rows, schema=RELEASES)


def versions(*releases: pl.DataFrame, last: date = LAST) -> list[tuple[object, ...]]:
    rows = reference_portfolio_rows(pl.concat(releases), FIRST, last)
    day = pl.col("known_at").dt.convert_time_zone("America/New_York").dt.date()
    return rows.select("as_of", "return", "release", "vintage_date", day).rows()


def test_a_release_adds_what_it_changed_and_what_is_new() -> None:
    assert versions(
        release(AUGUST_RELEASE, {JUNE: 0.01, D(2026, 6, 16): 0.02}, "a"),
        release(SEPTEMBER_RELEASE, {JUNE: 0.01, D(2026, 6, 16): 0.03, JULY: -0.01}, "b"),
    ) == [
        (JUNE, 0.01, "a", AUGUST_RELEASE, AUGUST_RELEASE),
        (D(2026, 6, 16), 0.02, "a", AUGUST_RELEASE, AUGUST_RELEASE),
        (D(2026, 6, 16), 0.03, "b", SEPTEMBER_RELEASE, SEPTEMBER_RELEASE),
        (JULY, -0.01, "b", SEPTEMBER_RELEASE, SEPTEMBER_RELEASE),
    ]


def test_a_figure_is_known_sixty_days_after_its_month_or_with_its_first_download() -> None:
    """The file of the archive was downloaded years later, or nobody knows when."""
    late = D(2030, 1, 1)
    assert versions(release(late, {JUNE: 0.01}, "a")) == [(JUNE, 0.01, "a", late, D(2026, 8, 29))]
    assert versions(release(None, {JUNE: 0.01, JULY: 0.02}, "a")) == [
        (JUNE, 0.01, "a", JULY, D(2026, 8, 29)),
        (JULY, 0.02, "a", JULY, D(2026, 9, 29)),
    ]


def test_what_nobody_could_know_yet_is_not_there_and_a_later_restatement_is_dated() -> None:
    both = (release(AUGUST_RELEASE, {JUNE: 0.01}, "a"), release(D(2030, 1, 1), {JUNE: 0.02, JULY: 0.03}, "b"))
    assert versions(*both, last=D(2026, 8, 19)) == []
    assert versions(*both, last=D(2026, 8, 31)) == [
        (JUNE, 0.01, "a", AUGUST_RELEASE, AUGUST_RELEASE),
        (JUNE, 0.02, "b", D(2030, 1, 1), D(2030, 1, 1)),
    ]


def test_missing_is_no_row_and_a_withdrawn_figure_is_one_without_a_return() -> None:
    told = versions(
        release(AUGUST_RELEASE, {JUNE: None, JULY: 0.01}, "a"),
        release(SEPTEMBER_RELEASE, {JUNE: 0.02, JULY: None}, "b"),
    )
    assert told == [
        (JUNE, 0.02, "b", SEPTEMBER_RELEASE, SEPTEMBER_RELEASE),
        (JULY, 0.01, "a", AUGUST_RELEASE, AUGUST_RELEASE),
        (JULY, None, "b", SEPTEMBER_RELEASE, SEPTEMBER_RELEASE),
    ]


def test_of_two_files_of_one_vintage_the_last_landed_counts() -> None:
    told = versions(
        release(AUGUST_RELEASE, {JUNE: 0.02}, "a", datetime(2026, 11, 2, tzinfo=UTC)),
        release(AUGUST_RELEASE, {JUNE: 0.01}, "b", datetime(2026, 11, 1, tzinfo=UTC)),
    )
    assert [row[1:3] for row in told] == [(0.02, "a")]


def test_days_before_the_first_and_after_the_last_session_are_left_out() -> None:
    told = versions(release(AUGUST_RELEASE, {D(2026, 5, 29): 0.01, JUNE: 0.02, JULY: 0.03}, "a"), last=D(2026, 7, 14))
    assert told == []  # on that day nothing was out
    rows = reference_portfolio_rows(
        release(D(2026, 7, 1), {D(2026, 5, 29): 0.01, JUNE: 0.02, JULY: 0.03}, "a"), FIRST, D(2026, 7, 14)
    )
    assert rows["as_of"].to_list() == [JUNE]


def test_nothing_landed() -> None:
    assert reference_portfolio_rows(pl.DataFrame(schema=RELEASES), FIRST, LAST).is_empty()


FIGURES = st.none() | st.sampled_from([0.01, 0.02, -0.01])
TABLES = st.lists(st.lists(FIGURES, min_size=3, max_size=3), min_size=1, max_size=5)


@given(TABLES, st.randoms(use_true_random=False))
def test_any_release_can_be_told_again_whatever_the_order_of_files(
    tables: list[list[float | None]], random: object
) -> None:
    days = [FIRST + timedelta(days=number) for number in range(3)]
    vintages = [AUGUST_RELEASE + timedelta(days=30 * number) for number in range(len(tables))]
    releases = [
        release(vintage, dict(zip(days, table, strict=True)), f"r{number}")
        for number, (vintage, table) in enumerate(zip(vintages, tables, strict=True))
    ]
    rows = reference_portfolio_rows(pl.concat(releases), FIRST, D(2030, 1, 1))
    shuffled = list(releases)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert reference_portfolio_rows(pl.concat(shuffled), FIRST, D(2030, 1, 1)).equals(rows)
    for vintage, table in zip(vintages, tables, strict=True):
        told = dict(
            in_force(rows, vintage).filter(pl.col("return").is_not_null()).select("as_of", "return").iter_rows()
        )
        assert told == {day: value for day, value in zip(days, table, strict=True) if value is not None}
    assert in_force(rows).equals(in_force(rows, vintages[-1]))


def test_in_force_by_a_day_before_all_releases() -> None:
    rows = reference_portfolio_rows(release(AUGUST_RELEASE, {JUNE: 0.01}, "a"), FIRST, LAST)
    assert in_force(rows, D(2026, 8, 19)).is_empty()
    assert in_force(rows)["return"].item() == pytest.approx(0.01)
