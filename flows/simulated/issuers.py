"""Issuers of the simulated market's funds: their own files, in which a count is booked a session after its creation."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache

import polars as pl

from flows.edge.encoded import xlsx_bytes
from flows.edge.loopback import Answer
from flows.simulated.funds import days_of, fund_days
from flows.simulated.market import Market

ISSUERS = ("ssga", "ishares", "invesco", "vanguard")
FURTHER: dict[str, tuple[float, float, float]] = {
    "SPSM": (13e9, 46.0, -0.4),
    "SPMD": (14e9, 55.0, 0.3),
    "IJH": (95e9, 62.0, 0.4),
    "IWR": (40e9, 88.0, -0.2),
    "IWB": (39e9, 320.0, 0.5),
    "ITOT": (64e9, 130.0, 0.7),
    "QQQ": (310e9, 510.0, 0.9),
}
"""Funds that only their issuers tell of; as `flows.simulated.funds.FUNDS`."""
PRODUCTS = {
    239710: ("IWM", "iShares Russell 2000 ETF"),
    239774: ("IJR", "iShares Core S&P Small-Cap ETF"),
    239716: ("IWC", "iShares Micro-Cap ETF"),
    239763: ("IJH", "iShares Core S&P Mid-Cap ETF"),
    239718: ("IWR", "iShares Russell Mid-Cap ETF"),
    239726: ("IVV", "iShares Core S&P 500 ETF"),
    239707: ("IWB", "iShares Russell 1000 ETF"),
    239724: ("ITOT", "iShares Core S&P Total U.S. Stock Market ETF"),
}
_SSGA = ("SPSM", "MDY", "SPMD", "SPY")
_PORTFOLIOS = {"VTI": "0970", "VB": "0969", "VO": "0939", "VOO": "0968"}
_BEGUN = date(2000, 5, 22)
"""The funds are older than the market: a history begins with one line of long ago."""
_NOT_FOUND = Answer(b"not found", 404, "text/plain")
_HISTORY_SHEET = ("As Of", "NAV per Share", "Ex-Dividends", "Shares Outstanding")
_HOLDINGS = (
    "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,"
    "FX Rate,Market Currency,Accrual Date"
)
_PARTS = (("ALFA", "ALFA CORP", 60.0), ("BRAVO", "BRAVO INC", 39.5), ("USD", "USD CASH", 0.5))
"""What every fund holds, in percent."""


@cache
def issued_days(market: Market) -> pl.DataFrame:
    """One row per session but the first, and fund of an issuer: as `fund_days`, with counted, the count as printed.

    The count of a session holds the creations up to the session before.
    """
    told = pl.concat([fund_days(market), days_of(market, FURTHER, stream=8)])
    booked = told.with_columns(counted=pl.col("shares").shift(1).over("fund"))
    return booked.filter(pl.col("counted").is_not_null())


def issuer_reply(market: Market, issuer: str, rest: str, params: Mapping[str, str], last: date) -> Answer:
    """What an issuer's site answers on the evening of a session."""
    known = issued_days(market).filter(pl.col("session_date") <= last)
    fund = rest.rpartition("-")[2].removesuffix(".xlsx").upper() if issuer == "ssga" else rest.partition("_")[0]
    of_fund = known.filter(pl.col("fund") == fund)
    if issuer == "ssga" and fund in _SSGA:
        return Answer(navhist_xlsx(fund, of_fund))
    if issuer == "invesco" and fund == "QQQ":
        return Answer(invesco_csv(fund, of_fund), content_type="text/csv")
    if issuer == "vanguard" and fund in _PORTFOLIOS:
        return Answer(vanguard_json(_PORTFOLIOS[fund], last))
    number, _, _ = rest.partition("/")
    if issuer != "ishares" or not number.isdigit() or int(number) not in PRODUCTS:
        return _NOT_FOUND
    fund, name = PRODUCTS[int(number)]
    of_fund = known.filter(pl.col("fund") == fund)
    if params.get("fileType") == "xls":
        return Answer(fund_xml(name, of_fund), content_type="application/vnd.ms-excel")
    return Answer(holdings_csv(name, of_fund, params.get("asOfDate", "")), content_type="text/csv")


def issuer_files(market: Market, last: date) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of each fund's history, as somebody kept it in an archive by the evening of a session."""
    known = issued_days(market).filter(pl.col("session_date") <= last)
    for fund in _SSGA:
        days = known.filter(pl.col("fund") == fund)
        if days.height:
            yield f"etf/issuer_files/SSGA_{fund}_navhist_{last:%Y%m%d}.xlsx", navhist_xlsx(fund, days)
    for fund, name in PRODUCTS.values():
        days = known.filter(pl.col("fund") == fund)
        if days.height:
            yield f"etf/issuer_files/IShares_{fund}_fund_{last:%Y%m%d}.xls", fund_xml(name, days)


