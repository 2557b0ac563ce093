"""The SEC's bulk files: read member by member, in parts, into the staging cache."""

import io
from datetime import date
from pathlib import Path

import orjson
import pytest

from flows.edge.compressed import BadCompression
from flows.edge.landing import LandedFile
from flows.edge.staging_store import StagingStore
from flows.edge.zip_members import each_member, member_lines
from flows.errors import SourceError
from flows.sources import sec_edgar_bulk, source
from flows.sources.sec_edgar_scan import kept_document
from tests.vendors.sec_documents import companyfacts, fact, filings, landed, submissions, zipped
from transforms.staging.sec_facts import FACTS

VINTAGE = date(2026, 2, 28)
ASSETS = {"Assets": {"USD": [fact("2023-12-31", 2, "2024-02-02"), fact("2022-12-31", 1, "2023-02-02")]}}
OTHERS = {"Zebra": {"USD": [fact("2023-12-31", 3, "2024-02-02")]}}


def company(cik: int) -> bytes:
    return companyfacts(cik, {"dei": {}, "us-gaap": OTHERS | ASSETS})


def bulk(folder: Path, dataset: str, members: dict[str, bytes]) -> LandedFile:
    path = folder / f"{dataset}.zip"
    path.write_bytes(zipped(members))
    return landed(dataset, "2026-02-28", path, VINTAGE)


def members(count: int) -> dict[str, bytes]:
    return {f"CIK{cik:010}.json": company(cik) for cik in range(1, count + 1)}


def test_every_company_once_in_parts_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sec_edgar_bulk, "ROWS_OF_A_PART", 6)
    file = bulk(tmp_path, "companyfacts_bulk", members(10) | {"readme.txt": b"no company"})
    parts = list(source("sec_edgar").read_parts(file.path, file))
    assert [part.rows.height for part in parts] == [6, 6, 6, 2]
    assert [cik for part in parts for cik in part.rows["cik"].to_list()] == [c for c in range(1, 11) for _ in "12"]


def test_bulk_gives_the_rows_that_single_files_give(tmp_path: Path) -> None:
    file = bulk(tmp_path, "companyfacts_bulk", members(1))
    (part,) = source("sec_edgar").read_parts(file.path, file)
    single = source("sec_edgar").read(company(1), landed("companyfacts", "0000000001"))
    assert part.rows.equals(single.rows)
    assert part.rows.height == 2


def test_a_member_that_cannot_be_read_is_one_reject(tmp_path: Path) -> None:
    odd = {"CIK0000000200.json": b'{"cik":200,', "CIK0000000201.json": company(5), "CIK0000000202.json": b"{}"}
    file = bulk(tmp_path, "companyfacts_bulk", members(150) | odd)
    (part,) = source("sec_edgar").read_parts(file.path, file)
    assert part.rows["cik"].n_unique() == 150
    assert part.rejects.select("entity", "reason_code").rows() == [
        ("CIK0000000200.json", "unreadable_member"),
        ("CIK0000000201.json", "unreadable_member"),
    ]


def test_a_bulk_file_of_another_format_is_refused(tmp_path: Path) -> None:
    file = bulk(tmp_path, "companyfacts_bulk", members(10) | {"CIK0000000200.json": b"[1]"})
    with pytest.raises(SourceError, match="1 of 11 members cannot be read"):
        list(source("sec_edgar").read_parts(file.path, file))


def damaged(content: bytes) -> bytes:
    """One byte of the first member is another one."""
    return content[:100] + bytes([content[100] ^ 0xFF]) + content[101:]


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"PK no zip", "damaged zip"),
        (zipped({"readme.txt": b""}), "has no member such as"),
        (zipped(members(3))[:-40], "damaged zip"),
        (damaged(zipped(members(1))), "damaged zip"),
    ],
)
def test_what_is_no_bulk_file_is_refused(content: bytes, detail: str, tmp_path: Path) -> None:
    path = tmp_path / "companyfacts.zip"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=detail):
        list(source("sec_edgar").read_parts(path, landed("companyfacts_bulk", "2026-02-28", path)))


