"""Kenneth French's portfolios in whole runs: kept by release, the same from landing, and no lack where absent."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.run_record import RunStatus
from flows.sources.french import FILE
from tests.flows.conftest import ALL_SESSIONS, BASE_SESSIONS, Site
from tests.vendors.french import Figures, level, portfolios_zip
from tests.vendors.market import Market
from tests.vendors.market_facts import write_facts

TABLE = "core.reference_portfolios"
NIGHT = ALL_SESSIONS[5]
CHRISTMAS_EVE, BOXING_DAY = BASE_SESSIONS[1], BASE_SESSIONS[2]
SINCE_1926: Figures = {date(1926, 7, 1): level(0.39)}
DOWNLOADED, RESTATED = date(2024, 12, 27), date(2024, 12, 30)


def publish(site: Site, figures: Figures, vintage: date | None = DOWNLOADED) -> Path:
    """The library's file in the archive, with its day of download or without."""
    folder = site.archive / "french" / vintage.isoformat() if vintage else site.archive / "french"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_bytes(portfolios_zip({**SINCE_1926, **figures}, {**SINCE_1926, **figures}))
    return path


def test_a_night_fills_the_table_and_a_rebuild_gives_the_same(site: Site, light_gate: None) -> None:
    assert site.rows(TABLE).height == 0
    publish(site, {CHRISTMAS_EVE: level(0.11), BOXING_DAY: level(None)})
    publish(site, {CHRISTMAS_EVE: level(-0.22), BOXING_DAY: level(0.33)}, RESTATED)
    outcome = site.night(NIGHT)
    assert outcome.exit_code == 0, outcome.one_line
    assert site.record(outcome).status is RunStatus.PUBLISHED
    told = site.rows(TABLE, "as_of", "weighting", "return", "vintage_date", portfolio="lo30")
    assert told.filter(weighting="vw").drop("weighting").rows() == [
        (CHRISTMAS_EVE, 0.0011, DOWNLOADED),
        (CHRISTMAS_EVE, -0.0022, RESTATED),
        (BOXING_DAY, 0.0033, RESTATED),
    ]
    assert site.rows(TABLE).height == 3 * 36
    landed = site.query("select file_key, left(sha256, 12) as release from ops.fetches where source = 'french'")
    names = dict(landed.iter_rows())
    kept = site.rows(TABLE, "vintage_date", "release").iter_rows()
    assert {vintage.isoformat(): release for vintage, release in kept} == names
    assert site.rows("ops.licences", "licence", "history", source="french").rows() == [("attribution", "full")]
    compared = site.rows("marts.size_portfolio_comparison")
    assert set(compared["portfolio"]) >= {"lo30", "med40", "hi30", "q1", "q5", "d01", "d10", "smb"}
    assert set(compared["null_reason"]) == {"too_few_sessions"}, "a week of sessions tells no correlation"
    by_night = site.hashes()
    assert site.rebuild().exit_code == 0
    assert site.hashes() == by_night


def test_nights_end_as_a_backfill_does(new_site: Callable[[str, Market], Site], light_gate: None) -> None:
    found = []
    for name in ("nights", "once"):
        site = new_site(name, Market())
        site.market.write(site.archive, ALL_SESSIONS[:3])
        write_facts(site.market, site.archive, ALL_SESSIONS[:3])
        publish(site, {ALL_SESSIONS[0]: level(0.11)}, ALL_SESSIONS[0])
        if name == "nights":
            assert [site.nightly(session).exit_code for session in ALL_SESSIONS[:3]] == [0, 0, 0]
        else:
            assert site.backfill(ALL_SESSIONS[0], ALL_SESSIONS[2]).exit_code == 0
        found.append(site.hashes()[TABLE])
        assert site.rows(TABLE).height == 36
    assert found[0] == found[1]


def test_an_archive_without_the_file_lacks_nothing(site: Site, light_gate: None) -> None:
    (site.archive / "french").mkdir()
    (site.archive / "french" / "linearmodels-7.1_french.csv.bz2").write_bytes(b"another file of his")
    outcome = site.night(NIGHT)
    record = site.record(outcome)
    assert (record.status, list(record.degraded_sources)) == (RunStatus.PUBLISHED, [])
    assert site.rows(TABLE).height == 0


@pytest.mark.parametrize("payload", [b"<html>moved</html>", b"PK broken"], ids=["web_page", "broken_zip"])
def test_a_broken_file_is_told_and_the_release_before_it_counts(site: Site, light_gate: None, payload: bytes) -> None:
    publish(site, {CHRISTMAS_EVE: level(0.11)})
    publish(site, {CHRISTMAS_EVE: level(0.22)}, RESTATED).write_bytes(payload)
    record = site.record(site.night(NIGHT))
    assert record.status is RunStatus.DEGRADED
    assert "french/Portfolios_Formed_on_ME_daily/2024-12-30" in record.degraded_sources["french"]
    assert site.rows(TABLE, "return", portfolio="d10", weighting="ew")["return"].to_list() == [0.0011]


def test_of_a_file_without_a_date_a_figure_is_known_sixty_days_after_its_month(site: Site, light_gate: None) -> None:
    publish(site, {date(2024, 10, 31): level(0.5), CHRISTMAS_EVE: level(0.11)}, None)
    assert site.night(NIGHT).exit_code == 0
    assert site.rows(TABLE).height == 0  # December 2024 is out by the end of February


def test_switched_off(site: Site, light_gate: None, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(site, {CHRISTMAS_EVE: level(0.11)})
    monkeypatch.setenv("SMALLCAPS_SOURCES__REFERENCE_PORTFOLIOS", "[]")
    assert site.night(NIGHT).exit_code == 0
    assert site.rows(TABLE).height == 0
    assert not (site.paths.landing / "french").exists()


def test_the_gate_judges_the_table(site: Site) -> None:
    publish(site, {CHRISTMAS_EVE: level(0.11)})
    assert site.night(NIGHT).exit_code == 0
    judged = site.rows("ops.checks", "outcome", subject=TABLE)
    assert set(judged["outcome"]) == {"passed", "not_applicable"}
