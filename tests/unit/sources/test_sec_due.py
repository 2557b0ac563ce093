"""What is due at the SEC on a night, by hand."""

from datetime import date

import pytest

from flows.sources import sec_due
from flows.sources.sec_answers import Filing
from flows.sources.sec_due import Settled

MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in (2, 3, 4, 5, 6))
NEXT_MON = date(2026, 3, 9)


def filing(cik: int, day: date = MON, form: str = "10-Q", number: int = 1) -> Filing:
    return Filing(day, cik, form, f"{cik:010}-26-{number:06}")


def test_events_of_all_nights_add_up() -> None:
    events = [
        {"answered": ["a"], "empty_days": ["2026-03-04"], "through": "2026-03-03"},
        {"answered": ["b"], "empty_days": []},
        {"answered": [], "through": "2026-03-02"},
        {"other": 1},
    ]
    assert sec_due.settled(events) == Settled(TUE, frozenset("ab"), frozenset({WED}))
    assert sec_due.settled([]) == Settled()


def test_weekdays_only() -> None:
    assert sec_due.weekdays(THU, NEXT_MON) == [FRI, NEXT_MON]
    assert sec_due.weekdays(NEXT_MON, MON) == []


def test_where_a_night_begins() -> None:
    assert sec_due.start_of(Settled(), MON, MON, 30) == date(2026, 2, 27)
    assert sec_due.start_of(Settled(THU), MON, FRI, 30) == THU
    assert sec_due.start_of(Settled(MON), MON, date(2026, 9, 1), 30) == date(2026, 7, 30)


@pytest.mark.parametrize(
    ("known", "bulk_day", "index_day", "today", "due"),
    [
        (Settled(), None, None, MON, True),
        (Settled(), MON, None, MON, False),
        (Settled(MON), MON, None, date(2026, 4, 1), False),
        (Settled(MON), MON, None, date(2026, 4, 2), True),
        (Settled(MON), MON, date(2026, 3, 31), date(2026, 4, 2), False),  # a company that fails for ever is no gap
    ],
)
def test_when_the_bulk_files_are_due(
    known: Settled, bulk_day: date | None, index_day: date | None, today: date, due: bool
) -> None:
    assert sec_due.is_bulk_due(known, bulk_day, index_day, today, 30) is due


def test_days_whose_index_is_asked_for() -> None:
    days = [MON, TUE, WED, THU, FRI]
    landed = {MON: TUE, TUE: TUE, WED: None}
    known = Settled(empty_days=frozenset({THU}))
    assert sec_due.index_days(days, landed, known, FRI) == [TUE, FRI]
    assert sec_due.index_days(days, landed, known, date(2026, 3, 20)) == [FRI]
    assert sec_due.empty_for_good([MON, TUE, WED], date(2026, 3, 8)) == {MON}


def test_due_filings_are_those_of_listed_companies_that_nobody_has_answered() -> None:
    indexes = {MON: [filing(1), filing(2), filing(3)], TUE: [filing(1, TUE, number=2)]}
    known = Settled(answered=frozenset({filing(2).id}))
    assert sec_due.due_filings(indexes, {1, 2}, known) == [filing(1), filing(1, TUE, number=2)]


def test_companies_with_reports_come_first_and_each_once() -> None:
    due = [filing(1, form="8-K"), filing(2, TUE), filing(1, TUE, number=2), filing(3), filing(4, form="8-K")]
    companies, left = sec_due.by_company(due, 3)
    assert list(companies) == [3, 1, 2]
    assert [item.form for item in companies[1]] == ["10-Q", "8-K"]
    assert left == 1


def test_settled_until_the_first_day_that_is_open() -> None:
    before = date(2026, 2, 27)
    assert sec_due.settled_through(before, FRI, {MON, TUE, THU}, set()) == TUE
    assert sec_due.settled_through(before, FRI, {MON, TUE, THU}, {TUE}) == MON
    assert sec_due.settled_through(before, FRI, {TUE}, set()) == before
    assert sec_due.settled_through(FRI, NEXT_MON, {NEXT_MON}, set()) == NEXT_MON


def test_notes_of_past_quarters() -> None:
    assert sec_due.notes_wanted(MON, 0, []) == []
    assert sec_due.notes_wanted(MON, 1, ["2025_10_notes"]) == [
        ("2025q4_notes", ["2025_11_notes", "2025_12_notes"]),
        ("", ["2026_01_notes", "2026_02_notes"]),
    ]
    landed = ["2025q4_notes", "2026_01_notes"]
    assert sec_due.notes_wanted(date(2026, 2, 1), 1, landed) == []
    assert sec_due.notes_wanted(date(2026, 1, 31), 1, []) == [
        ("2025q4_notes", ["2025_10_notes", "2025_11_notes", "2025_12_notes"])
    ]
