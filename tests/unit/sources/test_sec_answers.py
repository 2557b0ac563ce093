"""What the SEC's answers say about what to ask next, on real ones and on odd ones."""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.landing import LandedFile
from flows.sources import sec_answers
from flows.sources.sec_answers import Filing
from tests.vendors.sec import index_file, instance
from transforms.staging import BadInput

DAY = date(2026, 3, 2)
NUMBER = "0000000011-26-000001"


def landed(name: str = "x.json") -> LandedFile:
    return LandedFile(
        source="sec_edgar",
        dataset="d",
        key="k",
        session_date=None,
        vintage_date=DAY,
        sha256="0",
        path=Path(name),
        size_bytes=0,
        url="",
        status=200,
        landed_at=datetime(2026, 3, 2, tzinfo=UTC),
        licence="public-domain",
    )


def test_the_index_in_all_its_spellings() -> None:
    rows = [("10-Q", 11, NUMBER), ("10-K405", 12, NUMBER), ("SC TO-T/A", 13, NUMBER), ("20-F/A", 14, NUMBER)]
    rows += [("25-NSE", 15, NUMBER), ("6-K", 16, NUMBER), ("NT 10-K", 17, NUMBER)]
    text = index_file(DAY, [*rows, rows[0]]).decode()
    text += "10-K        Odd  Name   &  Sons 20260302 Inc      1234567890  2026-03-02  "
    text += "edgar/data/1234567890/0001193125-26-000009.txt\n"
    text += "no filing at all\n"
    assert sec_answers.filings(text.encode(), landed()) == [
        Filing(DAY, 11, "10-Q", NUMBER),
        Filing(DAY, 14, "20-F/A", NUMBER),
        Filing(DAY, 15, "25-NSE", NUMBER),
        Filing(DAY, 16, "6-K", NUMBER),
        Filing(DAY, 1234567890, "10-K", "0001193125-26-000009"),
    ]


def test_an_index_without_filings_is_one() -> None:
    assert sec_answers.filings(index_file(DAY, []), landed()) == []


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"Form Type\n", b"-" * 90 + b"\nnot a line\n"])
def test_what_is_no_index(body: bytes) -> None:
    with pytest.raises(BadInput):
        sec_answers.filings(body, landed())


def test_real_lists_of_tickers(shared_data: Path) -> None:
    paths = sorted((shared_data / "sec_edgar" / "company_tickers_exchange").glob("*.json.gz"))
    assert len(paths) >= 6
    for path in paths:  # the number is a whole number in one of them, a text in the others
        listed = sec_answers.listed_companies(path.read_bytes(), landed(path.name))
        assert {320193, 1045810, 1652044} <= listed
        assert 4000 < len(listed) < 8000


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"fields": ["cik"]},
        {"fields": ["cik", "exchange"], "data": []},
        {"fields": ["cik", "exchange"], "data": [["x", "NYSE"]]},
        {"fields": ["cik", "exchange"], "data": [[1, "OTC"]]},
    ],
)
def test_what_is_no_list_of_tickers(document: object) -> None:
    with pytest.raises(BadInput):
        sec_answers.listed_companies(json.dumps(document).encode(), landed())


def test_instances_of_real_submissions(shared_data: Path) -> None:
    recorded = shared_data / "sec_edgar" / "recorded" / "submissions"
    wanted = {
        ("CIK0000320193.json.gz", "0000320193-26-000006"): "aapl-20251227_htm.xml",
        ("CIK0001318605.json.gz", "0001628280-26-003952"): "tsla-20251231_htm.xml",
        ("CIK0001766140.json.gz", "0001213900-26-054708"): "ea0289336-10q_unicycive_htm.xml",
        ("CIK0001009672.json.gz", "0001564590-20-025870"): None,  # XBRL beside the document, not in it
        ("CIK0000320193.json.gz", "0001059235-26-000004"): "",  # insider trades, no XBRL
        ("CIK0000320193.json.gz", "0000320193-99-000001"): None,  # not in the list (yet)
    }
    for (name, number), expected in wanted.items():
        payload = (recorded / name).read_bytes()
        assert sec_answers.instance_of(payload, landed(name), number) == expected, number


def test_real_facts_are_facts(shared_data: Path) -> None:
    folder = shared_data / "sec_edgar" / "recorded" / "api" / "xbrl" / "companyfacts"
    for path in folder.glob("*.json.gz"):
        sec_answers.refuse_no_facts(path.read_bytes(), landed(path.name))
    with pytest.raises(BadInput):
        sec_answers.refuse_no_facts(gzip.compress(b'{"error": 1}'), landed())


@pytest.mark.parametrize(
    "recent",
    [
        None,
        {"accessionNumber": []},
        {"accessionNumber": [NUMBER], "primaryDocument": []},
        {"accessionNumber": [NUMBER], "primaryDocument": ["a.htm"], "isXBRL": []},
    ],
)
def test_what_is_no_list_of_filings(recent: object) -> None:
    with pytest.raises(BadInput):
        sec_answers.instance_of(json.dumps({"filings": {"recent": recent}}).encode(), landed(), NUMBER)


@pytest.mark.parametrize("name", ["../../x.htm", "xslF345X05/a.htm", "a.txt", "", "a b.htm"])
def test_a_document_that_no_instance_can_be_guessed_from(name: str) -> None:
    recent = {"accessionNumber": [NUMBER], "primaryDocument": [name]}
    assert sec_answers.instance_of(json.dumps({"filings": {"recent": recent}}).encode(), landed(), NUMBER) is None


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["a_lab.xml", "a-20251231.xml", "ex99.xml", "report_htm.xml"], "report_htm.xml"),
        (["FilingSummary.xml", "R2.xml", "ex99.xml", "abc-20111231.xml", "abc-20111231_cal.xml"], "abc-20111231.xml"),
        (["0001-26-1-index.xml", "form10k.xml"], "form10k.xml"),
        (["../evil_htm.xml", "a.htm", "R1.htm", "a_pre.xml"], None),
        ([], None),
    ],
)
def test_the_instance_in_the_list_of_files(names: list[str], chosen: str | None) -> None:
    listing = {"directory": {"item": [{"name": name} for name in names]}}
    assert sec_answers.instance_in(json.dumps(listing).encode(), landed()) == chosen


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>xbrl</body></html>", instance("1")[:-4], b"<?xml version='1.0'?><a/>"]
)
def test_what_is_no_instance(body: bytes) -> None:
    sec_answers.refuse_no_instance(instance("1"), landed())
    with pytest.raises(BadInput):
        sec_answers.refuse_no_instance(body, landed())
