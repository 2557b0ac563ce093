"""Fiscal Data: of each Monthly Treasury Statement the month that it is about, page after page."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import Request
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import SourceSettings, source
from flows.sources.model import Answer, Asking
from transforms.staging import Staged

D = date
NOW = datetime(2026, 5, 13, 22, tzinfo=UTC)
Line = dict[str, Any]


def line(end: str, name: str, number: str, receipts: str, outlays: str, deficit: str) -> Line:
    """One line of a statement: amounts are texts."""
    return {"record_date": end, "classification_desc": name, "sequence_number_cd": number,
            "current_month_gross_rcpt_amt": receipts, "current_month_gross_outly_amt": outlays,
            "current_month_dfct_sur_amt": deficit}  # fmt: skip


MARCH = line("2026-03-31", "March", "2.6", "327000000000.25", "584000000000.50", "257000000000.25")
STATEMENT = [
    line("2026-03-31", "FY 2025", "1.0", "null", "null", "null"),
    line("2026-03-31", "March", "1.6", "300000000000.00", "500000000000.00", "200000000000.00"),
    line("2026-03-31", "Year-to-Date", "1.13", "5", "7", "2"),
    line("2026-03-31", "February", "2.5", "1.00", "2.00", "1.00"),
    MARCH,
    line("2026-03-31", "Year-to-Date", "2.7", "9", "10", "1"),
]


def page(lines: list[Line], pages: Any = 1) -> bytes:
    return json.dumps({"data": lines, "meta": {"count": len(lines), "total-pages": pages}}).encode()


def landed(tmp_path: Path, payload: bytes, number: int = 1) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source="fiscal_data",
        dataset=f"mts_table_1/{number}",
        key="2026-05-13",
        session_date=None,
        vintage_date=NOW.date(),
        url="u",
        status=200,
        licence="public-domain",
        landed_at=NOW,
        suffix=".json",
    )


def parsed(tmp_path: Path, payload: bytes) -> Staged:
    return source("fiscal_data").read(payload, landed(tmp_path, payload))


def test_the_month_of_a_statement_and_nothing_else(tmp_path: Path) -> None:
    staged = parsed(tmp_path, page(STATEMENT))
    assert sorted(staged.rows.select("series", "as_of", "value").rows()) == [
        ("MTS_DEFICIT", D(2026, 3, 31), 257000000000.25),
        ("MTS_OUTLAYS", D(2026, 3, 31), 584000000000.50),
        ("MTS_RECEIPTS", D(2026, 3, 31), 327000000000.25),
    ]
    assert staged.rejects.height == 0


def test_a_surplus_is_a_negative_deficit(tmp_path: Path) -> None:
    april = line("2026-04-30", "April", "2.7", "850000000000.00", "600000000000.00", "-250000000000.00")
    assert parsed(tmp_path, page([april])).rows.filter(series="MTS_DEFICIT")["value"].item() == -2.5e11


def test_a_month_that_does_not_add_up_is_set_aside(tmp_path: Path) -> None:
    wrong = MARCH | {"current_month_dfct_sur_amt": "-257000000000.25"}
    staged = parsed(tmp_path, page([wrong]))
    assert staged.rows.height == 0
    assert staged.rejects.select("entity", "reason_code").rows() == [("2026-03-31", "does_not_add_up")]


@pytest.mark.parametrize(
    ("payload", "field", "word"),
    [
        (b'{"error": "Invalid Query Param", "message": "no such field"}', "data", "no such field"),
        (b"[]", "data", "no list of rows"),
        (
            page([{key: value for key, value in MARCH.items() if key != "record_date"}]),
            "record_date",
            "lacks the field",
        ),
        (page([MARCH], None), "total-pages", "no count of pages"),
        (page([MARCH], 99), "total-pages", "no count of pages"),
        (page([MARCH | {"current_month_gross_rcpt_amt": "much"}]), "value", "not_a_number"),
        (page([MARCH])[:40], "body", "not whole JSON"),
    ],
)
def test_another_answer_is_refused(tmp_path: Path, payload: bytes, field: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        parsed(tmp_path, payload)
    assert (caught.value.source, caught.value.field) == ("fiscal_data", field)


def follow_up(landing: Landing, bodies: dict[int, bytes]) -> tuple[str, list[Request]]:
    asked: list[Request] = []

    def fetch(request: Request) -> Answer:
        asked.append(request)
        number = int(request.dataset.rpartition("/")[2])
        return (
            Answer(landed(landing.root.parent, bodies[number], number)) if number in bodies else Answer(is_absent=True)
        )

    known = source("fiscal_data").follow_up
    assert known is not None
    today = NOW.date()
    return known(Asking(landing, fetch, SourceSettings(), today, NOW, today, today)), asked


def test_all_pages_are_asked_for(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    missing, asked = follow_up(landing, {number: page([MARCH], 3) for number in (1, 2, 3)})
    assert missing == ""
    assert [request.http.params["page[number]"] for request in asked] == ["1", "2", "3"]
    assert asked[0].http.params["sort"] == "record_date,sequence_number_cd"
    missing, asked = follow_up(landing, {1: page([MARCH], 2)})
    assert missing == "fiscal_data: page 2 of mts_table_1 is not there"


def test_a_page_that_cannot_be_read_is_told_and_marked(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    missing, _ = follow_up(landing, {1: b"<html>down</html>"})
    assert "web page" in missing
    assert landing.newest("fiscal_data") == []


def test_archive_has_every_page_of_every_vintage(tmp_path: Path) -> None:
    for name in ("2026-05-13/mts_table_1_1.json", "2026-05-13/mts_table_1_12.json", "2026-05-13/mts_table_9_1.json"):
        path = tmp_path / "fiscal_data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    files = source("fiscal_data").archive_files(Archive(tmp_path), [])
    assert [file.dataset for file in files] == ["mts_table_1/1", "mts_table_1/12"]
