"""Nights at an SEC on this machine: what is asked, what is not asked again, and what is left for the next night."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows import sources
from flows.edge.clock import starting_at
from flows.edge.landing import LandedFile, Landing
from flows.errors import MissingData
from flows.paths import DataPaths
from flows.run import Run
from flows.run_record import RunRecord
from flows.settings import ROLES, Settings
from flows.sources import SOURCES, SourceSettings
from flows.sources.sec_datasets import NAME
from flows.sources.sec_edgar import SOURCE
from flows.sources.sec_night import EVENTS
from flows.sources.sec_requests import require_contact
from flows.steps.land import Landed, land
from tests.vendors import sec as vendors
from tests.vendors.loopback import Answer, vendor_server
from tests.vendors.sec import (
    ABSENT,
    BLOCK,
    NO_KEY,
    PAGE,
    Sec,
    accession,
    facts_path,
    folder,
    index_path,
    submissions_path,
)

CONTACT = "warehouse@example.org"
MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in (2, 3, 4, 5, 6))
NEXT_MON = date(2026, 3, 9)
APPLE, BANK, CARS, DUST = 11, 22, 33, 44
LISTED: dict[int, str | None] = {APPLE: "Nasdaq", BANK: "NYSE", CARS: None, DUST: "OTC"}


@dataclass
class Nights:
    """One data folder, and its nights in a row."""

    root: Path
    sec: Sec
    limits: dict[str, object] = field(default_factory=lambda: {"notes_quarters": 0})
    contact: str = CONTACT
    http: dict[str, object] = field(default_factory=dict)

    def night(self, today: date) -> tuple[Landed, list[str]]:
        """What the night of a day has landed, and the paths it asked for."""
        quick = {"backoff_s": 0.01, "requests_per_second": 10_000, "max_attempts": 2, "deadline_s": 20, "read_s": 5}
        settings = Settings.model_validate(
            {
                "data_dir": self.root,
                "rate_dir": self.rate,
                "sources": {
                    role: [NAME] if role == "share_counts" else ["quotes"] if role == "quotes" else [] for role in ROLES
                },
                "required_sources": [],
                "base_urls": {NAME: self.sec.vendor.url},
                "http": quick | {"contact": self.contact} | self.http,
                "sec": self.limits,
            }
        )
        paths = DataPaths(self.root)
        moment = datetime(today.year, today.month, today.day, 23, 15, tzinfo=UTC)
        run = Run("nightly", "r", moment, settings, paths, RunRecord("r", "nightly", ""))
        self.sec.asked()
        with starting_at(moment):
            landed = land(run, [today])
        return landed, self.sec.asked()

    def files(self, dataset: str | None = None) -> list[LandedFile]:
        return self.landing.newest(NAME, dataset)

    @property
    def rate(self) -> Path:
        """A folder that data folders side by side share, as those of one user do."""
        return self.root.parent / "rate"

    @property
    def landing(self) -> Landing:
        return Landing(DataPaths(self.root).landing)

    def keys(self, dataset: str) -> list[str]:
        return [file.key for file in self.files(dataset)]


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    """Quotes come from a source that asks nothing, so that every request is the SEC's."""
    silent = replace(SOURCE, name="quotes", build_requests=lambda *_: [], follow_up=None, shared_hosts=())
    monkeypatch.setitem(SOURCES, "quotes", silent)
    with vendor_server() as vendor:
        sec = Sec(vendor)
        sec.tickers(LISTED)
        yield Nights(tmp_path / "data", sec)


def settled(nights: Nights, until: date = MON) -> Nights:
    """After a first night, which took the bulk files."""
    landed, _ = nights.night(until)
    assert landed.failures == {}
    return nights


COMPANY = [submissions_path(APPLE), facts_path(APPLE)]


def cover_path(cik: int, number: int, name: str = "report_htm.xml") -> str:
    return f"{folder(cik, accession(cik, number))}/{name}"


