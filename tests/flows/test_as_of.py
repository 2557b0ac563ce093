"""What the published file said before it was corrected, it says still, to whoever asks as of then."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import cli
from flows.edge.clock import utc_now
from flows.edge.demo_folder import write_files
from flows.simulated.market import Market as SimulatedMarket
from flows.simulated.vendors import Vendors
from tests.flows.conftest import ALL_SESSIONS, BASE_SESSIONS, Site
from tests.flows.test_vendor_cap_bugs_published import BEYOND, LATER, with_cases, write_cover, write_filings
from tests.golden.quoted_and_filed import Filed
from tests.vendors.market import SESSIONS, Market, companies
from tests.vendors.market_faults import cap_times
from tests.vendors.sec_documents import OfClass

CORRECTED = BASE_SESSIONS[2]
COMPANY = companies(7, "large")[2]

pytestmark = pytest.mark.usefixtures("light_gate")


def as_of(site: Site, session: date, moment: datetime) -> pl.DataFrame:
    asked = f"core.market_caps_as_of(date '{session}', timestamptz '{moment.isoformat()}')"
    return site.query(f"from {asked} order by company_id")


def in_force(site: Site, session: date) -> pl.DataFrame:
    return site.rows("core.market_caps", session_date=session)


def correct(site: Site, factor: float) -> datetime:
    """The vendor serves a session again, with another cap of one company; returns a moment before that."""
    before = utc_now()
    site.serve(CORRECTED, cap_times(factor, COMPANY.symbol))
    outcome = site.backfill(CORRECTED, CORRECTED)
    assert outcome.exit_code == 0, outcome.one_line
    return before


def test_a_corrected_cap_is_answered_as_it_was_published_then(site: Site) -> None:
    published = {session: in_force(site, session) for session in BASE_SESSIONS}
    before = correct(site, 1.05)

    assert not in_force(site, CORRECTED).equals(published[CORRECTED])
    for session, rows in published.items():
        assert as_of(site, session, before).equals(rows), session
        assert as_of(site, session, utc_now()).equals(in_force(site, session)), session
    [cause] = site.rows("core.cap_versions")["cause"].unique()
    assert cause.startswith("new about the past")


def test_a_second_correction_and_a_rebuild_change_no_version(site: Site) -> None:
    first = in_force(site, CORRECTED)
    before_one = correct(site, 1.05)
    second, versions = in_force(site, CORRECTED), site.rows("core.cap_versions")
    before_two = correct(site, 1.1)
    assert site.rebuild().exit_code == 0

    assert as_of(site, CORRECTED, before_one).equals(first)
    assert as_of(site, CORRECTED, before_two).equals(second)
    kept = site.rows("core.cap_versions")
    assert kept.height > versions.height > 0
    assert versions.join(kept, on=versions.columns, how="anti", nulls_equal=True).is_empty()


def test_a_night_appends_nothing(site: Site) -> None:
    assert site.night(SESSIONS[5]).exit_code == 0
    assert site.rows("core.cap_versions").is_empty()
    assert set(in_force(site, SESSIONS[5])["known_at"]) == set(
        site.rows("core.quotes", session_date=SESSIONS[5])["known_at"]
    )


def test_an_operators_word_is_known_from_the_run_that_follows_it(site: Site) -> None:
    published = in_force(site, CORRECTED)
    before = utc_now()
    arguments = ["decide", "reject-session", "--session", CORRECTED.isoformat(), "--reason", "prices of the day before"]
    assert cli.run(arguments) == 0
    assert site.night(SESSIONS[5]).exit_code == 0

    assert in_force(site, CORRECTED).is_empty()
    assert as_of(site, CORRECTED, before).equals(published)
    assert as_of(site, CORRECTED, utc_now()).is_empty()


def test_a_rollback_answers_as_the_build_that_is_back(site: Site) -> None:
    published = in_force(site, CORRECTED)
    before = correct(site, 1.05)
    assert cli.run(["rollback"]) == 0
    assert site.rows("core.cap_versions").is_empty()
    assert as_of(site, CORRECTED, utc_now()).equals(published)

    assert site.night(SESSIONS[5]).exit_code == 0, "it follows the file served again, which is landed"
    assert as_of(site, CORRECTED, before).equals(published)
    assert as_of(site, CORRECTED, utc_now()).equals(in_force(site, CORRECTED))
    assert not in_force(site, CORRECTED).equals(published)


def test_facts_and_counts_are_answered_as_of_a_session(site: Site) -> None:
    site.market.write(site.archive, ALL_SESSIONS)
    assert site.backfill(BASE_SESSIONS[0], ALL_SESSIONS[-1]).exit_code == 0
    facts = site.rows("core.fundamentals")
    moment = facts["known_at"].sort()[facts.height // 2]
    answer = site.query(f"from core.fundamentals_as_of(date '{ALL_SESSIONS[-1]}', timestamptz '{moment.isoformat()}')")

    key = ["company_id", "source_entity", "concept", "period_start", "period_end"]
    public = facts.filter(pl.col("known_at") <= moment)
    assert 0 < answer.height < facts.height
    assert answer.select(key).sort(key).equals(public.select(key).unique().sort(key))
    assert answer.join(public, on=facts.columns, how="anti", nulls_equal=True).is_empty()


MISTYPED = Filed(BEYOND, SESSIONS[3], SESSIONS[2], (OfClass("", 1_000),))
"""A cover page that says a thousand shares, where four hundred million are out."""


@pytest.fixture
def filing_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Six sessions with filings of three companies, a placeholder among them, and the operator's count of a fourth."""
    site = Site(tmp_path / "filings", Market(), has_filings=True).use(monkeypatch)
    site.market.write(site.archive, SESSIONS[:6], {day: [with_cases] for day in SESSIONS[:6]})
    write_filings(site.archive)
    write_cover(site.archive, LATER)
    write_cover(site.archive, MISTYPED)
    own = site.root / "own"
    own.mkdir()
    row = f"{COMPANY.symbol},{SESSIONS[1]},{COMPANY.cap_shares}"
    (own / "share_counts.csv").write_text(f"symbol,as_of,shares\n{row}\n", encoding="utf-8")
    monkeypatch.setenv("SMALLCAPS_FILES_DIR", str(own))
    monkeypatch.setenv("SMALLCAPS_SOURCES__SHARE_COUNTS", '["sec_edgar","files"]')
    outcome = site.backfill(SESSIONS[0], SESSIONS[5])
    assert outcome.exit_code == 0, outcome.one_line
    return site


