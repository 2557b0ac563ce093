"""Three of the vendors' cap bugs from files to the published file, and a filing that comes later.

The tiny market with the lines of three companies in the vendor's files, and their filings in the archive as the SEC
has them: ticker map, submissions, cover pages as instances, companyfacts.
"""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.flows.conftest import Site, lighten_gate
from tests.golden.quoted_and_filed import Filed, Quote
from tests.vendors.market import SESSIONS, Market, Night
from tests.vendors.sec_documents import OfClass, companyfacts, cover_page, fact, filings, submissions

DAYS = SESSIONS[:5]
EX_DATE = DAYS[3]
ALPHABET, BEONE, BEYOND = 1652044, 1651308, 1655210
NAMES = {ALPHABET: "Alphabet Inc.", BEONE: "BeOne Medicines Ltd.", BEYOND: "Beyond Meat, Inc."}
TICKERS = [(ALPHABET, "GOOGL"), (ALPHABET, "GOOG"), (BEONE, "ONC"), (BEYOND, "BYND")]
FILED = [
    Filed(
        ALPHABET,
        date(2024, 10, 30),
        date(2024, 10, 22),
        (
            OfClass("CommonClassAMember", 5_820_000_000, "Class A Common Stock, $0.001 par value", "GOOGL"),
            OfClass("CommonClassBMember", 850_000_000),
            OfClass("CapitalClassCMember", 5_420_000_000, "Class C Capital Stock, $0.001 par value", "GOOG"),
        ),
    ),
    Filed(
        BEONE,
        date(2024, 11, 12),
        date(2024, 11, 5),
        (
            OfClass("AdsMember", None, "American Depositary Shares, each representing 13 Ordinary Shares", "ONC"),
            OfClass("OrdinarySharesMember", 1_440_100_000, "Ordinary Shares, par value $0.0001 per share"),
        ),
    ),
]
LATER = Filed(
    ALPHABET,
    DAYS[4],
    DAYS[2],
    (
        OfClass("CommonClassAMember", 5_830_000_000, "Class A Common Stock, $0.001 par value", "GOOGL"),
        OfClass("CommonClassBMember", 850_000_000),
        OfClass("CapitalClassCMember", 5_320_000_000, "Class C Capital Stock, $0.001 par value", "GOOG"),
    ),
)
"""As of the third session and filed on the fifth: neither the third nor the fourth may know it."""


def quotes(session: date) -> list[Quote]:
    """What the vendor shows: Alphabet twice, ordinary shares at the price of an ADS, a count before its split."""
    at = SESSIONS.index(session)
    tick, before = 1 + 0.004 * (at % 2), 1 + 0.004 * ((at - 1) % 2)
    split = 30.0 if session >= EX_DATE else 1.0
    beyond = 0.46 * split * tick
    return [
        Quote("GOOGL", "Alphabet Inc. Class A Common Stock", 368.0 * tick, 4.63e12 * tick, 368.0 * before),
        Quote("GOOG", "Alphabet Inc. Class C Capital Stock", 366.0 * tick, 4.60e12 * tick, 366.0 * before),
        Quote("ONC", "BeOne Medicines Ltd. American Depositary Shares", 386.8 * tick, 557.0e9 * tick, 386.8 * before),
        Quote("BYND", "Beyond Meat, Inc. Common Stock", beyond, beyond * 450e6, 0.46 * split * before, 4_000_000 + at),
    ]


def with_cases(night: Night) -> None:
    """The cases among the lines of Nasdaq; volumes differ from session to session."""
    at = SESSIONS.index(night.session)
    night.rows["nasdaq"] += [
        {**quote.row(), "volume": str(quote.volume + 1000 * at)} for quote in quotes(night.session)
    ]


def write_packed(path: Path, payload: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(payload, mtime=0) if path.suffix == ".gz" else payload)


def write_cover(archive: Path, filed: Filed) -> None:
    payload = cover_page(filed.cik, filed.form, filed.as_of, *filed.classes)
    write_packed(archive / "sec_edgar" / "cover" / f"{filed.filed}_{filed.accession}.xml.gz", payload)


