"""Spreads from real opens, highs and lows: three months of bars through the source `files`, and 20 symbols by hand."""

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.flows.conftest import Site
from transforms.measures.company_liquidity import TRADING, company_liquidity

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import bidask

FIRST, LAST = date(2023, 9, 1), date(2023, 11, 30)
BARS = "yahoo_ohlcv/yahoo_daily_2023-06-01_2024-03-08.parquet"
SYMBOLS = (
    "AAPL",
    "MSFT",
    "JPM",
    "XOM",
    "KO",
    "CROX",
    "FIZZ",
    "CALM",
    "SHOO",
    "WDFC",
    "MGPI",
    "PLAB",
    "KTOS",
    "HLIT",
    "VICR",
    "LAKE",
    "CLFD",
    "DAKT",
    "ZEUS",
    "CVV",
)
"""Of all sizes, from the largest company to CVV, of some 30 million USD."""
ESTIMATORS = ("spread_corwin_schultz_21", "spread_abdi_ranaldo_21", "spread_edge_21")
_PRICES = ("open", "high", "low", "close")


def quotes(folder: Path) -> pl.DataFrame:
    """The layout of `files`: bars adjusted for splits, with name, exchange and cap of the same symbol and session.

    The bars are single precision, so four digits after the point are all they have. The cap is the screener's: no bar
    has one.
    """
    bars = pl.scan_parquet(folder / BARS).filter(pl.col("Date").is_between(FIRST, LAST))
    history = folder / "nasdaq_screener/history"
    screener = pl.scan_parquet(history / "quotes_2023.parquet").select(
        session_date="date",
        symbol="symbol",
        exchange="exchange",
        vendor_cap_usd=pl.col("marketCap").cast(pl.Float64, strict=False).round().cast(pl.Int64),
    )
    named = (
        pl.scan_parquet(history / "reference_intervals.parquet")
        .filter((pl.col("first_date") <= LAST) & (pl.col("last_date") >= FIRST))
        .sort("first_date")
        .group_by("symbol", "exchange")
        .agg(pl.col("name", "country", "sector", "industry").last())
    )
    prices = bars.select(
        "symbol",
        *(pl.col(name.title()).cast(pl.Float64).round(4).alias(name) for name in _PRICES),
        session_date="Date",
        volume="Volume",
    ).filter(pl.col(name) > 0 for name in _PRICES)
    joined = prices.join(screener, on=["session_date", "symbol"]).join(named, on=["symbol", "exchange"])
    net_change = (pl.col("close") - pl.col("close").shift(1).over("symbol", "exchange")).round(4)
    return joined.sort("symbol", "session_date").with_columns(net_change=net_change).collect()


@pytest.fixture(scope="module")
def bars(shared_data: Path) -> pl.DataFrame:
    return quotes(shared_data)


def test_small_and_micro_caps_have_the_spreads_that_they_should(
    bars: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path / "site", schemes="fixed_usd").use(monkeypatch)
    (site.archive / "files").mkdir(parents=True)
    bars.write_parquet(site.archive / "files" / "quotes.parquet")
    monkeypatch.setenv("SMALLCAPS_SOURCES__QUOTES", '["files"]')
    monkeypatch.setenv("SMALLCAPS_REQUIRED_SOURCES", '["files"]')
    for role in ("FUNDAMENTALS", "MACRO", "FUND_FLOWS", "CAPS", "SPLITS", "REFERENCE_PORTFOLIOS"):
        monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", "[]")
    outcome = site.backfill(FIRST, LAST)
    assert outcome.exit_code == 0, outcome.one_line
    told = site.query(
        "select segment, measure, median(value) as value, min(observations) as observations, count(value) as sessions "
        "from marts.liquidity_daily where session_date >= date '2023-10-02' group by all"
    ).filter(pl.col("measure").is_in(ESTIMATORS))
    for estimator in ESTIMATORS:
        found = {row["segment"]: row for row in told.filter(measure=estimator).to_dicts()}
        in_order = [found[segment]["value"] for segment in ("large", "small", "micro", "nano")]
        assert in_order == sorted(in_order), f"{estimator}: {in_order}"
        assert found["micro"]["observations"] > 500
        assert found["small"]["observations"] > 500
        assert 0.0005 < found["small"]["value"] < 0.02, "between 5 basis points and 2 %"
        assert 0.002 < found["micro"]["value"] < 0.05, "between 20 basis points and 5 %"


def test_twenty_symbols_agree_with_the_authors_program(bars: pl.DataFrame) -> None:
    days = bars["session_date"].unique().sort().tail(21)
    window = bars.filter(pl.col("session_date").is_in(days.implode()), pl.col("symbol").is_in(SYMBOLS))
    rows = window.sort("symbol", "session_date").select(
        "session_date",
        *_PRICES,
        company_id="symbol",
        return_price=pl.col("net_change") / (pl.col("close") - pl.col("net_change")),
        dollar_volume_usd=(pl.col("close") * pl.col("volume")).round().cast(pl.Int64),
        cap_usd="vendor_cap_usd",
        line_return=pl.col("net_change") / (pl.col("close") - pl.col("net_change")),
    )
    ours = company_liquidity(rows.select(TRADING.keys()), LAST)
    compared = dict(ours.select("company_id", "spread_edge_21").iter_rows())
    assert set(compared) == set(SYMBOLS)
    for symbol in SYMBOLS:
        prices = [window.filter(symbol=symbol).sort("session_date")[name].to_numpy() for name in _PRICES]
        assert len(prices[0]) == 21
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = bidask.edge(*prices)
        assert not np.isnan(theirs)
        assert compared[symbol] == pytest.approx(theirs, abs=1e-9), symbol