def navhist_xlsx(fund: str, days: pl.DataFrame) -> bytes:
    """SSGA's history of one fund: newest day first, a floating header, terms below."""
    rows: list[list[str | int | float]] = [["Fund Name:", f"SPDR {fund}"], ["Ticker Symbol:", fund], [""]]
    rows.append(["Date", "NAV", "Shares Outstanding", "Total Net Assets"])
    for row in days.sort("session_date", descending=True).iter_rows(named=True):
        worth = round(row["price"] * row["counted"], 2)
        rows.append([f"{row['session_date']:%d-%b-%Y}", row["price"], row["counted"], worth])
    rows.append([f"{_BEGUN:%d-%b-%Y}", 50.0, 100_000, 5_000_000.0])
    rows += [[""], ["Past performance is not a reliable indicator of future performance."]]
    return xlsx_bytes("navhist", rows)


def fund_xml(name: str, days: pl.DataFrame) -> bytes:
    """The fund file of iShares with its faults: two byte order marks, bare ampersands, a wrong end tag."""
    ordered = days.sort("session_date", descending=True)
    lines = [
        (f"{day:%b %d, %Y}", f"{price:.2f}", "--", f"{counted:,.2f}")
        for day, price, counted in ordered.select("session_date", "price", "counted").iter_rows()
    ]
    lines.append((f"{_BEGUN:%b %d, %Y}", "50.00", "--", "100,000.00"))
    newest: date = ordered["session_date"][0]
    sheets: dict[str, list[tuple[str, ...]]] = {
        "Holdings": [(f"{newest:%d-%b-%Y}",), (name,)],
        "Historical": [_HISTORY_SHEET, *lines],
    }
    body = "".join(
        f'<ss:Worksheet ss:Name="{sheet}"><ss:Table>{"".join(_xml_row(row) for row in rows)}</ss:Table></ss:Worksheet>'
        for sheet, rows in sheets.items()
    )
    head = '<?xml version="1.0"?><ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    style = '<ss:Styles><ss:Style ss:ID="Default"><ss:Alignment ss:Horizontal="Left"/></Style></ss:Styles>'
    return f"\ufeff\ufeff{head}{style}{body}</ss:Workbook>".encode()


def _xml_row(cells: tuple[str, ...]) -> str:
    told = "".join(f'<ss:Cell><ss:Data ss:Type="String">{cell}</ss:Data></ss:Cell>' for cell in cells)
    return f"<ss:Row>{told}</ss:Row>"


def holdings_csv(name: str, days: pl.DataFrame, asked: str) -> bytes:
    """The holdings of iShares of one day, twice over; "-" for the day where it has nothing."""
    told = days.filter(pl.col("session_date").dt.strftime("%Y%m%d") == asked)
    day = f"{told['session_date'].item():%b %d, %Y}" if told.height else "-"
    counted = f"{told['counted'].item():,.2f}" if told.height else "-"
    worth = told["price"].item() * told["counted"].item() if told.height else 0.0
    preamble = [name, f'Fund Holdings as of,"{day}"', f'Inception Date,"{_BEGUN:%b %d, %Y}"']
    preamble += [f'Shares Outstanding,"{counted}"', *(f'{kind},"-"' for kind in ("Stock", "Bond", "Cash", "Other"))]
    rows = [
        f'"{ticker}","{title}","-","Equity","{worth * share / 100:,.2f}","{share:.2f}","-","-","-","-","-","USD",'
        '"1.00","USD","-"'
        for ticker, title, share in _PARTS
    ]
    lines = [*preamble, "\u00a0", _HOLDINGS, *(rows if told.height else []), "\u00a0"]
    return ("\ufeff" + "\n".join([*lines, *lines, '"The content is of a simulated market."'])).encode()


def invesco_csv(fund: str, days: pl.DataFrame) -> bytes:
    """Invesco's holdings of the newest day."""
    newest = days.sort("session_date").tail(1).row(0, named=True)
    header = "Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,Class of Shares"
    rows = [
        f'{fund},000000000,{ticker} ,"1,000","{newest["assets_usd"] * share / 100:,.2f}",{share:.3f},{title},'
        f"Common Stock,Industrials,{newest['session_date']:%m/%d/%Y}"
        for ticker, title, share in _PARTS
    ]
    return ("\r\n".join([f"{header},Sector,Date", *rows]) + "\r\n").encode()


def vanguard_json(portfolio: str, last: date) -> bytes:
    """Vanguard's holdings of the month before."""
    end = last.replace(day=1).isoformat()
    items = [
        {"effectiveDate": end, "name": title, "bticker": ticker, "quantity": 1000.0, "mktValPercent": share}
        | {"marketVal": 1e9 * share}
        for ticker, title, share in _PARTS
    ]
    document = {"portId": portfolio, "accountingTypeCode": 23, "holdingTypeCode": "ORIG", "holdingDetailItem": items}
    return json.dumps([document]).encode()
