"""The same flows on simulated and on the vendors' real files: what holds on one must hold on the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.edge.demo_folder import write_files
from flows.market_calendar import sessions_between
from flows.settings import US_SCHEMES
from flows.simulated.market import Market
from flows.simulated.served import BadDays
from flows.simulated.vendors import Vendors
from flows.watch import run_watch
from tests.flows.conftest import Site, lighten_gate

ABSENT_HERE = ("FUNDAMENTALS", "MACRO")


@dataclass(frozen=True)
class Input:
    """An archive and what is known about its sessions."""

    archive: Path
    first: date
    last: date
    refused: date
    missing: date
    settings: dict[str, str]

    @property
    def sessions(self) -> list[date]:
        return sessions_between(self.first, self.last)

    @property
    def nights(self) -> list[date]:
        """The refused and the missing session with their neighbours; each night catches up what lies before it."""
        around = {day for odd in (self.refused, self.missing) for day in self._neighbours(odd)}
        return sorted(around)

    @property
    def start(self) -> list[date]:
        """Sessions of the first backfill: those before the first night."""
        return [session for session in self.sessions if session < self.nights[0]]

    def _neighbours(self, session: date) -> list[date]:
        at = self.sessions.index(session)
        return self.sessions[at - 1 : at + 2]

    def site(self, root: Path, patch: pytest.MonkeyPatch) -> Site:
        site = Site(root, schemes=" ".join(US_SCHEMES)).use(patch)
        patch.setenv("SMALLCAPS_ARCHIVE", str(self.archive))
        for name, value in self.settings.items():
            patch.setenv(name, value)
        return site


def _simulated(root: Path) -> Input:
    market = Market(date(2025, 1, 2), date(2025, 3, 14), companies=90, seed=5)
    refused, missing = market.sessions[4], market.sessions[8]
    vendors = Vendors(market, BadDays(stale_exchange={refused: "nasdaq"}, absent=frozenset({missing})))
    archive = write_files(root / "archive", vendors.archive(market.sessions[-1], (date(2025, 1, 2),)))
    return Input(archive, market.first, market.sessions[9], refused, missing, {})


def _real(shared_data: Path) -> Input:
    """Quotes, filed counts and fund flows: no archive has Treasury files, and fundamentals take half a minute."""
    settings = {f"SMALLCAPS_SOURCES__{role}": "[]" for role in ABSENT_HERE}
    settings["SMALLCAPS_SOURCES__SHARE_COUNTS"] = '["sec_edgar"]'
    settings["SMALLCAPS_SOURCES__REFERENCE"] = '["sec_edgar", "nasdaq_directory"]'
    days = (date(2026, 1, 30), date(2026, 2, 20), date(2026, 2, 4), date(2026, 2, 19))
    return Input(shared_data, *days, settings)


@pytest.fixture(scope="module", params=["simulated", "real"])
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Input:
    if request.param == "simulated":
        return _simulated(tmp_path_factory.mktemp("simulated"))
    shared: Path = request.getfixturevalue("shared_data")
    return _real(shared)


@pytest.fixture(scope="module")
def nights(given: Input, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[date, int]]]:
    """A few sessions backfilled, the others run as nights; with the exit code of each night."""
    with pytest.MonkeyPatch.context() as patch:
        lighten_gate(patch)
        site = given.site(tmp_path_factory.mktemp("nights"), patch)
        assert site.backfill(given.start[0], given.start[-1]).exit_code == 0
        yield site, {session: site.nightly(session).exit_code for session in given.nights}


def test_each_night_ends_as_its_files_deserve(given: Input, nights: tuple[Site, dict[date, int]]) -> None:
    site, codes = nights
    assert codes == dict.fromkeys(given.nights, 0) | {given.refused: 2, given.missing: 3}
    statuses = {day: status for day, (status, _) in site.verdicts().items()}
    assert statuses == dict.fromkeys(given.sessions, "published") | {given.refused: "refused", given.missing: "missing"}


def test_one_backfill_gives_the_same_warehouse(
    given: Input, nights: tuple[Site, dict[date, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lighten_gate(monkeypatch)
    site = given.site(tmp_path, monkeypatch)
    assert site.backfill(given.first, given.last).exit_code == 0
    assert site.hashes() == nights[0].hashes()


def test_a_rebuild_from_landing_gives_the_same_warehouse(
    given: Input, nights: tuple[Site, dict[date, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = nights[0].hashes()
    site = nights[0].copy_to(tmp_path / "again").use(monkeypatch)
    lighten_gate(monkeypatch)
    for name, value in given.settings.items():
        monkeypatch.setenv(name, value)
    assert site.rebuild().exit_code == 0
    assert site.hashes() == published


def test_segments_add_up_and_returns_are_no_jumps(given: Input, nights: tuple[Site, dict[date, int]]) -> None:
    every = nights[0].rows("marts.segment_daily")
    for (scheme,), rows in every.partition_by("scheme_id", as_dict=True).items():
        buckets = rows.filter(~pl.col("segment").is_in(["smid", "total"])).group_by("session_date", maintain_order=True)
        total = rows.filter(segment="total")
        counts = buckets.agg(pl.col("company_count").sum())["company_count"]
        assert counts.to_list() == total["company_count"].to_list(), scheme
        assert total["return_price_vw"].drop_nulls().abs().max() < 0.05, scheme
        assert total.height == len(given.sessions) - 2, scheme


def test_page_tells_what_the_marts_hold(given: Input, nights: tuple[Site, dict[date, int]]) -> None:
    site, _ = nights
    small, total = (
        site.rows("marts.segment_daily", segment=name, session_date=given.last, scheme_id="fixed_usd").row(
            0, named=True
        )
        for name in ("small", "total")
    )
    page = (site.paths.reports / "latest.html").read_text(encoding="utf-8")
    assert f"session {given.last}" in page
    assert f"{small['company_count']:,} small companies: {float(small['market_cap_usd']) / 1e9:,.1f} bn USD" in page
    assert f"; {total['quarantined_count']} companies " in page


def test_flows_of_funds_have_a_quality_and_a_value_only_where_it_is_known(nights: tuple[Site, dict[date, int]]) -> None:
    rows = nights[0].rows("marts.fund_flows_daily")
    known = rows.filter(pl.col("flow_usd").is_not_null())
    assert known.height > 50
    assert set(known["quality"]) <= {"reported", "derived"}
    assert rows.filter(pl.col("flow_usd").is_null() & pl.col("quality").is_in(["reported", "derived"])).is_empty()


def test_watch_finds_both_files_stale(
    given: Input, nights: tuple[Site, dict[date, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = nights[0].use(monkeypatch)
    watched = run_watch(site.paths.root)
    assert watched.exit_code == 3
    assert f"The published file ends with session {given.last}" in watched.summary
