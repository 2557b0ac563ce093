"""German and UK listings beside US ones, from the operator's own files: caps in USD by euro reference rates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import pytest

from flows.run_record import RunOutcome, RunStatus
from tests.flows.conftest import Site
from tests.vendors.ecb import rates_zip
from tests.vendors.market import SESSIONS, Market
from tests.vendors.market_facts import Vintage, write_simfin

DAYS = (date(2025, 1, 2), date(2025, 1, 3), date(2025, 1, 6))
RATES = {
    date(2024, 12, 31): {"USD": "1.0389", "GBP": "0.82918"},
    date(2025, 1, 2): {"USD": "1.0321", "GBP": "0.83118"},
    date(2025, 1, 3): {"USD": "1.0299", "GBP": "0.82993"},
    date(2025, 1, 6): {"USD": "1.0426", "GBP": "0.83098"},
}
CLOSES = {
    ("nyse", "USCO", "USD", "US Co Inc. Common Stock", "United States"): (50.0, 51.0, 51.0),
    ("xetra", "INNO", "EUR", "INNOVATETECH AG", "Germany"): (25.0, 25.5, 25.5),
    ("lse", "BARC", "GBp", "Barclays PLC ORD 25P", "United Kingdom"): (405.25, 400.0, 402.5),
}
SHARES = {"USCO": 100_000_000, "INNO": 20_000_000, "BARC": 1_380_000_000}
HEADER = "session_date,exchange,symbol,close,net_change,currency,name,country,volume,open"


@dataclass
class Desk:
    """A site that is fed by the operator's files, and by an archive with the bank's rates."""

    site: Site

    def quote(self, days: tuple[date, ...] = DAYS, extra: str = "") -> None:
        """The operator's quotes of these days."""
        own = self.site.root / "own"
        own.mkdir(exist_ok=True)
        lines = [HEADER]
        for (exchange, symbol, currency, name, country), closes in CLOSES.items():
            for at, (day, close) in enumerate(zip(days, closes, strict=False)):
                change = close - closes[at - 1] if at else ""
                lines.append(f"{day},{exchange},{symbol},{close},{change},{currency},{name},{country},60{at}00,{close}")
        (own / "quotes.csv").write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")
        counts = [f"{symbol},2024-12-30,2024-12-30,{shares}" for symbol, shares in SHARES.items()]
        (own / "share_counts.csv").write_text("\n".join(["symbol,as_of,known_at,shares", *counts]) + "\n")

    def publish_rates(self, last: date = DAYS[-1], payload: bytes | None = None) -> None:
        """The bank's file as it is on a day, or other bytes in its place."""
        path = self.site.archive / "ecb_fx" / "eurofxref-hist.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        known = {day: rates for day, rates in RATES.items() if day <= last}
        path.write_bytes(rates_zip(known) if payload is None else payload)

    def backfill(self) -> RunOutcome:
        outcome = self.site.backfill(DAYS[0], DAYS[-1])
        assert outcome.exit_code == 0, outcome.one_line
        return outcome

    def caps(self, *columns: str, **equal: object) -> list[tuple[object, ...]]:
        return self.site.rows("core.market_caps", *columns, **equal).rows()


@pytest.fixture
def new_desk(new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Desk]:
    def make(name: str) -> Desk:
        site = new_site(name, Market())
        monkeypatch.setenv("SMALLCAPS_FILES_DIR", str(site.root / "own"))
        monkeypatch.setenv("SMALLCAPS_REQUIRED_SOURCES", '["files"]')
        for role in ("QUOTES", "SHARE_COUNTS"):
            monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", '["files"]')
        for role in ("CAPS", "FUNDAMENTALS", "MACRO", "FUND_FLOWS"):
            monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", "[]")
        site.archive.mkdir(parents=True)
        return Desk(site)

    return make


