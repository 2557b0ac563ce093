"""The CFTC, the Chicago Fed, the OFR, the Federal Reserve Board and Fiscal Data of the simulated market."""

import json
import re
from collections.abc import Iterator
from datetime import date

import polars as pl

from flows.edge.encoded import zipped
from flows.edge.loopback import Answer, Asked
from flows.simulated import macro
from flows.simulated.formats import csv
from flows.simulated.market import Market

ADDRESSES = ("cftc", "chicago_fed", "ofr", "fed_ebp", "fiscal_data")
"""Sources, and the paths at which they are served."""
_API, _YEAR = "gpe5-46if", re.compile(r"fut_fin_txt_(\d{4})\.zip")
_CODES, _SINCE = re.compile(r"'([0-9A-Z+]{6})'"), re.compile(r">= '(\d{4}-\d{2}-\d{2})T")
_TEXT_SIDES = tuple(
    f"{who}_Positions_{side}_All" for who in macro.CATEGORIES[:4] for side in ("Long", "Short", "Spread")
)
_TEXT_HEADER = (
    *("Market_and_Exchange_Names", "As_of_Date_In_Form_YYMMDD", "Report_Date_as_YYYY-MM-DD"),
    *("CFTC_Contract_Market_Code", "CFTC_Market_Code", "CFTC_Region_Code", "CFTC_Commodity_Code", "Open_Interest_All"),
    *_TEXT_SIDES,
    *("Tot_Rept_Positions_Long_All", "Tot_Rept_Positions_Short_All"),
    *("NonRept_Positions_Long_All", "NonRept_Positions_Short_All", "Contract_Units", "FutOnly_or_Combined"),
)
"""The file's first columns and its last; those of changes, shares, traders and concentration are left out."""
_FIRST_STATEMENT = date(2015, 3, 31)
_OCTOBER = 10
_NFCI, _FSI, _EBP, _MTS = "nfci-data-series-csv.csv", "fsi.csv", "ebp_csv.csv", "mts_table_1"
_PAGE_SIZE = 1000
_NOT_FOUND = Answer(b"not found", 404, "text/plain")


def archive(market: Market, day: date) -> Iterator[tuple[str, bytes]]:
    """Relative path and bytes of what was downloaded on a day, in the archive's layout."""
    for year in range(market.first.year - 1, day.year + 1):
        yield f"cftc/{day}/fut_fin_txt_{year}.zip", _year_zip(market, year, day)
    for source, file in (("chicago_fed", _NFCI), ("ofr", _FSI), ("fed_ebp", _EBP)):
        yield f"{source}/{day}/{file}", _series_file(market, file, day)
    rows = _statements(market, day)
    for at in range(_pages(len(rows), _PAGE_SIZE)):
        page = _page(rows, at + 1, _PAGE_SIZE)
        yield f"fiscal_data/{day}/{_MTS}_{at + 1}.json", page


def reply(market: Market, asked: Asked, day: date) -> Answer:
    """What a path answers on the evening of a session."""
    source, _, rest = asked.path.strip("/").partition("/")
    if source == "cftc" and rest == f"{_API}.json":
        return Answer(_api_page(market, asked, day))
    if source == "cftc" and (found := _YEAR.fullmatch(rest)):
        return Answer(_year_zip(market, int(found[1]), day), content_type="application/zip")
    if (source, rest) in {("chicago_fed", _NFCI), ("ofr", _FSI), ("fed_ebp", _EBP)}:
        return Answer(_series_file(market, rest, day), content_type="text/csv")
    if (source, rest) == ("fiscal_data", _MTS):
        number, size = (int(asked.params.get(f"page[{name}]", usual)) for name, usual in (("number", 1), ("size", 100)))
        return Answer(_page(_statements(market, day), number, size, asked.params.get("fields", "")))
    return _NOT_FOUND


def _reports(market: Market, day: date) -> pl.DataFrame:
    """One row per contract and report that is out, a column per category and side."""
    told = macro.positions(market).filter(pl.col("released") <= day)
    sides = told.pivot("category", index=("contract", "name", "report", "open"), values=("long", "short", "spread"))
    return sides.sort("report", "contract")


def _api_page(market: Market, asked: Asked, day: date) -> bytes:
    where = asked.params.get("$where", "")
    rows = _reports(market, day)
    if codes := _CODES.findall(where):
        rows = rows.filter(pl.col("contract").is_in(codes))
    if since := _SINCE.search(where):
        rows = rows.filter(pl.col("report") >= date.fromisoformat(since[1]))
    page = rows.slice(int(asked.params.get("$offset", "0")), int(asked.params.get("$limit", "1000")))
    wanted = asked.params.get("$select", "").split(",")
    return json.dumps([_api_row(row, wanted) for row in page.iter_rows(named=True)]).encode()


def _api_row(row: dict[str, object], wanted: list[str]) -> dict[str, str]:
    told = {
        "market_and_exchange_names": f"{row['name']} - CHICAGO MERCANTILE EXCHANGE",
        "report_date_as_yyyy_mm_dd": f"{row['report']}T00:00:00.000",
        "cftc_contract_market_code": str(row["contract"]),
        "open_interest_all": str(row["open"]),
        "futonly_or_combined": "FutOnly",
    }
    for who in macro.CATEGORIES:
        end = "_all" if who in ("Dealer", "NonRept") else ""
        for side in ("long", "short", "spread"):
            told[f"{who.lower()}_positions_{side}{end}"] = str(row[f"{side}_{who}"])
    return {name: value for name, value in told.items() if wanted == [""] or name in wanted}


