"""What lists, companies and operators declare: splits, depositary ratios and corrections, from files to tables."""

import csv
import json
import shlex
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import pytest

from tests.flows.conftest import Site
from tests.vendors.market import SESSIONS, Listing, Market, Night, Split, companies

pytestmark = pytest.mark.usefixtures("light_gate")
MakeSite = Callable[[str, Market], Site]

ON = SESSIONS[3]
SPLIT_COMPANY = companies(7, "small")[2]
FILER = companies(7, "small")[5]
DEPOSITARY = companies(7, "small")[7]
CIK = 1001
RATIO = "StockholdersEquityNoteStockSplitConversionRatio1"
COUNT = "EntityCommonStockSharesOutstanding"


@pytest.fixture
def make(new_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> MakeSite:
    """Sites without fundamentals, rates and flows, which have tests of their own."""

    def made(name: str, market: Market) -> Site:
        site = new_site(name, market)
        for role in ("FUNDAMENTALS", "MACRO", "FUND_FLOWS"):
            monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", "[]")
        return site

    return made


def declare(archive: Path, symbol: str, day: date, new: int, old: int) -> None:
    """The public list of the day's year, with one split."""
    folder = archive / "corporate_actions" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    split = {"symbol": symbol, "name": "N", "date": day.isoformat(), "ratioNew": new, "ratioOld": old}
    (folder / f"{day.year}.json").write_text(json.dumps({"year": day.year, "splits": [split]}), encoding="utf-8")


def register(archive: Path, listing: Listing) -> None:
    """The SEC's map of tickers, with one company."""
    folder = archive / "sec_edgar" / "company_tickers_exchange"
    folder.mkdir(parents=True, exist_ok=True)
    exchange = "Nasdaq" if listing.exchange == "nasdaq" else "NYSE"
    name = listing.name.removesuffix(" Common Stock").removesuffix(" American Depositary Shares")
    told = {"fields": ["cik", "name", "ticker", "exchange"], "data": [[CIK, name, listing.symbol, exchange]]}
    (folder / "2024-12-20.json").write_text(json.dumps(told), encoding="utf-8")


def file_facts(archive: Path, *, filed: date, end: date, taxonomy: str, tag: str, unit: str, value: float) -> None:
    """Companyfacts of the company, with one fact."""
    folder = archive / "sec_edgar" / "companyfacts"
    folder.mkdir(parents=True, exist_ok=True)
    fact = {"end": end.isoformat(), "val": value, "accn": f"{CIK:010}-25-000001", "fy": 2024, "fp": "Q4"}
    fact |= {"form": "10-K", "filed": filed.isoformat()}
    facts = {taxonomy: {tag: {"label": tag, "units": {unit: [fact]}}}}
    document = {"cik": CIK, "entityName": "N", "facts": facts}
    (folder / f"CIK{CIK:010}.json").write_text(json.dumps(document), encoding="utf-8")


def own(site: Site, monkeypatch: pytest.MonkeyPatch, **datasets: str) -> None:
    """The operator's folder with these files, beside the SEC."""
    folder = site.root / "own"
    folder.mkdir(exist_ok=True)
    for dataset, text in datasets.items():
        (folder / f"{dataset}.csv").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SMALLCAPS_FILES_DIR", str(folder))
    with_own = {"SHARE_COUNTS": '["sec_edgar","files"]', "REFERENCE": '["sec_edgar","files"]'}
    for role, names in {**with_own, "SPLITS": '["files","corporate_actions"]'}.items():
        monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", names)


def unadjusted(night: Night) -> None:
    """The vendor reports the day's change against the close in old shares."""
    row = night.row(SPLIT_COMPANY.symbol)
    before = night.market.close(SPLIT_COMPANY, SESSIONS[SESSIONS.index(night.session) - 1])
    row["netchange"] = f"{float(str(row['lastsale'])[1:]) - before:.2f}"


def split_market(site: Site, sessions: Collection[date]) -> None:
    site.market.write(site.archive, sessions, {ON: [unadjusted]})
    declare(site.archive, SPLIT_COMPANY.symbol, SESSIONS[2], 4, 1)


def splits(site: Site) -> list[tuple[object, ...]]:
    return site.rows("core.splits", "symbol", "ex_date", "ratio", "evidence", "status", "declared_source").rows()


def test_a_split_that_only_a_list_tells_of(make: MakeSite) -> None:
    """As ANET's: declared for the day before, no adjusted previous close, the count a session late."""
    market = Market(splits=(Split(SPLIT_COMPANY.symbol, ON, 4, lag=1),))
    site = make("nights", market)
    split_market(site, SESSIONS[:6])
    assert site.backfill(SESSIONS[0], SESSIONS[1]).exit_code == 0
    for session in SESSIONS[2:6]:
        outcome = site.nightly(session)
        assert outcome.exit_code == 0, outcome.one_line
        assert site.record(outcome).degraded_sources == {}
        assert bool(splits(site)) == (session >= ON), "known on the declared day, shown the day after"
    assert splits(site) == [(SPLIT_COMPANY.symbol, ON, 4.0, "declared", "confirmed", "corporate_actions")]
    caps = site.rows("core.market_caps", ticker=SPLIT_COMPANY.symbol)
    assert caps["session_date"].to_list() == list(SESSIONS[:6])
    assert caps["return_price"].drop_nulls().abs().max() < 0.1
    assert caps["cap_usd"].log().diff().abs().drop_nulls().max() < 0.1

    once = make("once", market)
    split_market(once, SESSIONS[:6])
    assert once.backfill(SESSIONS[0], SESSIONS[5]).exit_code == 0
    assert once.hashes() == site.hashes()


def test_a_declared_split_that_never_came_is_listed_and_applied_to_nothing(
    make: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make("never", Market())
    site.market.write(site.archive, SESSIONS[:9])
    row = f"symbol,ex_date,ratio_new,ratio_old\n{SPLIT_COMPANY.symbol},{SESSIONS[2]},1,10\n"
    own(site, monkeypatch, splits=row)
    assert site.backfill(SESSIONS[0], SESSIONS[7]).exit_code == 0
    assert splits(site) == [(SPLIT_COMPANY.symbol, SESSIONS[2], 0.1, "declared", "unseen", "files")]
    night = site.nightly(SESSIONS[8])
    assert night.exit_code == 0, night.one_line
    assert "corporate_actions" not in site.record(night).degraded_sources, "an archive without the list lacks nothing"
    assert splits(site) == [(SPLIT_COMPANY.symbol, SESSIONS[2], 0.1, "declared", "unseen", "files")]
    caps = site.rows("core.market_caps", ticker=SPLIT_COMPANY.symbol)
    assert caps["cap_usd"].log().diff().abs().drop_nulls().max() < 0.1


def test_a_split_is_confirmed_on_the_day_that_the_company_files_its_ratio(
    make: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reverse split of one for ten, filed as 10; the vendor's count does not follow so soon."""
    site = make("filed", Market(splits=(Split(FILER.symbol, ON, 0.1, lag=20),)))
    site.market.write(site.archive, SESSIONS[:6])
    register(site.archive, FILER)
    told = {"taxonomy": "us-gaap", "tag": RATIO, "unit": "pure"}
    file_facts(site.archive, filed=SESSIONS[5], end=ON, value=10, **told)
    own(site, monkeypatch, splits="symbol,ex_date,ratio_new,ratio_old\nOTHER,2020-01-02,2,1\n")
    assert site.backfill(SESSIONS[0], SESSIONS[4]).exit_code == 0
    assert splits(site) == [(FILER.symbol, ON, 0.1, "price", "inferred", None)]
    assert site.nightly(SESSIONS[5]).exit_code == 0
    accession = f"sec_edgar {CIK:010}-25-000001"
    assert splits(site) == [(FILER.symbol, ON, 0.1, "price", "confirmed", accession)]
    assert site.rows("core.splits", "confirmed_on").item() == SESSIONS[5]


CORRECTIONS = "source,cik,accession,field,expect,value,reason\n"


def test_a_correction_stands_until_the_source_is_mended(make: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FILER.cap_shares is not None
    right, wrong = FILER.cap_shares, FILER.cap_shares // 1000
    site = make("corrected", Market())
    site.market.write(site.archive, SESSIONS[:5])
    register(site.archive, FILER)
    told = {"taxonomy": "dei", "tag": COUNT, "unit": "shares"}
    file_facts(site.archive, filed=SESSIONS[1], end=date(2024, 12, 13), value=wrong, **told)
    row = f"sec_edgar,{CIK},{CIK:010}-25-000001,shares,{wrong},{right},filed in thousands\n"
    own(site, monkeypatch, corrections=CORRECTIONS + row)
    assert site.backfill(SESSIONS[0], SESSIONS[2]).exit_code == 0
    counts = site.rows("core.share_counts", "shares", "corrected_from", "status")
    assert counts.rows() == [(right, wrong, "accepted")]
    caps = site.rows("core.market_caps", "tier", "shares", ticker=FILER.symbol)[1:]
    assert caps["tier"].to_list() == ["sec_single"] * 2
    assert caps["shares"].round().to_list() == [right] * 2

    file_facts(site.archive, filed=SESSIONS[1], end=date(2024, 12, 13), value=right, **told)
    published = site.digest()
    outcome = site.nightly(SESSIONS[3])
    assert outcome.exit_code == 4
    for part in ("files", "corrections", "field shares", "row 1", "sec_edgar", str(right), "mended", "remove"):
        assert part in outcome.one_line
    assert site.digest() == published

    own(site, monkeypatch, corrections=CORRECTIONS)
    assert site.nightly(SESSIONS[3]).exit_code == 0
    counts = site.rows("core.share_counts", "shares", "corrected_from", "status")
    assert counts.rows() == [(right, None, "accepted")]


def test_a_correction_that_names_no_fact_is_told_after_every_run_until_it_does(
    make: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second row has a wrong accession; the fact of the first comes with the second run."""
    assert FILER.cap_shares is not None
    right, wrong = FILER.cap_shares, FILER.cap_shares // 1000
    site = make("unmatched", Market())
    site.market.write(site.archive, SESSIONS[:5])
    register(site.archive, FILER)
    typo = f"{CIK:010}-25-000099"
    rows = [
        f"sec_edgar,{CIK},{accession},shares,{wrong},{right},filed in thousands\n"
        for accession in (f"{CIK:010}-25-000001", typo)
    ]
    own(site, monkeypatch, corrections=CORRECTIONS + "".join(rows))
    outcomes = [site.backfill(SESSIONS[0], SESSIONS[2])]
    told = [told_corrections(site)]
    end = date(2024, 12, 13)
    file_facts(site.archive, filed=SESSIONS[3], end=end, taxonomy="dei", tag=COUNT, unit="shares", value=wrong)
    outcomes.append(site.nightly(SESSIONS[3]))
    told.append(told_corrections(site))
    assert [outcome.exit_code for outcome in outcomes] == [0, 0]
    assert [len(reasons) for reasons in told] == [2, 1]
    assert told[0][1:] == told[1]
    for part in ("files/corrections", "row 2", "sec_edgar", "shares", typo):
        assert part in told[1][0]
    assert [len(site.record(outcome).unmatched_corrections) for outcome in outcomes] == [2, 1]
    suggested = shlex.split(next(row for row in review(site) if row["what"] == "correction_unmatched")["suggestion"])
    assert site.query(suggested[2])["accession"].to_list() == [f"{CIK:010}-25-000001"]


def review(site: Site) -> list[dict[str, str]]:
    with site.paths.review.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def told_corrections(site: Site) -> list[str]:
    return sorted(row["reason"] for row in review(site) if row["what"] == "correction_unmatched")


def test_a_depositary_ratio_counts_from_its_first_day(make: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The company counts ordinary shares; how many a depositary share stands for only the operator says."""
    assert DEPOSITARY.cap_shares is not None
    assert "Depositary" in DEPOSITARY.name
    site = make("depositary", Market())
    site.market.write(site.archive, SESSIONS[:4])
    register(site.archive, DEPOSITARY)
    told = {"taxonomy": "dei", "tag": COUNT, "unit": "shares"}
    file_facts(site.archive, filed=SESSIONS[0], end=date(2024, 12, 13), value=DEPOSITARY.cap_shares * 8, **told)
    rows = f"symbol,ratio,valid_from,valid_to\n{DEPOSITARY.symbol},8,{SESSIONS[1]},{SESSIONS[2]}\n"
    own(site, monkeypatch, depositary_ratios=rows)
    assert site.backfill(SESSIONS[0], SESSIONS[3]).exit_code == 0
    caps = site.rows("core.market_caps", "tier", ticker=DEPOSITARY.symbol)
    assert caps["tier"].to_list() == ["vendor_implied", "sec_single", "sec_single", "vendor_implied"]
    shares = site.rows("core.market_caps", "shares", ticker=DEPOSITARY.symbol, tier="sec_single")["shares"]
    assert shares.round().to_list() == [DEPOSITARY.cap_shares] * 2
    security = site.rows("core.securities", "security_id", symbol=DEPOSITARY.symbol).unique().item()
    lines = site.rows("core.security_caps", "ads_ratio", "ads_ratio_from", security_id=security)
    assert lines.rows() == [(None, None), (8.0, SESSIONS[1]), (8.0, SESSIONS[1]), (None, None)]
