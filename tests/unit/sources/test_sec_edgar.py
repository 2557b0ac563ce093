"""SEC EDGAR by company and day: facts, filings, tickers, the daily index and filers' categories."""

import gzip
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.errors import SourceError
from flows.sources import source
from tests.vendors.sec_documents import companyfacts, fact, filings, landed, submissions, zipped
from transforms.staging import Staged
from transforms.staging.sec_facts import FACTS
from transforms.staging.sec_form_index import FORM_INDEX
from transforms.staging.sec_fsds import FSDS_SUB
from transforms.staging.sec_submissions import SUBMISSIONS
from transforms.staging.sec_tickers import TICKERS

D = date
VINTAGE = D(2026, 2, 28)
INDEX = """Description:           Daily Index of EDGAR Dissemination Feed by Form Type
Last Data Received:    Jan 2, 2024
Comments:              webmaster@sec.gov


Form Type   Company Name                                                  CIK
      Date Filed  File Name
--------------------------------------------------------------------------------------------------------------
10-K             MADE  COMPANY, INC.                                            999999      20240102    edgar/data/999999/0000999999-24-000006.txt
DEF 14A          O'LEARY & SONS 3 /DE/                                          1000        20240102    edgar/data/1000/0001193125-24-000001.txt
SCHEDULE 13D/A   SHORT                                                          1001        20231229    edgar/data/1001/0001193125-24-000002.txt
8-K              Broken row
"""  # noqa: E501 - as it is served


def read(dataset: str, key: str, payload: bytes, name: str = "body.json", vintage: date | None = None) -> Staged:
    return source("sec_edgar").read(payload, landed(dataset, key, Path(name), vintage))


def facts(payload: bytes) -> Staged:
    return read("companyfacts", "0000999999", payload)


def test_facts_keep_accession_form_filed_and_period() -> None:
    net = [
        fact("2023-12-31", -5.5, "2024-02-02", start="2023-01-01"),
        fact("2023-12-31", -6, "2025-02-03", start="2023-01-01", accn="0000999999-25-000001", fy=2024, frame="CY2023"),
    ]
    staged = facts(
        companyfacts(
            999999,
            {
                "dei": {"EntityCommonStockSharesOutstanding": {"shares": [fact("2024-01-26", 100, "2024-02-02")]}},
                "us-gaap": {"NetIncomeLoss": {"USD": net}, "Goodwill": {"USD": [fact("2023-12-31", 1, "2024-02-02")]}},
                "ifrs-full": {"Equity": {"EUR": [fact("2023-12-31", 7, "2024-02-02", fy=None, fp=None)]}},
            },
        )
    )
    assert staged.rows.schema == pl.Schema(FACTS)
    assert staged.rejects.is_empty()
    tag, period, filing = (
        ("taxonomy", "tag", "unit"),
        ("period_start", "period_end", "value"),
        ("accession", "form", "filed"),
    )
    assert staged.rows["cik"].unique().to_list() == [999999]
    assert staged.rows.select(tag).rows() == [
        ("dei", "EntityCommonStockSharesOutstanding", "shares"),
        ("us-gaap", "NetIncomeLoss", "USD"),
        ("us-gaap", "NetIncomeLoss", "USD"),
        ("ifrs-full", "Equity", "EUR"),
    ]
    assert staged.rows.select(period).rows() == [
        (None, D(2024, 1, 26), 100.0),
        (D(2023, 1, 1), D(2023, 12, 31), -5.5),
        (D(2023, 1, 1), D(2023, 12, 31), -6.0),
        (None, D(2023, 12, 31), 7.0),
    ]
    first, later = (
        ("0000999999-24-000006", "10-K", D(2024, 2, 2)),
        ("0000999999-25-000001", "10-K", D(2025, 2, 3)),
    )
    assert staged.rows.select(filing).rows() == [first, first, later, first]
    assert staged.rows.select("fiscal_year", "fiscal_period").rows() == [
        (2023, "FY"),
        (2023, "FY"),
        (2024, "FY"),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (fact("2023-12-31", None, "2024-02-02"), "missing_value"),
        (fact("2023-12-31", "12", "2024-02-02"), "missing_value"),
        ({"val": 1, "accn": "0000999999-24-000006", "form": "10-K", "filed": "2024-02-02"}, "missing_value"),
        (fact("2023-02-30", 1, "2024-02-02"), "not_a_date"),
        (fact("2023-12-31", 1, "2024-02-02", start="then"), "not_a_date"),
        (fact("2023-12-31", 1, "soon"), "not_a_date"),
        (fact("2023-12-31", 1, "2024-02-02") | {"filed": None}, "missing_value"),
        (fact("2023-12-31", 1, "2024-02-02", accn="24-6"), "not_an_accession"),
        (fact("2023-12-31", 1, "2024-02-02", form=""), "missing_value"),
        (fact("2023-12-31", 1, "2024-02-02", start="2024-01-01"), "ends_before_start"),
        (fact("2024-02-03", 1, "2024-02-02"), "ends_after_filed"),
    ],
)
def test_a_fact_that_cannot_be_read_is_rejected_and_the_others_stay(odd: dict[str, object], reason: str) -> None:
    staged = facts(companyfacts(999999, {"us-gaap": {"Assets": {"USD": [fact("2023-12-31", 2, "2024-02-02"), odd]}}}))
    assert staged.rows["value"].to_list() == [2.0]
    assert staged.rejects["reason_code"].to_list() == [reason]
    assert staged.rejects["entity"][0].startswith("999999 us-gaap:Assets")


