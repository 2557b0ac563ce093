"""What the public knew of each company's earnings, revenue and equity at the end of each session."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

import polars as pl

from transforms.core.company_links import link_spells
from transforms.core.fundamentals import Statements
from transforms.measures.trailing import QUARTER_GAP_DAYS, newest_balance, trailing_year

STALE_AFTER = "15mo"
"""A newest report older than this (from its period's end) says nothing about today: a year plus the slowest
filers."""
SOURCE_ORDER = ("sec_edgar", "simfin")
"""Which source counts where several know a company's statement: the filings themselves before who reads them."""
CURRENCY = "USD"
"""Caps are in USD; a statement that could not be stated in it (`statements_in_usd`) is not used."""

KNOWN: dict[str, pl.DataType] = {
    "source_entity": pl.String(),
    "net_income_ttm_usd": pl.Int64(),
    "net_income_quarter_usd": pl.Int64(),
    "revenue_ttm_usd": pl.Int64(),
    "income_period_end": pl.Date(),
    "income_basis": pl.String(),
    "income_is_restated": pl.Boolean(),
    "income_source": pl.String(),
    "total_equity_usd": pl.Int64(),
    "balance_period_end": pl.Date(),
    "balance_is_restated": pl.Boolean(),
    "balance_source": pl.String(),
    "second_entity": pl.String(),
}
"""Columns beside session_date and company_id. source_entity is the entity of the first source in
SOURCE_ORDER that links the company, second_entity that of the next one; the sources say which of them
each statement comes from."""

_INCOME = {
    "net_income_common": "net_income_ttm_usd",
    "net_income_last_quarter": "net_income_quarter_usd",
    "revenue": "revenue_ttm_usd",
    "basis": "income_basis",
}
_BALANCE = {"total_equity": "total_equity_usd"}
_STATEMENTS = {
    statement: (main_line, [name for name in KNOWN if name in lines or name.startswith(f"{statement}_")])
    for statement, main_line, lines in (
        ("income", "net_income_ttm_usd", tuple(_INCOME.values())),
        ("balance", "total_equity_usd", tuple(_BALANCE.values())),
    )
}
"""Statement: its main line, without which it is not whole, and its columns of KNOWN."""


@dataclass(frozen=True)
class EntityStates:
    """What was known of each entity of the fundamentals source, as states that begin with a publication."""

    income: pl.DataFrame
    balance: pl.DataFrame


def entity_states(
    statements: Statements, first: date, last: date, gap_days: tuple[int, int] = QUARTER_GAP_DAYS
) -> EntityStates:
    """States in force from `first` to `last`: made once for a run, as they do not depend on its sessions.

    `gap_days`: how far apart the ends of consecutive quarters of this source may lie.
    """
    return EntityStates(
        trailing_year(_in_use(statements.income, last), first, last, gap_days),
        newest_balance(_in_use(statements.balance, last), first, last),
    )


def joined_states(*parts: EntityStates) -> EntityStates:
    """The states of several sources as one: their entities have different ids."""
    return EntityStates(
        *(
            pl.concat([getattr(part, statement) for part in parts]).sort("state_from", "source_entity")
            for statement in ("income", "balance")
        )
    )


def company_fundamentals_asof(caps: pl.DataFrame, links: pl.DataFrame, entities: EntityStates) -> pl.DataFrame:
    """One row per session and linked company of `caps`: what was known at the end of that session.

    `caps`: session_date, company_id, cap_usd. `links`: LINK_COLUMNS, of any number of sources; without
    the column source they are SimFin's. `entities`: states that cover the sessions of caps.
    Columns: session_date, company_id and KNOWN, in whole USD,
    in no order. Null where nothing is known or where the newest report is older than 15 months.
    Companies without a link have no row.

    A fact counts for session D when some vintage has it with publish_date <= D: the vendor gives a day,
    and what is published on the day of the session counts for its close. Of the vintages the latest
    downloaded by D counts; where there is none, the earliest later one, and the value is marked
    restated. Trailing year: the last four quarters ending at the newest published one, if they follow
    each other; a missing fourth quarter is the year less the other three, or less nine months; else the
    newest annual figure.
    Balance: the newest published. Of several sources the first in SOURCE_ORDER counts, statement by
    statement, whose statement is fresh and has its main line; no trailing year mixes two. Where two
    companies lead to one entity (lines of one company that nobody grouped), the larger cap has it, so
    that no earnings count twice. A pure function of (facts, D): sessions do not influence each other, so
    a night and a backfill agree.
    """
    linked = _with_source(links).filter(pl.col("company_id").is_in(caps["company_id"].unique().implode()))
    if linked.is_empty() or caps.is_empty():
        return pl.DataFrame(schema={"session_date": pl.Date, "company_id": pl.String, **KNOWN})
    companies = pl.Enum(linked["company_id"].unique().sort())
    sessions = (
        caps.select("session_date", _code("company_id", companies), "cap_usd")
        .filter(pl.col("company_id").is_not_null())
        .sort("session_date")
    )
    parts = [
        _known_by(source, sessions, link_spells(of_source), entities, companies)
        for source in SOURCE_ORDER
        if (of_source := linked.filter(pl.col("source") == source)).height
    ]
    known = reduce(_first_that_knows, parts).filter(pl.col("source_entity").is_not_null())
    return known.select("session_date", pl.col("company_id").cat.to(companies).cast(pl.String), *KNOWN)


def linked_entities(known: pl.DataFrame) -> pl.DataFrame:
    """One row per session, company and entity of any source that it leads to.

    Columns: session_date, company_id, source_entity.
    """
    keys = ("session_date", "company_id")
    second = known.filter(pl.col("second_entity").is_not_null())
    return pl.concat([known.select(*keys, "source_entity"), second.select(*keys, source_entity="second_entity")])


def earns() -> pl.Expr:
    """Whether a company (KNOWN columns) earned money over four quarters, and in the last one where that is known."""
    quarter = pl.col("net_income_quarter_usd")
    return (pl.col("net_income_ttm_usd") > 0) & (quarter.is_null() | (quarter > 0))


def _with_source(links: pl.DataFrame) -> pl.DataFrame:
    return links if "source" in links.columns else links.with_columns(pl.lit("simfin").alias("source"))


def _known_by(
    source: str, sessions: pl.DataFrame, spells: pl.DataFrame, entities: EntityStates, companies: pl.Enum
) -> pl.DataFrame:
    """One row per row of `sessions`, in its order: what one source knew; all null where it knew nothing."""
    states = _company_states(spells, entities).with_columns(_code("company_id", companies))
    known = sessions.join_asof(
        states, left_on="session_date", right_on="state_from", by="company_id", check_sortedness=False
    )
    of_source = _without_losers(known, spells).select(
        "session_date",
        "company_id",
        "source_entity",
        *_while_fresh("income", [*_INCOME.values(), "income_period_end"]),
        *_while_fresh("balance", ["total_equity_usd", "balance_period_end"]),
    )
    return of_source.with_columns(
        pl.lit(None, pl.String).alias("second_entity"),
        *(
            pl.when(pl.col(f"{statement}_period_end").is_not_null()).then(pl.lit(source)).alias(f"{statement}_source")
            for statement in _STATEMENTS
        ),
    )


def _first_that_knows(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Row by row and statement by statement `first`, or `second` where that one knows and `first` does not."""
    both = pl.concat([first, second.rename(lambda name: f"_{name}")], how="horizontal")
    chosen = []
    for statement, (main_line, columns) in _STATEMENTS.items():
        is_whole = pl.col(f"{statement}_period_end").is_not_null() & pl.col(main_line).is_not_null()
        counts = is_whole | pl.col(f"_{statement}_period_end").is_null()
        chosen += [pl.when(counts).then(pl.col(name)).otherwise(pl.col(f"_{name}")).alias(name) for name in columns]
    has_first = pl.col("source_entity").is_not_null()
    return both.with_columns(
        pl.coalesce("source_entity", "_source_entity").alias("source_entity"),
        pl.when(has_first).then("_source_entity").alias("second_entity"),
        *chosen,
    ).select(first.columns)


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


def _without_losers(known: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Rows, without the entity where a larger company of the same session has it."""
    claims = spells.group_by("source_entity").agg(pl.col("company_id").n_unique().alias("companies"))
    contested = claims.filter(pl.col("companies") > 1)["source_entity"]
    lost = (
        known.with_row_index("_row")
        .filter(pl.col("source_entity").is_in(contested.implode()))
        .sort(["session_date", "source_entity", "cap_usd", "company_id"], descending=[False, False, True, False])
        .filter(~pl.struct("session_date", "source_entity").is_first_distinct())
    )["_row"]
    if lost.is_empty():
        return known
    keeps = pl.repeat(True, known.height, eager=True).scatter(lost, False)
    keys = ("session_date", "company_id", "cap_usd")
    return known.with_columns(
        pl.when(keeps).then(pl.col(name)).alias(name) for name in known.columns if name not in keys
    )