def test_counts_are_those_of_the_newest_filing_known_then(filing_site: Site) -> None:
    def answered(ticker: str, session: date, moment: date) -> dict[str, int]:
        asked = f"core.share_counts_as_of(date '{session}', timestamptz '{moment} 12:00:00+00')"
        company = filing_site.rows("core.securities", "company_id", symbol=ticker).unique()
        found = filing_site.query(f"from {asked}").join(company, on="company_id")
        return dict(found.select("share_class", "shares").iter_rows())

    before, after, last = LATER.filed, LATER.filed + timedelta(days=1), SESSIONS[5]
    filed = {
        "CommonClassAMember": 5_820_000_000,
        "CommonClassBMember": 850_000_000,
        "CapitalClassCMember": 5_420_000_000,
    }
    newer = {
        "CommonClassAMember": 5_830_000_000,
        "CommonClassBMember": 850_000_000,
        "CapitalClassCMember": 5_320_000_000,
    }
    assert answered("GOOG", last, before) == filed, "filed on that day, it is known at its end"
    assert answered("GOOG", last, after) == newer
    assert answered("GOOG", LATER.as_of - timedelta(days=1), after) == filed, "a count about a later day is none"
    assert answered("ONC", last, after) == {"OrdinarySharesMember": 1_440_100_000}
    assert "refused" in filing_site.rows("core.share_counts", "status", accession=MISTYPED.accession)["status"]
    assert answered("BYND", last, after) == {"all": 450_000_000}, "the placeholder is refused"
    assert answered(COMPANY.symbol, last, SESSIONS[1]) == {}
    assert answered(COMPANY.symbol, last, after) == {COMPANY.symbol: COMPANY.cap_shares}


@dataclass(frozen=True)
class Span:
    """An archive, two of its days that follow each other, and the settings that it needs."""

    archive: Path
    first: date
    last: date
    settings: dict[str, str]


@pytest.fixture(params=["simulated", "real"])
def span(request: pytest.FixtureRequest, tmp_path: Path) -> Span:
    if request.param == "simulated":
        market = SimulatedMarket(date(2025, 1, 2), date(2025, 3, 14), companies=90, seed=5)
        files = Vendors(market).archive(market.sessions[-1], (date(2025, 1, 2),))
        return Span(write_files(tmp_path / "archive", files), market.sessions[0], market.sessions[3], {})
    without = {f"SMALLCAPS_SOURCES__{role}": "[]" for role in ("FUNDAMENTALS", "MACRO", "FUND_FLOWS")}
    return Span(request.getfixturevalue("shared_data"), date(2026, 1, 27), date(2026, 1, 30), without)


def test_on_both_inputs_then_and_now_are_told_apart(
    span: Span, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path / "site").use(monkeypatch)
    monkeypatch.setenv("SMALLCAPS_ARCHIVE", str(span.archive))
    for name, value in span.settings.items():
        monkeypatch.setenv(name, value)
    assert site.backfill(span.first, span.last).exit_code == 0
    sessions = site.rows("ops.sessions", "session_date")["session_date"].to_list()
    published = {session: in_force(site, session) for session in sessions}
    before, rejected = utc_now(), sessions[1]
    assert cli.run(["decide", "reject-session", "--session", rejected.isoformat(), "--reason", "a stale file"]) == 0
    assert site.backfill(span.first, span.last).exit_code == 0

    assert published[rejected].height > 80
    for session, rows in published.items():
        assert as_of(site, session, before).equals(rows), session
        assert as_of(site, session, utc_now()).equals(in_force(site, session)), session
    assert as_of(site, rejected, utc_now()).is_empty()
    close = published[rejected]["known_at"].max()
    assert as_of(site, rejected, close).equals(published[rejected])
    assert as_of(site, rejected, close - timedelta(seconds=1)).is_empty()
