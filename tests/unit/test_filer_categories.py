"""Categories of filers: dated by filing, EDGAR's own words from their download on, and summed per segment."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from tests.unit.test_free_float import securities
from transforms.core.filer_categories import FRESH_DAYS, STANDING, category_of, filer_categories, filer_states
from transforms.measures.filer_categories import filer_category_daily
from transforms.staging.sec_cover import COVER
from transforms.staging.sec_fsds import FSDS_SUB

D = date
KNOWN = {"known_on": pl.Date()}
FIRST, LAST = D(2022, 1, 3), D(2026, 12, 31)
ONE = securities(("C:INNO", "INNO", 7, FIRST, None))
Row = dict[str, Any]


def covers(*rows: Row) -> pl.DataFrame:
    plain = {"cik": 7, "accession": "a-1", "filed": D(2024, 2, 28), "filer_category": "Accelerated Filer"}
    filled = [plain | row for row in rows]
    return pl.DataFrame([{"known_on": row["filed"], **row} for row in filled], schema={**COVER, **KNOWN})


def data_sets(*rows: Row) -> pl.DataFrame:
    plain = {"cik": 7, "accession": "d-1", "filed": D(2024, 2, 28)}
    filled = [plain | row for row in rows]
    return pl.DataFrame([{"known_on": row["filed"], **row} for row in filled], schema={**FSDS_SUB, **KNOWN})


def standing(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame([{"cik": 7} | row for row in rows], schema=STANDING)


def states(
    paged: pl.DataFrame | None = None, listed: pl.DataFrame | None = None, seen: pl.DataFrame | None = None
) -> list[Row]:
    parts = (
        given if given is not None else empty() for given, empty in zip((paged, listed, seen), NOTHING, strict=True)
    )
    return filer_states(*parts).to_dicts()


NOTHING = (covers, data_sets, standing)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Large Accelerated Filer", "large_accelerated"),
        ("Large accelerated filer<br>Emerging growth company", "large_accelerated"),
        ("Accelerated Filer", "accelerated"),
        ("Smaller Reporting Accelerated Filer", "accelerated"),
        ("Non-accelerated Filer", "non_accelerated"),
        ("Non-accelerated filer<br>Smaller reporting company", "non_accelerated"),
        ("Smaller Reporting Company", "non_accelerated"),
        ("<br>Emerging growth company", None),
    ],
)
def test_words(text: str, category: str | None) -> None:
    assert pl.select(category_of(pl.lit(text))).item() == category


@pytest.mark.parametrize(
    ("given", "is_smaller"),
    [
        ({"is_small": True}, True),
        ({"is_small": False}, False),
        ({}, None),  # since September 2018 the box stands apart, and this page leaves it out
        ({"filed": D(2017, 2, 28)}, False),  # until then it was one of the four
        ({"filed": D(2017, 2, 28), "filer_category": "Smaller Reporting Company"}, True),
        ({"filer_category": "Smaller Reporting Company"}, True),
    ],
)
def test_smaller_reporting_of_a_cover(given: Row, is_smaller: bool | None) -> None:
    (state,) = states(covers(given))
    assert (state["is_smaller_reporting"], state["evidence"]) == (is_smaller, "cover")


@pytest.mark.parametrize(
    ("filed", "given", "is_smaller"),
    [
        (D(2017, 2, 28), False, False),
        (D(2021, 2, 26), False, None),  # 4-NON in 2021 holds smaller reporting companies, too
        (D(2021, 2, 26), True, True),
    ],
)
def test_smaller_reporting_of_a_data_set(filed: date, given: bool, is_smaller: bool | None) -> None:
    row = {"filed": filed, "filer_category": "Non-accelerated Filer", "is_small": given}
    (state,) = states(listed=data_sets(row))
    assert (state["is_smaller_reporting"], state["evidence"]) == (is_smaller, "data_set")


def test_of_one_filing_the_cover_counts() -> None:
    row = {"accession": "a-1", "filer_category": "Non-accelerated Filer", "is_small": False}
    (state,) = states(covers({"is_shell": False}), data_sets(row))
    assert (state["category"], state["is_shell"], state["evidence"]) == ("accelerated", False, "cover")


def test_a_filing_that_comes_late_does_not_undo_a_newer_one() -> None:
    late = {"accession": "a-0", "filed": D(2023, 2, 28), "known_on": D(2024, 5, 1), "filer_category": "x accelerated"}
    assert [state["accession"] for state in states(covers({}, late))] == ["a-1"]


@pytest.mark.parametrize(
    ("text", "smaller", "emerging"),
    [
        ("Large accelerated filer", False, False),
        ("Non-accelerated filer<br>Smaller reporting company", True, False),
        ("<br>Emerging growth company", None, True),
    ],
)
def test_edgars_words_count_from_their_download_on(text: str, smaller: bool | None, emerging: bool) -> None:
    seen = {"filer_category": text, "vintage_date": D(2024, 1, 5)}
    (archived,) = states(seen=standing(seen))
    (fetched,) = states(seen=standing(seen | {"seen_from": D(2024, 3, 1)}))
    assert (archived["known_on"], fetched["known_on"]) == (D(2024, 1, 5), D(2024, 3, 1))
    assert (archived["is_smaller_reporting"], archived["is_emerging_growth"]) == (smaller, emerging)


def test_edgars_words_without_any_day_say_nothing() -> None:
    assert states(seen=standing({"filer_category": "Large accelerated filer"})) == []


def test_a_filing_of_the_year_before_goes_before_edgars_words() -> None:
    within, after = D(2024, 2, 28) + timedelta(FRESH_DAYS), D(2024, 2, 28) + timedelta(FRESH_DAYS + 1)
    words = [{"filer_category": "Large accelerated filer", "seen_from": day} for day in (D(2024, 2, 27), within, after)]
    found = [(state["known_on"], state["evidence"]) for state in states(covers({}), seen=standing(*words))]
    assert found == [(D(2024, 2, 27), "submissions"), (D(2024, 2, 28), "cover"), (after, "submissions")]


def test_a_company_takes_over_what_its_registrant_said_last() -> None:
    told = filer_states(
        covers({"accession": "a-0", "filed": D(2020, 2, 28)}, {"accession": "a-1", "filed": D(2021, 2, 26)},
               {"accession": "a-2", "filed": D(2022, 2, 25)}, {"accession": "a-3", "filed": D(2027, 2, 25)}),
        data_sets(),
        standing(),
    )  # fmt: skip
    rows = filer_categories(told, ONE, LAST)
    assert rows.select("valid_from", "accession").rows() == [(FIRST, "a-1"), (D(2022, 2, 25), "a-2")]


def members(*rows: tuple[date, str, str, int]) -> pl.DataFrame:
    schema = {"session_date": pl.Date, "company_id": pl.String, "bucket": pl.String, "cap_usd": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(scheme_id=pl.lit("fixed_usd"))


def daily(frame: pl.DataFrame, categories: pl.DataFrame, segment: str) -> dict[tuple[date, str], tuple[Any, ...]]:
    rows = filer_category_daily(frame, categories).filter(segment=segment, company_count=1)
    columns = ("session_date", "category", "company_count", "market_cap_usd", "cap_share", "smaller_reporting_count",
               "smaller_reporting_unknown_count")  # fmt: skip
    return {(row[0], row[1]): row[2:] for row in rows.select(columns).iter_rows()}


def test_a_standing_counts_from_its_day_and_not_for_ever() -> None:
    day, end = D(2024, 2, 28), D(2024, 2, 28) + timedelta(FRESH_DAYS)
    categories = filer_categories(filer_states(covers({"is_small": True}), data_sets(), standing()), ONE, LAST)
    sessions = [day - timedelta(1), day, end, end + timedelta(1)]
    found = daily(members(*[(at, "C:INNO", "small", 500_000_000) for at in sessions]), categories, "small")
    told, unknown = (1, 500_000_000, 1.0, 1, 0), (1, 500_000_000, 1.0, 0, 1)
    assert found == {
        (sessions[0], "unknown"): unknown,
        (day, "accelerated"): told,
        (end, "accelerated"): told,
        (sessions[3], "unknown"): unknown,
    }


def test_segments_add_up_and_show_every_category() -> None:
    day = D(2024, 3, 1)
    categories = filer_categories(filer_states(covers({"is_small": True}), data_sets(), standing()), ONE, LAST)
    frame = members((day, "C:INNO", "small", 500), (day, "C:OTHER", "small", 1500), (day, "C:MID", "mid", 2000))
    rows = filer_category_daily(frame, categories)
    assert rows.height == 8 * 4
    assert daily(frame, categories, "small")[day, "accelerated"] == (1, 500, 0.25, 1, 0)
    assert daily(frame, categories, "smid")[day, "accelerated"] == (1, 500, 0.125, 1, 0)
    total = rows.filter(segment="total")
    assert (total["company_count"].sum(), total["market_cap_usd"].sum()) == (3, 4000)
    assert rows.filter(segment="mega")["cap_share"].null_count() == 4
