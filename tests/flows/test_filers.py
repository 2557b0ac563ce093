"""Floats and categories of filers on the way of a run: from an archive's filings to published tables."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.landing import Landing
from flows.market_calendar import sessions_between
from tests.flows.conftest import ALL_SESSIONS, BASE_SESSIONS, Site
from tests.vendors.market import Listing, Market, companies, packed
from tests.vendors.sec_documents import companyfacts, context, dei, fact, filings, instance, submissions

D = date
PAGED, WORDED = 999999, 7
"""The registrant of a cover page, and one of which EDGAR's words and companyfacts tell."""
COVER_DAY, WORDS_DAY = D(2024, 12, 30), D(2025, 1, 3)
LAST = D(2025, 1, 6)


def listed(market: Market) -> tuple[Listing, Listing]:
    paged, worded, *_ = [one for one in companies(market.seed, "small") if one.exchange == "nasdaq"]
    return paged, worded


def name_of(listing: Listing) -> str:
    return listing.name.replace(" Common Stock", "")


def write_filings(market: Market, archive: Path) -> None:
    """A ticker map, a cover page, companyfacts and submissions, as collected from the SEC."""
    paged, worded = listed(market)
    rows = [[cik, name_of(one), one.symbol, "Nasdaq"] for cik, one in ((PAGED, paged), (WORDED, worded))]
    tickers = {"fields": ["cik", "name", "ticker", "exchange"], "data": rows}
    cover = instance(
        context("float", "2024-12-24"),
        dei("EntityPublicFloat", "float", str(round(0.5 * paged.price * (paged.cap_shares or 0))), "u-usd"),
        dei("EntityFilerCategory", "doc", "Accelerated Filer"),
        dei("EntitySmallBusiness", "doc", "true"),
        dei("Security12bTitle", "doc", "Common Stock"),
        dei("TradingSymbol", "doc", paged.symbol),
    )
    said = fact("2023-06-30", 4e8, "2024-02-15", accn="0000000007-24-000001")
    words = submissions(
        WORDED,
        filings(("0000000007-25-000001", WORDS_DAY.isoformat(), "10-Q", "")),
        name=name_of(worded),
        tickers=[worded.symbol],
        category="Non-accelerated filer<br>Smaller reporting company",
        formerNames=[],
    )
    files = {
        "company_tickers_exchange/2024-12-02.json.gz": packed(json.dumps(tickers).encode()),
        f"cover/{COVER_DAY}_0000999999-24-000006.xml": cover,
        "companyfacts/CIK0000000007.json.gz": packed(
            companyfacts(WORDED, {"dei": {"EntityPublicFloat": {"USD": [said]}}})
        ),
        "submissions/CIK0000000007.json.gz": packed(words),
    }
    for name, content in files.items():
        path = archive / "sec_edgar" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def filing_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Market], Site]:
    """Sites whose companies file with the SEC."""

    def make(name: str, market: Market) -> Site:
        return Site(tmp_path / name, market, has_filings=True).use(monkeypatch)

    return make


@pytest.fixture
def published(filing_site: Callable[[str, Market], Site], light_gate: None) -> Site:
    """Five sessions backfilled, the next ones as nights."""
    del light_gate
    market = Market()
    site = filing_site("nights", market)
    market.write(site.archive, BASE_SESSIONS)
    write_filings(market, site.archive)
    assert site.backfill(BASE_SESSIONS[0], BASE_SESSIONS[-1]).exit_code == 0
    for session in sessions_between(BASE_SESSIONS[-1], LAST)[1:]:
        assert site.night(session).exit_code == 0
    return site


def test_filings_become_tables_and_a_backfill_and_a_rebuild_agree(
    published: Site, filing_site: Callable[[str, Market], Site]
) -> None:
    company = {row["cik"]: row["company_id"] for row in published.rows("core.securities").to_dicts() if row["cik"]}
    assert company.keys() == {PAGED, WORDED}

    floats = {row["company_id"]: row for row in published.rows("core.free_float").to_dicts()}
    paged, worded = floats[company[PAGED]], floats[company[WORDED]]
    assert (paged["kind"], paged["cap_session"]) == ("estimate", D(2024, 12, 24))
    assert paged["float_share"] == pytest.approx(0.5, rel=0.1)
    assert (worded["float_value_usd"], worded["reason_code"]) == (400_000_000, "no_cap_on_that_day")

    categories = published.rows("core.filer_categories", "company_id", "valid_from", "category", "evidence")
    assert set(categories.iter_rows()) == {
        (company[PAGED], COVER_DAY, "accelerated", "cover"),
        (company[WORDED], WORDS_DAY, "non_accelerated", "submissions"),
    }
    rows = published.rows("marts.filer_category_daily", segment="total", scheme_id="fixed_usd")
    for category, since in (("accelerated", COVER_DAY), ("non_accelerated", WORDS_DAY)):
        counts = dict(rows.filter(category=category).select("session_date", "company_count").iter_rows())
        assert counts == {session: int(session >= since) for session in counts}
        assert set(counts) == {session for session in ALL_SESSIONS if session <= LAST}

    nights = published.hashes()
    assert published.rebuild().exit_code == 0
    assert published.hashes() == nights
    again = filing_site("backfill", published.market)
    published.market.write(again.archive, sessions_between(BASE_SESSIONS[0], LAST))
    write_filings(published.market, again.archive)
    assert again.backfill(BASE_SESSIONS[0], LAST).exit_code == 0
    assert again.hashes() == nights


def test_words_that_a_later_download_replaced_count_until_a_filing_told(
    filing_site: Callable[[str, Market], Site], light_gate: None
) -> None:
    del light_gate
    site = filing_site("replaced", Market())
    site.market.write(site.archive, sessions_between(BASE_SESSIONS[0], LAST))
    write_filings(site.market, site.archive)
    said = {D(2024, 12, 26): "Large accelerated filer", D(2025, 1, 3): "Non-accelerated filer"}
    for day, category in said.items():
        Landing(site.paths.landing).put(
            submissions(PAGED, filings(), name="Paged", tickers=[], category=category),
            source="sec_edgar",
            dataset="submissions",
            key=f"{PAGED:010d}",
            session_date=None,
            vintage_date=day,
            url="https://data.sec.test/submissions",
            status=200,
            licence="public-domain",
            landed_at=datetime(day.year, day.month, day.day, 23, tzinfo=UTC),
            suffix=".json",
        )
    assert site.backfill(BASE_SESSIONS[0], LAST).exit_code == 0
    (company,) = {row["company_id"] for row in site.rows("core.securities", cik=PAGED).to_dicts()}
    told = site.rows("core.filer_categories", "valid_from", "category", "evidence", company_id=company)
    assert told.rows() == [
        (D(2024, 12, 26), "large_accelerated", "submissions"),
        (COVER_DAY, "accelerated", "cover"),
    ]
