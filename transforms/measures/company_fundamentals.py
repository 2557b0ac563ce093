"""What the public knew of each company's earnings, revenue and equity at the end of each session."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.core.company_links import link_spells
from transforms.core.fundamentals import Statements
from transforms.measures.trailing import newest_balance, trailing_year

STALE_AFTER = "15mo"
"""A newest report older than this (from its period's end) says nothing about today: a year plus the slowest
filers."""
CURRENCY = "USD"
"""Caps are in USD; statements in another currency stay uncovered until they are converted."""

KNOWN: dict[str, pl.DataType] = {
    "source_entity": pl.String(),
    "net_income_ttm_usd": pl.Int64(),
    "revenue_ttm_usd": pl.Int64(),
    "income_period_end": pl.Date(),
    "income_basis": pl.String(),
    "income_is_restated": pl.Boolean(),
    "total_equity_usd": pl.Int64(),
    "balance_period_end": pl.Date(),
    "balance_is_restated": pl.Boolean(),
}
"""Columns beside session_date and company_id."""

_INCOME = {"net_income_common": "net_income_ttm_usd", "revenue": "revenue_ttm_usd", "basis": "income_basis"}
_BALANCE = {"total_equity": "total_equity_usd"}


@dataclass(frozen=True)
class EntityStates:
    """What was known of each entity of the fundamentals source, as states that begin with a publication."""

    income: pl.DataFrame
    balance: pl.DataFrame


def entity_states(statements: Statements, first: date, last: date) -> EntityStates:
    """States in force from `first` to `last`: made once for a run, as they do not depend on its sessions."""
    return EntityStates(
        trailing_year(_in_use(statements.income, last), first, last),
        newest_balance(_in_use(statements.balance, last), first, last),
    )


def company_fundamentals_asof(caps: pl.DataFrame, links: pl.DataFrame, entities: EntityStates) -> pl.DataFrame:
    """One row per session and linked company of `caps`: what was known at the end of that session.

    `caps`: session_date, company_id, cap_usd. `entities`: states that cover the sessions of caps.
    Columns: session_date, company_id and KNOWN, in whole USD,
    in no order. Null where nothing is known or where the newest report is older than 15 months.
    Companies without a link have no row.

    A fact counts for session D when some vintage has it with publish_date <= D: the vendor gives a day,
    and what is published on the day of the session counts for its close. Of the vintages the latest
    downloaded by D counts; where there is none, the earliest later one, and the value is marked
    restated. Trailing year: the last four quarters ending at the newest published one, if they follow
    each other; a missing fourth quarter is the year less the other three; else the newest annual figure.
    Balance: the newest published. Where two companies lead to one entity (lines of one company that
    nobody grouped), the larger cap has it, so that no earnings count twice. A pure function of (facts,
    D): sessions do not influence each other, so a night and a backfill agree.
    """
    spells = link_spells(links).filter(pl.col("company_id").is_in(caps["company_id"].unique().implode()))
    if spells.is_empty() or caps.is_empty():
        return pl.DataFrame(schema={"session_date": pl.Date, "company_id": pl.String, **KNOWN})
    companies = pl.Enum(spells["company_id"].unique().sort())
    states = _company_states(spells, entities).with_columns(_code("company_id", companies))
    sessions = (
        caps.select("session_date", _code("company_id", companies), "cap_usd")
        .filter(pl.col("company_id").is_not_null())
        .sort("session_date")
    )
    known = sessions.join_asof(
        states, left_on="session_date", right_on="state_from", by="company_id", check_sortedness=False
    ).filter(pl.col("source_entity").is_not_null())
    known = _one_company_per_entity(known, spells)
    return known.select(
        "session_date",
        pl.col("company_id").cat.to(companies).cast(pl.String),
        "source_entity",
        *_while_fresh("income", ["net_income_ttm_usd", "revenue_ttm_usd", "income_period_end", "income_basis"]),
        *_while_fresh("balance", ["total_equity_usd", "balance_period_end"]),
    ).select("session_date", "company_id", *KNOWN)


def _code(column: str, companies: pl.Enum) -> pl.Expr:
    """Ids as numbers: over millions of rows joins are several times faster; unknown ids become null."""
    return pl.col(column).cast(companies, strict=False).to_physical().alias(column)


def _company_states(spells: pl.DataFrame, entities: EntityStates) -> pl.DataFrame:
    """One row per company and day (`state_from`) on which what is known of it may change, sorted by day."""
    linked = spells["source_entity"].unique().implode()
    income, balance = (
        states.filter(pl.col("source_entity").is_in(linked)) for states in (entities.income, entities.balance)
    )
    published = pl.concat([income.select("source_entity", "state_from"), balance.select("source_entity", "state_from")])
    begins = pl.max_horizontal("valid_from", "state_from")
    days = (
        pl.concat([published, spells.select("source_entity", pl.col("valid_from").alias("state_from"))])
        .unique()
        .join(spells, on="source_entity")
        .select("company_id", "source_entity", "valid_to", begins.alias("state_from"))
        .filter(pl.col("valid_to").is_null() | (pl.col("state_from") < pl.col("valid_to")))
        .drop("valid_to")
        .unique()
        .sort("state_from", "company_id")
    )
    return _latest(_latest(days, income, "income", _INCOME), balance, "balance", _BALANCE)


def _in_use(versions: pl.DataFrame, last: date) -> pl.DataFrame:
    return versions.filter((pl.col("publish_date") <= last) & (pl.col("currency") == CURRENCY))


def _latest(days: pl.DataFrame, states: pl.DataFrame, statement: str, values: dict[str, str]) -> pl.DataFrame:
    period_end = f"{statement}_period_end"
    named = states.rename({"period_end": period_end, "vintage_date": f"{statement}_vintage", **values}).with_columns(
        pl.col(period_end).dt.offset_by(STALE_AFTER).alias(f"{statement}_last_day")
    )
    return days.join_asof(named, on="state_from", by="source_entity", check_sortedness=False)


def _while_fresh(statement: str, names: list[str]) -> list[pl.Expr]:
    is_fresh = pl.col("session_date") <= pl.col(f"{statement}_last_day")
    is_restated = pl.col(f"{statement}_vintage") > pl.col("session_date")
    return [
        *(pl.when(is_fresh).then(pl.col(name)).alias(name) for name in names),
        pl.when(is_fresh).then(is_restated).alias(f"{statement}_is_restated"),
    ]


def _one_company_per_entity(known: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Rows without those whose entity a larger company of the same session has."""
    claims = spells.group_by("source_entity").agg(pl.col("company_id").n_unique().alias("companies"))
    contested = claims.filter(pl.col("companies") > 1)["source_entity"]
    losers = (
        known.filter(pl.col("source_entity").is_in(contested.implode()))
        .sort(["session_date", "source_entity", "cap_usd", "company_id"], descending=[False, False, True, False])
        .filter(~pl.struct("session_date", "source_entity").is_first_distinct())
        .select("session_date", "company_id")
    )
    return known if losers.is_empty() else known.join(losers, on=["session_date", "company_id"], how="anti")