def test_german_and_uk_listings_have_caps_in_usd(new_desk: Callable[[str], Desk]) -> None:
    """Through the whole gate: InnovateTech's 20,000,000 shares at 25 EUR are 516,050,000 USD at 1.0321."""
    desk = new_desk("europe")
    desk.quote()
    desk.publish_rates()
    desk.backfill()
    columns = ("price", "cap_usd", "currency", "cap_local", "fx_rate")
    assert desk.caps(*columns, ticker="INNO") == [
        (25.0, 516_050_000, "EUR", 500_000_000, 1.0321),
        (25.5, 525_249_000, "EUR", 510_000_000, 1.0299),
        (25.5, 531_726_000, "EUR", 510_000_000, 1.0426),
    ]
    pounds = [1.0321 / 0.83118, 1.0299 / 0.82993, 1.0426 / 0.83098]
    assert desk.caps(*columns, ticker="BARC") == [
        (4.0525, round(5_592_450_000 * pounds[0]), "GBP", 5_592_450_000, pounds[0]),
        (4.0, round(5_520_000_000 * pounds[1]), "GBP", 5_520_000_000, pounds[1]),
        (4.025, round(5_554_500_000 * pounds[2]), "GBP", 5_554_500_000, pounds[2]),
    ]
    assert desk.caps(*columns, ticker="USCO")[0] == (50.0, 5_000_000_000, "USD", 5_000_000_000, 1.0)
    returns = [row[0] for row in desk.caps("return_price", ticker="INNO")]
    assert returns == [None, pytest.approx(0.02), 0.0]  # without the euro's move
    quoted = desk.site.rows("core.quotes", "open", "close", "currency", symbol="BARC")
    assert quoted.row(0) == (4.0525, 4.0525, "GBP")
    types = desk.site.rows("core.securities", "symbol", "security_type", "exchange", "country")
    assert set(types.rows()) == {
        ("USCO", "common", "nyse", "United States"),
        ("INNO", "common", "xetra", "Germany"),
        ("BARC", "common", "lse", "United Kingdom"),
    }
    buckets = desk.site.query(
        "select distinct bucket from core.bucket_memberships inner join core.market_caps using (company_id) "
        "where ticker = 'INNO' and scheme_id = 'fixed_usd'"
    )
    assert buckets["bucket"].to_list() == ["small"]
    rates = desk.site.rows("core.fx_rates", "as_of", "usd_per_unit", currency="EUR").rows()
    assert rates == [(day, float(rate["USD"])) for day, rate in RATES.items()]
    assert desk.site.rows("ops.quarantine").height == 0


def test_nights_end_as_a_backfill_and_a_rebuild_do(new_desk: Callable[[str], Desk], light_gate: None) -> None:
    nights = new_desk("nights")
    for number in range(1, len(DAYS) + 1):
        nights.quote(DAYS[:number])
        nights.publish_rates(DAYS[number - 1])
        outcome = nights.site.nightly(DAYS[number - 1])
        assert outcome.exit_code == 0, outcome.one_line
    by_nights = nights.site.hashes()
    assert nights.site.rebuild().exit_code == 0
    assert nights.site.hashes() == by_nights
    once = new_desk("once")
    once.quote()
    once.publish_rates()
    once.backfill()
    tables = ("core.market_caps", "core.quotes", "core.security_caps", "core.fx_rates", "marts.segment_daily")
    assert {name: once.site.hashes()[name] for name in tables} == {name: by_nights[name] for name in tables}


def test_a_rate_that_comes_late_is_about_the_past(new_desk: Callable[[str], Desk], light_gate: None) -> None:
    """The night took the rate of two days before; the next one finds its own, and judges it again."""
    desk = new_desk("late")
    desk.quote(DAYS[:2])
    desk.publish_rates(date(2024, 12, 31))
    assert desk.site.nightly(DAYS[0]).exit_code == 0
    assert desk.caps("cap_usd", "fx_rate", ticker="INNO") == [(519_450_000, 1.0389)]
    desk.publish_rates(DAYS[1])
    assert desk.site.nightly(DAYS[1]).exit_code == 0
    assert desk.caps("cap_usd", "fx_rate", ticker="INNO") == [(516_050_000, 1.0321), (525_249_000, 1.0299)]
    causes = desk.site.query("select distinct cause from ops.revisions")["cause"].to_list()
    assert causes == ["new about the past: exchange rates"]
    by_nights = desk.site.hashes()
    assert desk.site.rebuild().exit_code == 0
    assert desk.site.hashes() == by_nights


@pytest.mark.parametrize("payload", [b"<html>busy</html>", b"PK broken"], ids=["web_page", "broken_zip"])
def test_broken_rates_set_foreign_lines_aside_and_are_told(
    new_desk: Callable[[str], Desk], light_gate: None, payload: bytes
) -> None:
    desk = new_desk("broken")
    desk.quote()
    desk.publish_rates(payload=payload)
    outcome = desk.backfill()
    record = desk.site.record(outcome)
    assert record.status is RunStatus.DEGRADED
    assert list(record.degraded_sources) == ["ecb_rates"]
    assert "eurofxref-hist" in record.degraded_sources["ecb_rates"]
    assert set(desk.caps("ticker")) == {("USCO",)}
    aside = desk.site.rows("ops.quarantine", "session_date", "entity", reason_code="no_fx_rate").rows()
    assert set(aside) == {(day, symbol) for day in DAYS for symbol in ("INNO", "BARC")}