def test_the_first_night_takes_the_bulk_files(nights: Nights) -> None:
    landed, asked = nights.night(MON)
    assert landed.failures == {}
    assert asked[:3] == [vendors.TICKERS, vendors.FACTS_BULK, vendors.SUBMISSIONS_BULK]
    assert asked[3:] == [index_path(MON)]  # the bulk files have all that was filed until Friday
    assert landed.files[NAME] == 3
    (bulk,) = nights.files("companyfacts_bulk")
    assert (bulk.key, bulk.vintage_date, bulk.path.suffix) == ("2026-03-02", MON, ".zip")
    assert (bulk.licence, bulk.source) == ("public-domain", "sec_edgar")


def test_filings_that_tell_of_a_listing_ask_for_submissions_alone(nights: Nights) -> None:
    """A Form 25 ends a listing; the company may never file a report again."""
    settled(nights).sec.day(TUE, ("25-NSE", APPLE, 1), ("15-12G", BANK, 2), ("8-K12B", CARS, 3))
    _, asked = nights.night(TUE)
    assert [path for path in asked if "CIK" in path] == [submissions_path(cik) for cik in (APPLE, BANK, CARS)]


def test_other_statements_ask_for_facts_where_they_have_any(nights: Nights) -> None:
    """A foreign company's quarter is a 6-K, as is every press release of its; neither has a cover page."""
    settled(nights).sec.day(TUE, ("6-K", APPLE, 1))
    nights.sec.day(WED, ("6-K", BANK, 2), has_facts=False)
    _, asked = nights.night(TUE)
    assert [path for path in asked if "CIK" in path] == COMPANY
    _, asked = nights.night(WED)
    assert [path for path in asked if "CIK" in path] == [submissions_path(BANK)]


def test_every_request_declares_the_contact(nights: Nights) -> None:
    nights.night(MON)
    nights.sec.day(MON, ("10-Q", APPLE, 1))
    quick = nights.sec.vendor.asked
    agents: set[str] = set()
    original = nights.sec.asked
    nights.sec.asked = lambda: agents.update(a.headers["User-Agent"] for a in quick) or original()  # type: ignore[method-assign,func-returns-value]
    _, asked = nights.night(TUE)
    assert len(asked) > 4
    assert agents == {f"smallcaps/0.1 (nightly warehouse of market-size segments) {CONTACT}"}


def test_without_a_contact_nothing_is_asked(nights: Nights) -> None:
    nights.contact = ""
    landed, asked = nights.night(MON)
    assert "needs a contact" in landed.failures[NAME]
    assert asked == []
    with pytest.raises(MissingData) as caught:
        require_contact(MON, MON, SourceSettings())
    assert "SMALLCAPS_HTTP__CONTACT" in caught.value.next_step


def test_the_second_night_asks_only_for_companies_that_filed(nights: Nights) -> None:
    settled(nights)
    filed = (("10-Q", APPLE, 1), ("8-K", BANK, 2), ("10-K/A", CARS, 3), ("10-K", DUST, 4), ("4", BANK, 5))
    nights.sec.day(MON, *filed)
    landed, asked = nights.night(TUE)
    assert landed.failures == {}
    reports = [
        *(submissions_path(APPLE), facts_path(APPLE), cover_path(APPLE, 1)),
        *(submissions_path(CARS), facts_path(CARS), cover_path(CARS, 3)),
    ]
    assert asked == [vendors.TICKERS, index_path(MON), index_path(TUE), *reports, submissions_path(BANK)]
    assert nights.keys("cover") == [f"2026-03-02_{accession(APPLE, 1)}", f"2026-03-02_{accession(CARS, 3)}"]
    assert nights.keys("submissions") == [f"{cik:010}" for cik in (APPLE, BANK, CARS)]
    assert nights.keys("companyfacts") == [f"{cik:010}" for cik in (APPLE, CARS)]
    assert nights.keys("form_index") == ["2026-03-02"]


