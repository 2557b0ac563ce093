"""What the public knew of further lines of each company's statements: three years of flows, and the balance sheet."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.core.fundamentals import Statements
from transforms.measures.company_fundamentals import CURRENCY, SOURCE_ORDER
from transforms.measures.trailing import QUARTER_GAP_DAYS, newest_balance, trailing_years

LINES: dict[str, pl.DataType] = {
    "operating_income_ttm_usd": pl.Int64(),
    "operating_income_year_before_usd": pl.Int64(),
    "operating_income_two_years_before_usd": pl.Int64(),
    "interest_expense_net_ttm_usd": pl.Int64(),
    "interest_expense_net_year_before_usd": pl.Int64(),
    "interest_expense_net_two_years_before_usd": pl.Int64(),
    "revenue_year_before_usd": pl.Int64(),
    "operating_cash_flow_ttm_usd": pl.Int64(),
    "capital_expenditure_ttm_usd": pl.Int64(),
    "income_publish_date": pl.Date(),
    "total_assets_usd": pl.Int64(),
    "total_liabilities_usd": pl.Int64(),
    "current_assets_usd": pl.Int64(),
    "current_liabilities_usd": pl.Int64(),
    "retained_earnings_usd": pl.Int64(),
    "cash_usd": pl.Int64(),
    "debt_usd": pl.Int64(),
}
"""Columns that `with_statement_lines` adds to KNOWN. Flows are of the trailing year, and of the years that ended one
and two years before its end. Interest expense is positive where the company pays more than it receives. Cash is with
short-term investments."""

NO_INTEREST_SHARE = 0.01
"""Net interest of a year over liabilities, up to which a balance without a line of debt is one without debt.