def test_unknown_codes_and_old_rates_are_told_by_name(new_desk: Callable[[str], Desk], light_gate: None) -> None:
    desk = new_desk("unknown")
    desk.quote(extra="2025-01-03,otc,ODD,5,,XYZ,Odd PLC,,100,5\n2025-01-03,moex,GAZP,5,,RUB,Gazprom,,100,5\n")
    rates = {date(2022, 3, 1): {"USD": "1.1", "GBP": "0.83", "RUB": "117.2"}, **RATES}
    desk.publish_rates(payload=rates_zip(rates))
    desk.backfill()
    told = {row[0]: row[1:] for row in desk.site.rows("ops.quarantine", "entity", "reason_code", "detail").rows()}
    assert told["ODD"][0] == "unknown_currency"
    assert "files/quotes/current" in told["ODD"][1]
    assert "field currency: 5.0 XYZ" in told["ODD"][1]
    assert told["GAZP"][0] == "no_fx_rate"
    assert "2022-03-01" in told["GAZP"][1]


def test_quotes_in_usd_alone_ask_for_no_rates(
    new_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    """An archive without rates degrades nothing where no line needs one; and their being there changes nothing."""
    usd = {line: closes for line, closes in CLOSES.items() if line[2] == "USD"}
    monkeypatch.setitem(globals(), "CLOSES", usd)
    without = new_desk("without")
    without.quote()
    assert without.site.record(without.backfill()).status is RunStatus.PUBLISHED
    hashes = without.site.hashes()
    with_rates = new_desk("with_rates")
    with_rates.quote()
    with_rates.publish_rates()
    assert with_rates.site.record(with_rates.backfill()).status is RunStatus.PUBLISHED
    assert not (with_rates.site.paths.landing / "ecb_rates").exists()
    assert with_rates.site.hashes() == hashes


def test_a_fall_of_the_pound_is_no_fault_of_the_file(
    new_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    """As on 2016-06-24: all caps in USD fall by a tenth while share prices hardly move, and the total is right."""
    pence = {line: closes for line, closes in CLOSES.items() if line[2] == "GBp"}
    monkeypatch.setitem(globals(), "CLOSES", pence)
    desk = new_desk("pounds")
    desk.quote()
    fallen = RATES | {DAYS[1]: {"USD": "1.0299", "GBP": "0.92"}, DAYS[2]: {"USD": "1.0299", "GBP": "0.92"}}
    desk.publish_rates(payload=rates_zip(fallen))
    desk.backfill()
    assert {status for status, _ in desk.site.verdicts().values()} == {"published"}
    assert [row[0] for row in desk.caps("return_price")][1:] == [pytest.approx(-5.25 / 405.25), pytest.approx(0.00625)]


def test_statements_in_euros_are_taken_at_the_rates_of_their_periods(
    new_site: Callable[[str, Market], Site], light_gate: None
) -> None:
    """Rates that an archive has are at hand from the start; where they come later, all sessions are judged again."""
    told = {}
    for name, currency, rates_from in (("dollars", "USD", 9), ("at_once", "EUR", 0), ("later", "EUR", 1)):
        site = new_site(name, Market())
        site.market.write(site.archive, SESSIONS[:4])
        write_simfin(site.market, site.archive, Vintage(currency=currency))
        for number, days in enumerate((SESSIONS[:3], SESSIONS[3:4])):
            if number == rates_from:
                _publish_weekdays(site)
            assert site.backfill(days[0], days[-1]).exit_code == 0
            if number < rates_from and currency == "EUR":
                assert valued(site)["value"].null_count() == valued(site).height
        told[name] = valued(site)
    assert told["at_once"].equals(told["later"])
    both = told["dollars"].join(told["later"], on=["session_date", "segment", "measure", "convention"])
    assert both.height == told["dollars"].height > 100
    # A euro earned is 1.25 dollars earned: multiples are a fifth lower.
    assert both["value_right"].to_list() == pytest.approx((both["value"] / 1.25).to_list(), rel=1e-6)


def _publish_weekdays(site: Site) -> None:
    """Rates of 1.25 dollars for a euro on every weekday of six years."""
    days = [day for number in range(2200) if (day := SESSIONS[3] - timedelta(days=number)).weekday() < 5]
    path = site.archive / "ecb_fx" / "eurofxref-hist.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(rates_zip({day: {"USD": "1.25"} for day in days}))


def valued(site: Site) -> pl.DataFrame:
    """P/E and P/B of the segments that have any, every session."""
    return site.query(
        "select session_date, segment, measure, convention, value from marts.valuation_daily "
        "where scheme_id = 'fixed_usd' and universe = 'all' and measure in ('pe', 'pb') and segment <> 'nano'"
    ).sort(pl.all())