def test_an_exploding_member_is_refused() -> None:
    with pytest.raises(BadCompression, match="'a' expands more than 200 times"):
        list(each_member(io.BytesIO(zipped({"a": b"0" * (32 << 20)})), lambda _: True))
    with pytest.raises(BadCompression, match="limit of 10 bytes"):
        list(each_member(io.BytesIO(zipped({"a": b"0123456789x"})), lambda _: True, limit_bytes=10))
    with pytest.raises(BadCompression, match="expected one 'b'"):
        list(member_lines(io.BytesIO(zipped({"a": b""})), "b", lambda _: True, limit_bytes=10))


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(zipped({"a": b"secret"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    with pytest.raises(BadCompression, match="'a' is encrypted"):
        list(each_member(io.BytesIO(bytes(content)), lambda _: True))


def test_companies_of_submissions_without_persons(tmp_path: Path) -> None:
    recent = filings(("0000000001-24-000001", "2024-02-02", "10-K", ""))
    older = orjson.dumps(filings(("0000000001-04-000001", "2004-02-02", "10-K", "")))
    person = submissions(
        "0000000002", filings(("0000000002-24-000001", "2024-02-02", "4", "")), tickers=[], exchanges=[]
    )
    file = bulk(
        tmp_path,
        "submissions_bulk",
        {
            "CIK0000000001.json": submissions("0000000001", recent),
            "CIK0000000001-submissions-001.json": older,
            "CIK0000000002.json": person,
            "placeholder.txt": b"",
        },
    )
    (part,) = source("sec_edgar").read_parts(file.path, file)
    told = [(row["cik"], row["name"], [f["accession"] for f in row["filings"]]) for row in part.rows.to_dicts()]
    assert told == [(1, "Made Company, Inc.", ["0000000001-24-000001"]), (1, None, ["0000000001-04-000001"])]
    assert part.rows["vintage_date"].unique().to_list() == [VINTAGE]


def test_large_files_are_cached_as_parquet_and_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sec_edgar_bulk, "ROWS_OF_A_PART", 4)
    file = bulk(tmp_path, "companyfacts_bulk", members(60) | {"CIK0000000200.json": b"[1]"})
    store, asked = StagingStore(tmp_path / "staging"), []

    def make() -> object:
        asked.append(file.key)
        return source("sec_edgar").read_parts(file.path, file)

    first = store.scan_or_make(file, "1", make)[0].collect()  # type: ignore[arg-type]
    rows, rejects = store.scan_or_make(file, "1", make)  # type: ignore[arg-type]
    assert len(asked) == 1
    assert rows.collect().equals(first)
    assert (first.height, rejects.height) == (120, 1)
    assert dict(first.schema) == FACTS


def test_a_large_file_that_breaks_leaves_no_entry(tmp_path: Path) -> None:
    path = tmp_path / "companyfacts.zip"
    path.write_bytes(b"PK no zip")
    file, store = landed("companyfacts_bulk", "2026-02-28", path), StagingStore(tmp_path / "staging")
    with pytest.raises(SourceError):
        store.scan_or_make(file, "1", lambda: source("sec_edgar").read_parts(path, file))
    assert list((tmp_path / "staging").rglob("*.parquet")) == []
    path.write_bytes(zipped(members(1)))
    assert store.scan_or_make(file, "1", lambda: source("sec_edgar").read_parts(path, file))[0].collect().height == 2


def test_a_damaged_entry_of_a_large_file_is_made_anew(tmp_path: Path) -> None:
    file, store = bulk(tmp_path, "companyfacts_bulk", members(2)), StagingStore(tmp_path / "staging")

    def scanned() -> int:
        return (
            store.scan_or_make(file, "1", lambda: source("sec_edgar").read_parts(file.path, file))[0].collect().height
        )

    assert scanned() == 4
    (rows,) = (tmp_path / "staging").rglob("rows.parquet")
    rows.write_bytes(b"PAR1")
    assert scanned() == 4


def in_full(content: bytes) -> object:
    return orjson.loads(content)


def test_only_kept_tags_are_parsed() -> None:
    found = kept_document(company(7))
    assert found["cik"] == 7
    assert found["facts"]["us-gaap"] == {"Assets": in_full(company(7))["facts"]["us-gaap"]["Assets"]}  # type: ignore[index]


TWO = companyfacts(
    7, {"dei": {"EntityPublicFloat": {"USD": []}}, "us-gaap": ASSETS | OTHERS, "ifrs-full": {"Equity": {}}}
)


@pytest.mark.parametrize(
    "content",
    [
        orjson.dumps(orjson.loads(TWO), option=orjson.OPT_INDENT_2),
        TWO.replace(b'"label":', b'"name":', 1),
        TWO.replace(b'"Assets":{"label":', b'"Assets":{"units":{},"label":', 1),
        TWO.replace(b'"entityName"', b'"name"', 1),
        companyfacts(7, {}),
        b"{}",
    ],
    ids=["spaces", "no label", "another order", "another head", "no facts", "nothing"],
)
def test_another_layout_is_parsed_whole(content: bytes) -> None:
    assert kept_document(content) == in_full(content)


def test_every_taxonomy_keeps_its_own_tags() -> None:
    facts = in_full(TWO)["facts"]  # type: ignore[index]
    assert kept_document(TWO)["facts"] == {
        "dei": facts["dei"],
        "us-gaap": {"Assets": facts["us-gaap"]["Assets"]},
        "ifrs-full": facts["ifrs-full"],
    }
