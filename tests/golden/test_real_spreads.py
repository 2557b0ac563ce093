"""Spread estimates of a year's real opens, highs, lows and closes, where they are there."""

from datetime import date
from pathlib import Path

import bidask
import polars as pl
import pytest

from transforms.measures.company_liquidity import TRADING, company_liquidity

BARS = Path("yahoo_ohlcv") / "yahoo_daily_2023-06-01_2024-03-08.parquet"
FIRST, DAY = date(2023, 10, 2), date(2023, 11, 30)
SPREADS = ("spread_corwin_schultz_21", "spread_abdi_ranaldo_21", "spread_edge_21")


@pytest.fixture(scope="module")
def bars(shared_data: Path) -> pl.DataFrame:
    """TRADING of two months; adjusted for splits, so that a day before needs no restating."""
    raw = pl.read_parquet(shared_data / BARS).rename(str.lower).filter(pl.col("date").is_between(FIRST, DAY))
    prices = pl.col("open", "high", "low", "close").cast(pl.Float64)
    rows = (
        raw.sort("symbol", "date")
        .with_columns(prices)
        .with_columns(moved=pl.col("close") / pl.col("close").shift(1).over("symbol") - 1)
    )
    return rows.select(
        session_date="date",
        company_id="symbol",
        return_price="moved",
        dollar_volume_usd=(pl.col("close") * pl.col("volume")).round().cast(pl.Int64),
        cap_usd=pl.lit(None, pl.Int64),
        open="open",
        high="high",
        low="low",
        close="close",
        line_return="moved",
    ).cast(pl.Schema(TRADING))


@pytest.fixture(scope="module")
def liquidity(bars: pl.DataFrame) -> pl.DataFrame:
    """COMPANY_LIQUIDITY of the last day."""
    return company_liquidity(bars, DAY)


def test_edge_agrees_with_the_authors_own(bars: pl.DataFrame, liquidity: pl.DataFrame) -> None:
    """Of every hundredth company that traded on all 21 sessions, of 1e-12 for some thousand operations."""
    days = bars["session_date"].unique().sort().tail(21)
    whole = bars.filter(pl.col("session_date").is_in(days.implode())).group_by("company_id").len().filter(len=21)
    names = whole["company_id"].sort().gather_every(100).to_list()
    ours = dict(liquidity.select("company_id", "spread_edge_21").iter_rows())
    compared = 0
    for name in names:
        own = bars.filter(pl.col("session_date").is_in(days.implode()), company_id=name).sort("session_date")
        theirs = bidask.edge(own["open"], own["high"], own["low"], own["close"])
        if ours[name] is not None and theirs == theirs:
            assert ours[name] == pytest.approx(theirs, rel=1e-10, abs=1e-10), name
            compared += 1
    assert compared > 40


@pytest.mark.parametrize("spread", SPREADS)
def test_what_trades_more_costs_less_to_trade(liquidity: pl.DataFrame, spread: str) -> None:
    """Medians of fifths by dollar volume fall from some per cent to some tenths of one."""
    known = liquidity.filter(pl.col(spread).is_not_null() & (pl.col("dollar_volume_21") > 0))
    fifth = (pl.col("dollar_volume_21").rank("ordinal") * 5 / (pl.len() + 1)).floor()
    medians = known.group_by(fifth.alias("fifth")).agg(pl.col(spread).median()).sort("fifth")[spread].to_list()
    assert medians == sorted(medians, reverse=True)
    assert 0.015 < medians[0] < 0.06
    assert 0.002 < medians[-1] < 0.008