def _year_zip(market: Market, year: int, day: date) -> bytes:
    rows = _reports(market, day).filter(pl.col("report").dt.year() == year).sort("contract", "report", descending=True)
    lines = [",".join(f'"{name}"' for name in _TEXT_HEADER)]
    lines += [_text_line(row) for row in rows.iter_rows(named=True)]
    another = {"name": "EURO FX", "contract": "099741", "report": date(year, 1, 2), "open": 650_000}
    lines.append(_text_line(another | {f"{s}_{w}": 9 for s in ("long", "short", "spread") for w in macro.CATEGORIES}))
    return zipped("FinFutYY.txt", ("\r\n".join(lines) + "\r\n").encode())


def _text_line(row: dict[str, object]) -> str:
    """Numbers stand right in their columns, codes left, as in the CFTC's files."""
    report = row["report"]
    sides = [f"{row[f'{side}_{who}']:>8}" for who in macro.CATEGORIES[:4] for side in ("long", "short", "spread")]
    small = [f"{row[f'{side}_NonRept']:>8}" for side in ("long", "short")]
    cells = [f'"{row["name"]} - CHICAGO MERCANTILE EXCHANGE"', f"{report:%y%m%d}", f"{report:%Y-%m-%d}"]
    cells += [f"{row['contract']}", "CME ", "00", "239 ", f"{row['open']:>8}", *sides, f"{0:>8}", f"{0:>8}", *small]
    return ",".join([*cells, '"(INDEX X $50)"', "FutOnly"])


def _series_file(market: Market, file: str, day: date) -> bytes:
    if file == _NFCI:
        weeks = macro.conditions(market, day)
        rows = ((f"{row[0]:%m/%d/%Y}", *(f"{value:.3f}" for value in row[1:])) for row in weeks.iter_rows())
        return csv(",".join(["Friday_of_Week", *weeks.columns[1:]]), rows)
    if file == _FSI:
        told = macro.stress(market).filter(pl.col("released") <= day).drop("released")
        return csv(",".join(["Date", *told.columns[1:]]), told.iter_rows())
    told = macro.bond_premium(market).filter(pl.col("released") <= day).drop("released")
    months = ((f"{row[0].month}/1/{row[0].year}", *row[1:]) for row in told.iter_rows())
    return csv("date,gz_spread,ebp,est_prob", months)


_Month = tuple[date, float, float]
"""Its last day, receipts, outlays."""


def _statements(market: Market, day: date) -> list[dict[str, str]]:
    """All lines of table 1 of all statements: the year before, the year so far, headings and totals."""
    out = macro.budget(market).filter(pl.col("released") <= day)
    known: list[_Month] = out.select("month_end", "receipts", "outlays").rows()
    rows: list[dict[str, str]] = []
    for end, _, _ in known:
        if end < _FIRST_STATEMENT:
            continue
        for block, fiscal_year in ((1, _fiscal_year(end) - 1), (2, _fiscal_year(end))):
            months = [month for month in known if _fiscal_year(month[0]) == fiscal_year and month[0] <= end]
            rows += _block(end, block, fiscal_year, months)
    return rows


def _block(end: date, block: int, fiscal_year: int, months: list[_Month]) -> list[dict[str, str]]:
    """One fiscal year of a statement; receipts of months that were published before are restated by a thousandth."""
    rows = [_line(end, f"FY {fiscal_year}", f"{block}.0", None, None)]
    told = [(day, taken if day == end else round(taken * 1.001, 2), spent) for day, taken, spent in months]
    rows += [_line(end, f"{day:%B}", f"{block}.{at}", taken, spent) for at, (day, taken, spent) in enumerate(told, 1)]
    totals = (sum(taken for _, taken, _ in told), sum(spent for *_, spent in told))
    return [*rows, _line(end, "Year-to-Date", f"{block}.{len(months) + 1}", *totals)]


def _line(end: date, name: str, number: str, receipts: float | None, outlays: float | None) -> dict[str, str]:
    """Amounts are texts, and the word null where there is none."""
    deficit = None if receipts is None or outlays is None else outlays - receipts
    amounts = ["null" if value is None else f"{value:.2f}" for value in (receipts, outlays, deficit)]
    return {
        "record_date": end.isoformat(),
        "classification_desc": name,
        "current_month_gross_rcpt_amt": amounts[0],
        "current_month_gross_outly_amt": amounts[1],
        "current_month_dfct_sur_amt": amounts[2],
        "sequence_number_cd": number,
        "record_fiscal_year": str(_fiscal_year(end)),
    }


def _fiscal_year(day: date) -> int:
    return day.year + (day.month >= _OCTOBER)


def _pages(count: int, size: int) -> int:
    return max(1, -(-count // size))


def _page(rows: list[dict[str, str]], number: int, size: int, fields: str = "") -> bytes:
    wanted = fields.split(",") if fields else []
    data = [
        {name: value for name, value in row.items() if not wanted or name in wanted}
        for row in rows[(number - 1) * size : number * size]
    ]
    meta = {"count": len(data), "total-count": len(rows), "total-pages": _pages(len(rows), size)}
    return json.dumps({"data": data, "meta": meta, "links": {"self": f"&page%5Bnumber%5D={number}"}}).encode()
