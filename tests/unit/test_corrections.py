"""Corrections of filed counts: applied while the source says what they expect, refused once it says anything else."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.core.corrections import corrected, unmatched
from transforms.core.reported_counts import BOOK
from transforms.staging import BadInput
from transforms.staging.files import CORRECTIONS

FILE = "files/corrections/current/x.csv"
TICKERS = pl.DataFrame({"cik": [1, 2], "symbol": ["AAA", "BBB"]})


def book(**told: Any) -> pl.DataFrame:
    rows = [
        {"cik": 1, "accession": "a-1", "as_of": date(2024, 4, 26), "share_class": "", "shares": 5_000},
        {"cik": 1, "accession": "a-2", "as_of": date(2024, 7, 26), "share_class": "", "shares": 51_000_000},
        {
            "cik": 2,
            "accession": "b-1",
            "as_of": date(2024, 4, 26),
            "share_class": "ClassA",
            "shares": 70,
            "symbol": "BA",
        },
        {"cik": 2, "accession": "b-1", "as_of": date(2024, 4, 26), "share_class": "ClassB", "shares": None},
    ]
    return pl.DataFrame([{**row, **told} for row in rows], schema=BOOK)


def correction(**told: Any) -> pl.DataFrame:
    row = {
        "source": "sec_edgar",
        "cik": 1,
        "accession": "a-1",
        "field": "shares",
        "expect": 5_000,
        "value": 50_000_000,
        "reason": "filed in thousands",
        **told,
    }
    return pl.DataFrame([row], schema=CORRECTIONS)


def changed(corrections: pl.DataFrame) -> list[tuple[str, str, int, int]]:
    """Accession, class, count and what it was, of the corrected rows; the others must be as they were."""
    after = corrected(book(), corrections, TICKERS, FILE)
    is_changed = pl.col("corrected_from").is_not_null()
    marked = after.with_columns(shares=pl.coalesce("corrected_from", "shares"), corrected_from=None)
    assert marked.cast(pl.Schema(BOOK)).equals(book())
    return after.filter(is_changed).select("accession", "share_class", "shares", "corrected_from").rows()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"cik": None, "symbol": "AAA"},
        {"accession": None, "as_of": date(2024, 4, 26)},
        {"as_of": date(2024, 4, 26), "share_class": "all"},
    ],
)
def test_a_count_is_replaced_and_marked(told: dict[str, Any]) -> None:
    assert changed(correction(**told)) == [("a-1", "", 50_000_000, 5_000)]


def test_a_count_of_a_class_by_the_symbol_on_the_cover_page() -> None:
    told = {"cik": None, "symbol": "BA", "accession": "b-1", "share_class": "ClassA", "expect": 70, "value": 70_000}
    assert changed(correction(**told)) == [("b-1", "ClassA", 70_000, 70)]


@pytest.mark.parametrize(
    "told",
    [
        {"accession": "a-9"},
        {"cik": 3},
        {"share_class": "ClassA"},
        {"cik": 2, "accession": "b-1", "share_class": "ClassB"},
    ],
)
def test_a_fact_that_is_not_there_is_waited_for_and_told(told: dict[str, Any]) -> None:
    rows = pl.concat([correction(), correction(**told)])
    assert changed(rows) == changed(correction())
    assert unmatched(book(), rows, TICKERS).drop("row").equals(correction(**told))
    assert unmatched(book(), rows, TICKERS)["row"].to_list() == [2]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"cik": None, "symbol": "AAA"},
        {"accession": None, "as_of": date(2024, 4, 26)},
        {"cik": None, "symbol": "BA", "accession": "b-1", "share_class": "ClassA", "expect": 70},
    ],
)
def test_a_correction_that_names_a_fact_is_not_told(told: dict[str, Any]) -> None:
    assert unmatched(book(), correction(**told), TICKERS).is_empty()
    assert unmatched(book(), correction().clear(), TICKERS).is_empty()


def test_a_mended_source_ends_the_run() -> None:
    rows = pl.concat([correction(), correction(accession="a-2", expect=51_000)])
    with pytest.raises(BadInput) as caught:
        corrected(book(), rows, TICKERS, FILE)
    for part in (FILE, "shares", "row 2", "sec_edgar", "a-2", "51000000", "51000", "mended", "removed"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"source": "simfin"}, "source"),
        ({"field": "price"}, "field"),
        ({"cik": None}, "cik"),
        ({"accession": None}, "accession"),
    ],
)
def test_a_correction_that_names_no_fact_is_refused(told: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput, match="row 1") as caught:
        corrected(book(), correction(**told), TICKERS, FILE)
    assert caught.value.field == field
