"""The tiny market's fundamentals, fund flows and yields, as files of the vendors' layout."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from flows.simulated.formats import BALANCE_COLUMNS, INCOME_COLUMNS
from tests.vendors.market import SIZES, Listing, Market, companies

QUARTERS = (date(2023, 12, 31), date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30))
FUNDS = ("IWM", "SPY", "IVV", "MDY")


@dataclass(frozen=True)
class Vintage:
    """One download: which quarters it holds, when they were published, and what companies earned by it."""

    day: date = date(2024, 12, 20)
    quarters: tuple[date, ...] = QUARTERS
    published_after: timedelta = timedelta(days=40)
    growth: float = 1.0
    currency: str = "USD"


def write_facts(market: Market, archive: Path, sessions: Iterable[date], *, flows_until: date | None = None) -> Path:
    """Fundamentals, fund flows and yields for a run over `sessions`; returns the archive."""
    write_simfin(market, archive, Vintage())
    days = [session for session in sessions if flows_until is None or session <= flows_until]
    write_flows(archive, days)
    write_yields(archive, days)
    return archive


def write_simfin(market: Market, archive: Path, vintage: Vintage) -> Path:
    """Quarterly statements of the companies that report, as downloaded on one day."""
    folder = archive / "simfin" / vintage.day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    reports = [(company, number) for number, company in enumerate(_reporting(market.seed))]
    income = [_income(company, number, end, vintage) for company, number in reports for end in vintage.quarters]
    balance = [_balance(company, number, end, vintage) for company, number in reports for end in vintage.quarters]
    _write_zip(folder / "us-income-quarterly.zip", INCOME_COLUMNS, income)
    _write_zip(folder / "us-balance-quarterly.zip", BALANCE_COLUMNS, balance)
    return archive


def write_flows(archive: Path, days: Iterable[date]) -> Path:
    """Published flows of a few funds; shares and assets of the last day."""
    folder = archive / "etf" / "flows_2025"
    folder.mkdir(parents=True, exist_ok=True)
    listed = list(days)
    flows = [
        f"{day},{fund},{(number - 1.5) * 1e7 + at * 1e5:.1f}"
        for number, fund in enumerate(FUNDS)
        for at, day in enumerate(listed)
    ]
    shares = [
        f"{day},{fund},{(number + 1) * 10**8},{100 + number:.2f}" for number, fund in enumerate(FUNDS) for day in listed
    ]
    assets = [f"{fund},{(number + 1) * 1e10:.2f},{listed[-1]}" for number, fund in enumerate(FUNDS)]
    _write_lines(folder / "etf_flows.csv", "date,ticker,flow_usd", flows)
    _write_lines(folder / "etf_shares.csv", "date,ticker,shares,price", shares)
    _write_lines(folder / "etf_aum.csv", "ticker,aum_usd,updated_date", assets)
    return archive


def write_yields(archive: Path, days: Iterable[date], *, vintage: date = date(2025, 6, 30)) -> Path:
    """The Treasury's nominal and real curve of each year, newest day first, as it is published."""
    folder = archive / "treasury" / vintage.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    listed = list(days)
    for year in {day.year for day in listed}:
        of_year = sorted((day for day in listed if day.year == year), reverse=True)
        nominal = [f"{day:%m/%d/%Y},4.{day.day:02},4.5" for day in of_year]
        real = [f"{day:%m/%d/%Y},1.{day.day:02}" for day in of_year]
        _write_lines(folder / f"nominal_{year}.csv", 'Date,"10 Yr","30 Yr"', nominal)
        _write_lines(folder / f"real_{year}.csv", 'Date,"10 YR"', real)
    return archive


def _reporting(seed: int) -> list[Listing]:
    """Four of five companies: banks and some others are not in the vendor's files."""
    found = [company for size in SIZES for company in companies(seed, size)]
    return [company for number, company in enumerate(found) if number % 5 != 2]


def _income(company: Listing, number: int, end: date, vintage: Vintage) -> dict[str, object]:
    cap = company.price * (company.cap_shares or 0)
    margin = -0.01 if number % 4 == 1 else 0.008 + (number % 7) / 1000
    earned = round(cap * margin * vintage.growth)
    return {
        **_key(company, number, end, vintage),
        "Revenue": round(cap * 0.12),
        "Operating Income (Loss)": round(earned * 1.3),
        "Pretax Income (Loss)": round(earned * 1.2),
        "Net Income": earned,
        "Net Income (Common)": earned,
    }


def _balance(company: Listing, number: int, end: date, vintage: Vintage) -> dict[str, object]:
    cap = company.price * (company.cap_shares or 0)
    return {
        **_key(company, number, end, vintage),
        "Total Assets": round(cap * 0.9),
        "Total Liabilities": round(cap * 0.5),
        "Total Equity": round(cap * 0.4),
        "Total Liabilities & Equity": round(cap * 0.9),
    }


def _key(company: Listing, number: int, end: date, vintage: Vintage) -> dict[str, object]:
    return {
        "Ticker": company.symbol,
        "SimFinId": 9000 + number,
        "Currency": vintage.currency,
        "Fiscal Year": end.year,
        "Fiscal Period": f"Q{(end.month - 1) // 3 + 1}",
        "Report Date": end,
        "Publish Date": end + vintage.published_after,
        "Restated Date": end + vintage.published_after,
        "Shares (Basic)": company.cap_shares,
        "Shares (Diluted)": company.cap_shares,
    }


def _write_zip(path: Path, header: str, rows: Iterable[dict[str, object]]) -> None:
    names = header.split(";")
    lines = [";".join(str(row.get(name, "")) for name in names) for row in rows]
    content = "\n".join([header, *lines]) + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(zipfile.ZipInfo(f"{path.stem}.csv", (2024, 12, 20, 0, 0, 0)), content)
    path.write_bytes(buffer.getvalue())


def _write_lines(path: Path, header: str, lines: Iterable[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