def test_the_same_night_again_asks_for_no_company(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1))
    nights.night(TUE)
    landed, asked = nights.night(TUE)
    assert asked == [vendors.TICKERS, index_path(TUE)]  # the second is not out yet
    assert (landed.files[NAME], landed.failures) == (0, {})
    assert len(nights.landing.files(NAME, "company_tickers_exchange")) == 1  # HTTP 304


def test_missed_nights_are_caught_up_and_a_holiday_is_none(nights: Nights) -> None:
    settled(nights)
    for day, number in ((MON, 1), (TUE, 2), (THU, 4)):
        nights.sec.day(day, ("10-Q", APPLE, number))
    landed, asked = nights.night(NEXT_MON)
    assert landed.failures == {}
    assert asked[1:7] == [index_path(day) for day in (MON, TUE, WED, THU, FRI, NEXT_MON)]
    assert asked[7:] == [*COMPANY, *(cover_path(APPLE, number) for number in (1, 2, 4))]
    next_tue, next_wed = date(2026, 3, 10), date(2026, 3, 11)
    _, asked = nights.night(next_tue)
    assert asked[1:] == [index_path(day) for day in (WED, FRI, NEXT_MON, next_tue)]
    _, asked = nights.night(next_wed)
    assert asked[1:] == [index_path(day) for day in (FRI, NEXT_MON, next_tue, next_wed)]  # Wednesday has none


def test_an_index_that_comes_late_is_not_lost(nights: Nights) -> None:
    settled(nights)
    nights.night(TUE)
    nights.sec.day(MON, ("10-Q", APPLE, 1))
    _, asked = nights.night(WED)
    assert cover_path(APPLE, 1) in asked


def test_an_index_of_the_same_evening_is_asked_for_once_more(nights: Nights) -> None:
    settled(nights).sec.day(TUE, ("10-Q", APPLE, 1))
    _, asked = nights.night(TUE)
    assert cover_path(APPLE, 1) in asked
    nights.sec.day(TUE, ("10-Q", APPLE, 1), ("10-Q", BANK, 2))
    _, asked = nights.night(WED)
    assert index_path(TUE) in asked
    assert (cover_path(APPLE, 1) in asked, cover_path(BANK, 2) in asked) == (False, True)
    _, asked = nights.night(THU)
    assert index_path(TUE) not in asked


def test_after_too_many_missed_nights_the_bulk_files_are_asked_for_again(nights: Nights) -> None:
    settled(nights)
    nights.sec.vendor.serve(vendors.FACTS_BULK, Answer(vendors.zipped(CIK2=b"{}"), etag='"new"'))
    late = date(2026, 4, 14)
    landed, asked = nights.night(late)
    assert landed.failures == {}
    assert asked[1:3] == [vendors.FACTS_BULK, vendors.SUBMISSIONS_BULK]
    assert nights.keys("companyfacts_bulk") == ["2026-03-02", "2026-04-14"]
    assert len([path for path in asked if ".idx" in path]) <= 24


def test_a_company_that_fails_stays_due_and_the_others_are_not_asked_again(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1), ("10-Q", BANK, 2))
    good = nights.sec.vendor.answers[facts_path(APPLE)]
    nights.sec.vendor.serve(facts_path(APPLE), Answer(status=500))
    landed, _ = nights.night(TUE)
    assert "1 files failed" in landed.failures[NAME]
    assert f"companyfacts/{APPLE:010}" in landed.failures[NAME]
    assert "HTTP 500" in landed.failures[NAME]
    assert nights.keys("companyfacts") == [f"{BANK:010}"]
    nights.sec.vendor.answers[facts_path(APPLE)] = good
    landed, asked = nights.night(WED)
    assert landed.failures == {}
    assert asked[3:] == COMPANY  # its cover page is there
    assert len(nights.landing.files(NAME, "submissions")) == 2  # HTTP 304
    landed, asked = nights.night(THU)
    assert asked == [vendors.TICKERS, index_path(TUE), index_path(WED), index_path(THU)]


