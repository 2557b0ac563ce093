from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.staging.errors import BadInput
from transforms.staging.simfin import stage_companies, stage_statements

INCOME_COLUMNS = [
    "Ticker", "SimFinId", "Currency", "Fiscal Year", "Fiscal Period", "Report Date", "Publish Date",
    "Restated Date", "Shares (Basic)", "Shares (Diluted)", "Revenue", "Cost of Revenue", "Gross Profit",
    "Operating Expenses", "Selling, General & Administrative", "Research & Development",
    "Depreciation & Amortization", "Operating Income (Loss)", "Non-Operating Income (Loss)",
    "Interest Expense, Net", "Pretax Income (Loss), Adj.", "Abnormal Gains (Losses)", "Pretax Income (Loss)",
    "Income Tax (Expense) Benefit, Net", "Income (Loss) from Continuing Operations",
    "Net Extraordinary Gains (Losses)", "Net Income", "Net Income (Common)",
]  # fmt: skip
COMPANY_COLUMNS = [
    "Ticker", "SimFinId", "Company Name", "IndustryId", "ISIN", "End of financial year (month)",
    "Number Employees", "Business Summary", "Market", "CIK", "Main Currency",
]  # fmt: skip
DEFAULTS = {
    "Ticker": "INNO",
    "SimFinId": "1",
    "Currency": "USD",
    "Fiscal Year": "2023",
    "Fiscal Period": "Q1",
    "Report Date": "2023-03-31",
    "Publish Date": "2023-05-02",
    "Restated Date": "2024-05-02",
    "Shares (Basic)": "20000000",
    "Revenue": "1000",
    "Net Income": "-5",
    "Net Income (Common)": "-7",
}


def income_row(number: int, **changes: str | None) -> dict[str, str | None]:
    row: dict[str, str | None] = dict.fromkeys(INCOME_COLUMNS) | DEFAULTS | {"SimFinId": str(number)}
    return row | {key.replace("_", " "): value for key, value in changes.items()}


def income_file(*odd: dict[str, str | None]) -> pl.DataFrame:
    """The odd rows among enough good ones, so that a rotten file is not what is tested."""
    good = [income_row(number) for number in range(1000, 1100)]
    return pl.DataFrame([*odd, *good], schema=dict.fromkeys(INCOME_COLUMNS, pl.String))


def stage(raw: pl.DataFrame, **changes: Any) -> Any:
    settings: dict[str, Any] = {"statement": "income", "variant": "quarterly", "file": "us-income-quarterly"}
    return stage_statements(raw, vintage_date=date(2025, 9, 22), **(settings | changes))


def test_a_row_is_typed_and_keeps_blanks_as_null() -> None:
    row = stage(income_file(income_row(1))).rows.filter(pl.col("source_entity") == "1").row(0, named=True)

    assert row["report_date"] == date(2023, 3, 31)
    assert row["publish_date"] == date(2023, 5, 2)
    assert row["restated_date"] == date(2024, 5, 2)
    assert row["vintage_date"] == date(2025, 9, 22)
    assert (row["statement"], row["variant"], row["fiscal_period"]) == ("income", "quarterly", "Q1")
    assert (row["fiscal_year"], row["net_income_common"], row["revenue"]) == (2023, -7, 1000)
    assert row["shares_basic"] == 20_000_000
    assert row["shares_diluted"] is None


def test_the_order_and_quoting_of_columns_do_not_matter() -> None:
    raw = income_file(income_row(1))
    turned = raw.select(reversed(raw.columns))
    quoted = raw.rename({name: f'"{name}"' for name in raw.columns})
    marked = raw.rename({"Ticker": "\ufeffTicker"})

    expected = stage(raw).rows
    assert stage(turned).rows.equals(expected)
    assert stage(quoted).rows.equals(expected)
    assert stage(marked).rows.equals(expected)


