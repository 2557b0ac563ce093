"""Issuers' files: what they show is what is read, and anything else is refused with its field."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.encoded import xlsx_bytes, zipped
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.edge.loopback import Asked
from flows.errors import MissingData, SourceError
from flows.simulated.issuers import issued_days
from flows.simulated.market import Market
from flows.simulated.vendors import Vendors
from flows.sources import SourceSettings, source
from flows.sources.issuer_archive import FOLDER
from transforms.staging import Staged

D = date
NOW = datetime(2026, 4, 6, tzinfo=UTC)
MARKET = Market(D(2024, 8, 1), D(2024, 11, 29), companies=20)
SESSION = D(2024, 11, 26)
HISTORY = [
    ["Fund Name:", "A fund"],
    ["Ticker Symbol:", "SPY"],
    ["A line more than usual"],
    ["Date", "NAV", "Shares Outstanding", "Total Net Assets"],
    ["26-Nov-2024", 600.5, 1_000_000, 600_500_000.0],
    ["25-Nov-2024", "598.25", "950,000", "568,337,500.00"],
    [""],
    ["Past performance tells nothing."],
]
HOLDINGS = [["Ticker Symbol:", "SPY"], ["Holdings:", "As of 10-Jan-2023"], [""], ["Name", "Ticker", "Weight"]]
TABLE = "Ticker,Name,Market Value,Weight (%)"


def read(
    tmp_path: Path, name: str, dataset: str, payload: bytes, suffix: str = ".csv", asked: date | None = None
) -> Staged:
    file = Landing(tmp_path / "landing").put(
        payload,
        source=name,
        dataset=dataset,
        key="2024-11-27",
        session_date=asked,
        vintage_date=D(2024, 11, 27),
        url="u",
        status=200,
        licence="internal-only",
        landed_at=NOW,
        suffix=suffix,
    )
    return source(name).read(payload, file)


def refused(tmp_path: Path, name: str, dataset: str, payload: bytes, asked: date | None = None) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, name, dataset, payload, asked=asked)
    assert caught.value.source == name
    return caught.value.field, caught.value.detail


def figures(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows.sort("as_of").select("fund", "as_of", "shares", "nav", "aum_usd", "inception_date").rows()


# --- SSGA


def history(*rows: list[object], at: int = len(HISTORY)) -> bytes:
    return xlsx_bytes("navhist", [*HISTORY[:at], *rows, *HISTORY[at:]])  # type: ignore[list-item]


def test_a_history_is_read_wherever_its_header_floats(tmp_path: Path) -> None:
    found = read(tmp_path, "ssga", "navhist/SPY", history(), ".xlsx")
    assert figures(found) == [
        ("SPY", D(2024, 11, 25), 950_000, 598.25, 568_337_500.0, D(2024, 11, 25)),
        ("SPY", D(2024, 11, 26), 1_000_000, 600.5, 600_500_000.0, D(2024, 11, 25)),
    ]
    assert found.rejects.is_empty()
    assert set(found.rows["vintage_date"]) == {D(2024, 11, 27)}


def test_one_bad_line_of_a_long_history_is_a_reject(tmp_path: Path) -> None:
    days = pl.date_range(D(2024, 1, 1), D(2024, 5, 1), eager=True)
    lines = [[f"{day:%d-%b-%Y}", 500.0, 900_000, 4.5e8] for day in days]
    found = read(tmp_path, "ssga", "navhist/SPY", history(*lines, ["31-Feb-2024", 1.0, 2, 2.0], at=6), ".xlsx")
    assert found.rows.height == days.len() + 2
    assert found.rejects.select("field", "reason_code").rows() == [("as_of", "not_a_date")]


@pytest.mark.parametrize(
    ("dataset", "payload", "field"),
    [
        ("navhist/MDY", history(), "Ticker Symbol:"),
        ("navhist/SPY", xlsx_bytes("navhist", [["Ticker Symbol:", "SPY"], ["Date", "NAV"]]), "Shares Outstanding"),
        ("navhist/SPY", xlsx_bytes("navhist", [*HISTORY[:3], ["Date", "Shares Outstanding"]]), "NAV"),  # type: ignore[list-item]
        ("navhist/SPY", xlsx_bytes("navhist", HISTORY[:4]), "-"),  # type: ignore[arg-type]
        ("navhist/SPY", b"", "body"),
        ("navhist/SPY", b"<html>Access Denied</html>", "body"),
        ("navhist/SPY", history()[:300], "body"),
        ("navhist/SPY", zipped("a.txt", b"a"), "body"),
        ("navhist/SPY", zipped("a.txt", bytes(100 * 1024 * 1024)), "body"),
        ("prices/SPY", history(), "dataset"),
        ("holdings/SPY", xlsx_bytes("holdings", [*HOLDINGS, ["A", "A", "60.0"]]), "Weight"),  # type: ignore[list-item]
        ("holdings/SPY", xlsx_bytes("holdings", [HOLDINGS[0], ["Holdings:", "soon"], *HOLDINGS[2:]]), "Holdings:"),
    ],
)  # fmt: skip
def test_another_workbook_is_refused(tmp_path: Path, dataset: str, payload: bytes, field: str) -> None:
    assert refused(tmp_path, "ssga", dataset, payload)[0] == field


# --- iShares


def fund_file(body: str, end: str = "</ss:Workbook>") -> bytes:
    style = '<ss:Style ss:ID="x"></Style>'
    return f'\ufeff\ufeff<?xml version="1.0"?>\n<ss:Workbook xmlns:ss="urn:x">{style}{body}{end}'.encode()


def sheet(name: str, *rows: str) -> str:
    return f'<ss:Worksheet ss:Name="{name}"><ss:Table>{"".join(rows)}</ss:Table></ss:Worksheet>'


def row(*cells: str) -> str:
    told = "".join(f'<ss:Cell ss:StyleID="x"><ss:Data ss:Type="String">{cell}</ss:Data></ss:Cell>' for cell in cells)
    return f"<ss:Row>{told}</ss:Row>"


NAMED = sheet("Holdings", row("26-Nov-2024"), row("iShares Core S&P 500 ETF"))
HEADER = row("As Of", "NAV per Share", "Ex-Dividends", "Shares Outstanding")
SKIPPED = (
    '<ss:Row><ss:Cell><ss:Data ss:Type="String">Nov 25, 2024</ss:Data></ss:Cell>'
    '<ss:Cell><ss:Data ss:Type="Number">598.25</ss:Data></ss:Cell>'
    '<ss:Cell ss:Index="4"><ss:Data ss:Type="Number">950000</ss:Data></ss:Cell></ss:Row>'
)
HISTORICAL = sheet("Historical", HEADER, row("Nov 26, 2024", "600.50", "--", "1,000,000.00"), SKIPPED)


def test_a_fund_file_is_read_in_spite_of_its_faults(tmp_path: Path) -> None:
    found = read(tmp_path, "ishares", "fund/IVV", fund_file(NAMED + HISTORICAL), ".xls")
    assert figures(found) == [
        ("IVV", D(2024, 11, 25), 950_000, 598.25, None, D(2024, 11, 25)),
        ("IVV", D(2024, 11, 26), 1_000_000, 600.5, None, D(2024, 11, 25)),
    ]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (fund_file(NAMED.replace("S&P 500", "S&P Mid-Cap") + HISTORICAL), "Holdings"),
        (fund_file(NAMED), "Historical"),
        (fund_file(NAMED + sheet("Historical", row("As Of", "Shares Outstanding"))), "NAV per Share"),
        (fund_file(NAMED + sheet("Historical", HEADER)), "-"),
        (fund_file(NAMED + HISTORICAL, end=""), "body"),
        (fund_file(""), "body"),
        (b"<html>Access Denied</html>", "body"),
        (b"\xff\xfe", "body"),
    ],
)
def test_another_fund_file_is_refused(tmp_path: Path, payload: bytes, field: str) -> None:
    assert refused(tmp_path, "ishares", "fund/IVV", payload)[0] == field


def holdings(day: str = "Nov 26, 2024", weights: tuple[str, ...] = ("60.00", "39.99"), name: str = "") -> bytes:
    lines = [
        name or "iShares Core S&P 500 ETF",
        f'Fund Holdings as of,"{day}"',
        'Inception Date,"May 15, 2000"',
        'Shares Outstanding,"1,000,000.00"',
        'Stock,"-"',
        "\u00a0",
        TABLE,
        *(f'"T{at}","NAME","1,500,000.25","{weight}"' for at, weight in enumerate(weights)),
        "\u00a0",
    ]
    return ("\ufeff" + "\n".join([*lines, *lines, '"Terms, and more terms."'])).encode()


def test_holdings_tell_shares_and_what_they_are_worth_once(tmp_path: Path) -> None:
    found = read(tmp_path, "ishares", "holdings/IVV", holdings(), asked=D(2024, 11, 26))
    assert figures(found) == [("IVV", D(2024, 11, 26), 1_000_000, None, 3_000_000.5, D(2000, 5, 15))]


def test_a_day_without_data_gives_no_row(tmp_path: Path) -> None:
    assert read(tmp_path, "ishares", "holdings/IVV", holdings("-"), asked=D(2024, 11, 26)).rows.is_empty()


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (holdings("Nov 25, 2024"), "Fund Holdings as of"),
        (holdings("Yesterday"), "Fund Holdings as of"),
        (holdings(weights=("60.00",)), "Weight (%)"),
        (holdings(weights=("60.00", "lots")), "Weight (%)"),
        (holdings(name="iShares Russell 2000 ETF"), "title"),
        (holdings().replace(TABLE.encode(), b"Name,Ticker"), "Ticker"),
        (holdings()[:-600], "body"),
        (b"iShares Core S&P 500 ETF\n", "Fund Holdings as of"),
    ],
)
def test_other_holdings_are_refused(tmp_path: Path, payload: bytes, field: str) -> None:
    found, _ = refused(tmp_path, "ishares", "holdings/IVV", payload, D(2024, 11, 26))
    assert found == field


# --- Invesco and Vanguard

INVESCO = (
    "Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,Class of Shares,"
    "Sector,Date"
)


def invesco(*weights: str, fund: str = "QQQ", day: str = "01/13/2023") -> bytes:
    rows = [f'{fund},0,T ,"1,000","2,000.50",{weight},N,Common Stock,Industrials,{day}' for weight in weights]
    return "\r\n".join([INVESCO, *rows, ""]).encode()


def test_invesco_tells_assets_and_no_shares(tmp_path: Path) -> None:
    found = read(tmp_path, "invesco", "holdings/QQQ", invesco("60.5", "39.5"))
    assert figures(found) == [("QQQ", D(2023, 1, 13), None, None, 4001.0, None)]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (invesco("60.5"), "Weight"),
        (invesco("100", fund="QQQM"), "Fund Ticker"),
        (invesco("100", day="soon"), "Date"),
        (invesco("60", "40") + invesco("0", day="01/12/2023").split(b"\r\n")[1], "Date"),
        (invesco("100").replace(b"Sector", b"Branch"), "Sector"),
    ],
)
def test_another_invesco_file_is_refused(tmp_path: Path, payload: bytes, field: str) -> None:
    assert refused(tmp_path, "invesco", "holdings/QQQ", payload)[0] == field


ITEM = '{"effectiveDate": "2022-11-30", "marketVal": 5.0, "mktValPercent": 100.0}'


def vanguard(items: str = ITEM, portfolio: str = "0968") -> bytes:
    return f'[{{"portId": "{portfolio}", "holdingDetailItem": [{items}]}}]'.encode()


def test_vanguard_is_held_to_its_form_and_tells_nothing_of_the_fund(tmp_path: Path) -> None:
    assert read(tmp_path, "vanguard", "holdings/VOO", vanguard(), ".json").rows.is_empty()


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (vanguard(portfolio="0970"), "portId"),
        (vanguard(ITEM.replace("100.0", "60.0")), "mktValPercent"),
        (vanguard(ITEM.replace("5.0", '"5"')), "marketVal"),
        (vanguard(f"{ITEM}, {ITEM.replace('-30', '-29')}"), "effectiveDate"),
        (vanguard(""), "effectiveDate"),
        (b'{"error": "none"}', "holdingDetailItem"),
        (b"[]", "holdingDetailItem"),
    ],
)
def test_another_vanguard_document_is_refused(tmp_path: Path, payload: bytes, field: str) -> None:
    assert refused(tmp_path, "vanguard", "holdings/VOO", payload)[0] == field


@pytest.mark.parametrize("name", ["invesco", "vanguard"])
def test_those_without_an_address_say_so(name: str) -> None:
    with pytest.raises(MissingData, match="no address"):
        source(name).requests_for(SESSION, vintage_date=SESSION, settings=SourceSettings())


# --- all of them


@pytest.mark.parametrize("name", ["ssga", "ishares", "invesco", "vanguard"])
def test_what_the_simulated_issuers_serve_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    vendors, settings = Vendors(MARKET), SourceSettings(base_urls={name: f"http://x.test/{name}"})
    requests = source(name).requests_for(SESSION, vintage_date=D(2024, 11, 27), settings=settings)
    truth = issued_days(MARKET).filter(pl.col("session_date") <= SESSION)
    for request in requests:
        path = request.http.url.removeprefix("http://x.test")
        served = vendors.reply(Asked("GET", path, dict(request.http.params), {}), SESSION)
        assert served.status == 200
        found = read(tmp_path, name, request.dataset, served.body, request.suffix, request.session_date)
        assert found.rejects.is_empty()
        told = found.rows.filter(pl.col("shares").is_not_null() & (pl.col("as_of") > MARKET.first))
        expected = truth.select("fund", as_of="session_date", counted="counted", price="price")
        both = told.join(expected, on=["fund", "as_of"], how="left")
        assert both.filter(pl.col("shares").ne_missing(pl.col("counted"))).is_empty()
        assert both.filter(pl.col("nav").is_not_null() & (pl.col("nav") != pl.col("price_right"))).is_empty()
    assert len(requests) == {"ssga": 4, "ishares": 16, "invesco": 1, "vanguard": 4}[name]


def test_an_issuer_asked_for_a_day_without_data_says_so() -> None:
    asked = Asked("GET", "/ishares/239710/fund/1467271812596.ajax", {"fileType": "csv", "asOfDate": "20241128"}, {})
    assert b'Fund Holdings as of,"-"' in Vendors(MARKET).reply(asked, SESSION).body
    assert Vendors(MARKET).reply(Asked("GET", "/ishares/1/fund/x.ajax", {}, {}), SESSION).status == 404


def recorded(shared_data: Path, tmp_path: Path, name: str) -> dict[str, tuple[LandedFile, Staged]]:
    archive, landing, found = Archive(shared_data), Landing(tmp_path / "landing"), {}
    for entry in source(name).archive_files(archive, []):
        file = land_archived(landing, archive, entry, source(name).licence, NOW)
        found[file.dataset] = (file, source(name).read(landing.read(file), file))
    return found


def test_recorded_files_parse_to_what_they_show(shared_data: Path, tmp_path: Path) -> None:
    found = {n: recorded(shared_data, tmp_path, n) for n in ("ssga", "ishares", "invesco", "vanguard")}
    told = {kind: figures(staged) for files in found.values() for kind, (_, staged) in files.items()}
    assert told == {
        "holdings/SPY": [],
        "holdings/IVV": [("IVV", D(2022, 12, 30), 753_450_000, None, 289_404_832_046.65, D(2000, 5, 15))],
        "holdings/HEWU": [("HEWU", D(2023, 1, 20), 550_000, None, 14_220_570.81, D(2015, 6, 29))],
        "holdings/QQQ": [("QQQ", D(2023, 1, 13), None, None, 149_376_907_880.92, None)],
        "holdings/VOO": [],
    }
    assert all(staged.rejects.is_empty() for files in found.values() for _, staged in files.values())
    assert found["ssga"]["holdings/SPY"][0].key == "2023-01-10"


def test_an_archive_lists_what_is_an_issuers_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    for name in (
        "SSGA_SPY_navhist_20240102.xlsx",
        "SSGA_SPY_prices_20240102.xlsx",
        "IShares_IVV_holdings_20240102.csv",
    ):
        (folder / name).write_bytes(b"x")
    listed = source("ssga").archive_files(Archive(tmp_path), [])
    assert [(entry.dataset, entry.key, entry.suffix) for entry in listed] == [("navhist/SPY", "2024-01-02", ".xlsx")]
