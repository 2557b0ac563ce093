"""The vendors' own files, byte for byte in their layout, from the simulated market's truth."""

import json
from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from flows.edge.encoded import parquet_bytes, zipped
from flows.simulated.securities import Line

SIMFIN_KEYS = (
    "Ticker;SimFinId;Currency;Fiscal Year;Fiscal Period;Report Date;Publish Date;Restated Date;Shares (Basic);"
    "Shares (Diluted)"
)
INCOME_COLUMNS = (
    f"{SIMFIN_KEYS};Revenue;Cost of Revenue;Gross Profit;Operating Expenses;Selling, General & Administrative;"
    "Research & Development;Depreciation & Amortization;Operating Income (Loss);Non-Operating Income (Loss);"
    "Interest Expense, Net;Pretax Income (Loss), Adj.;Abnormal Gains (Losses);Pretax Income (Loss);"
    "Income Tax (Expense) Benefit, Net;Income (Loss) from Continuing Operations;Net Extraordinary Gains (Losses);"
    "Net Income;Net Income (Common)"
)
BALANCE_COLUMNS = (
    f"{SIMFIN_KEYS};Cash, Cash Equivalents & Short Term Investments;Accounts & Notes Receivable;Inventories;"
    "Total Current Assets;Property, Plant & Equipment, Net;Long Term Investments & Receivables;"
    "Other Long Term Assets;Total Noncurrent Assets;Total Assets;Payables & Accruals;Short Term Debt;"
    "Total Current Liabilities;Long Term Debt;Total Noncurrent Liabilities;Total Liabilities;"
    "Share Capital & Additional Paid-In Capital;Treasury Stock;Retained Earnings;Total Equity;"
    "Total Liabilities & Equity"
)
COMPANIES_COLUMNS = (
    "Ticker;SimFinId;Company Name;IndustryId;ISIN;End of financial year (month);Number Employees;Business Summary;"
    "Market;CIK;Main Currency"
)

FOUR = 4
_INCOME: dict[str, pl.Expr] = {
    "Revenue": pl.col("revenue"),
    "Operating Income (Loss)": pl.col("earnings") * 13 // 10,
    "Pretax Income (Loss)": pl.col("earnings") * 12 // 10,
    "Income (Loss) from Continuing Operations": pl.col("earnings"),
    "Net Income": pl.col("earnings"),
    "Net Income (Common)": pl.col("earnings"),
}
_BALANCE: dict[str, pl.Expr] = {
    "Total Assets": pl.col("assets"),
    "Total Liabilities": pl.col("liabilities"),
    "Total Equity": pl.col("equity"),
    "Total Liabilities & Equity": pl.col("assets"),
}


def screener_rows(rows: pl.DataFrame, lines: Mapping[str, Line]) -> list[dict[str, str]]:
    """The rows of one exchange and session as the Nasdaq screener prints them: every value a text."""
    return [
        {
            "symbol": row["symbol"],
            "name": row["name"],
            "lastsale": row["lastsale"],
            "netchange": row["netchange"],
            "pctchange": row["pctchange"],
            "volume": row["volume"],
            "marketCap": row["marketCap"],
            "country": lines[row["key"]].country,
            "ipoyear": lines[row["key"]].ipo_year,
            "industry": lines[row["key"]].industry,
            "sector": lines[row["key"]].sector,
            "url": f"/market-activity/stocks/{row['symbol'].lower()}",
        }
        for row in rows.iter_rows(named=True)
    ]


def screener_reply(rows: list[dict[str, str]]) -> bytes:
    """The live reply, which wraps the rows."""
    data = {"asOf": None, "headers": {name: name.capitalize() for name in rows[0]} if rows else {}, "rows": rows}
    status = {"rCode": 200, "bCodeMessage": None, "developerMessage": None}
    return json.dumps({"data": data, "message": None, "status": status}).encode()


def history(rows: pl.DataFrame) -> bytes:
    """The screener's rows of one year, without descriptions, as Parquet."""
    return parquet_bytes(
        rows.sort("symbol", "session_date")
        .select("exchange", "symbol", "lastsale", "netchange", "volume", "marketCap", date="session_date")
        .select("date", pl.exclude("date"))
    )


