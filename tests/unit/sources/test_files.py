"""Bring your own files: the documented layout, CSV and Parquet alike."""

import io
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError, UsageError
from flows.sources import SourceSettings, source
from transforms.staging import Staged
from transforms.staging.files import (
    ANALYST_COUNTS,
    CAPS,
    CORRECTIONS,
    DEPOSITARY_RATIOS,
    FREE_FLOAT,
    QUOTES,
    SHARE_COUNTS,
    SPLITS,
)

D = date
FILES = source("files")
QUOTE = {"session_date": D(2026, 1, 2), "exchange": "xetra", "symbol": "INNO", "close": 25.0}
COUNT = {"symbol": "INNO", "as_of": D(2025, 12, 31), "shares": 20_000_000}
SPLIT = {"symbol": "INNO", "ex_date": D(2026, 1, 2), "ratio_new": 3.0, "ratio_old": 2.0}
RATIO = {"symbol": "INNO", "ratio": 0.5, "valid_from": D(2026, 1, 2)}
CORRECTION = {
    "source": "sec_edgar",
    "cik": 1001,
    "accession": "0000001001-25-000001",
    "field": "shares",
    "expect": 20_000,
    "value": 20_000_000,
    "reason": "filed in thousands",
}
FLOAT = {"symbol": "INNO", "as_of": D(2025, 12, 31), "float_share": 0.6}
ANALYSTS = {"symbol": "INNO", "as_of": D(2026, 1, 2), "analysts": 3}
CAP = {"symbol": "INNO", "as_of": D(2026, 1, 2), "cap_usd": 500_000_000}


def read(tmp_path: Path, dataset: str, frame: pl.DataFrame, kind: str) -> Staged:
    buffer = io.BytesIO()
    frame.write_csv(buffer) if kind == "csv" else frame.write_parquet(buffer)
    return FILES.read(buffer.getvalue(), landed(tmp_path, dataset, buffer.getvalue(), f".{kind}"))


def landed(tmp_path: Path, dataset: str, payload: bytes, suffix: str) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source="files",
        dataset=dataset,
        key="current",
        session_date=None,
        vintage_date=None,
        url="u",
        status=200,
        licence="own",
        landed_at=datetime(2026, 1, 3, tzinfo=UTC),
        suffix=suffix,
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("dataset", "row", "schema"),
    [
        ("quotes", QUOTE, QUOTES),
        ("share_counts", COUNT, SHARE_COUNTS),
        ("caps", CAP, CAPS),
        ("splits", SPLIT, SPLITS),
        ("depositary_ratios", RATIO, DEPOSITARY_RATIOS),
        ("corrections", CORRECTION, CORRECTIONS),
        ("free_float", FLOAT, FREE_FLOAT),
        ("analyst_counts", ANALYSTS, ANALYST_COUNTS),
    ],
)
def test_the_least_that_is_needed(
    tmp_path: Path, dataset: str, row: dict[str, object], schema: dict[str, pl.DataType], kind: str
) -> None:
    staged = read(tmp_path, dataset, pl.DataFrame([row]), kind)
    assert staged.rows.schema == pl.Schema(schema)
    assert staged.rejects.height == 0
    given = staged.rows.row(0, named=True)
    assert {name: value for name, value in given.items() if value is not None} == row


FULL = QUOTE | {
    "name": "InnovateTech AG",
    "net_change": -0.5,
    "volume": 1000,
    "vendor_cap_usd": 540_000_000,
    "country": "Germany",
    "ipo_year": 1999,
    "sector": "Technology",
    "industry": "Software",
    "currency": "EUR",
    "open": 25.2,
    "high": 25.9,
    "low": 24.8,
}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_everything_that_is_known_comes_back(tmp_path: Path, kind: str) -> None:
    assert read(tmp_path, "quotes", pl.DataFrame([FULL]), kind).rows.row(0, named=True) == FULL


def test_csv_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame([FULL | {"symbol": f"S{n}", "close": n / 7, "volume": n} for n in range(1, 50)])
    as_csv, as_parquet = (read(tmp_path, "quotes", frame, kind).rows for kind in ("csv", "parquet"))
    assert as_csv.equals(as_parquet)


