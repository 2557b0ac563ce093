"""SimFin bulk files: statements and the list of companies, raw strings in, typed rows and rejects out."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.model import REJECT_COLUMNS, Staged

SOURCE = "simfin"
Statement = Literal["income", "balance"]
Variant = Literal["quarterly", "annual"]

MAX_REJECTED_SHARE = 0.02
"""Above this a file is not a few odd rows but another format; the real files stay below 1 %."""

_KEYS: dict[str, str] = {
    "Ticker": "ticker",
    "SimFinId": "source_entity",
    "Currency": "currency",
    "Fiscal Year": "fiscal_year",
    "Fiscal Period": "fiscal_period",
    "Report Date": "report_date",
    "Publish Date": "publish_date",
    "Restated Date": "restated_date",
    "Shares (Basic)": "shares_basic",
    "Shares (Diluted)": "shares_diluted",
}
_INCOME: dict[str, str] = {
    "Revenue": "revenue",
    "Cost of Revenue": "cost_of_revenue",
    "Gross Profit": "gross_profit",
    "Operating Expenses": "operating_expenses",
    "Selling, General & Administrative": "selling_general_administrative",
    "Research & Development": "research_development",
    "Depreciation & Amortization": "depreciation_amortization",
    "Operating Income (Loss)": "operating_income",
    "Non-Operating Income (Loss)": "non_operating_income",
    "Interest Expense, Net": "interest_expense_net",
    "Pretax Income (Loss), Adj.": "pretax_income_adjusted",
    "Abnormal Gains (Losses)": "abnormal_gains",
    "Pretax Income (Loss)": "pretax_income",
    "Income Tax (Expense) Benefit, Net": "income_tax_net",
    "Income (Loss) from Continuing Operations": "income_continuing_operations",
    "Net Extraordinary Gains (Losses)": "net_extraordinary_gains",
    "Net Income": "net_income",
    "Net Income (Common)": "net_income_common",
}
_BALANCE: dict[str, str] = {
    "Cash, Cash Equivalents & Short Term Investments": "cash_and_short_term_investments",
    "Accounts & Notes Receivable": "receivables",
    "Inventories": "inventories",
    "Total Current Assets": "current_assets",
    "Property, Plant & Equipment, Net": "property_plant_equipment_net",
    "Long Term Investments & Receivables": "long_term_investments_receivables",
    "Other Long Term Assets": "other_long_term_assets",
    "Total Noncurrent Assets": "noncurrent_assets",
    "Total Assets": "total_assets",
    "Payables & Accruals": "payables_accruals",
    "Short Term Debt": "short_term_debt",
    "Total Current Liabilities": "current_liabilities",
    "Long Term Debt": "long_term_debt",
    "Total Noncurrent Liabilities": "noncurrent_liabilities",
    "Total Liabilities": "total_liabilities",
    "Share Capital & Additional Paid-In Capital": "paid_in_capital",
    "Treasury Stock": "treasury_stock",
    "Retained Earnings": "retained_earnings",
    "Total Equity": "total_equity",
    "Total Liabilities & Equity": "total_liabilities_and_equity",
}
_COMPANIES: dict[str, str] = {
    "Ticker": "ticker",
    "SimFinId": "source_entity",
    "Company Name": "company_name",
    "IndustryId": "industry_id",
    "ISIN": "isin",
    "End of financial year (month)": "fiscal_year_end_month",
    "Number Employees": "employees",
    "Business Summary": "business_summary",
    "Market": "market",
    "CIK": "cik",
    "Main Currency": "currency",
}
_LINES: dict[str, dict[str, str]] = {"income": _INCOME, "balance": _BALANCE}
_PERIODS: dict[tuple[str, str], tuple[str, ...]] = {
    ("income", "quarterly"): ("Q1", "Q2", "Q3", "Q4"),
    ("balance", "quarterly"): ("Q1", "Q2", "Q3", "Q4"),
    ("income", "annual"): ("FY",),
    ("balance", "annual"): ("Q4",),  # the balance at the year's end is that of its last quarter
}
_DATES = ("report_date", "publish_date", "restated_date")
_REQUIRED = ("source_entity", "currency", "fiscal_year", "fiscal_period", "report_date", "publish_date")
_FACT = ("source_entity", "fiscal_year", "fiscal_period")


def stage_statements(
    raw: pl.DataFrame, *, statement: Statement, variant: Variant, vintage_date: date, file: str
) -> Staged:
    """One row per company and fiscal period of one income or balance file.

    Money in whole units of `currency` and share counts as Int64, dates as Date; `source_entity` is the
    SimFinId, which stays the same across vintages while tickers change. Rows that cannot be read, that
    are published before their period ends, or that contradict another row of the same period go to
    `rejects`. Raises BadInput for a missing or unknown column and where more than 2 % of the rows are
    rejected. Source: SimFin bulk download (`;` CSV, all strings).
    """
    names = _KEYS | _LINES[statement]
    frame = _renamed(raw, names, file).with_row_index("_row")
    whole_numbers = ["fiscal_year", "shares_basic", "shares_diluted", *_LINES[statement].values()]
    typed = frame.with_columns(
        [pl.col(name).cast(pl.Int64, strict=False) for name in whole_numbers]
        + [pl.col(name).str.to_date("%Y-%m-%d", strict=False) for name in _DATES]
    )
    rejects = [
        _unreadable(frame, typed, whole_numbers, "not_a_number", file),
        _unreadable(frame, typed, _DATES, "not_a_date", file),
        *_implausible(typed, _PERIODS[statement, variant], file),
        *_duplicates(typed, _FACT, file),
    ]
    held = pl.concat(rejects)
    rows = (
        typed.join(held.select("_row").unique(), on="_row", how="anti")
        .select(
            pl.lit(statement).alias("statement"),
            pl.lit(variant).alias("variant"),
            pl.lit(vintage_date, pl.Date).alias("vintage_date"),
            *names.values(),
        )
        .sort("source_entity", "report_date")
    )
    _refuse_if_mostly_rejected(raw.height, rows.height, file)
    return Staged(rows, held.drop("_row"))


def stage_companies(raw: pl.DataFrame, *, vintage_date: date, file: str) -> Staged:
    """One row per company of the vendor's list: vintage_date, source_entity, ticker?, company_name?, cik?, ...

    A row without an id, or whose id appears twice with different values, goes to `rejects`. Raises
    BadInput for a missing or unknown column.
    """
    frame = _renamed(raw, _COMPANIES, file).with_row_index("_row")
    numbers = ("fiscal_year_end_month", "employees", "industry_id", "cik")
    typed = frame.with_columns(pl.col(name).cast(pl.Int64, strict=False) for name in numbers)
    held = pl.concat(
        [
            _unreadable(frame, typed, numbers, "not_a_number", file),
            _rejected(typed.filter(pl.col("source_entity").is_null()), "source_entity", "missing_value", file),
            *_duplicates(typed, ("source_entity",), file),
        ]
    )
    rows = (
        typed.join(held.select("_row").unique(), on="_row", how="anti")
        .select(pl.lit(vintage_date, pl.Date).alias("vintage_date"), *_COMPANIES.values())
        .sort("source_entity")
    )
    _refuse_if_mostly_rejected(raw.height, rows.height, file)
    return Staged(rows, held.drop("_row"))


def _renamed(raw: pl.DataFrame, names: Mapping[str, str], file: str) -> pl.DataFrame:
    """The declared columns under our names and in our order, whatever the file's; blanks as null."""
    trimmed = raw.rename({column: column.strip('\ufeff "') for column in raw.columns})
    for column in names:
        if column not in trimmed.columns:
            raise BadInput(SOURCE, file, column, "the column is missing")
    for column in trimmed.columns:
        if column not in names:
            raise BadInput(SOURCE, file, column, "unknown column: the file's layout has changed")
    if raw.is_empty():
        raise BadInput(SOURCE, file, "", "the file has no rows")
    blank_as_null = (
        pl.col(old).cast(pl.String).str.strip_chars().replace("", None).alias(new) for old, new in names.items()
    )
    return trimmed.select(blank_as_null)