def reference_intervals(rows: pl.DataFrame, lines: Mapping[str, Line]) -> bytes:
    """Every spelling of a line's description with the first and last day it was seen, as Parquet."""
    seen = rows.group_by("symbol", "exchange", "name", "key", maintain_order=True).agg(
        first_date=pl.col("session_date").min(), last_date=pl.col("session_date").max(), days=pl.len().cast(pl.UInt32)
    )
    described = [lines[key] for key in seen["key"]]
    texts = {
        "country": [line.country for line in described],
        "ipoyear": [line.ipo_year for line in described],
        "industry": [line.industry for line in described],
        "sector": [line.sector for line in described],
    }
    return parquet_bytes(
        seen.with_columns(pl.Series(name, values, pl.String) for name, values in texts.items()).select(
            "symbol", "exchange", "name", *texts, "first_date", "last_date", "days"
        )
    )


def simfin_income(reports: pl.DataFrame) -> bytes:
    """SimFin's quarterly income statements."""
    return _simfin("us-income-quarterly", INCOME_COLUMNS, _statement(reports, _INCOME))


def simfin_balance(reports: pl.DataFrame) -> bytes:
    """SimFin's quarterly balance sheets."""
    return _simfin("us-balance-quarterly", BALANCE_COLUMNS, _statement(reports, _BALANCE))


def simfin_annual(name: str, reports: pl.DataFrame) -> bytes:
    """SimFin's annual file of that name: years with all four quarters; a balance is that of the last."""
    ordered = reports.sort("entity", "fiscal_year", "quarter")
    year = ordered.group_by("entity", "fiscal_year", maintain_order=True)
    sums = year.agg(pl.col("revenue", "earnings").sum(), quarters=pl.len())
    last = year.last().drop("revenue", "earnings")
    whole = last.join(sums, on=["entity", "fiscal_year"], maintain_order="left").filter(pl.col("quarters") == FOUR)
    if "balance" in name:
        return _simfin(name, BALANCE_COLUMNS, _statement(whole, _BALANCE))
    annual = _statement(whole, _INCOME).with_columns(pl.lit("FY").alias("Fiscal Period"))
    return _simfin(name, INCOME_COLUMNS, annual)


def simfin_companies(reports: pl.DataFrame, names: Mapping[str, str]) -> bytes:
    """SimFin's list of companies."""
    listed = reports.select("company", "ticker", "entity").unique(maintain_order=True)
    rows = listed.select(
        pl.col("ticker").alias("Ticker"),
        pl.col("entity").alias("SimFinId"),
        pl.col("company").replace_strict(names, return_dtype=pl.String).alias("Company Name"),
        pl.lit(12).alias("End of financial year (month)"),
        pl.lit("us").alias("Market"),
        pl.lit("USD").alias("Main Currency"),
    )
    return _simfin("us-companies", COMPANIES_COLUMNS, rows)


def csv(header: str, rows: Iterable[Iterable[object]]) -> bytes:
    """A plain comma-separated file; None is blank."""
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    return ("\n".join([header, *lines]) + "\n").encode()


def treasury_csv(header: str, days: Iterable[tuple[date, Iterable[float]]]) -> bytes:
    """One year of a par yield curve, newest day first, as the Treasury publishes it."""
    rows = ((f"{day:%m/%d/%Y}", *(f"{value:.2f}" for value in values)) for day, values in days)
    return csv(header, rows)


def _statement(reports: pl.DataFrame, lines: Mapping[str, pl.Expr]) -> pl.DataFrame:
    return reports.select(
        pl.col("ticker").alias("Ticker"),
        pl.col("entity").alias("SimFinId"),
        pl.lit("USD").alias("Currency"),
        pl.col("fiscal_year").alias("Fiscal Year"),
        pl.format("Q{}", "quarter").alias("Fiscal Period"),
        pl.col("end").alias("Report Date"),
        pl.col("published").alias("Publish Date"),
        pl.col("published").alias("Restated Date"),
        pl.col("shares").alias("Shares (Basic)"),
        pl.col("shares").alias("Shares (Diluted)"),
        *(of.alias(name) for name, of in lines.items()),
    )


def _simfin(name: str, header: str, rows: pl.DataFrame) -> bytes:
    columns = header.split(";")
    blank = [pl.lit("").alias(column) for column in columns if column not in rows.columns]
    lines = [";".join(map(str, row)) for row in rows.with_columns(blank).select(columns).iter_rows()]
    return zipped(f"{name}.csv", ("\n".join([header, *lines]) + "\n").encode())