@pytest.mark.parametrize("name", ["Publish Date", "Net Income", "SimFinId"])
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        stage(income_file().drop(name))
    assert (caught.value.source, caught.value.field) == ("simfin", name)
    assert "missing" in caught.value.detail


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(BadInput) as caught:
        stage(income_file().with_columns(pl.lit("1").alias("EBITDA")))
    assert caught.value.field == "EBITDA"


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadInput, match="no rows"):
        stage(income_file().clear())


@pytest.mark.parametrize(
    ("odd", "field", "reason_code", "detail"),
    [
        ({"Revenue": "1e3x"}, "revenue", "not_a_number", "1e3x"),
        ({"Report_Date": "31.03.2023"}, "report_date", "not_a_date", "31.03.2023"),
        ({"Fiscal_Period": "H1"}, "fiscal_period", "unknown_value", "H1"),
        ({"Fiscal_Period": "FY"}, "fiscal_period", "unknown_value", "FY"),
        ({"Currency": None}, "currency", "missing_value", ""),
        (
            {"Publish_Date": "2023-03-30"},
            "publish_date",
            "published_before_period_end",
            "published 2023-03-30, period ends 2023-03-31",
        ),
    ],
)
def test_an_unreadable_or_implausible_row_is_rejected_with_its_reason(
    odd: dict[str, str | None], field: str, reason_code: str, detail: str
) -> None:
    staged = stage(income_file(income_row(1, **odd)))

    assert staged.rows.height == 100
    assert "1" not in staged.rows["source_entity"]
    reject = staged.rejects.filter(pl.col("reason_code") == reason_code).row(0, named=True)
    assert (reject["entity"], reject["field"], reject["detail"]) == ("INNO (1)", field, detail)
    assert (reject["source"], reject["file"]) == ("simfin", "us-income-quarterly")


def test_a_report_of_the_period_s_last_day_is_kept() -> None:
    assert stage(income_file(income_row(1, Publish_Date="2023-03-31"))).rejects.is_empty()


def test_of_equal_rows_one_is_kept() -> None:
    staged = stage(income_file(income_row(1), income_row(1)))

    assert staged.rows.filter(pl.col("source_entity") == "1").height == 1
    assert staged.rejects["reason_code"].to_list() == ["duplicate_row"]


def test_rows_that_contradict_each_other_are_all_rejected() -> None:
    staged = stage(income_file(income_row(1), income_row(1, Revenue="1001")))

    assert "1" not in staged.rows["source_entity"]
    assert staged.rejects["reason_code"].to_list() == ["duplicate_key", "duplicate_key"]
    assert staged.rejects["detail"].unique().to_list() == ["1 2023 Q1"]


def test_a_file_of_another_format_is_refused_as_a_whole() -> None:
    rotten = income_file().with_columns(pl.lit("n/a").alias("Report Date"))
    with pytest.raises(BadInput, match="100 of 100 rows"):
        stage(rotten)


def company_row(number: str | None, **changes: str | None) -> dict[str, str | None]:
    blank = dict.fromkeys(COMPANY_COLUMNS)
    return (
        blank | {"SimFinId": number, "Ticker": "INNO", "Company Name": "InnovateTech", "Main Currency": "USD"} | changes
    )


def stage_list(*odd: dict[str, str | None]) -> Any:
    good = [company_row(str(number)) for number in range(1000, 1100)]
    raw = pl.DataFrame([*odd, *good], schema=dict.fromkeys(COMPANY_COLUMNS, pl.String))
    return stage_companies(raw, vintage_date=date(2025, 1, 12), file="us-companies")


def test_companies_keep_their_id_name_and_cik() -> None:
    staged = stage_list(company_row("1", CIK="0001234", Ticker=None))

    row = staged.rows.filter(pl.col("source_entity") == "1").row(0, named=True)
    assert (row["company_name"], row["cik"], row["ticker"]) == ("InnovateTech", 1234, None)
    assert row["vintage_date"] == date(2025, 1, 12)


def test_a_company_without_an_id_is_rejected() -> None:
    staged = stage_list(company_row(None))
    assert staged.rejects["reason_code"].to_list() == ["missing_value"]
    assert staged.rows.height == 100
