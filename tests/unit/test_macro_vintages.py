"""core.macro: when values were known, by each publisher's lag and by what downloads show; and which revisions stay."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.core.macro import macro_rows
from transforms.staging.macro import MACRO

D = date
LICENCES = dict.fromkeys(("fred", "treasury", "chicago_fed", "ofr", "fed_ebp", "fiscal_data"), "public-domain")
Value = tuple[str, date, float | None, date, str]


def rows(*values: Value) -> pl.DataFrame:
    return macro_rows(pl.DataFrame(values, MACRO, orient="row"), LICENCES)


def end_of(day: date) -> datetime:
    """The last second of a day in New York."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.mark.parametrize(
    ("series", "source", "about", "out"),
    [
        ("NFCI", "chicago_fed", D(2024, 6, 7), D(2024, 6, 12)),  # Friday, out on Wednesday
        ("NFCI", "chicago_fed", D(2024, 5, 24), D(2024, 5, 30)),  # Memorial Day on Monday: out on Thursday
        ("OFR_FSI_CREDIT", "ofr", D(2026, 2, 12), D(2026, 2, 17)),  # Thursday before a long weekend: Tuesday
        ("OFR_FSI", "ofr", D(2026, 1, 28), D(2026, 1, 30)),
        ("GZ_SPREAD", "fed_ebp", D(2024, 5, 31), D(2024, 6, 20)),
        ("MTS_DEFICIT", "fiscal_data", D(2024, 5, 31), D(2024, 6, 12)),  # the eighth working day
        ("MTS_DEFICIT", "fiscal_data", D(2024, 9, 30), D(2024, 10, 25)),  # the fiscal year's last month
        ("UST_REAL_10Y", "treasury", D(2024, 6, 7), D(2024, 6, 7)),
        ("ANFCI", "fred", D(2024, 6, 7), D(2024, 6, 12)),
    ],
)
def test_of_one_late_download_a_value_is_known_by_its_publishers_lag(
    series: str, source: str, about: date, out: date
) -> None:
    assert rows((series, about, 1.0, D(2026, 8, 1), source))["known_at"].to_list() == [end_of(out)]


def test_a_restated_value_is_known_with_the_download_that_restates_it() -> None:
    """Else a rebuild would show a session of June what was computed in July."""
    about, first, second = D(2024, 6, 7), D(2024, 6, 12), D(2024, 7, 3)
    found = rows(
        ("NFCI", about, -0.5, first, "chicago_fed"),
        ("NFCI", about, -0.5, D(2024, 6, 20), "chicago_fed"),
        ("NFCI", about, -0.4, second, "chicago_fed"),
    )
    assert found.select("value", "known_at").rows() == [(-0.5, end_of(first)), (-0.4, end_of(second))]


def test_of_what_is_old_the_first_download_counts() -> None:
    """Of indexes that restate all of their history; a yield that the Treasury corrects is always told."""
    old, first, second = D(2020, 1, 3), D(2024, 6, 12), D(2024, 6, 20)
    index = rows(("NFCI", old, -0.5, first, "chicago_fed"), ("NFCI", old, -0.4, second, "chicago_fed"))
    assert index["value"].to_list() == [-0.5]
    yields = rows(("UST_REAL_10Y", old, 0.1, first, "treasury"), ("UST_REAL_10Y", old, 0.2, second, "treasury"))
    assert yields["value"].to_list() == [0.1, 0.2]


def test_what_a_download_lacks_was_not_out_by_then() -> None:
    """Friday's index is due on Wednesday the 12th, and the download of that evening has the week before only."""
    week, about = D(2024, 5, 31), D(2024, 6, 7)
    wednesday, next_week = D(2024, 6, 12), D(2024, 6, 18)
    found = rows(
        ("NFCI", week, -0.6, wednesday, "chicago_fed"),
        ("NFCI", week, -0.6, next_week, "chicago_fed"),
        ("NFCI", about, -0.5, next_week, "chicago_fed"),
    )
    assert found.filter(as_of=about)["known_at"].item() == end_of(D(2024, 6, 13))


def test_a_download_that_begins_later_proves_nothing() -> None:
    """A file of this year does not show that last year's yields were not out."""
    found = rows(
        ("UST_REAL_10Y", D(2026, 1, 5), 1.9, D(2026, 1, 5), "treasury"),
        ("UST_REAL_10Y", D(2025, 6, 2), 2.1, D(2026, 3, 2), "treasury"),
    )
    assert found.filter(as_of=D(2025, 6, 2))["known_at"].item() == end_of(D(2025, 6, 2))


STEPS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 25), st.sampled_from([1.0, 2.0])), max_size=40)


@given(STEPS, st.integers(0, 30), st.randoms(use_true_random=False))
def test_later_downloads_change_nothing_that_was_known_before(
    steps: list[tuple[int, int, float]], until: int, shuffle: Random
) -> None:
    """What a night could know is the same in every later rebuild, in whatever order files are read."""
    start = D(2024, 6, 3)
    told = {(about, late): figure for about, late, figure in steps if late >= about}
    values: list[Value] = [
        ("NFCI", start + timedelta(days=about), figure, start + timedelta(days=late), "chicago_fed")
        for (about, late), figure in told.items()
    ]
    day = start + timedelta(days=until)
    shuffled = values.copy()
    shuffle.shuffle(shuffled)
    by_then = rows(*(value for value in values if value[3] <= day)).filter(pl.col("known_at") <= end_of(day))
    in_the_end = rows(*shuffled).filter(pl.col("known_at") <= end_of(day), pl.col("vintage_date") <= day)
    assert in_the_end.equals(by_then)
    assert (in_the_end["known_at"].dt.date() >= in_the_end["as_of"]).all()
