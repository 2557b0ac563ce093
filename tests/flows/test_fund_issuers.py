"""Funds by their issuers' counts alone: from files to the claim the truth is found, whichever way it runs."""

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest

from flows.edge.demo_folder import write_files
from flows.simulated.issuers import issued_days
from flows.simulated.market import Market
from flows.simulated.vendors import Vendors
from tests.flows.conftest import Site
from tests.flows.conftest import lighten_gate as lightened
from transforms.measures.fund_registry import BOOKINGS, FUND_SEGMENTS

MARKET = Market(date(2024, 6, 3), date(2024, 10, 4), companies=80, seed=5)
NIGHTS = MARKET.sessions[-3:]
SEGMENT = {entry.fund: entry.segment for entry in FUND_SEGMENTS}
LATE = {booking.source: booking.lag_sessions + booking.publication_sessions for booking in BOOKINGS}["ssga"]
MONEY = 0.5
"""USD: a price has cents, and a flow some hundred million of them."""


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Four months but for three nights, with files of that evening; then three nights, each with its own."""
    site = Site(tmp_path_factory.mktemp("issued"), schemes="fixed_usd")
    vendors = Vendors(MARKET)
    with pytest.MonkeyPatch.context() as patch:
        site.use(patch)
        patch.setenv("SMALLCAPS_SOURCES__FUND_FLOWS", '["ssga", "ishares", "invesco", "vanguard"]')
        lightened(patch)
        write_files(site.archive, vendors.archive(MARKET.sessions[-4], ()))
        assert site.backfill(MARKET.sessions[0], MARKET.sessions[-4]).exit_code == 0
        for night in NIGHTS:
            write_files(site.archive, vendors.archive(night, ()))
            outcome = site.backfill(night, night)
            assert outcome.exit_code == 0, outcome.one_line
        yield site


@pytest.fixture(scope="module")
def truth() -> pl.DataFrame:
    return issued_days(MARKET).filter(pl.col("fund") != "VTI")


def test_every_flow_that_is_out_is_the_truth(issued: Site, truth: pl.DataFrame) -> None:
    stored = issued.query("from marts.fund_flows_daily")
    asked = sorted(set(truth["fund"]) - {"QQQ"})
    assert sorted(stored["fund"].unique()) == asked, "Invesco and Vanguard tell no flow, and here nobody asks them"
    out = MARKET.sessions[1:-LATE]
    pair = truth.filter(pl.col("session_date").is_in(out) & pl.col("fund").is_in(asked)).join(
        stored, on=["session_date", "fund"], how="left"
    )
    assert pair.height == len(out) * len(asked)
    assert pair.filter((pl.col("flow_usd_right") - pl.col("flow_usd")).abs().fill_null(9.0) > MONEY).is_empty()
    assert set(pair["quality"]) == {"derived"}
    assert set(pair["known_sessions_late"]) == {LATE}
    assert set(pair["flow_source"]) == {"ssga", "ishares"}
    assert pair.filter(pl.col("marks").str.contains("odd_units|frozen")).is_empty()
    late = stored.filter(pl.col("session_date").is_in(MARKET.sessions[-LATE:]))
    assert late.height == LATE * len(asked)
    assert set(late["quality"]) == {"missing"}


def test_the_claim_is_what_was_out_by_each_evening(issued: Site, truth: pl.DataFrame) -> None:
    small = truth.filter(pl.col("fund").replace_strict(SEGMENT, default="") == "small")
    daily = small.group_by("session_date").agg(flow=pl.col("flow_usd").sum()).sort("session_date")
    told = issued.query("select session_date, value, holds, source from marts.thesis_daily where claim = '06_outflows'")
    checked = 0
    for day, value, holds, source in told.sort("session_date").iter_rows():
        at = MARKET.sessions.index(day)
        out = daily.filter(pl.col("session_date").is_in(MARKET.sessions[max(at - 59, 1) : max(at - LATE + 1, 0)]))
        assert (value is None) == (out.height < 54), day
        if value is not None:
            assert value == pytest.approx(out["flow"].sum(), abs=MONEY * 3)
            assert holds == (value < 0)
            assert source == f"marts.segment_flows_daily: {out.height} of 60 sessions known"
            checked += 1
    assert checked > 25


def test_the_share_of_small_funds_in_all_assets_is_the_truth(issued: Site, truth: pl.DataFrame) -> None:
    """Assets of a session are what its printed count is worth."""
    day = MARKET.sessions[-2]
    worth = truth.filter((pl.col("session_date") == day) & pl.col("fund").is_in(list(SEGMENT))).select(
        segment=pl.col("fund").replace_strict(SEGMENT), worth=pl.col("counted") * pl.col("price")
    )
    by_segment = worth.filter(pl.col("segment") != "total").group_by("segment").agg(pl.col("worth").sum())
    whole = by_segment["worth"].sum()
    told = issued.rows("marts.segment_flows_daily", "segment", "assets_share", session_date=day)
    shares = dict(told.filter(pl.col("assets_share").is_not_null()).rows())
    assert shares == pytest.approx({segment: value / whole for segment, value in by_segment.rows()}, rel=1e-6)
    assert set(shares) == {"small", "micro", "mid", "large"}


def test_nights_and_rebuild_give_the_same(issued: Site) -> None:
    published = issued.hashes()
    with pytest.MonkeyPatch.context() as patch:
        issued.use(patch)
        patch.setenv("SMALLCAPS_SOURCES__FUND_FLOWS", '["ssga", "ishares", "invesco", "vanguard"]')
        lightened(patch)
        outcome = issued.rebuild()
    assert outcome.exit_code == 0, outcome.one_line
    assert issued.hashes() == published
