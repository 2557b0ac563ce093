"""Positions and macro series in whole runs: on the simulated market, against its truth; nights as a backfill."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from flows.backfill import run_backfill
from flows.edge import warehouse
from flows.edge.clock import starting_at
from flows.edge.demo_folder import write_files
from flows.edge.landing import Landing
from flows.edge.loopback import serving
from flows.market_calendar import sessions_between
from flows.nightly import run_nightly
from flows.paths import DataPaths
from flows.run_record import RunStatus
from flows.settings import given, no_proxy_to_this_machine
from flows.simulated import macro, macro_vendors
from flows.simulated.market import Market as Simulated
from flows.simulated.vendors import API_KEY, Vendors
from tests.flows.conftest import ALL_SESSIONS, WITHOUT_PUBLISHERS, Site, lighten_gate
from tests.vendors.market import Market
from tests.vendors.market_facts import write_facts

NEW_YORK = ZoneInfo("America/New_York")
MARKET = Simulated(date(2024, 8, 1), date(2024, 11, 29), companies=90)
FIRST, LAST = date(2024, 9, 3), date(2024, 11, 27)
"""Over Columbus Day and Veterans Day, on which the exchange is open and the government is not; before Thanksgiving."""
SOURCES = macro_vendors.ADDRESSES


def ask_all(patch: pytest.MonkeyPatch) -> None:
    """The sources that are asked unless somebody sets others."""
    for name in WITHOUT_PUBLISHERS:
        patch.delenv(name)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPaths]:
    """Three months backfilled from an archive, the last session a night on which the vendors are asked over HTTP."""
    root = tmp_path_factory.mktemp("macro")
    vendors = Vendors(MARKET)
    *known, last = sessions_between(FIRST, LAST)
    archive = write_files(root / "archive", vendors.archive(known[-1], (known[-1],)))
    paths = DataPaths(root / "data")
    with serving(lambda asked: vendors.reply(asked, last)) as url, pytest.MonkeyPatch.context() as patch:
        lighten_gate(patch)
        names = ("simfin", "treasury", "french", *SOURCES)
        addresses = {"nasdaq_screener": "nasdaq", "etf_flows": "etf", **{name: name for name in names}}
        settings = {
            "data_dir": paths.root,
            "base_urls": {name: f"{url}/{path}" for name, path in addresses.items()},
            "simfin_api_key": API_KEY,
            "sources": {"fundamentals": ["simfin"], "share_counts": [], "reference": []},
            "schemes": ["fixed_usd"],
            "http": {"requests_per_second": 100.0, "backoff_s": 0.1},
            "rate_dir": root / "rate",
        }
        with given(settings), no_proxy_to_this_machine():
            with starting_at(datetime.combine(known[-1], time(18, 15), NEW_YORK)):
                assert run_backfill(known[0], known[-1], archive, paths.root).exit_code == 0
            with starting_at(datetime.combine(last, time(18, 15), NEW_YORK)):
                assert run_nightly(None, None, paths.root).exit_code == 0
        yield paths


def claims(paths: DataPaths, claim: str, columns: str = "value, holds, as_of, source") -> dict[date, tuple[Any, ...]]:
    rows = warehouse.query(paths, "from marts.thesis_daily").filter(claim=claim).sort("session_date")
    return {row[0]: row[1:] for row in rows.select("session_date", *columns.split(", ")).iter_rows()}


def test_no_source_failed(published: DataPaths) -> None:
    assert {file.source for file in Landing(published.landing).files("cftc")} == {"cftc"}
    told = warehouse.query(published, "select distinct session_date, is_degraded from ops.sessions where is_degraded")
    assert told.height == 0
    asked = warehouse.query(published, "select distinct source from ops.fetches where url like 'http://%'")["source"]
    assert set(SOURCES) - {"fed_ebp"} <= set(asked), "its month has not changed since, and is not landed again"


def test_claim_5_is_the_net_position_of_the_newest_report_that_was_out(published: DataPaths) -> None:
    """By the market's truth: out on the report's Friday, on the Monday after where a holiday lies between."""
    truth = macro.positions(MARKET).filter(contract="239742")
    expected = {}
    for session in sessions_between(FIRST, LAST):
        out = truth.filter(pl.col("released") <= session)  # half past three is before every close of these sessions
        newest = out.filter(pl.col("report") == pl.col("report").max())
        net = {row["category"]: row["long"] - row["short"] for row in newest.iter_rows(named=True)}
        value = (net["Asset_Mgr"] + net["Lev_Money"]) / newest["open"][0]
        expected[session] = (pytest.approx(value, rel=1e-11), value < 0, newest["report"][0], "core.positions")
    found = claims(published, "05_underweight")
    assert found == expected
    assert len({report for *_, report, _ in found.values()}) > 10
    assert found[date(2024, 11, 15)][2] == date(2024, 11, 12), "Veterans Day is before the report date's three days"


def test_claim_8_stands_on_the_stress_index_and_says_so(published: DataPaths) -> None:
    truth = macro.stress(MARKET)
    columns = "value, as_of, source, measure, threshold, holds, history_start, history_sessions"
    found = claims(published, "08_low_spreads", columns)
    assert list(found) == sessions_between(FIRST, LAST)
    for number, (session, told) in enumerate(found.items(), start=1):
        known = truth.filter(pl.col("released") < session)  # out in the evening: the next session knows it
        fifth = known["Credit"].sort()[-(-known.height // 5) - 1]
        newest = known.filter(pl.col("day") == pl.col("day").max()).row(0, named=True)
        assert told[:3] == (newest["Credit"], newest["day"], "core.macro: OFR_FSI_CREDIT, ofr"), session
        assert "OFR's stress index" in told[3]
        assert told[4:] == (fifth, newest["Credit"] <= fifth, FIRST, number), session


def test_claims_9_and_12_are_what_was_out(published: DataPaths) -> None:
    found = claims(published, "09_liquidity")
    for session in sessions_between(FIRST, LAST):
        weeks = macro.conditions(MARKET, session)["week"]
        out = [week for week in weeks if _third_working_day(week) < session]
        assert found[session][2:] == (max(out), "core.macro: NFCI, chicago_fed")
        assert found[session][0] < 0
        assert found[session][1]
    yields = claims(published, "12_negative_real_yield", "value, source")
    assert {row[1] for row in yields.values()} == {"core.macro: UST_REAL_10Y, treasury"}


def _third_working_day(week: date) -> date:
    return macro._after(week, 3)


def test_the_deficit_is_there_to_be_asked(published: DataPaths) -> None:
    truth = macro.budget(MARKET).filter(pl.col("released") < LAST)
    rows = warehouse.query(
        published,
        "select as_of, value from core.macro where series = 'MTS_DEFICIT' order by as_of",
    )
    expected = truth.filter(pl.col("month_end") >= date(2015, 3, 31))
    assert rows["as_of"].to_list() == expected["month_end"].to_list()
    assert rows["value"].to_list() == pytest.approx((expected["outlays"] - expected["receipts"]).to_list())
    licences = warehouse.query(published, "select distinct source, licence from core.macro").rows()
    assert dict(licences) == {
        "treasury": "public-domain",
        "chicago_fed": "attribution",
        "ofr": "public-domain",
        "fed_ebp": "public-domain",
        "fiscal_data": "public-domain",
    }


def test_nights_end_as_a_backfill_and_a_rebuild_do(
    new_site: Callable[[str, Market], Site], light_gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each evening has a download of its own, and each Wednesday restates the weeks before."""
    sessions = ALL_SESSIONS[:9]
    simulated = Simulated(date(2024, 11, 1), ALL_SESSIONS[-1], companies=10)
    found = []
    for name in ("nights", "once"):
        site = new_site(name, Market())
        ask_all(monkeypatch)
        site.market.write(site.archive, sessions)
        write_facts(site.market, site.archive, sessions)
        if name == "nights":
            for session in sessions:
                write_files(site.archive, macro_vendors.archive(simulated, session))
                assert site.nightly(session).exit_code == 0
        else:
            for session in sessions:
                write_files(site.archive, macro_vendors.archive(simulated, session))
            assert site.backfill(sessions[0], sessions[-1]).exit_code == 0
        assert site.rows("marts.thesis_daily", claim="05_underweight")["value"].null_count() == 0
        assert site.rows("core.macro", series="NFCI").select("as_of").is_duplicated().any(), "weeks were restated"
        found.append(site.hashes())
        assert site.rebuild().exit_code == 0
        assert site.hashes() == found[-1]
    assert found[0] == found[1]