def test_a_company_that_the_sec_does_not_have_is_told_and_no_failure(
    nights: Nights, caplog: pytest.LogCaptureFixture
) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1), ("10-Q", BANK, 2))
    nights.sec.vendor.serve(facts_path(APPLE), NO_KEY)
    nights.sec.vendor.serve(submissions_path(BANK), NO_KEY)
    landed, asked = nights.night(TUE)
    assert landed.failures == {}
    assert f"facts of CIK {APPLE:010}; submissions of CIK {BANK:010}" in caplog.text
    assert asked[-2:] == [cover_path(BANK, 2, "index.json"), cover_path(BANK, 2)]  # found without its submissions
    assert nights.landing.events(EVENTS)[-1]["absent"] == [
        f"facts of CIK {APPLE:010}",
        f"submissions of CIK {BANK:010}",
    ]
    _, asked = nights.night(WED)
    assert facts_path(APPLE) not in asked


def test_an_old_instance_is_found_in_the_list_of_files(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-K", APPLE, 1), has_inline=False)
    _, asked = nights.night(TUE)
    assert asked[-2:] == [cover_path(APPLE, 1, "index.json"), cover_path(APPLE, 1, f"t{APPLE}-20251231.xml")]
    (cover,) = nights.files("cover")
    assert cover.key == f"2026-03-02_{accession(APPLE, 1)}"


def test_a_guess_that_is_wrong_falls_back_to_the_list_of_files(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-K", APPLE, 1))
    answers = nights.sec.vendor.answers
    answers[cover_path(APPLE, 1, "other_htm.xml")] = answers.pop(cover_path(APPLE, 1))
    listing = {"directory": {"item": [{"name": "R2.htm"}, {"name": "other_htm.xml"}]}}
    nights.sec.vendor.serve(cover_path(APPLE, 1, "index.json"), Answer(json.dumps(listing).encode()))
    landed, asked = nights.night(TUE)
    assert landed.failures == {}
    assert asked[-3:] == [cover_path(APPLE, 1, name) for name in ("report_htm.xml", "index.json", "other_htm.xml")]


def test_a_storm_of_403_that_passes_costs_nothing_but_time(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1))
    good = nights.sec.vendor.answers[facts_path(APPLE)]
    nights.sec.vendor.serve(facts_path(APPLE), BLOCK, *good)
    landed, asked = nights.night(TUE)
    assert landed.failures == {}
    assert asked.count(facts_path(APPLE)) == 2


@pytest.mark.parametrize("answer", [BLOCK, Answer(status=429, headers={"Retry-After": "600"})])
def test_a_block_ends_the_night_says_what_to_do_and_the_rest_stays_due(nights: Nights, answer: Answer) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1), ("10-Q", BANK, 2), ("10-Q", CARS, 3))
    good = nights.sec.vendor.answers[submissions_path(BANK)]
    nights.sec.vendor.serve(submissions_path(BANK), answer)
    landed, asked = nights.night(TUE)
    assert "about ten minutes" in landed.failures[NAME]
    assert "SMALLCAPS_HTTP__CONTACT" in landed.failures[NAME]
    assert set(asked[-2:]) <= {submissions_path(BANK), cover_path(APPLE, 1)}
    assert submissions_path(CARS) not in asked
    nights.sec.vendor.answers[submissions_path(BANK)] = good
    landed, asked = nights.night(WED)
    assert landed.failures == {}
    assert [path for path in asked if "submissions" in path] == [submissions_path(BANK), submissions_path(CARS)]


