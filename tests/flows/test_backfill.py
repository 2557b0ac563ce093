"""Ranges, corrections and rebuilds over the tiny market: whichever way it came about, the warehouse is the same."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import cli
from flows.run_record import RunStatus
from tests.flows.conftest import ALL_SESSIONS, BASE_SESSIONS, Site, lighten_gate
from tests.vendors.market import SESSIONS, Edit, Market, Rename, Split, companies
from tests.vendors.market_facts import Vintage, write_facts, write_simfin
from tests.vendors.market_faults import cap_times, repeated

REFUSED, MISSING = SESSIONS[4], SESSIONS[7]
HELD, SPLIT, RENAMED, TWO_CLASSES = (companies(7, size)[0] for size in ("small", "large", "mid", "mega"))
EVENTFUL = Market(
    splits=(Split(SPLIT.symbol, SESSIONS[6], 4, lag=2),),
    renames=(Rename(RENAMED.symbol, SESSIONS[8], "NEWSYM", f"{RENAMED.name.split()[0]} Platforms Inc. Common Stock"),),
)
EDITS: dict[date, tuple[Edit, ...]] = {
    REFUSED: (repeated(),),
    SESSIONS[5]: (cap_times(17.3, HELD.symbol),),
}


def write_eventful(archive: Path) -> None:
    """Twelve sessions over a change of year: one refused, one missing, a lagging split, a rename, a wrong cap."""
    EVENTFUL.write(archive, [session for session in ALL_SESSIONS if session != MISSING], EDITS)
    write_facts(EVENTFUL, archive, ALL_SESSIONS)


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The eventful market in one backfill; never changed."""
    site = Site(tmp_path_factory.mktemp("eventful"), EVENTFUL)
    write_eventful(site.archive)
    with pytest.MonkeyPatch.context() as patch:
        lighten_gate(patch)
        site.use(patch)
        outcome = site.backfill(ALL_SESSIONS[0], ALL_SESSIONS[-1])
    assert outcome.exit_code == 0, outcome.one_line
    return site


def test_backfill_names_what_it_refused_and_what_was_missing(eventful: Site) -> None:
    verdicts = eventful.verdicts()
    assert list(verdicts) == list(ALL_SESSIONS)
    assert verdicts[REFUSED] == ("refused", ["ADM_REPEATED", "ADM_CHAIN"]) or verdicts[REFUSED][1][0] == "ADM_REPEATED"
    assert verdicts[MISSING] == ("missing", [])
    others = [verdict[0] for session, verdict in verdicts.items() if session not in (REFUSED, MISSING)]
    assert others == ["published"] * 10
    held = eventful.rows("ops.quarantine", "session_date", "entity", "reason_code")
    assert set(held["reason_code"]) == {"ADM_JUMP"}
    assert (SESSIONS[5], f"C:{HELD.symbol}~20241223", "ADM_JUMP") in held.rows()


def test_incremental_equals_backfill_and_rebuild(
    eventful: Site, new_site: Callable[[str, Market], Site], light_gate: None
) -> None:
    expected = eventful.hashes()
    nightly = new_site("nightly", EVENTFUL)
    write_eventful(nightly.archive)
    codes = [nightly.nightly(session).exit_code for session in ALL_SESSIONS]
    assert codes == [0, 0, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0]
    assert _differing(nightly.hashes(), expected) == []

    from_landing = new_site("from_landing", EVENTFUL)
    shutil.copytree(nightly.paths.landing, from_landing.paths.landing)
    assert from_landing.rebuild().exit_code == 0
    assert _differing(from_landing.hashes(), expected) == []
    assert from_landing.verdicts() == eventful.verdicts()


