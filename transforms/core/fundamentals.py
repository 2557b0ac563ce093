"""Statements of all vintages as facts, and the rows of core.fundamentals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.contracts.core import FUNDAMENTALS

FLOW_CONCEPTS = (
    "revenue",
    "operating_income",
    "pretax_income",
    "interest_expense_net",
    "net_income_common",
    "operating_cash_flow",
    "capital_expenditure",
    "shares_basic",
    "shares_diluted",
)
"""Lines of income and cash flow statements that are kept: sums over a period (share counts: averages over it)."""
STOCK_CONCEPTS = (
    "cash_and_short_term_investments",
    "current_assets",
    "total_assets",
    "short_term_debt",
    "current_liabilities",
    "long_term_debt",
    "total_liabilities",
    "retained_earnings",
    "total_equity",
)
"""Lines of the balance sheet that are kept: states at the period's end."""
MARKET_TIME_ZONE = "America/New_York"

_FACT = ("source_entity", "period_kind", "report_date")
_PERIOD = ("fiscal_year", "fiscal_period", "period_start", "report_date")


@dataclass(frozen=True)
class Statements:
    """Facts of every vintage. One row per entity, period and version in `income` and in `balance`.

    Both hold source, source_entity, period_kind ('quarter', 'annual', and of filings 'nine_months'),
    fiscal_year, fiscal_period, period_start, report_date (last day of the period), publish_date,
    restated_date, vintage_date, currency and their concepts (Int64). A later
    vintage that repeats publish date and values adds no version: it confirms the earlier one.
    """

    income: pl.DataFrame
    balance: pl.DataFrame


def collect_statements(staged: Sequence[pl.DataFrame]) -> Statements:
    """Facts from the staged statement files of any number of vintages, in any order."""
    income = [frame for frame in staged if _is_statement(frame, "income")]
    balance = [frame for frame in staged if _is_statement(frame, "balance")]
    return Statements(
        income=_versions(income, FLOW_CONCEPTS, is_flow=True),
        balance=_versions(balance, STOCK_CONCEPTS, is_flow=False),
    )


def stacked(*statements: Statements) -> Statements:
    """The statements of several sources as one: their entities have different ids."""
    return Statements(pl.concat([part.income for part in statements]), pl.concat([part.balance for part in statements]))


def _is_statement(frame: pl.DataFrame, statement: str) -> bool:
    return bool((frame["statement"] == statement).any())


def _versions(frames: Sequence[pl.DataFrame], concepts: tuple[str, ...], *, is_flow: bool) -> pl.DataFrame:
    if not frames:
        return pl.DataFrame(schema=version_schema(concepts))
    parts = [_typed_facts(frame, concepts, is_flow=is_flow) for frame in frames]
    # A year's balance is in the quarterly and in the annual file: of one download the quarterly one counts.
    facts = (
        pl.concat(parts)
        .sort(*_FACT, "vintage_date", "is_annual_file")
        .unique([*_FACT, "vintage_date"], keep="first", maintain_order=True)
        .drop("is_annual_file")
    )
    told = pl.struct("publish_date", "currency", *concepts)
    same_fact = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in _FACT)
    repeats = (same_fact & told.eq_missing(told.shift(1))).fill_null(value=False)
    return facts.filter(~repeats).select(*version_schema(concepts))


def version_schema(concepts: tuple[str, ...] = ()) -> dict[str, pl.DataType]:
    """Columns of Statements: those of every one, and its concepts."""
    return {
        "source": pl.String(),
        "source_entity": pl.String(),
        "period_kind": pl.String(),
        "fiscal_year": pl.Int64(),
        "fiscal_period": pl.String(),
        "period_start": pl.Date(),
        "report_date": pl.Date(),
        "publish_date": pl.Date(),
        "restated_date": pl.Date(),
        "vintage_date": pl.Date(),
        "currency": pl.String(),
        **dict.fromkeys(concepts, pl.Int64()),
    }


def _typed_facts(frame: pl.DataFrame, concepts: tuple[str, ...], *, is_flow: bool) -> pl.DataFrame:
    kind = pl.when(pl.col("fiscal_period") == "FY").then(pl.lit("annual")).otherwise(pl.lit("quarter"))
    months = pl.when(pl.col("fiscal_period") == "FY").then(pl.lit("-12mo")).otherwise(pl.lit("-3mo"))
    start = pl.col("report_date").dt.offset_by(months).dt.month_end() + pl.duration(days=1)
    frame = frame.with_columns(
        pl.lit("simfin").alias("source"),
        kind.alias("period_kind"),
        (start if is_flow else pl.col("report_date")).alias("period_start"),
        (pl.col("variant") == "annual").alias("is_annual_file"),
    )
    if is_flow:
        frame = frame.with_columns(pl.coalesce("net_income_common", "net_income").alias("net_income_common"))
    absent = [pl.lit(None, pl.Int64).alias(name) for name in concepts if name not in frame.columns]
    return frame.with_columns(absent).select(*version_schema(concepts), "is_annual_file")


def fundamentals_rows(statements: Statements, links: pl.DataFrame, *, since: date | None = None) -> pl.DataFrame:
    """core.FUNDAMENTALS: one row per company, concept, period, publication and vintage, of linked entities.

    known_at is the end of the publish day in New York (the vendor gives a day; a fact counts for session
    D when it was published on D or before). `since` leaves out periods that ended earlier. Values as the
    vendor gives them, never converted.
    """
    linked = links.select("company_id", "source_entity").unique()
    parts = [
        _long(frame, concepts)
        for frame, concepts in ((statements.income, FLOW_CONCEPTS), (statements.balance, STOCK_CONCEPTS))
    ]
    facts = pl.concat(parts)
    if since is not None:
        facts = facts.filter(pl.col("period_end") >= since)
    return FUNDAMENTALS.conform(facts.join(linked, on="source_entity", how="inner"))


def _long(frame: pl.DataFrame, concepts: tuple[str, ...]) -> pl.DataFrame:
    index = ("source", "source_entity", *_PERIOD, "publish_date", "restated_date", "vintage_date", "currency")
    return (
        frame.unpivot(on=list(concepts), index=list(index), variable_name="concept", value_name="value")
        .filter(pl.col("value").is_not_null())
        .select(
            "source",
            "source_entity",
            "concept",
            "period_start",
            pl.col("report_date").alias("period_end"),
            (pl.col("fiscal_year").cast(pl.String) + pl.col("fiscal_period")).alias("fiscal_period"),
            known_at(pl.col("publish_date")).alias("known_at"),
            "vintage_date",
            "value",
            "currency",
            _is_restated().alias("restated_vintage"),
        )
    )


def known_at(publish_date: pl.Expr) -> pl.Expr:
    """The last second of the day in New York, as UTC: by then a report of that day is public."""
    end_of_day = publish_date.cast(pl.Datetime("us")) + pl.duration(hours=23, minutes=59, seconds=59)
    return end_of_day.dt.replace_time_zone(MARKET_TIME_ZONE).dt.convert_time_zone("UTC")


def _is_restated() -> pl.Expr:
    """The vendor dates a restatement after publication; without a date any later download may carry one."""
    return pl.coalesce("restated_date", "vintage_date") > pl.col("publish_date")
