"""Daily prices of the simulated market's funds, in the layout of a price vendor: newest first."""

from datetime import date

import numpy as np
import polars as pl

from flows.simulated import formats
from flows.simulated.funds import fund_days
from flows.simulated.market import Market

COLUMNS = "timestamp,open,high,low,close,volume"


def fund_prices_csv(market: Market, fund: str, last: date) -> bytes:
    """All sessions up to one of one fund; the close is that of `fund_days`. Open, high and low lie about it."""
    days = fund_days(market).filter(pl.col("fund") == fund)
    rng = np.random.default_rng([market.seed, 8, *fund.encode()])
    swing = np.abs(rng.normal(0, 0.004, (days.height, 3)))
    volumes = rng.integers(1_000_000, 50_000_000, days.height)
    told = days.select("session_date", close="price").with_columns(
        open=pl.col("close").shift(1).fill_null(pl.col("close")) * (1 + pl.Series(swing[:, 0])),
        volume=pl.Series(volumes),
    )
    bars = told.with_columns(
        high=pl.max_horizontal("open", "close") * (1 + pl.Series(swing[:, 1])),
        low=pl.min_horizontal("open", "close") * (1 - pl.Series(swing[:, 2])),
    )
    rows = bars.filter(pl.col("session_date") <= last).sort("session_date", descending=True)
    return formats.csv(
        COLUMNS,
        (
            (day, *(f"{price:.4f}" for price in prices), volume)
            for day, *prices, volume in rows.select(
                "session_date", "open", "high", "low", "close", "volume"
            ).iter_rows()
        ),
    )