def _differing(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    assert found.keys() == expected.keys()
    assert sum(int(value.partition(":")[0]) > 0 for value in expected.values()) >= 12, "empty tables prove nothing"
    return [name for name, value in found.items() if value != expected[name]]


def test_strict_backfill_ends_with_two(site: Site, capsys: pytest.CaptureFixture[str], light_gate: None) -> None:
    site.serve(SESSIONS[5], repeated())
    site.serve(SESSIONS[6])
    arguments = ["backfill", "--from", SESSIONS[5].isoformat(), "--to", SESSIONS[6].isoformat()]
    assert cli.run(arguments) == 0
    told = capsys.readouterr().out
    assert SESSIONS[5].isoformat() in told
    assert "ADM_REPEATED" in told
    site.serve(SESSIONS[7], repeated())
    site.serve(SESSIONS[8])
    arguments = ["backfill", "--from", SESSIONS[7].isoformat(), "--to", SESSIONS[8].isoformat(), "--strict"]
    assert cli.run(arguments) == 2
    assert "ADM_REPEATED" in capsys.readouterr().err
    assert site.verdicts()[SESSIONS[8]][0] == "published", "what was good is published all the same"


def test_backfill_of_a_refused_session_alone_adds_its_verdict(site: Site, light_gate: None) -> None:
    """On top of what is published: nothing new is admitted, and the tables stay as they are."""
    before = site.hashes()
    site.serve(SESSIONS[5], repeated())
    outcome = site.backfill(SESSIONS[5], SESSIONS[5])
    assert outcome.exit_code == 0, outcome.one_line
    status, codes = site.verdicts()[SESSIONS[5]]
    assert status == "refused"
    assert "ADM_REPEATED" in codes
    assert site.hashes() == before


def test_backfill_of_a_missing_session_alone_adds_its_verdict(site: Site, light_gate: None) -> None:
    before = site.hashes()
    outcome = site.backfill(SESSIONS[5], SESSIONS[5])
    assert outcome.exit_code == 0, outcome.one_line
    assert site.verdicts()[SESSIONS[5]][0] == "missing"
    assert site.hashes() == before


def test_corrected_file_recomputes_what_follows_and_is_told(site: Site, light_gate: None) -> None:
    """The vendor serves an old session again, with another cap: later rows that rest on it change too."""
    corrected, company = BASE_SESSIONS[2], companies(7, "large")[2]
    before = site.rows("core.market_caps")
    site.serve(corrected, cap_times(1.05, company.symbol))
    outcome = site.backfill(corrected, corrected)
    assert outcome.exit_code == 0, outcome.one_line
    after = site.rows("core.market_caps")
    old, new = (_cap(frame, company.symbol, corrected) for frame in (before, after))
    assert new == pytest.approx(old * 1.05)
    told = site.rows("ops.revisions")
    caps = told.filter((pl.col("table_name") == "core.market_caps") & (pl.col("column_name") == "cap_usd"))
    assert caps.height == 1
    assert caps["row_key"].item() == f"{corrected} | C:{company.symbol}~20241223"
    assert (caps["old_value"].item(), caps["new_value"].item()) == (str(old), str(new))
    assert "about the past" in caps["cause"].item()
    totals = told.filter((pl.col("table_name") == "marts.segment_daily") & (pl.col("column_name") == "market_cap_usd"))
    assert {key.split(" | ")[0] for key in totals["row_key"]} == {corrected.isoformat()}


def _cap(caps: pl.DataFrame, ticker: str, session: date) -> int:
    value: int = caps.filter((pl.col("ticker") == ticker) & (pl.col("session_date") == session))["cap_usd"].item()
    return value


def test_missed_session_is_caught_up_when_its_files_come(
    eventful: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    site = eventful.copy_to(tmp_path / "late").use(monkeypatch)
    assert site.night(MISSING).exit_code == 0
    assert site.verdicts()[MISSING] == ("published", [])
    assert set(site.rows("core.market_caps", session_date=SESSIONS[8])["is_multi_day"]) == {False}


BY_SESSION = (
    "core.quotes",
    "core.security_caps",
    "core.market_caps",
    "marts.segment_daily",
    "marts.valuation_daily",
    "marts.valuation_spread_daily",
    "marts.fund_flows_daily",
    "marts.segment_flows_daily",
)


def test_later_sessions_change_no_earlier_row(site: Site, light_gate: None) -> None:
    before = {name: _by_base(site, name) for name in BY_SESSION}
    assert all(frame.height for frame in before.values())
    site.market.write(site.archive, SESSIONS[5:9], {SESSIONS[5]: [cap_times(17.3, HELD.symbol)]})
    # One later download restates what was known; the next one has a quarter that was published on 3 January.
    write_simfin(site.market, site.archive, Vintage(date(2025, 1, 2), growth=0.5))
    new_quarter = Vintage(date(2025, 1, 6), (date(2024, 12, 31),), timedelta(days=3), growth=3.0)
    write_simfin(site.market, site.archive, new_quarter)
    assert site.backfill(SESSIONS[5], SESSIONS[8]).exit_code == 0
    for name in BY_SESSION:
        assert _by_base(site, name).equals(before[name]), name
    assert site.rows("ops.revisions").is_empty()
    values = site.rows(
        "marts.valuation_daily",
        measure="pe",
        convention="incl_losses",
        segment="total",
        scheme_id="fixed_usd",
        universe="all",
    )
    assert values["value"][-1] < values["value"][0], "what was published since does count since"


def _by_base(site: Site, table_name: str) -> pl.DataFrame:
    return site.rows(table_name).filter(pl.col("session_date") <= BASE_SESSIONS[-1])


def test_rebuild_in_place_changes_nothing(site: Site, light_gate: None) -> None:
    before = site.hashes()
    outcome = site.rebuild()
    assert outcome.exit_code == 0
    assert site.record(outcome).status is RunStatus.PUBLISHED
    assert site.hashes() == before


def test_backfill_over_what_is_there_has_nothing_to_do(site: Site) -> None:
    outcome = site.backfill(BASE_SESSIONS[1], BASE_SESSIONS[3])
    assert outcome.exit_code == 0
    assert "Nothing to do" in outcome.summary


def test_nothing_good_in_the_range_publishes_nothing(new_site: Callable[[str, Market], Site]) -> None:
    site = new_site("nothing", Market())
    site.archive.mkdir()
    outcome = site.backfill(SESSIONS[0], SESSIONS[1])
    assert outcome.exit_code in (2, 3)
    assert not site.paths.warehouse.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["rebuild"], 3),
        (["backfill", "--from", "2024-12-28", "--to", "2024-12-29"], 4),
        (["backfill", "--from", "2024-12-30", "--to", "2062-01-03"], 4),
        (["backfill", "--from", "2024-12-30", "--to", "2024-12-27"], 4),
    ],
    ids=["rebuild_of_nothing", "weekend", "future", "backwards"],
)
def test_ranges_that_cannot_be(
    new_site: Callable[[str, Market], Site], arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    site = new_site("empty", Market())
    assert cli.run(arguments) == code
    assert "Next:" in capsys.readouterr().err.splitlines()[-1]
    assert not site.paths.warehouse.exists()


INNO_QUOTES = (
    "session_date,exchange,symbol,close,currency\n2025-01-02,xetra,INNO,25.00,USD\n2025-01-03,xetra,INNO,25.50,USD\n"
)
INNO_SHARES = "symbol,as_of,known_at,shares\nINNO,2024-12-31,2024-12-31,20000000\n"


@pytest.mark.parametrize("volume", ["", "60000"], ids=["without_volume", "with_volume"])
def test_innovatetech_is_worth_500_million_and_small(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, volume: str
) -> None:
    """The plain case, end to end and through the whole gate: 20,000,000 shares at 25, from the operator's two files."""
    site = own_files_site(new_site, monkeypatch, INNO_QUOTES, volume)
    outcome = site.backfill(date(2025, 1, 2), date(2025, 1, 3))
    assert outcome.exit_code == 0, outcome.one_line
    caps = site.rows("core.market_caps", "price", "shares", "cap_usd", "tier", "shares_source")
    assert caps.rows() == [
        (25.0, 20_000_000.0, 500_000_000, "files_shares", "files: share_counts"),
        (25.5, 20_000_000.0, 510_000_000, "files_shares", "files: share_counts"),
    ]
    bucket = site.rows("core.bucket_memberships", "bucket", "valid_from", scheme_id="fixed_usd")
    assert bucket.rows() == [("small", date(2025, 1, 2))]
    held = site.rows("marts.segment_daily", "market_cap_usd", "company_count", segment="small", scheme_id="fixed_usd")
    assert held.rows() == [(500_000_000, 1), (510_000_000, 1)]


def test_euros_are_never_taken_for_dollars(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    """Without exchange rates a line in EUR has no cap in USD: set aside where others are there, else refused."""
    monkeypatch.setenv("SMALLCAPS_SOURCES__FX", "[]")
    only_euros = own_files_site(new_site, monkeypatch, INNO_QUOTES.replace("USD", "EUR"), "60000", name="euros")
    outcome = only_euros.backfill(date(2025, 1, 2), date(2025, 1, 3))
    assert outcome.exit_code == 2, outcome.one_line
    assert not only_euros.paths.warehouse.exists()

    mixed = INNO_QUOTES + "2025-01-02,xetra,EURO,10.00,EUR\n2025-01-03,xetra,EURO,10.00,EUR\n"
    site = own_files_site(new_site, monkeypatch, mixed, "60000", name="mixed")
    assert site.backfill(date(2025, 1, 2), date(2025, 1, 3)).exit_code == 0
    assert set(site.rows("core.market_caps", "ticker")["ticker"]) == {"INNO"}
    aside = site.rows("ops.quarantine", "session_date", "entity", "reason_code", reason_code="no_fx_rate")
    assert sorted(aside.rows()) == [
        (date(2025, 1, 2), "EURO", "no_fx_rate"),
        (date(2025, 1, 3), "EURO", "no_fx_rate"),
    ]


def test_rows_of_a_closed_day_are_set_aside_and_named(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    saturday = "2025-01-04,xetra,INNO,25.60,USD\n2025-01-06,xetra,INNO,25.60,USD\n"
    site = own_files_site(new_site, monkeypatch, INNO_QUOTES + saturday, "60000")
    assert site.backfill(date(2025, 1, 2), date(2025, 1, 6)).exit_code == 0
    (row,) = site.rows("ops.quarantine").to_dicts()
    assert (row["session_date"], row["entity"], row["reason_code"]) == (date(2025, 1, 6), "2025-01-04", "ADM_CALENDAR")
    assert "1 rows" in row["detail"]


def test_one_symbol_on_two_exchanges_is_set_aside(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    """Which of the two is the security nobody says; the other companies go on."""
    twins = "".join(f"2025-01-0{day},{place},TWIN,9.00,USD\n" for day in (2, 3) for place in ("xetra", "nyse"))
    site = own_files_site(new_site, monkeypatch, INNO_QUOTES + twins, "60000")
    assert site.backfill(date(2025, 1, 2), date(2025, 1, 3)).exit_code == 0
    assert set(site.rows("core.quotes", "symbol")["symbol"]) == {"INNO"}
    aside = site.rows("ops.quarantine", "session_date", "entity", reason_code="duplicate_symbol")
    assert sorted(aside.rows()) == sorted((date(2025, 1, day), "TWIN") for day in (2, 3) for _ in range(2))


def test_session_without_a_company_is_refused_with_the_reason(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    """Own quotes with caps and without volumes: no first level can be believed, and the message says why."""
    site = own_files_site(new_site, monkeypatch, INNO_QUOTES.replace("INNO", "ELSE"), "")
    quotes = site.root / "own" / "quotes.csv"
    lines = quotes.read_text().splitlines()
    quotes.write_text("\n".join([lines[0] + ",vendor_cap_usd", *(f"{line},500000000" for line in lines[1:])]) + "\n")
    outcome = site.backfill(date(2025, 1, 2), date(2025, 1, 3))
    assert outcome.exit_code == 2
    assert {code for verdict in site.record(outcome).sessions for code in verdict.rule_codes} >= {"ADM_NO_COMPANY"}
    assert "volumes known of 0" in site.record(outcome).sessions[0].detail


def test_unreadable_rows_of_own_files_are_told_once_under_their_session(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    """A day that can be read is the row's session; the rest stands under the first session of the run that read it."""
    symbols = [f"OWN{number:02d}" for number in range(60)]
    days = ("2024-12-30", "2024-12-31", "2025-01-02", "2025-01-03")
    quotes = [f"{day},xetra,{symbol},25.{number}0,USD" for number, day in enumerate(days) for symbol in symbols]
    broken = ["2024-12-31,xetra,LOSS,abc,USD", "2025-01-03,xetra,GAIN,x,USD", "31.12.2024,xetra,DATE,9.00,USD"]
    text = "session_date,exchange,symbol,close,currency\n" + "\n".join([*quotes, *broken]) + "\n"
    site = own_files_site(new_site, monkeypatch, text, "60000")
    counts = [f"{symbol},2024-12-29,2024-12-29,20000000" for symbol in symbols]
    bad_count = "BADC,2024-12-29,2024-12-29,many"
    (site.root / "own" / "share_counts.csv").write_text(
        "\n".join(["symbol,as_of,known_at,shares", *counts, bad_count]) + "\n", encoding="utf-8"
    )
    outcome = site.backfill(date(2024, 12, 30), date(2025, 1, 2))
    assert outcome.exit_code == 0, outcome.one_line

    def told() -> set[tuple[date, str, str]]:
        rows = site.rows("ops.quarantine", "session_date", "entity", "reason_code").rows()
        assert len(rows) == len(set(rows))
        return {(day, next(word for word in entity.split() if word.isupper()), code) for day, entity, code in rows}

    first = {
        (date(2024, 12, 31), "LOSS", "not_a_number"),
        (date(2024, 12, 30), "DATE", "not_a_date"),
        (date(2024, 12, 30), "BADC", "not_a_number"),
    }
    assert told() == first
    night = site.nightly(date(2025, 1, 3))
    assert night.exit_code == 0, night.one_line
    assert told() == first | {(date(2025, 1, 3), "GAIN", "not_a_number")}


def own_files_site(
    new_site: Callable[[str, Market], Site],
    monkeypatch: pytest.MonkeyPatch,
    quotes_text: str,
    volume: str,
    name: str = "inno",
) -> Site:
    """A data folder fed by nothing but the operator's own quotes and share counts."""
    site = new_site(name, Market())
    own = site.root / "own"
    own.mkdir()
    header, *lines = quotes_text.splitlines()
    quotes = [f"{header},volume,name", *(f"{line},{volume},{line.split(',')[2]} AG" for line in lines)]
    (own / "quotes.csv").write_text("\n".join(quotes) + "\n", encoding="utf-8")
    (own / "share_counts.csv").write_text(INNO_SHARES, encoding="utf-8")
    monkeypatch.delenv("SMALLCAPS_ARCHIVE", raising=False)
    monkeypatch.setenv("SMALLCAPS_FILES_DIR", str(own))
    monkeypatch.setenv("SMALLCAPS_REQUIRED_SOURCES", '["files"]')
    for role, names in {"QUOTES": '["files"]', "SHARE_COUNTS": '["files"]', "CAPS": "[]"}.items():
        monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", names)
    for role in ("FUNDAMENTALS", "MACRO", "FUND_FLOWS"):
        monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", "[]")
    return site