def test_a_host_that_is_down_is_not_asked_for_every_company(nights: Nights) -> None:
    nights.sec.tickers(dict.fromkeys(range(1, 50), "NYSE"))
    settled(nights).sec.day(MON, *(("10-Q", cik, cik) for cik in range(1, 50)))
    for cik in range(1, 50):
        nights.sec.vendor.serve(submissions_path(cik), Answer(status=503))
    landed, asked = nights.night(TUE)
    assert "3 requests in a row have failed" in landed.failures[NAME]
    assert len([path for path in asked if "submissions" in path]) == 3 * 2


@pytest.mark.parametrize("bad", [PAGE, Answer(b'{"cik": 1', declared_length=90), Answer(b"{}"), Answer(b"")])
@pytest.mark.parametrize("path", [submissions_path(APPLE), facts_path(APPLE), cover_path(APPLE, 1)])
def test_an_answer_that_is_none_is_evidence_and_stays_due(nights: Nights, path: str, bad: Answer) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1))
    good = nights.sec.vendor.answers[path]
    nights.sec.vendor.serve(path, bad)
    landed, _ = nights.night(TUE)
    assert "1 files failed" in landed.failures[NAME]
    landed_then = nights.landing.files(NAME)
    assert any(file.path.read_bytes() == bad.body for file in landed_then)
    nights.sec.vendor.answers[path] = good
    landed, asked = nights.night(WED)
    assert landed.failures == {}
    assert path in asked
    assert [nights.keys(name) for name in ("submissions", "companyfacts", "cover")] == [
        [f"{APPLE:010}"],
        [f"{APPLE:010}"],
        [f"2026-03-02_{accession(APPLE, 1)}"],
    ]


def test_a_page_instead_of_the_index_leaves_the_day_due(nights: Nights) -> None:
    settled(nights).sec.vendor.serve(index_path(MON), PAGE)
    landed, _ = nights.night(TUE)
    assert "form_index/2026-03-02" in landed.failures[NAME]
    nights.sec.day(MON, ("10-Q", APPLE, 1))
    landed, asked = nights.night(WED)
    assert landed.failures == {}
    assert cover_path(APPLE, 1) in asked


def test_a_page_instead_of_the_tickers_leaves_the_list_of_the_night_before(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1))
    nights.sec.vendor.serve(vendors.TICKERS, PAGE)
    landed, asked = nights.night(TUE)
    assert "company_tickers_exchange/2026-03-03" in landed.failures[NAME]
    assert cover_path(APPLE, 1) in asked


def test_without_any_list_of_tickers_nothing_else_is_asked(nights: Nights) -> None:
    nights.sec.vendor.serve(vendors.TICKERS, NO_KEY)
    landed, asked = nights.night(MON)
    assert "no list of tickers" in landed.failures[NAME]
    assert asked[0] == vendors.TICKERS
    assert not any(".idx" in path for path in asked)


@pytest.mark.parametrize(
    "bad", [PAGE, Answer(b"PK half", declared_length=90), ABSENT, Answer(vendors.zipped(a=b"x")[:60])]
)
def test_a_bulk_file_that_fails_is_asked_for_the_next_night_and_the_other_is_kept(nights: Nights, bad: Answer) -> None:
    good = nights.sec.vendor.answers[vendors.FACTS_BULK]
    nights.sec.vendor.serve(vendors.FACTS_BULK, bad)
    landed, asked = nights.night(MON)
    assert "without companyfacts_bulk and submissions_bulk" in landed.failures[NAME]
    assert not any(".idx" in path for path in asked)
    nights.sec.vendor.answers[vendors.FACTS_BULK] = good
    landed, asked = nights.night(TUE)
    assert landed.failures == {}
    assert (vendors.FACTS_BULK in asked, vendors.SUBMISSIONS_BULK in asked) == (True, False)
    assert asked[2:] == [index_path(MON), index_path(TUE)]


