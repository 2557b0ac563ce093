"""Portfolios formed on size: who is in which, and what they return.

After Kenneth R. French, "Portfolios Formed on ME": percentiles of the NYSE companies' caps, all companies sorted by
them, held until the next formation. Delistings: Shumway (1997).
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from transforms.contracts.size_portfolios import (
    DECILES,
    DIFFERENCES,
    NO_COMPANIES,
    PORTFOLIOS,
    SIZE_PORTFOLIOS_DAILY,
    UNTOLD_CLOSE,
)
from transforms.exact import RETURN_SCALE, fixed_point, ratio_of_totals
from transforms.schemes.market import is_in_universe
from transforms.schemes.model import Universe

UNIVERSE = Universe(security_types=("common",), countries=("United States",), takes_unknown_country=True)
"""The vendor's nearest to CRSP's share codes 10 and 11."""
EXCHANGE = "nyse"
LEAST_ON_EXCHANGE = 20
"""With fewer companies there are no percentiles, and nothing is formed."""
ABSENT_SESSIONS = 10
"""After so many admitted sessions without a quote a company is gone (`core.securities.delisted_on`)."""
PENNY = 1.0
DELISTING_RETURN = -0.30
"""Of a company last quoted below a dollar: Shumway's mean for delistings that bad performance led to. From there on it
is taken for bought: nothing is added to its last price."""
SEATS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "decile": pl.String(),
    "formed_on": pl.Date(),
    "is_initial": pl.Boolean(),
}
"""Who is in which tenth; one row per company."""
QUOTED: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "at": pl.Int64(),
    "cap_usd": pl.Int64(),
    "price": pl.Float64(),
}
"""Positions of sessions on which companies were quoted, with their caps, null where those were held back."""
FOLLOWED: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "weight": pl.Int64(),
    "gain": pl.Int128(),
    "session_gain": pl.Int128(),
    "is_delisting": pl.Boolean(),
}
"""Returns of companies in fixed point: since the last admitted session, and of the session alone (null where nobody
tells); ``weight``: the cap before, in whole USD."""
_SUMS = ("companies", "delistings", "base", "gain_vw", "gain_ew", "told", "told_base", "told_vw", "told_ew")


class Formed(NamedTuple):
    """SEATS that count from an admitted session on."""

    first: date
    seats: pl.DataFrame


def formed(market: pl.DataFrame, *, is_initial: bool = False) -> pl.DataFrame:
    """SEATS by a market (`transforms.schemes.market.MARKET`), caps in USD; empty with too few companies on the NYSE.

    A company with exactly the cap of a percentile is below it, as in Kenneth French's.
    """
    among = market.with_columns(cap=pl.col("cap_usd").cast(pl.Float64), price="price_usd").filter(
        is_in_universe(UNIVERSE)
    )
    caps = among.filter(pl.col("exchange") == EXCHANGE)["cap"]
    if caps.len() < LEAST_ON_EXCHANGE:
        return pl.DataFrame(schema=SEATS)
    cuts = [caps.quantile(number / 10, "linear") for number in range(1, 10)]
    above = pl.sum_horizontal(pl.col("cap") > pl.lit(cut) for cut in cuts)
    seats = among.select(
        "company_id",
        decile=above.replace_strict(dict(enumerate(DECILES)), return_dtype=pl.String),
        formed_on="session_date",
        is_initial=pl.lit(is_initial),
    )
    return seats.select(pl.col(name).cast(dtype) for name, dtype in SEATS.items())


def followed(caps: pl.DataFrame, one_day: pl.DataFrame, previous_session: pl.DataFrame) -> pl.DataFrame:
    """FOLLOWED of the companies that had a cap on the last admitted session.

    ``caps``: rows of core.market_caps. ``one_day``: session_date, ticker and return_session, the return of a line on
    the vendor's previous close. ``previous_session``: session_date, last_admitted.
    """
    was_there = pl.col("previous_session") == pl.col("last_admitted")
    alone = pl.when("is_multi_day").then("return_session").otherwise("return_price")
    return (
        caps.join(previous_session, on="session_date", how="left")
        .filter(was_there & pl.col("return_price").is_not_null())
        .join(one_day, on=["session_date", "ticker"], how="left")
        .select(
            "session_date",
            "company_id",
            weight="previous_cap_usd",
            gain=fixed_point(pl.col("return_price")),
            session_gain=fixed_point(alone),
            is_delisting=pl.lit(value=False),
        )
    )


def delisted(quoted: pl.DataFrame, sessions: Sequence[date]) -> pl.DataFrame:
    """FOLLOWED of companies on the session that makes the tenth without a quote, at the default return.

    ``quoted``: QUOTED, one row per company and position in ``sessions``; before them negative ones, -1 being the
    admitted session before. A company whose last cap was held back goes without a return.
    """
    until = pl.col("at").shift(-1).over("company_id").fill_null(len(sessions))
    gone = (
        quoted.sort("company_id", "at")
        .with_columns(until=until, due=pl.col("at") + ABSENT_SESSIONS)
        .filter(
            (pl.col("due") < pl.col("until"))
            & pl.col("due").is_between(0, len(sessions) - 1)
            & pl.col("cap_usd").is_not_null()
        )
    )
    days = pl.DataFrame(
        {"due": range(len(sessions)), "session_date": sessions}, {"due": pl.Int64, "session_date": pl.Date}
    )
    loss = pl.when(pl.col("price") < PENNY).then(DELISTING_RETURN).otherwise(0.0)
    return gone.join(days, on="due").select(
        "session_date",
        "company_id",
        weight="cap_usd",
        gain=fixed_point(loss),
        session_gain=fixed_point(loss),
        is_delisting=pl.lit(value=True),
    )


def size_portfolios(
    terms: Sequence[Formed], rows: pl.DataFrame, sessions: Sequence[date], multi_day: Sequence[date]
) -> pl.DataFrame:
    """marts.SIZE_PORTFOLIOS_DAILY: one row per session, portfolio and weighting, every portfolio.

    ``terms``: from the first session on, in order; who is in a portfolio on a session was so before it, for the term
    that begins with a session was formed on an earlier one. ``rows``: FOLLOWED. ``multi_day``: those of the sessions
    after missing ones. Sums are whole numbers, so neither order nor threads change a bit.
    """
    by_decile = _sums(terms, rows)
    grid = _terms_of(terms, sessions).join(pl.DataFrame({"decile": DECILES}), how="cross")
    known = grid.join(by_decile, on=["session_date", "decile"], how="left").with_columns(pl.col(_SUMS).fill_null(0))
    parts = [_portfolio(known, name, deciles) for name, deciles in PORTFOLIOS.items()]
    whole = pl.concat(parts).with_columns(is_multi_day=pl.col("session_date").is_in(list(multi_day)))
    differences = [_difference(whole, name, *legs) for name, legs in DIFFERENCES.items()]
    rows = pl.concat([whole, *differences], how="diagonal")
    # Of a difference the leg without a company counts: with one alone there is none.
    why = pl.when(pl.col("return_since_last").is_null()).then(pl.lit(NO_COMPANIES)).otherwise(pl.lit(UNTOLD_CLOSE))
    return SIZE_PORTFOLIOS_DAILY.conform(rows.with_columns(null_reason=pl.when(pl.col("return").is_null()).then(why)))


def _terms_of(terms: Sequence[Formed], sessions: Sequence[date]) -> pl.DataFrame:
    """session_date, formed_on, is_initial: what was in force on each session."""
    starts = [
        (term.first, *(term.seats.select("formed_on", "is_initial").row(0) if term.seats.height else (None, False)))
        for term in terms
    ]
    told = pl.DataFrame(
        starts, {"first": pl.Date, "formed_on": pl.Date, "is_initial": pl.Boolean}, orient="row"
    ).set_sorted("first")
    days = pl.DataFrame({"session_date": sessions}, {"session_date": pl.Date}).set_sorted("session_date")
    return (
        days.join_asof(told, left_on="session_date", right_on="first")
        .drop("first")
        .with_columns(pl.col("is_initial").fill_null(value=False))
    )


def _sums(terms: Sequence[Formed], rows: pl.DataFrame) -> pl.DataFrame:
    number = pl.lit(-1)
    for at, term in enumerate(terms):
        number = pl.when(pl.col("session_date") >= pl.lit(term.first, pl.Date)).then(at).otherwise(number)
    seats = pl.concat(
        [pl.DataFrame(schema={"term": pl.Int32, "company_id": pl.String, "decile": pl.String})]
        + [
            term.seats.select(pl.lit(at, pl.Int32).alias("term"), "company_id", "decile")
            for at, term in enumerate(terms)
        ]
    )
    told = pl.col("session_gain").is_not_null()
    weight = pl.col("weight").cast(pl.Int128)
    return (
        rows.with_columns(term=number.cast(pl.Int32))
        .join(seats, on=["term", "company_id"])
        .group_by("session_date", "decile")
        .agg(
            companies=pl.len().cast(pl.Int64),
            delistings=pl.col("is_delisting").sum().cast(pl.Int64),
            base=weight.sum(),
            gain_vw=(pl.col("gain") * weight).sum(),
            gain_ew=pl.col("gain").sum(),
            told=told.sum().cast(pl.Int64),
            told_base=weight.filter(told).sum(),
            told_vw=(pl.col("session_gain") * weight).sum(),
            told_ew=pl.col("session_gain").sum(),
        )
    )


def _portfolio(known: pl.DataFrame, name: str, deciles: tuple[str, ...]) -> pl.DataFrame:
    sums = (
        known.filter(pl.col("decile").is_in(deciles))
        .group_by("session_date", "formed_on", "is_initial")
        .agg(pl.col(column).cast(pl.Int128).sum() for column in _SUMS)
    )
    return pl.concat(
        sums.select(
            "session_date",
            "formed_on",
            "is_initial",
            portfolio=pl.lit(name),
            weighting=pl.lit(weighting),
            **{
                "return": ratio_of_totals(pl.col(f"told_{weighting}"), pl.col(told), RETURN_SCALE),
                "return_since_last": ratio_of_totals(pl.col(f"gain_{weighting}"), pl.col(base), RETURN_SCALE),
            },
            company_count=pl.col("companies").cast(pl.Int32),
            delisting_count=pl.col("delistings").cast(pl.Int32),
            market_cap_usd="base",
        )
        for weighting, base, told in (("vw", "base", "told_base"), ("ew", "companies", "told"))
    )


def _difference(rows: pl.DataFrame, name: str, long: str, short: str) -> pl.DataFrame:
    key = ("session_date", "weighting")
    first, second = (rows.filter(pl.col("portfolio") == leg) for leg in (long, short))
    both = first.join(second.select(*key, pl.exclude(key).name.suffix("_short")), on=key)
    sums = ("company_count", "delisting_count", "market_cap_usd")
    return both.select(
        *key,
        "formed_on",
        "is_initial",
        "is_multi_day",
        portfolio=pl.lit(name),
        **{column: pl.col(column) - pl.col(f"{column}_short") for column in ("return", "return_since_last")},
        **{column: pl.col(column) + pl.col(f"{column}_short") for column in sums},
    )