SimFin leaves out a line that a company does not have: of 65,703 balances 18 % have neither line of debt, and in the
median their liabilities are 22 % of assets, against 55 to 60 %. But of those published since 2020 a fifth pays more
interest than 1 % of liabilities a year, as others that have debt do (2.5 % in the median): its debt stands elsewhere.
"""

_FLOWS = ("revenue", "operating_income", "interest_expense_net", "operating_cash_flow", "capital_expenditure")
_STOCKS = (
    "total_assets",
    "total_liabilities",
    "current_assets",
    "current_liabilities",
    "retained_earnings",
    "cash_and_short_term_investments",
    "short_term_debt",
    "long_term_debt",
)
_INCOME = {
    "operating_income": "operating_income_ttm_usd",
    "operating_income_1": "operating_income_year_before_usd",
    "operating_income_2": "operating_income_two_years_before_usd",
    "interest_expense_net": "interest_expense_net_ttm_usd",
    "interest_expense_net_1": "interest_expense_net_year_before_usd",
    "interest_expense_net_2": "interest_expense_net_two_years_before_usd",
    "revenue_1": "revenue_year_before_usd",
    "operating_cash_flow": "operating_cash_flow_ttm_usd",
    "capital_expenditure": "capital_expenditure_ttm_usd",
    "publish_date": "income_publish_date",
}
_BALANCE = {
    "total_assets": "total_assets_usd",
    "total_liabilities": "total_liabilities_usd",
    "current_assets": "current_assets_usd",
    "current_liabilities": "current_liabilities_usd",
    "retained_earnings": "retained_earnings_usd",
    "cash_and_short_term_investments": "cash_usd",
    "debt": "debt_usd",
}


@dataclass(frozen=True)
class EntityLines:
    """What was known of the lines of each entity, as states that begin with a publication: see `entity_lines`."""

    income: pl.DataFrame
    balance: pl.DataFrame


def entity_lines(
    statements: Statements, first: date, last: date, gap_days: tuple[int, int] = QUARTER_GAP_DAYS
) -> EntityLines:
    """States in force from `first` to `last`: made once for a run, as they do not depend on its sessions.

    `gap_days`: how far apart the ends of consecutive quarters of this source may lie.
    """
    income, balance = (_in_use(versions, last) for versions in (statements.income, statements.balance))
    published = income.group_by("source_entity", period_end="report_date").agg(pl.col("publish_date").min())
    years = trailing_years(income, first, last, gap_days, _FLOWS)
    # A report that another one repeats or restates was out on the day of the first of them.
    dated = years.join(published, on=["source_entity", "period_end"], how="left", maintain_order="left")
    signed = dated.with_columns(pl.col("^interest_expense_net.*$").neg())
    return EntityLines(
        signed.select("source_entity", "state_from", "period_end", **_named(_INCOME)),
        newest_balance(balance, first, last, _STOCKS)
        .with_columns(debt=_debt())
        .select("source_entity", "state_from", "period_end", **_named(_BALANCE)),
    )


def joined_lines(*parts: EntityLines) -> EntityLines:
    """The states of several sources as one: their entities have different ids."""
    return EntityLines(
        *(
            pl.concat([getattr(part, statement) for part in parts]).sort("state_from", "source_entity")
            for statement in ("income", "balance")
        )
    )


def with_statement_lines(known: pl.DataFrame, lines: EntityLines) -> pl.DataFrame:
    """`known` (rows of company_fundamentals_asof) with the columns of LINES, sorted by session; whole USD.

    Each line is of the same entity and the same period as the statement that `known` took, so no multiple mixes two
    sources, and null where that statement has no such line: a missing line makes no other one null. A balance with one
    line of debt has no other debt; one with neither has none (0), unless the company's net interest of a year is above
    1 % of its liabilities: then its debt is not known. Source: core.fundamentals; SimFin and the SEC's filers sign
    interest the other way.
    """
    entities = pl.Enum(pl.concat([lines.income["source_entity"], lines.balance["source_entity"]]).unique().sort())
    rows = known.sort("session_date")
    parts = [
        _lines_of("income", rows, lines.income, tuple(_INCOME.values()), entities),
        _lines_of("balance", rows, lines.balance, tuple(_BALANCE.values()), entities),
    ]
    return pl.concat([rows, *parts], how="horizontal").with_columns(debt_usd=_known_debt())


def _named(names: dict[str, str]) -> dict[str, pl.Expr]:
    return {column: pl.col(line) for line, column in names.items()}


def _in_use(versions: pl.DataFrame, last: date) -> pl.DataFrame:
    return versions.filter((pl.col("publish_date") <= last) & (pl.col("currency") == CURRENCY))


def _debt() -> pl.Expr:
    """Short and long, of which one may be missing; null where both are."""
    lines = ("short_term_debt", "long_term_debt")
    has_line = pl.any_horizontal(pl.col(name).is_not_null() for name in lines)
    return pl.when(has_line).then(pl.sum_horizontal(lines))


def _known_debt() -> pl.Expr:
    trifle = pl.col("total_liabilities_usd") * NO_INTEREST_SHARE
    has_none = pl.col("total_liabilities_usd").is_not_null() & (
        pl.col("interest_expense_net_ttm_usd").is_null() | (pl.col("interest_expense_net_ttm_usd") <= trifle)
    )
    return pl.when(pl.col("debt_usd").is_null() & has_none).then(0).otherwise("debt_usd")


def _lines_of(
    statement: str, rows: pl.DataFrame, states: pl.DataFrame, names: tuple[str, ...], entities: pl.Enum
) -> pl.DataFrame:
    """One row per row of `rows`, in its order: the lines of the statement that counts there."""
    period_end = pl.col(f"{statement}_period_end")
    # Where two sources know a company, the second entity is that of the one that comes later in SOURCE_ORDER.
    is_second = pl.col("second_entity").is_not_null() & (pl.col(f"{statement}_source") != SOURCE_ORDER[0])
    entity = pl.when(period_end.is_not_null()).then(pl.when(is_second).then("second_entity").otherwise("source_entity"))
    found = rows.select("session_date", period_end.alias("_end"), _code(entity, entities)).join_asof(
        states.with_columns(_code(pl.col("source_entity"), entities)),
        left_on="session_date",
        right_on="state_from",
        by="_entity",
        check_sortedness=False,
    )
    is_same = pl.col("period_end") == pl.col("_end")
    return found.select(pl.when(is_same).then(pl.col(name)).alias(name) for name in names)


def _code(entity: pl.Expr, entities: pl.Enum) -> pl.Expr:
    """Ids as numbers: over millions of rows joins are several times faster; unknown ids become null."""
    return entity.cast(entities, strict=False).to_physical().alias("_entity")