def write_filings(archive: Path) -> None:
    """The SEC's part of the archive."""
    folder = archive / "sec_edgar"
    rows = [[cik, NAMES[cik], ticker, "Nasdaq"] for cik, ticker in TICKERS]
    tickers = {"fields": ["cik", "name", "ticker", "exchange"], "data": rows}
    write_packed(folder / "company_tickers_exchange" / "2024-12-20.json.gz", json.dumps(tickers).encode())
    for cik, name in NAMES.items():
        listed = [ticker for number, ticker in TICKERS if number == cik]
        told = {"name": name, "tickers": listed, "exchanges": ["Nasdaq"] * len(listed), "formerNames": []}
        recent = filings((f"{cik:010}-24-000001", "2024-11-12", "10-Q", ""))
        write_packed(folder / "submissions" / f"CIK{cik:010}.json.gz", submissions(cik, recent, **told))
    for filed in FILED:
        write_cover(archive, filed)
    count = fact("2024-11-01", 450_000_000, "2024-11-07", form="10-Q", accn=f"{BEYOND:010}-24-000009")
    filed = {"2024-11-07": "000009", DAYS[0].isoformat(): "000010", EX_DATE.isoformat(): "000011"}
    losses = [
        fact("2024-09-28", -0.41 * (30 if number == 2 else 1), day, form="10-Q", accn=f"{BEYOND:010}-24-{accession}")
        | {"start": "2024-06-30"}
        for number, (day, accession) in enumerate(filed.items())
    ]
    payload = companyfacts(
        BEYOND,
        {
            "dei": {"EntityCommonStockSharesOutstanding": {"shares": [count]}},
            "us-gaap": {"EarningsPerShareDiluted": {"USD/shares": losses}},
        },
    )
    write_packed(folder / "companyfacts" / f"CIK{BEYOND:010}.json.gz", payload)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Five sessions backfilled; never changed."""
    site = Site(tmp_path_factory.mktemp("bugs"), Market(), has_filings=True)
    site.market.write(site.archive, SESSIONS[:6], {day: [with_cases] for day in SESSIONS[:6]})
    write_filings(site.archive)
    with pytest.MonkeyPatch.context() as patch:
        lighten_gate(patch)
        site.use(patch)
        outcome = site.backfill(DAYS[0], DAYS[-1])
        assert outcome.exit_code == 0, outcome.one_line
        yield site


def caps(site: Site, ticker: str) -> pl.DataFrame:
    return site.rows("core.market_caps", "session_date", "cap_usd", "tier", ticker=ticker)


@pytest.mark.parametrize(
    ("ticker", "shown", "right", "tier"),
    [("GOOG", 9.23e12, 4.44e12, "sec_class"), ("ONC", 557.0e9, 42.85e9, "sec_class")],
)
def test_every_session_has_the_right_cap(first: Site, ticker: str, shown: float, right: float, tier: str) -> None:
    by_vendor = sum(quote.vendor_cap for quote in quotes(DAYS[0]) if quote.symbol.startswith(ticker))
    assert by_vendor == pytest.approx(shown, rel=0.005)
    rows = caps(first, ticker)
    assert rows["session_date"].to_list() == list(DAYS)
    assert set(rows["tier"]) == {tier}
    for cap in rows["cap_usd"]:
        assert float(cap) == pytest.approx(right, rel=0.006)


def test_the_vendors_figure_stands_beside_ours(first: Site) -> None:
    company = first.rows("core.market_caps", "company_id", ticker="ONC", session_date=DAYS[0]).item()
    rows = first.rows("core.cap_candidates", "cap_usd", company_id=company, session_date=DAYS[0])
    assert float(rows["cap_usd"].item()) == pytest.approx(557.0e9)


def test_the_depositary_ratio_of_the_cover_page_is_published(first: Site) -> None:
    """Thirteen ordinary shares to one; the line counts depositary shares, core.share_counts the ordinary ones."""
    security = first.rows("core.securities", "security_id", symbol="ONC").unique().item()
    lines = first.rows("core.security_caps", "ads_ratio", "ads_ratio_from", "shares", security_id=security)
    assert set(lines.rows()) == {(13.0, date(2024, 11, 5), 1_440_100_000 / 13)}
    others = first.query(
        "select distinct s.symbol from core.security_caps c join core.securities s using (security_id) "
        "where c.ads_ratio is not null"
    )
    assert others["symbol"].to_list() == ["ONC"]


def test_an_operators_count_has_the_filing_and_the_vendor_beside_it(
    first: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred million depositary shares by the operator, 1,440,100,000 / 13 by the cover page."""
    site = first.copy_to(tmp_path / "own").use(monkeypatch)
    lighten_gate(monkeypatch)
    own = site.root / "files"
    own.mkdir()
    (own / "share_counts.csv").write_text(f"symbol,as_of,shares\nONC,{DAYS[1]},100000000\n", encoding="utf-8")
    monkeypatch.setenv("SMALLCAPS_FILES_DIR", str(own))
    monkeypatch.setenv("SMALLCAPS_SOURCES__SHARE_COUNTS", '["sec_edgar","files"]')
    night = SESSIONS[5]
    assert site.nightly(night).exit_code == 0

    price, company = site.rows("core.market_caps", "price", "company_id", ticker="ONC", session_date=night).row(0)
    candidates = site.rows("core.cap_candidates", company_id=company, session_date=night)
    by_tier = dict(candidates.select("tier", "cap_usd").iter_rows())
    filed = round(price * 1_440_100_000 / 13)
    assert by_tier == {"sec_class": filed, "vendor_implied": pytest.approx(557.0e9 * price / 386.8, rel=1e-6)}
    [row] = site.rows("marts.cap_reconciliation", company_id=company, session_date=night).to_dicts()
    assert (row["tier"], row["cap_usd"]) == ("files_shares", round(price * 100_000_000))
    assert (row["candidate_tier"], row["candidate_cap_usd"], row["filed_cap_usd"]) == ("sec_class", filed, filed)
    assert (row["vendor_cap_usd"], row["flag"]) == (by_tier["vendor_implied"], "tier_differs")
    before = site.rows("core.cap_candidates", "tier", company_id=company, session_date=DAYS[0])
    assert before["tier"].to_list() == ["vendor_implied"], "the operator's count came later"