def test_an_archive_without_the_files_is_degraded_and_says_which(
    site: Site, light_gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_all(monkeypatch)
    record = site.record(site.night(ALL_SESSIONS[5]))
    assert record.status is RunStatus.DEGRADED
    assert set(SOURCES) <= set(record.degraded_sources)
    told = site.rows("marts.thesis_daily", "value", "null_reason", claim="05_underweight")
    assert set(told.rows()) == {(None, "no_data")}


def test_a_broken_file_is_told_and_the_one_before_counts(
    site: Site, light_gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_all(monkeypatch)
    simulated = Simulated(date(2024, 11, 1), ALL_SESSIONS[-1], companies=10)
    write_files(site.archive, macro_vendors.archive(simulated, ALL_SESSIONS[4]))
    later = site.archive / "cftc" / ALL_SESSIONS[5].isoformat()
    later.mkdir()
    (later / "gpe5-46if_1.json").write_bytes(b'{"message": "Query timed out"}')
    record = site.record(site.night(ALL_SESSIONS[5]))
    assert list(record.degraded_sources) == ["cftc"]
    assert "Query timed out" in record.degraded_sources["cftc"]
    told = site.rows("marts.thesis_daily", "value", session_date=ALL_SESSIONS[5], claim="05_underweight")
    assert told["value"].null_count() == 0