def test_a_split_may_be_announced_ahead() -> None:
    tag = "StockholdersEquityNoteStockSplitConversionRatio1"
    staged = facts(companyfacts(999999, {"us-gaap": {tag: {"pure": [fact("2024-06-10", 10, "2024-05-29")]}}}))
    assert staged.rows["value"].to_list() == [10.0]


@pytest.mark.parametrize("payload", [b"{}", companyfacts("0000999999", {}), companyfacts(999999, {"us-gaap": {}})])
def test_a_company_may_have_no_facts(payload: bytes) -> None:
    assert facts(payload).rows.is_empty()


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (companyfacts(5, {}), "about company 5"),
        (b'{"cik": 999999}', "no 'facts'"),
        (b'{"cik": 999999, "facts": {"us-gaap": {"Assets": {"units": {"USD": [1]}}}}}', "no companyfacts document"),
        (b"[]", "no JSON object"),
        (b'{"cik": 999999, ', "not whole JSON"),
        (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "web page"),
    ],
)
def test_what_is_no_companyfacts_is_refused(payload: bytes, detail: str) -> None:
    with pytest.raises(SourceError, match=detail):
        facts(payload)


def test_company_with_its_filings_that_matter() -> None:
    recent = filings(
        ("0000999999-24-000009", "2024-03-01", "4", ""),
        ("0000999999-24-000006", "2024-02-02", "10-K", ""),
        ("0000999999-24-000007", "2024-02-05", "8-K", "2.02,9.01"),
        ("0000999999-24-000008", "2024-02-20", "8-K", "5.03,9.01"),
        ("0000999999-23-000001", "2023-02-20", "25-NSE", ""),
        ("0000999999-23-000002", "2023-02-21", "10-KT/A", ""),
        ("odd", "2023-02-22", "10-Q", ""),
    )
    staged = read("submissions", "0000999999", submissions("0000999999", recent))
    assert staged.rows.schema == pl.Schema(SUBMISSIONS)
    (row,) = staged.rows.to_dicts()
    found = row.pop("filings")
    assert row == {
        "cik": 999999,
        "name": "Made Company, Inc.",
        "tickers": ["MADE", "MADE-PA"],
        "exchanges": ["NYSE", None],
        "sic": "3571",
        "entity_type": "operating",
        "filer_category": "Large accelerated filer",
        "fiscal_year_end": "0926",
        "state_of_incorporation": None,
        "former_names": [{"name": "MADE CO", "from": D(2005, 2, 17), "to": D(2017, 1, 27)}],
        "vintage_date": D(2024, 3, 1),
    }
    assert [filing["form"] for filing in found] == ["8-K", "10-K", "10-KT/A", "25-NSE"]
    assert found[0] == {
        "accession": "0000999999-24-000008",
        "form": "8-K",
        "filed": D(2024, 2, 20),
        "report_date": None,
        "accepted": datetime(2024, 2, 20, 16, 30, 1),  # noqa: DTZ001 - as served, without a zone
        "primary_document": "a.htm",
        "items": "5.03,9.01",
        "is_xbrl": True,
        "is_inline_xbrl": False,
    }
    assert staged.rejects.select("field", "reason_code", "detail").rows() == [
        ("accessionNumber", "not_an_accession", "odd")
    ]


