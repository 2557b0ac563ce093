"""Benchmarks of a whole run: the simulated market's funds, published and right by an independent computation."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from flows.edge.demo_folder import write_files
from flows.simulated.funds import fund_days
from flows.simulated.market import Market
from flows.simulated.vendors import Vendors
from tests.flows.conftest import Site

MARKET = Market(date(2025, 1, 2), date(2025, 4, 30), companies=90, seed=5)
LAST, NIGHT = MARKET.sessions[-2], MARKET.sessions[-1]


def served(site: Site, last: date) -> None:
    write_files(site.archive, Vendors(MARKET).archive(last, (MARKET.sessions[0],)))


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(tmp_path / "site", schemes="fixed_usd").use(monkeypatch)
    served(site, LAST)
    assert site.backfill(MARKET.sessions[0], LAST).exit_code == 0
    return site


def test_funds_are_filled_and_right_and_a_night_gives_the_bits_of_a_rebuild(simulated: Site, light_gate: None) -> None:
    site = simulated
    served(site, NIGHT)
    assert site.nightly(NIGHT).exit_code == 0
    truth = fund_days(MARKET).sort("fund", "session_date")
    kept = site.rows("core.fund_prices").sort("fund", "session_date")
    assert kept["close"].to_list() == truth["price"].to_list()
    assert set(kept["file_sha256"]) <= set(site.query("select sha256 from ops.fetches")["sha256"])
    told = site.rows("marts.benchmark_daily", session_date=NIGHT)
    pairs = site.rows("marts.benchmarks").filter(kind="fund").select("segment", "benchmark").rows()
    assert {("small", "IWM"), ("small", "IJR"), ("large", "SPY"), ("micro", "IWC")} <= set(pairs)
    for segment, fund in pairs:
        mine = site.rows("marts.segment_daily", "return_price_vw", segment=segment)["return_price_vw"].to_list()[1:]
        price = truth.filter(fund=fund)["price"].to_numpy()
        theirs = price[1:] / price[:-1] - 1
        for window, sessions in (("21", 21), ("63", 63), ("all", len(theirs))):
            a, b = np.array(mine[-sessions:]), theirs[-sessions:]
            row = told.filter(segment=segment, benchmark=fund, window_sessions=window).row(0, named=True)
            assert row["observations"] == sessions
            assert row["tracking_difference"] == pytest.approx(np.prod(1 + a) - np.prod(1 + b), abs=1e-9)
            assert row["tracking_error"] == pytest.approx(np.std(a - b, ddof=1) * np.sqrt(252), rel=1e-7)
            assert row["correlation"] == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-8)
            assert row["null_reason"] is None
    reasons = told.filter(pl.col("benchmark") == "SP500")["null_reason"]
    assert set(reasons) == {"no_data"}, "this archive has no macro series of the index"
    by_night = site.hashes()
    assert site.rebuild().exit_code == 0
    assert site.hashes() == by_night
