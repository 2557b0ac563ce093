"""What the quotes' vendor makes of the market: its own spelling, its own caps, and its bad days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from flows.simulated.market import Market

COLUMNS = ("lastsale", "netchange", "pctchange", "volume", "marketCap")


@dataclass(frozen=True)
class BadDays:
    """Sessions on which the vendor serves the session before, of one exchange or of all, and those nobody collected."""

    stale_exchange: Mapping[date, str] = field(default_factory=dict)
    stale_market: frozenset[date] = frozenset()
    absent: frozenset[date] = frozenset()


def served_rows(market: Market, bad: BadDays) -> pl.DataFrame:
    """One row per session and line with the vendor's texts: session_date, exchange, symbol, name, and COLUMNS.

    country, ipoyear, industry and sector come from the line (`key`).
    """
    rows = _spelled(market.quotes)
    for session, exchange in bad.stale_exchange.items():
        rows = _stale(rows, market, session, pl.col("exchange") == exchange)
    for session in sorted(bad.stale_market):
        rows = _stale(rows, market, session, pl.lit(value=True))
    return rows.filter(~pl.col("session_date").is_in(list(bad.absent)))


def _stale(rows: pl.DataFrame, market: Market, session: date, which: pl.Expr) -> pl.DataFrame:
    before = market.sessions[market.position(session) - 1]
    again = rows.filter((pl.col("session_date") == before) & which).with_columns(session_date=pl.lit(session))
    return pl.concat([rows.filter(~((pl.col("session_date") == session) & which)), again]).sort(
        "session_date", "line", maintain_order=True
    )


def _spelled(quotes: pl.DataFrame) -> pl.DataFrame:
    change = (pl.col("close") - pl.col("previous_close").fill_null(pl.col("close"))).round(4)
    company_shares = pl.col("printed_shares").sum().over("session_date", "company")
    counted = quotes.with_columns(
        change=change,
        per_cent=100 * change / (pl.col("close") - change),
        counted=pl.when(pl.col("printed") == "company").then(company_shares).otherwise("printed_shares"),
    )
    cap = (counted["counted"] * counted["close"]).round(0).cast(pl.Int64)
    return counted.select(
        "session_date",
        "line",
        "key",
        "exchange",
        "symbol",
        "name",
        lastsale=pl.Series([f"${_price(value)}" for value in counted["close"]]),
        netchange=pl.Series([_price(value) for value in counted["change"]]),
        pctchange=pl.Series([f"{value:.3f}%" for value in counted["per_cent"]]),
        volume=pl.col("volume").cast(pl.String),
        marketCap=pl.when(pl.col("printed") == "blank")
        .then(pl.lit(""))
        .when(pl.col("printed") == "zero")
        .then(pl.lit("0.00"))
        .otherwise(pl.Series([f"{value}.00" for value in cap])),
    )


def _price(value: float) -> str:
    """Two digits, or up to four where that says more: 138.75, 0.065, -0.0321, 0.00."""
    text = f"{value:.4f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits:0<2}"