def test_a_continuation_has_the_number_and_older_filings_alone() -> None:
    import json

    older = json.dumps(filings(("0000999999-04-000006", "2004-02-02", "10-K405", ""))).encode()
    (row,) = read("submissions_more", "0000999999-submissions-001", older, vintage=VINTAGE).rows.to_dicts()
    assert (row["cik"], row["name"], row["tickers"], row["vintage_date"]) == (999999, None, [], VINTAGE)
    assert [filing["form"] for filing in row["filings"]] == ["10-K405"]


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (submissions("5", filings()), "about company 5"),
        (submissions(999999, {"accessionNumber": []}), "no 'form'"),
        (submissions(999999, filings() | {"form": ["4"]}), "1 values for 0 filings"),
        (b'{"message": "none"}', "no 'accessionNumber'"),
    ],
)
def test_what_is_no_submissions_is_refused(payload: bytes, detail: str) -> None:
    with pytest.raises(SourceError, match=detail):
        read("submissions", "0000999999", payload)


@pytest.mark.parametrize("cik", [b"320193", b'"320193"', b'"0000320193"'])
def test_tickers_with_numbers_as_text_or_not(cik: bytes) -> None:
    payload = (
        b'{"fields":["cik","name","ticker","exchange"],"data":['
        b'[%b,"Made Company, Inc.","BRK-B",null],[2,"B","BB","Nasdaq"]]}' % cik
    )
    staged = read("company_tickers_exchange", "2026-02-28", payload, vintage=VINTAGE)
    assert staged.rows.schema == pl.Schema(TICKERS)
    assert staged.rows.row(0) == (320193, "Made Company, Inc.", "BRK-B", None, VINTAGE)


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b'{"0":{"cik_str":1,"ticker":"A","title":"B"}}', "no fields and data"),
        (b'{"fields":["cik","name","ticker"],"data":[[1,"A","B"]]}', "expected"),
        (b'{"fields":["cik","name","ticker","exchange"],"data":[[1,"A"]]}', "another number of values"),
        (b'{"fields":["cik","name","ticker","exchange"],"data":[]}', "no rows"),
    ],
)
def test_other_maps_of_tickers_are_refused(payload: bytes, detail: str) -> None:
    with pytest.raises(SourceError, match=detail):
        read("company_tickers_exchange", "2026-02-28", payload, vintage=VINTAGE)


def test_form_index_with_its_broken_header() -> None:
    staged = read("form_index", "2024-01-02", INDEX.encode(), "form.20240102.idx")
    assert staged.rows.schema == pl.Schema(FORM_INDEX)
    assert staged.rows.drop("path").rows() == [
        ("10-K", "MADE  COMPANY, INC.", 999999, D(2024, 1, 2), "0000999999-24-000006"),
        ("DEF 14A", "O'LEARY & SONS 3 /DE/", 1000, D(2024, 1, 2), "0001193125-24-000001"),
        ("SCHEDULE 13D/A", "SHORT", 1001, D(2023, 12, 29), "0001193125-24-000002"),
    ]
    assert staged.rows["path"][0] == "edgar/data/999999/0000999999-24-000006.txt"
    assert staged.rejects["reason_code"].to_list() == ["not_a_row"]


def test_form_index_of_old_with_hyphens_and_a_narrow_first_column() -> None:
    old = (
        "Form Type   Company Name                CIK         Date Filed  File Name\n"
        "--------------------------------------------------------------------------\n"
        "10-K        MADE CO                     999999      2004-02-02  edgar/data/999999/0000999999-04-000006.txt\n"
        "SC 13D/A    OTHER CO                    999998      2004-02-02  edgar/data/999998/0000999999-04-000007.txt\n"
        "SC 14D9/A 1 LONG FORM CO                999997      2004-02-02  edgar/data/999997/0000999999-04-000008.txt\n"
    )
    rows = read("form_index", "2004-02-02", old.encode(), "form.20040202.idx").rows
    assert rows.select("form", "company_name", "filed").rows() == [
        ("10-K", "MADE CO", D(2004, 2, 2)),
        ("SC 13D/A", "OTHER CO", D(2004, 2, 2)),
        ("SC 14D9/A 1", "LONG FORM CO", D(2004, 2, 2)),
    ]