def _entity() -> pl.Expr:
    return pl.col("ticker").fill_null("-") + " (" + pl.col("source_entity").fill_null("-") + ")"


def _rejected(
    rows: pl.DataFrame, field: str, reason_code: str, file: str, detail: pl.Expr | None = None
) -> pl.DataFrame:
    text = pl.lit("") if detail is None else detail.fill_null("")
    return rows.select(
        "_row",
        pl.lit(SOURCE).alias("source"),
        pl.lit(file).alias("file"),
        _entity().alias("entity"),
        pl.lit(field).alias("field"),
        pl.lit(reason_code).alias("reason_code"),
        text.alias("detail"),
    ).cast({name: REJECT_COLUMNS[name] for name in ("source", "file", "field", "reason_code", "detail")})


def _unreadable(
    frame: pl.DataFrame,
    typed: pl.DataFrame,
    names: "list[str] | tuple[str, ...]",
    reason_code: str,
    file: str,
) -> pl.DataFrame:
    """Rows whose text is there but does not parse, one reject per field."""
    lost = frame.select(
        "_row",
        "ticker",
        "source_entity",
        *(pl.when(typed[name].is_null()).then(pl.col(name)).alias(name) for name in names),
    ).filter(pl.any_horizontal(pl.col(names).is_not_null()))
    parts = [
        _rejected(lost.filter(pl.col(name).is_not_null()), name, reason_code, file, pl.col(name)) for name in names
    ]
    return pl.concat(parts)


def _implausible(typed: pl.DataFrame, periods: tuple[str, ...], file: str) -> list[pl.DataFrame]:
    missing = [_rejected(typed.filter(pl.col(name).is_null()), name, "missing_value", file) for name in _REQUIRED]
    unknown = _rejected(
        typed.filter(~pl.col("fiscal_period").is_in(periods)),
        "fiscal_period",
        "unknown_value",
        file,
        pl.col("fiscal_period"),
    )
    early = _rejected(
        typed.filter(pl.col("publish_date") < pl.col("report_date")),
        "publish_date",
        "published_before_period_end",
        file,
        "published " + pl.col("publish_date").dt.to_string() + ", period ends " + pl.col("report_date").dt.to_string(),
    )
    return [*missing, unknown, early]


def _duplicates(typed: pl.DataFrame, key: tuple[str, ...], file: str) -> list[pl.DataFrame]:
    """Of equal rows all but the first; of rows with one key and different values all: none is known right."""
    doubled = typed.filter(pl.struct(key).is_duplicated())
    values = [name for name in typed.columns if name != "_row"]
    repeats = doubled.filter(~pl.struct(values).is_first_distinct())
    distinct = doubled.filter(pl.struct(values).is_first_distinct())
    contradictions = distinct.filter(pl.struct(key).is_duplicated())
    what = pl.lit("").add(pl.col(key[0]).fill_null("-"))
    for name in key[1:]:
        what = what + " " + pl.col(name).cast(pl.String).fill_null("-")
    field = key[-1]
    return [
        _rejected(repeats, field, "duplicate_row", file, what),
        _rejected(contradictions, field, "duplicate_key", file, what),
    ]


def _refuse_if_mostly_rejected(read: int, kept: int, file: str) -> None:
    if read - kept > MAX_REJECTED_SHARE * read:
        raise BadInput(SOURCE, file, "", f"{read - kept} of {read} rows cannot be read")