def test_more_companies_than_a_night_may_ask_for(nights: Nights) -> None:
    nights.limits |= {"most_companies": 1}
    settled(nights).sec.day(MON, ("8-K", APPLE, 1), ("10-Q", BANK, 2))
    landed, asked = nights.night(TUE)
    assert "1 companies are left for the next night" in landed.failures[NAME]
    assert asked[3:] == [submissions_path(BANK), facts_path(BANK), cover_path(BANK, 2)]  # reports first
    landed, asked = nights.night(WED)
    assert landed.failures == {}
    assert asked[-1] == submissions_path(APPLE)


def test_a_night_that_was_killed_is_asked_again_and_lands_nothing_twice(nights: Nights) -> None:
    settled(nights).sec.day(MON, ("10-Q", APPLE, 1))
    nights.night(TUE)
    before = nights.landing.files(NAME)
    newest = max((nights.landing.root / "events" / EVENTS).iterdir())
    newest.unlink()  # the last thing that a night lands
    _, asked = nights.night(TUE)
    assert asked[-2:] == COMPANY
    assert nights.landing.files(NAME) == before


def test_notes_come_by_quarter_or_while_there_is_none_by_month(nights: Nights) -> None:
    nights.limits = {"notes_quarters": 2}
    body = vendors.zipped(num=b"x")
    for stem in ("2025q3_notes", "2025_10_notes", "2025_11_notes", "2026_01_notes"):
        nights.sec.vendor.serve(f"{vendors.NOTES}/{stem}.zip", Answer(body))
    landed, asked = nights.night(MON)
    assert landed.failures == {}
    assert nights.keys("notes") == ["2025_10_notes", "2025_11_notes", "2025q3_notes", "2026_01_notes"]
    stems = [path.removeprefix(f"{vendors.NOTES}/") for path in asked if path.startswith(vendors.NOTES)]
    assert stems == [
        *("2025q3_notes.zip", "2025q4_notes.zip", "2025_10_notes.zip", "2025_11_notes.zip", "2025_12_notes.zip"),
        *("2026_01_notes.zip", "2026_02_notes.zip"),
    ]
    _, asked = nights.night(TUE)
    stems = [path.removeprefix(f"{vendors.NOTES}/") for path in asked if path.startswith(vendors.NOTES)]
    assert stems == ["2025q4_notes.zip", "2025_12_notes.zip", "2026_02_notes.zip"]


def test_the_real_hosts_share_one_budget_and_a_mirror_has_its_own(nights: Nights, tmp_path: Path) -> None:
    shared = sources.rate_limit(SourceSettings(), shared_folder=tmp_path)._shared
    assert set(shared) == {"www.sec.gov", "data.sec.gov"}
    assert shared["www.sec.gov"] is shared["data.sec.gov"]
    assert shared["www.sec.gov"]._interval_s == 1 / 8
    mirror = SourceSettings(base_urls={NAME: "https://mirror.test/sec"})
    assert set(sources.rate_limit(mirror, shared_folder=tmp_path)._shared) == {"mirror.test"}
    here = SourceSettings(base_urls={NAME: nights.sec.vendor.url})
    assert sources.rate_limit(here, shared_folder=tmp_path)._shared == {}


def next_free(budget: Path) -> float:
    return float(json.loads(budget.read_text(encoding="utf-8"))["next_free"])


def test_nights_of_two_data_folders_take_their_turns_from_one_file(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_is_loopback", lambda host: False)
    monkeypatch.setitem(SOURCES, NAME, replace(SOURCE, requests_per_second=50.0))
    at: list[float] = []
    original = nights.sec.asked
    nights.sec.asked = lambda: at.extend(a.at for a in nights.sec.vendor.asked) or original()  # type: ignore[method-assign,func-returns-value]
    nights.night(MON)
    assert len(at) == 4
    assert at[-1] - at[0] >= 0.05
    budget = nights.rate / f"{NAME}.json"
    until = next_free(budget)
    other = Nights(nights.root.parent / "other", nights.sec)
    for night in (nights, other):
        night.night(TUE)
        assert not (night.root / "rate").exists()
        assert next_free(budget) >= until + 1 / 50
        until = next_free(budget)