def test_a_day_without_filings_has_an_empty_index() -> None:
    empty = "\n".join(line for line in INDEX.splitlines() if "edgar/" not in line and "Broken" not in line)
    assert read("form_index", "2024-01-02", empty.encode(), "form.20240102.idx").rows.schema == pl.Schema(FORM_INDEX)


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b"<html><head></head></html>", "web page"),
        (b"CIK|Company Name|Form Type|Date Filed|File Name\n", "no form index"),
        (INDEX.encode().split(b"-----")[0], "no rule of dashes"),
    ],
)
def test_what_is_no_form_index_is_refused(payload: bytes, detail: str) -> None:
    with pytest.raises(SourceError, match=detail):
        read("form_index", "2024-01-02", payload, "form.20240102.idx")


SUB = (
    "adsh\tcik\tname\tsic\tafs\tfye\tform\tperiod\tfy\tfp\tfiled\tinstance\n"
    '0000999999-24-000006\t999999\tMADE "QUOTED" CO\t3571\t3-SRA\t1231\t10-K\t20231231\t2023\tFY\t20240202\ta.xml\n'
    "0000999999-24-000007\t999998\tOTHER CO\t\t\t1231\t10-Q\t20240331\t2024\tQ1\t20240502\tb.xml\n"
)


def test_filers_categories_of_the_data_sets() -> None:
    payload = zipped({"num.txt": b"adsh\n", "sub.txt": SUB.encode(), "readme.htm": b"<html>"})
    staged = read("fsds_sub", "2024q1", payload, "2024q1.zip")
    assert staged.rows.schema == pl.Schema(FSDS_SUB)
    assert staged.rows.row(0, named=True) == {
        "accession": "0000999999-24-000006",
        "cik": 999999,
        "name": 'MADE "QUOTED" CO',
        "sic": "3571",
        "filer_category": "Accelerated Filer",
        "is_small": True,
        "form": "10-K",
        "filed": D(2024, 2, 2),
        "period_end": D(2023, 12, 31),
        "fiscal_year": 2023,
        "fiscal_period": "FY",
        "fiscal_year_end": "1231",
        "instance": "a.xml",
    }
    assert staged.rows.select("filer_category", "is_small").row(1) == (None, None)


def test_a_zip_without_filings_is_refused() -> None:
    with pytest.raises(SourceError, match=r"no member 'sub\.txt'"):
        read("fsds_sub", "2024q1", zipped({"num.txt": b""}), "2024q1.zip")


def test_unknown_dataset() -> None:
    with pytest.raises(SourceError, match="unknown dataset 'frames'"):
        read("frames", "2024", b"{}")


def test_archive_names_every_dataset(tmp_path: Path) -> None:
    names = {
        "company_tickers_exchange/2026-02-28.json.gz": ("company_tickers_exchange", "2026-02-28", VINTAGE),
        "submissions/CIK0000320193.json": ("submissions", "0000320193", None),
        "recorded/submissions/CIK0000749647-submissions-001.json.gz": (
            "submissions_more",
            "0000749647-submissions-001",
            None,
        ),
        "recorded/api/xbrl/companyfacts/CIK0000320193.json.gz": ("companyfacts", "0000320193", None),
        "daily-index/form.20240102.idx": ("form_index", "2024-01-02", None),
        "cover/2024-02-02_0000999999-24-000006.xml.gz": ("cover", "2024-02-02_0000999999-24-000006", None),
        "notes/2024q1_notes.zip": ("notes", "2024q1_notes", None),
        "notes/2024_10_notes.zip": ("notes", "2024_10_notes", None),
        "financial_statement_data_sets/2021q1_sub.txt.parquet": ("fsds_sub", "2021q1_sub", None),
        "bulk/2026-02-28/companyfacts.zip": ("companyfacts_bulk", "2026-02-28", VINTAGE),
        "bulk/2026-02-28/submissions.zip": ("submissions_bulk", "2026-02-28", VINTAGE),
    }
    others = ("recorded/submissions/CIK-000000001.json.http404.txt", "notes/readme.htm", "submissions/CIK12.json")
    for name in (*names, *others):
        path = tmp_path / "sec_edgar" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(b"{}"))
    found = source("sec_edgar").archive_files(Archive(tmp_path), [])
    assert {
        file.relative.removeprefix("sec_edgar/"): (file.dataset, file.key, file.vintage_date) for file in found
    } == names
