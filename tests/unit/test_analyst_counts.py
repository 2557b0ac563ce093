from datetime import date

import polars as pl

from transforms.core.analyst_counts import analysts_asof

SCHEMA = {"symbol": pl.String, "as_of": pl.Date, "known_at": pl.Date, "analysts": pl.Int64}
JUNE, JULY = date(2024, 6, 3), date(2024, 7, 1)


def on(*days: tuple[date, str], counts: list[tuple[str, date, date | None, int | None]]) -> list[int | None]:
    caps = pl.DataFrame(days, {"session_date": pl.Date, "ticker": pl.String}, orient="row")
    return analysts_asof(caps, pl.DataFrame(counts, SCHEMA, orient="row")).to_list()


def test_the_newest_count_known_by_the_session_is_taken() -> None:
    counts = [("A", JUNE, None, 5), ("A", JULY, date(2024, 7, 5), 7), ("B", JUNE, None, 0)]
    days = ((date(2024, 7, 5), "A"), (date(2024, 7, 4), "A"), (date(2024, 5, 31), "A"), (JULY, "B"), (JULY, "C"))
    assert on(*days, counts=counts) == [7, 5, None, 0, None]


def test_a_count_older_than_a_quarter_says_nothing() -> None:
    days = ((date(2024, 9, 11), "A"), (date(2024, 9, 12), "A"))
    assert on(*days, counts=[("A", JUNE, None, 5)]) == [5, None]


def test_a_count_of_a_day_to_come_is_not_known_yet() -> None:
    assert on((JUNE, "A"), counts=[("A", JULY, JUNE, 5)]) == [None]


def test_a_blank_count_does_not_hide_the_one_before() -> None:
    assert on((JULY, "A"), counts=[("A", JUNE, None, 5), ("A", JULY, None, None)]) == [5]