@pytest.mark.parametrize(
    ("frame", "field", "word"),
    [
        (pl.DataFrame([QUOTE | {"close": "25.0"}]), "close", "String, expected numbers"),
        (pl.DataFrame([QUOTE | {"session_date": "2026-01-02"}]), "session_date", "expected dates"),
        (pl.DataFrame([QUOTE | {"symbol": 7}]), "symbol", "expected text"),
        (pl.DataFrame([QUOTE]).drop("exchange"), "exchange", "missing"),
        (pl.DataFrame([QUOTE | {"price": 1.0}]), "price", "unknown column"),
        (pl.DataFrame([QUOTE | {"close": float("nan")}]), "close", "not_a_number"),
        (pl.DataFrame([QUOTE | {"close": 0.0}]), "close", "not_positive"),
        (pl.DataFrame([QUOTE | {"session_date": datetime(2026, 1, 2, 16)}]), "session_date", "not_a_date"),  # noqa: DTZ001
    ],
)
def test_parquet_of_another_shape_is_refused(tmp_path: Path, frame: pl.DataFrame, field: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        read(tmp_path, "quotes", frame, "parquet")
    assert (caught.value.source, caught.value.field) == ("files", field)


def test_midnight_timestamps_are_dates(tmp_path: Path) -> None:
    frame = pl.DataFrame([QUOTE | {"session_date": datetime(2026, 1, 2)}])  # noqa: DTZ001
    assert read(tmp_path, "quotes", frame, "parquet").rows["session_date"].to_list() == [D(2026, 1, 2)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_share_count_without_an_owner_is_rejected(tmp_path: Path, kind: str) -> None:
    rows = [COUNT | {"as_of": D(1990, 1, 1).fromordinal(730_000 + n)} for n in range(100)]
    staged = read(tmp_path, "share_counts", pl.DataFrame([*rows, COUNT | {"symbol": None}]), kind)
    assert staged.rows.height == 100
    assert staged.rejects.select("field", "reason_code").rows() == [("symbol or company", "missing_value")]


@pytest.mark.parametrize(("shares", "word"), [(0, "not_positive"), (-5, "not_a_number"), (1.5, "not_a_number")])
def test_share_count_that_counts_nothing_is_refused(tmp_path: Path, shares: float, word: str) -> None:
    for kind in ("csv", "parquet"):
        with pytest.raises(SourceError, match=word):
            read(tmp_path, "share_counts", pl.DataFrame([COUNT | {"shares": shares}]), kind)


def test_share_counts_by_company_and_by_class(tmp_path: Path) -> None:
    rows = [
        {"company": "GOOGL Inc", "share_class": share_class, "as_of": D(2025, 12, 31), "shares": 5}
        for share_class in ("A", "C")
    ]
    staged = read(tmp_path, "share_counts", pl.DataFrame(rows), "csv")
    assert staged.rows.select("company", "share_class", "symbol").rows() == [
        ("GOOGL Inc", "A", None),
        ("GOOGL Inc", "C", None),
    ]
    with pytest.raises(SourceError, match="needs symbol or company"):
        read(tmp_path, "share_counts", pl.DataFrame([{"as_of": D(2025, 1, 1), "shares": 5}]), "csv")


def test_a_correction_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    rows = [CORRECTION | {"accession": f"a{number}"} for number in range(100)]
    with pytest.raises(SourceError, match="missing_value") as caught:
        read(tmp_path, "corrections", pl.DataFrame([*rows, CORRECTION | {"reason": None}]), "csv")
    assert caught.value.field == "reason"


def test_a_header_alone_takes_all_corrections_back(tmp_path: Path) -> None:
    assert read(tmp_path, "corrections", pl.DataFrame([CORRECTION]).clear(), "csv").rows.is_empty()
    with pytest.raises(SourceError, match="no rows"):
        read(tmp_path, "splits", pl.DataFrame([SPLIT]).clear(), "csv")


@pytest.mark.parametrize("number", ["1,234.5", "12 EUR", "25,0"])
def test_numbers_as_people_write_them_are_refused(tmp_path: Path, number: str) -> None:
    frame = pl.DataFrame([{"session_date": "2026-01-02", "exchange": "x", "symbol": "A", "close": number}])
    with pytest.raises(SourceError, match="not_a_number") as caught:
        read(tmp_path, "quotes", frame, "csv")
    assert caught.value.field == "close"


def test_the_folder_is_served_as_an_archive(tmp_path: Path) -> None:
    (tmp_path / "quotes.csv").write_text("x")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "caps.parquet").write_text("x")
    (tmp_path / "notes.csv").write_text("x")
    files = FILES.archive_files(Archive(tmp_path), [])
    assert [(file.dataset, file.key, file.relative) for file in files] == [
        ("quotes", "current", "quotes.csv"),
        ("caps", "current", "files/caps.parquet"),
    ]
    (tmp_path / "quotes.parquet").write_text("x")
    with pytest.raises(UsageError, match=r"quotes\.csv and quotes\.parquet both claim to be quotes"):
        FILES.archive_files(Archive(tmp_path), [])


def test_nothing_is_asked_over_the_network() -> None:
    assert FILES.requests_for(D(2026, 1, 2), vintage_date=D(2026, 1, 2), settings=SourceSettings()) == []


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_float_says_shares_or_their_part(tmp_path: Path, kind: str) -> None:
    rows = [
        FLOAT | {"float_shares": None},
        {**FLOAT, "symbol": "ACME", "float_share": None, "float_shares": 12_000_000},
    ]
    staged = read(tmp_path, "free_float", pl.DataFrame(rows), kind)
    assert staged.rows.select("symbol", "float_shares", "float_share").rows() == [
        ("INNO", None, 0.6),
        ("ACME", 12_000_000, None),
    ]


@pytest.mark.parametrize(("part", "reason"), [(1.2, "out_of_range"), (-0.1, "out_of_range"), (None, "missing_value")])
def test_a_float_that_cannot_be_is_told(tmp_path: Path, part: float | None, reason: str) -> None:
    good = [FLOAT | {"symbol": f"S{number}"} for number in range(60)]
    staged = read(tmp_path, "free_float", pl.DataFrame([*good, FLOAT | {"float_share": part}]), "csv")
    assert staged.rows.height == 60
    assert staged.rejects["reason_code"].to_list() == [reason]


def test_a_float_without_either_column_is_refused(tmp_path: Path) -> None:
    bare = pl.DataFrame([{"symbol": "INNO", "as_of": D(2025, 12, 31)}])
    with pytest.raises(SourceError, match="a float needs float_shares or float_share"):
        read(tmp_path, "free_float", bare, "csv")


def test_a_company_that_nobody_follows_has_a_count_of_zero_and_a_blank_says_nothing(tmp_path: Path) -> None:
    rows = pl.DataFrame([ANALYSTS | {"symbol": symbol, "analysts": count} for symbol, count in (("A", 0), ("B", None))])
    staged = read(tmp_path, "analyst_counts", rows, "csv")
    assert dict(staged.rows.select("symbol", "analysts").iter_rows()) == {"A": 0, "B": None}
    with pytest.raises(SourceError, match="field analysts: column is missing"):
        read(tmp_path, "analyst_counts", rows.drop("analysts"), "csv")
