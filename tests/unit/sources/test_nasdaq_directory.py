"""Nasdaq's symbol directory: both files, the dialects of their symbols, and the footer that dates them."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.landing import LandedFile
from flows.errors import SourceError
from flows.sources import SourceSettings, source
from transforms.staging import Staged
from transforms.staging.nasdaq_directory import DIRECTORY, vendor_symbol

DAY = date(2025, 8, 11)
FOOTER = "File Creation Time: 0811202518:01|||||||\r\n"
NASDAQ_HEAD = "Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares\r\n"
NASDAQ = (
    NASDAQ_HEAD
    + 'MADE|Made "Quoted" Company - Common Stock|Q|N|D|100|N|N\r\n'
    + "FUND|A Fund|G|N|N|100|Y|N\r\n"
    + "ZXYZ.A|A test|Q|Y|N|100||N\r\n"
    + FOOTER
)
OTHER_HEAD = "ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol\r\n"
OTHER = (
    OTHER_HEAD
    + "MADE.A|Made Company Class A |N|MADE.A|N|10|N|MADE.A\r\n"
    + "MADE$D|Made Company Preferred D|A|MADEpD|N|100|N|MADE-D\r\n"
    + "ARCX|A fund|P|ARCX|Y|100|N|ARCX\r\n"
    + "BATX|A fund|Z|BATX|Y|100|N|BATX\r\n"
    + "ZIEXT|A test|V|ZIEXT|N|100|Y|ZIEXT\r\n"
    + "File Creation Time: 0811202518:01||||||\r\n"  # a bar less than the rows, as it is served
)


def read(dataset: str, text: str) -> Staged:
    file = LandedFile(
        source="nasdaq_directory",
        dataset=dataset,
        key="2025-08-11",
        session_date=None,
        vintage_date=DAY,
        sha256="0" * 64,
        path=Path("body.txt"),
        size_bytes=1,
        url="u",
        status=200,
        landed_at=datetime(2025, 8, 12, tzinfo=UTC),
        licence="internal-only",
    )
    return source("nasdaq_directory").read(text.encode(), file)


def test_nasdaqs_own_listings() -> None:
    staged = read("nasdaqlisted", NASDAQ)
    assert staged.rows.schema == pl.Schema(DIRECTORY)
    assert staged.rejects.is_empty()
    assert staged.rows.row(0, named=True) == {
        "symbol": "MADE",
        "symbol_vendor": "MADE",
        "name": 'Made "Quoted" Company - Common Stock',
        "exchange": "nasdaq",
        "market_category": "Q",
        "is_etf": False,
        "is_test": False,
        "financial_status": "D",
        "round_lot": 100,
        "is_next_shares": False,
        "vintage_date": DAY,
    }
    assert staged.rows["is_etf"].to_list() == [False, True, None]
    assert staged.rows["is_test"].to_list() == [False, False, True]


def test_listings_of_other_exchanges() -> None:
    rows = read("otherlisted", OTHER).rows
    assert rows.select("symbol", "symbol_vendor", "exchange").rows() == [
        ("MADE.A", "MADE/A", "nyse"),
        ("MADE$D", "MADE^D", "amex"),
        ("ARCX", "ARCX", "arca"),
        ("BATX", "BATX", "bats"),
        ("ZIEXT", "ZIEXT", "iex"),
    ]
    assert rows.row(0, named=True)["name"] == "Made Company Class A"
    assert rows.select(pl.col("market_category", "financial_status", "is_next_shares").null_count()).row(0) == (5, 5, 5)


@pytest.mark.parametrize(
    ("ours", "vendor"),
    [("BRK.A", "BRK/A"), ("ABR$D", "ABR^D"), ("ETI$", "ETI^"), ("AACT.W", "AACT/WS"), ("AACT.U", "AACT/U"), ("A", "A")],
)
def test_the_screeners_dialect(ours: str, vendor: str) -> None:
    assert pl.DataFrame({"s": [ours]}).select(vendor_symbol(pl.col("s"))).item() == vendor


def test_an_unknown_exchange_or_flag_is_rejected() -> None:
    many = "".join(f"S{number}|Name|N|S{number}|N|100|N|S{number}\r\n" for number in range(200))
    staged = read("otherlisted", OTHER_HEAD + many + "X|Name|?|X|N|100|N|X\r\nY|Name|N|Y|N|100|maybe|Y\r\n" + FOOTER)
    assert staged.rows.height == 200
    assert staged.rejects.select("entity", "field", "reason_code").rows() == [
        ("X", "Exchange", "missing_value"),
        ("Y", "Test Issue", "missing_value"),
    ]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (NASDAQ.replace(FOOTER, ""), "not the footer"),
        (NASDAQ.replace("0811202518:01", "1311202518:01"), "not the footer"),
        (NASDAQ_HEAD + FOOTER, "no rows"),
        (NASDAQ.replace("NextShares", "Next"), r"field NextShares: column is missing"),
        (NASDAQ.replace("|N|D|100|N|N", "|N|D|100|N|N|N"), "not a CSV file"),
        ("\r\n\r\n<!DOCTYPE html PUBLIC>\r\n<html></html>", "web page"),
        (FOOTER, "empty"),
    ],
)
def test_what_is_no_directory_is_refused(text: str, detail: str) -> None:
    with pytest.raises(SourceError, match=detail):
        read("nasdaqlisted", text)


def test_both_files_are_asked_once_a_day() -> None:
    requests = source("nasdaq_directory").requests_for(DAY, vintage_date=DAY, settings=SourceSettings())
    assert [(request.http.url, request.dataset, request.key, request.is_conditional) for request in requests] == [
        ("https://www.nasdaqtrader.com/dynamic/SymDir/nasdaqlisted.txt", "nasdaqlisted", "2025-08-11", True),
        ("https://www.nasdaqtrader.com/dynamic/SymDir/otherlisted.txt", "otherlisted", "2025-08-11", True),
    ]


def test_archive_has_dated_files(tmp_path: Path) -> None:
    folder = tmp_path / "nasdaqtrader"
    (folder / "broken").mkdir(parents=True)
    for name in ("nasdaqlisted_20250811.txt", "otherlisted_20250811.txt", "other.txt", "broken/nasdaqlisted.txt"):
        (folder / name).write_text("x")
    found = source("nasdaq_directory").archive_files(Archive(tmp_path), [])
    assert [(file.dataset, file.key, file.vintage_date) for file in found] == [
        ("nasdaqlisted", "2025-08-11", DAY),
        ("otherlisted", "2025-08-11", DAY),
    ]
