"""Funds of the simulated market: what flowed in and out, shares and assets; and the Treasury's yields."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import numpy as np
import polars as pl

from flows.simulated.market import Market

FUNDS: dict[str, tuple[float, float, float]] = {
    "IWM": (72e9, 225.0, -1.0),
    "IJR": (85e9, 115.0, -0.7),
    "IWC": (1.1e9, 120.0, -0.3),
    "MDY": (23e9, 560.0, 0.2),
    "SPY": (620e9, 590.0, 1.2),
    "IVV": (600e9, 592.0, 1.5),
    "VTI": (460e9, 290.0, 0.8),
}
"""Assets in USD and price on the first session, and which way money tends to go."""
UNIT = 50_000
"""Shares that are created or redeemed at once."""
NOT_UPDATED = 1
"""The newest days of a published file are zeros: counts have not moved yet."""


@cache
def fund_days(market: Market) -> pl.DataFrame:
    """One row per session and fund: session_date, fund, flow_usd (true), price, shares, assets_usd."""
    return days_of(market, FUNDS, stream=6)


def days_of(market: Market, funds: Mapping[str, tuple[float, float, float]], *, stream: int) -> pl.DataFrame:
    """As `fund_days`, of other funds, from random numbers of their own."""
    rng = np.random.default_rng([market.seed, stream])
    parts = []
    days = len(market.sessions)
    for fund, (assets, price, way) in funds.items():
        prices = np.round(price * np.exp(np.cumsum(rng.normal(0.0003, 0.008, days))), 2)
        drawn = rng.normal(way, 2.5, days) * assets / price / 4e3 / UNIT
        units = np.where(np.abs(drawn) < 1, np.sign(drawn), np.round(drawn))
        shares = (np.round(assets / price / UNIT) + np.cumsum(units)) * UNIT
        parts.append(
            pl.DataFrame(
                {"session_date": market.sessions, "price": prices, "shares": shares.astype(np.int64)}
            ).with_columns(
                fund=pl.lit(fund),
                flow_usd=pl.Series(units * UNIT) * pl.col("price"),
                assets_usd=pl.Series(prices * shares).round(2),
            )
        )
    return pl.concat(parts)


@cache
def yields(market: Market) -> pl.DataFrame:
    """One row per session: session_date, and yields in percent: nominal_10, nominal_30, real_10."""
    rng = np.random.default_rng([market.seed, 7])
    steps = np.cumsum(rng.normal(0, 0.04, (len(market.sessions), 3)), axis=0)
    level = np.round(np.array([4.2, 4.4, 1.9]) + steps, 2)
    return pl.DataFrame({"session_date": market.sessions}).with_columns(
        **{name: pl.Series(level[:, at]) for at, name in enumerate(("nominal_10", "nominal_30", "real_10"))}
    )


def published_flows(market: Market, last: date) -> pl.DataFrame:
    """What the publisher has by the evening of a session: day, fund, flow (null on holidays, 0 where not updated)."""
    known = fund_days(market).filter(pl.col("session_date") <= last)
    newest = known["session_date"].unique().sort().tail(NOT_UPDATED)
    told = known.select(
        "fund",
        day="session_date",
        flow=pl.when(pl.col("session_date").is_in(newest.to_list())).then(0.0).otherwise("flow_usd").round(1),
    )
    weekdays = pl.date_range(market.first, last, eager=True)
    holidays = weekdays.filter((weekdays.dt.weekday() <= 5) & ~weekdays.is_in(market.sessions))
    blanks = pl.DataFrame({"day": holidays}).join(pl.DataFrame({"fund": list(FUNDS)}), how="cross")
    return pl.concat([told, blanks.with_columns(flow=pl.lit(None, pl.Float64))], how="diagonal").sort("day", "fund")