def test_a_reverse_split_after_the_cover_page(first: Site) -> None:
    """Price times thirty on the ex-date with the old count, by the vendor and by the newest filing: 6.2 billion."""
    on_ex_date = next(quote for quote in quotes(EX_DATE) if quote.symbol == "BYND")
    assert on_ex_date.vendor_cap == pytest.approx(6.2e9, rel=0.006)
    rows = caps(first, "BYND")
    assert rows["session_date"].to_list() == list(DAYS)
    assert [float(cap) for cap in rows["cap_usd"]] == pytest.approx([207e6] * 5, rel=0.006)
    splits = first.query("select ex_date, ratio from core.splits")
    assert splits.rows() == [(EX_DATE, pytest.approx(1 / 30))]


def test_earnings_per_share_are_restated_for_a_split_after_their_filing(first: Site) -> None:
    """Of the report before the first session no splits are known; of the ex-date's own there is nothing to restate."""
    rows = first.rows("core.per_share_facts", "filed", "value", "split_ratio", "value_today")
    assert rows.sort("filed").rows() == [
        (date(2024, 11, 7), -0.41, None, None),
        (DAYS[0], -0.41, pytest.approx(1 / 30), pytest.approx(-12.3)),
        (EX_DATE, pytest.approx(-12.3), 1.0, pytest.approx(-12.3)),
    ]


def test_nothing_of_them_is_held_back(first: Site) -> None:
    assert first.query("from ops.quarantine where reason_code like 'ADM_%'").is_empty()


def test_a_filing_that_comes_later_changes_no_earlier_session(
    first: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night after lands a report filed on the fifth session; a rebuild gives the first four as they were."""
    site = first.copy_to(tmp_path / "later").use(monkeypatch)
    lighten_gate(monkeypatch)
    write_cover(site.archive, LATER)
    assert site.nightly(SESSIONS[5]).exit_code == 0
    assert site.rebuild().exit_code == 0
    is_before = pl.col("session_date") < LATER.filed
    for name in ("core.market_caps", "core.security_caps", "core.cap_candidates", "marts.segment_daily"):
        before, after = (one.rows(name).filter(is_before) for one in (first, site))
        assert before.height
        assert after.equals(before), name
    security = site.rows("core.securities", "security_id", symbol="GOOG").unique().item()
    counted = site.rows("core.security_caps", "session_date", "shares", security_id=security).rows()
    unlisted = 850_000_000.0  # class B goes with the line listed first, of two on one session by symbol
    assert [shares - unlisted for day, shares in counted if day < LATER.filed] == [5_420_000_000.0] * 4
    assert [shares - unlisted for day, shares in counted if day >= LATER.filed] == [5_320_000_000.0] * 2
