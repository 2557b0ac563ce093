"""Declared splits: when one is due, which seen split it or a filing confirms, and which was never seen."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from transforms.core.declared_splits import (
    DECLARED,
    DUE,
    FILED_RATIOS,
    confirmed,
    due,
    filed_ratios,
    near,
    no_declared,
    no_filed_ratios,
    unseen,
)
from transforms.core.split_register import SPLITS_SCHEMA, no_splits, ratio_between

EX = date(2024, 12, 4)
LINES = pl.DataFrame(
    {"symbol": ["AAA", "BBB"], "security_id": ["A", "B"], "cik": [1, None]}, schema_overrides={"cik": pl.Int64}
)


def declared(**told: Any) -> pl.DataFrame:
    day = told.get("declared_on", EX - timedelta(days=1))
    row = {"symbol": "AAA", "declared_on": day, "ratio": 4.0, "known_on": day, "source": "corporate_actions", **told}
    return pl.DataFrame([row], schema=DECLARED)


def seen(**told: Any) -> pl.DataFrame:
    row = {"security_id": "A", "ex_date": EX, "ratio": 4.0, "evidence": "price", **told}
    return pl.DataFrame([row], schema=SPLITS_SCHEMA)


def filed(**told: Any) -> pl.DataFrame:
    row = {
        "cik": 1,
        "known_on": date(2025, 2, 14),
        "period_start": EX,
        "period_end": EX,
        "accession": "a",
        "ratio": 4.0,
    }
    return pl.DataFrame([{**row, **told}], schema=FILED_RATIOS)


def due_on(session: date, told: pl.DataFrame, splits: pl.DataFrame | None = None) -> list[tuple[float | None, ...]]:
    columns = due(LINES, near(told, session), no_splits() if splits is None else splits, session)
    assert {column.name: column.dtype for column in columns} == DUE
    return list(zip(*(column.to_list() for column in columns), strict=True))


def test_a_declared_split_is_due_from_its_date_for_five_days() -> None:
    ages = {days: due_on(EX - timedelta(days=1) + timedelta(days=days), declared())[0] for days in (-1, 0, 1, 5, 6)}
    assert ages == {-1: (None, None), 0: (4.0, 0), 1: (4.0, 1), 5: (4.0, 5), 6: (None, None)}


def test_one_that_was_announced_may_be_due_ahead() -> None:
    announced = declared(declared_on=EX, known_on=EX - timedelta(days=20), source="files")
    assert due_on(EX - timedelta(days=3), announced) == [(4.0, -3), (None, None)]
    assert due_on(EX - timedelta(days=6), announced) == [(None, None)] * 2


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (seen(), None),
        (seen(ratio=2.0), 4.0),
        (seen(security_id="B"), 4.0),
        (seen(withdrawn_on=EX), 4.0),
        (seen(ex_date=EX - timedelta(days=30)), 4.0),
    ],
)
def test_a_split_is_applied_once(split: pl.DataFrame, expected: float | None) -> None:
    assert due_on(EX + timedelta(days=1), declared(), split)[0][0] == expected


def test_of_two_sources_the_first_is_due_and_of_two_dates_the_nearest() -> None:
    both = pl.concat([declared(ratio=3.0, source="files"), declared()])
    assert due_on(EX, both)[0] == (3.0, 1)
    dates = pl.concat([declared(declared_on=EX - timedelta(days=4), ratio=3.0), declared(declared_on=EX)])
    assert due_on(EX, dates)[0] == (4.0, 0)


def test_a_declared_date_within_a_week_confirms_what_the_price_showed() -> None:
    for apart, source in ((7, "corporate_actions"), (8, None), (-7, "corporate_actions")):
        day = EX + timedelta(days=apart)
        session = max(EX, day)
        after = confirmed(seen(), near(declared(declared_on=day), session), no_filed_ratios(), LINES, session)
        assert after["declared_source"].item() == source, apart
        assert after["confirmed_on"].item() == (session if source else None), apart


def test_what_is_confirmed_keeps_its_day_and_its_source() -> None:
    by_count = confirmed(seen(confirmed_on=EX), declared(), no_filed_ratios(), LINES, EX + timedelta(days=2))
    assert by_count.select("confirmed_on", "declared_source").row(0) == (EX, "corporate_actions")
    again = confirmed(by_count, no_declared(), filed(), LINES, date(2025, 2, 18))
    assert again.equals(by_count)


@pytest.mark.parametrize(
    ("split", "fact", "source"),
    [
        (seen(), filed(), "sec_edgar a"),
        (seen(), filed(ratio=0.25), "sec_edgar a"),
        (seen(ratio=0.1), filed(ratio=10.0), "sec_edgar a"),
        (seen(ratio=0.1), filed(ratio=0.1), "sec_edgar a"),
        (seen(), filed(ratio=2.0), None),
        (seen(), filed(cik=2), None),
        (seen(), filed(known_on=EX + timedelta(days=121)), None),
        (seen(), filed(known_on=EX - timedelta(days=1)), None),
        (seen(), filed(period_start=None, period_end=date(2021, 11, 18)), None),
        (seen(withdrawn_on=EX), filed(), None),
    ],
)
def test_a_ratio_that_the_company_files_confirms(split: pl.DataFrame, fact: pl.DataFrame, source: str | None) -> None:
    after = confirmed(split, no_declared(), fact, LINES, date(2025, 2, 18))
    assert after["declared_source"].item() == source
    assert after["confirmed_on"].item() == (fact["known_on"].item() if source else None)


def test_filed_ratios_are_facts_of_one_tag_in_the_order_of_publication() -> None:
    days = {"period_start": None, "period_end": EX}
    facts = pl.DataFrame(
        [
            {"cik": 2, "tag": "Ratio", "value": 10.0, "known_on": date(2025, 3, 1), "accession": "b", **days},
            {"cik": 1, "tag": "Ratio", "value": 0.0, "known_on": date(2025, 3, 1), "accession": "c", **days},
            {"cik": 1, "tag": "Ratio", "value": 4.0, "known_on": date(2025, 2, 1), "accession": "a", **days},
            {"cik": 1, "tag": "Assets", "value": 4.0, "known_on": date(2025, 2, 1), "accession": "a", **days},
        ],
        schema_overrides={"period_start": pl.Date},
    )
    found = filed_ratios(facts, "Ratio")
    assert dict(found.schema) == FILED_RATIOS
    assert found["ratio"].to_list() == [4.0, 10.0]


LAST = date(2024, 12, 31)


def held(valid_from: date, valid_to: date | None) -> pl.DataFrame:
    row = {"security_id": "A", "symbol": "AAA", "valid_from": valid_from, "valid_to": valid_to}
    return pl.DataFrame([row], schema={**dict.fromkeys(row, pl.String), "valid_from": pl.Date, "valid_to": pl.Date})


@pytest.mark.parametrize(
    ("splits", "securities", "last", "is_unseen"),
    [
        (no_splits(), held(date(2024, 1, 2), None), LAST, True),
        (seen(), held(date(2024, 1, 2), None), LAST, False),
        (seen(ratio=2.0), held(date(2024, 1, 2), None), LAST, True),
        (no_splits(), held(date(2024, 12, 3), None), LAST, False),
        (no_splits(), held(date(2024, 1, 2), date(2024, 12, 5)), LAST, False),
        (no_splits(), held(date(2024, 1, 2), None), date(2024, 12, 9), False),
        (no_splits(), held(date(2024, 1, 2), None), None, False),
    ],
)
def test_a_declared_split_is_unseen_only_where_it_could_have_been_seen(
    splits: pl.DataFrame, securities: pl.DataFrame, last: date | None, *, is_unseen: bool
) -> None:
    found = unseen(declared(), splits, securities, last)
    assert found.height == is_unseen
    if is_unseen:
        assert found.row(0, named=True) == {
            "security_id": "A",
            "symbol": "AAA",
            "ratio": 4.0,
            "ex_date": date(2024, 12, 3),
            "declared_source": "corporate_actions",
        }


def test_a_confirmed_split_counts_like_any_other() -> None:
    after = confirmed(seen(), declared(), no_filed_ratios(), LINES, EX)
    asked = pl.DataFrame({"security_id": ["A"], "as_of": [EX - timedelta(days=5)], "session_date": [EX]})
    assert ratio_between(after, asked)["split_ratio"].to_list() == [4.0]
