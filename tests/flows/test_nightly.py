"""Nights over the tiny market: good, refused, failed, degraded, asked wrongly; whatever happens, what stands stays."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from expectations.failing_lines import COLUMNS
from flows import cli
from flows.edge.lock import writer_lock
from flows.edge.rate_limit import HostRateLimit
from flows.nightly import run_nightly
from flows.run_record import RunStatus
from flows.sources.model import ASK_AGAIN
from tests.flows.conftest import BASE_SESSIONS, Site
from tests.vendors.alert_channels import webhook
from tests.vendors.loopback import Answer, vendor_server
from tests.vendors.market import EXCHANGES, SESSIONS, Edit, Market, Rename, Split, companies, packed
from tests.vendors.market_facts import Vintage, write_facts, write_simfin
from tests.vendors.market_faults import (
    cap_times,
    concatenated,
    cut_gzip,
    cut_json,
    cut_to,
    each_row,
    empty_body,
    from_session,
    html_page,
    one_row,
    repeated,
    twice,
    without,
)
from transforms.contracts import table

NIGHT, NEXT = SESSIONS[5], SESSIONS[6]
MEGA, SMALL = companies(7, "mega")[0], companies(7, "small")[0]


def test_good_night_is_gated_and_published(site: Site) -> None:
    outcome = site.night(NIGHT)
    assert outcome.exit_code == 0
    record = site.record(outcome)
    assert record.status is RunStatus.PUBLISHED
    assert record.gate["passed"] is True
    assert record.alerts == []
    assert list(site.verdicts()) == [*BASE_SESSIONS, NIGHT]
    assert all(verdict == ("published", []) for verdict in site.verdicts().values())
    segments = site.rows("marts.segment_daily", session_date=NIGHT, scheme_id="fixed_usd")
    counts = dict(segments.select("segment", "company_count").iter_rows())
    assert counts == {
        "nano": 20, "micro": 30, "small": 44, "mid": 29, "large": 28, "mega": 30, "smid": 73, "total": 181,
    }  # fmt: skip
    outcomes = dict(site.query("select outcome, count(*) from ops.checks group by all").iter_rows())
    assert outcomes["passed"] > 100
    assert not {"failed", "errored"} & set(outcomes)


def test_second_run_of_a_published_night_has_nothing_to_do(site: Site) -> None:
    before = site.digest()
    outcome = site.nightly(BASE_SESSIONS[-1])
    assert outcome.exit_code == 0
    assert "Nothing to do" in outcome.summary
    assert site.record(outcome).status is RunStatus.NOTHING_TO_DO
    assert site.digest() == before


@pytest.mark.parametrize(
    ("code", "edit"),
    [
        ("ADM_REPEATED", repeated()),
        ("ADM_REPEATED", repeated("nasdaq")),
        ("ADM_CHAIN", from_session(SESSIONS[9])),
        ("ADM_ROWS", cut_to("nyse", 0.7)),
        ("ADM_QUARANTINE_WEIGHT", cap_times(2)),
    ],
    ids=["yesterday_again", "one_exchange_stale", "another_session", "lost_page", "caps_doubled"],
)
def test_refused_night_changes_nothing(site: Site, code: str, edit: Edit) -> None:
    before = site.digest()
    outcome = site.night(NIGHT, edit)
    assert outcome.exit_code == 2
    assert code in outcome.summary
    record = site.record(outcome)
    assert record.status is RunStatus.REFUSED
    assert [(v.session_date, v.status) for v in record.sessions] == [(NIGHT.isoformat(), "refused")]
    assert code in record.sessions[0].rule_codes
    assert record.published_path is None
    assert site.digest() == before


@pytest.mark.usefixtures("light_gate")
def test_refusal_is_told_and_the_next_night_records_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as hook:
        monkeypatch.setenv("SMALLCAPS_ALERT_URLS", hook.url)
        outcome = site.night(NIGHT, cap_times(2))
        (post,) = hook.posts
        text = f"{post['title']}\n{post['message']}"
        for told in (
            outcome.run_id,
            "ADM_QUARANTINE_WEIGHT",
            NIGHT.isoformat(),
            "staged_rows 199",
            "Failing rows (10 of",
        ):
            assert told in text
        assert f"last good session  {BASE_SESSIONS[-1]}" in text
        assert str(site.paths.warehouse) in text
        assert "untouched" in text
        table = text.partition("Failing rows")[2].splitlines()[1:12]
        assert sum(any(symbol in line for symbol in _symbols()) for line in table) == 10

        good = site.night(NEXT)
        assert good.exit_code == 0
        assert "RECOVERED" in hook.posts[1]["title"]
    status, codes = site.verdicts()[NIGHT]
    assert status == "refused"
    assert "ADM_QUARANTINE_WEIGHT" in codes
    assert site.verdicts()[NEXT][0] == "published"
    assert site.rows("core.quotes", session_date=NIGHT).is_empty()
    assert set(site.rows("core.market_caps", session_date=NEXT)["is_multi_day"]) == {True}


def test_stale_file_is_told_with_its_lines(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as hook:
        monkeypatch.setenv("SMALLCAPS_ALERT_URLS", hook.url)
        assert site.night(NIGHT, repeated("nyse")).exit_code == 2
        (post,) = hook.posts
    count = len(site.market.night(NIGHT).rows["nyse"])
    table_head, *lines = post["message"].partition(f"Failing rows (10 of {count})\n")[2].splitlines()[:11]
    assert table_head.split() == list(COLUMNS)
    assert len(lines) == 10
    for line in lines:
        exchange, _, close, last_close, _, volume, last_volume = line.split()
        assert (exchange, close, volume) == ("nyse", last_close, last_volume)


def _symbols() -> set[str]:
    return {company.symbol for size in ("mega", "large") for company in companies(7, size)}


@pytest.mark.usefixtures("light_gate")
def test_missing_files_fail_the_night_and_the_next_one_goes_on(site: Site) -> None:
    before = site.digest()
    outcome = site.nightly(NIGHT)
    assert outcome.exit_code == 3
    assert "nasdaq_screener" in outcome.summary
    assert site.record(outcome).status is RunStatus.FAILED
    assert site.digest() == before
    assert site.night(NEXT).exit_code == 0
    assert site.verdicts()[NIGHT] == ("missing", [])


# What the vendor serves instead of data. Each names source, file and field, and where in the file.
UNREADABLE: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "cut_gzip": (cut_gzip("nyse"), ("daily/nyse", "body")),
    "cut_json": (cut_json("nyse"), ("daily/nyse", "body", "not whole JSON", "column")),
    "concatenated_json": (concatenated("amex"), ("daily/amex", "body", "second JSON document", "column")),
    "html_page": (html_page("nasdaq"), ("daily/nasdaq", "body", "web page")),
    "empty_body": (empty_body("nasdaq"), ("daily/nasdaq", "body", "blank")),
    "missing_column": (each_row("nyse", volume=None), ("daily/nyse", "field volume", "missing")),
    "extra_column": (each_row("nyse", beta="1.1"), ("daily/nyse", "field beta", "unknown")),
    "column_in_one_row": (one_row(MEGA.symbol, beta="1.1"), ("field beta", "row")),
    "number_instead_of_text": (one_row(MEGA.symbol, lastsale=12.5), ("field lastsale", "12.5")),
    "every_price_unreadable": (each_row("amex", lastsale="n/a"), ("daily/amex", "field lastsale", "not_a_number")),
    "missing_exchange": (without("amex"), ("amex",)),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_is_named_and_kept(site: Site, name: str) -> None:
    edit, told = UNREADABLE[name]
    before = site.digest()
    outcome = site.night(NIGHT, edit)
    assert outcome.exit_code == 3
    for part in ("nasdaq_screener", *told):
        assert part in outcome.one_line
    assert outcome.next_step == ASK_AGAIN
    assert site.record(outcome).status is RunStatus.FAILED
    assert site.digest() == before
    served = {file.read_bytes() for file in (site.archive / f"nasdaq_screener/daily/{NIGHT}").iterdir()}
    landed = {file.read_bytes() for file in site.paths.landing.rglob(f"{NIGHT}/*.json.gz")}
    assert landed == served


@pytest.mark.usefixtures("light_gate")
def test_unreadable_night_can_be_run_again_when_mended(site: Site) -> None:
    assert site.night(NIGHT, html_page("nyse")).exit_code == 3
    assert site.night(NIGHT).exit_code == 0
    assert site.verdicts()[NIGHT][0] == "published"


@pytest.mark.usefixtures("light_gate")
def test_broken_file_landed_over_a_good_one_takes_nothing_back(site: Site) -> None:
    """The vendor serves rubbish for a night that is published: its good files count, now and in a rebuild."""
    assert site.night(NIGHT).exit_code == 0
    before = site.hashes()
    edit, _ = UNREADABLE["html_page"]
    assert site.night(NIGHT, edit).exit_code == 0
    assert site.verdicts()[NIGHT][0] == "published"
    assert site.hashes() == before
    assert site.rebuild().exit_code == 0
    assert site.hashes() == before


@pytest.mark.usefixtures("light_gate")
def test_single_bad_rows_go_to_quarantine_with_their_reason(site: Site) -> None:
    unreadable, differing, equal = companies(7, "mega")[1], companies(7, "small")[2], companies(7, "large")[1]
    outcome = site.night(NIGHT, one_row(unreadable.symbol, lastsale="n/a"), twice(differing.symbol, volume="17"))
    assert outcome.exit_code == 0, outcome.one_line
    assert site.night(NEXT, twice(equal.symbol)).exit_code == 0
    held = site.rows("ops.quarantine", "session_date", "entity", "reason_code")
    assert {(day, entity.split()[-1], reason) for day, entity, reason in held.iter_rows()} == {
        (NIGHT, unreadable.symbol, "not_a_number"),
        (NIGHT, differing.symbol, "duplicate_symbol"),
        (NEXT, equal.symbol, "duplicate_row"),
    }
    for session, count in ((NIGHT, 197), (NEXT, 199)):
        symbols = site.rows("core.quotes", session_date=session)["symbol"]
        assert len(symbols) == symbols.n_unique() == count


@pytest.mark.usefixtures("light_gate")
def test_one_wrong_cap_is_held_back_and_returns(site: Site) -> None:
    assert site.night(NIGHT, cap_times(17.3, SMALL.symbol)).exit_code == 0
    assert NIGHT not in site.rows("core.market_caps", ticker=SMALL.symbol)["session_date"]
    (row,) = site.rows("ops.quarantine", session_date=NIGHT).to_dicts()
    assert row["reason_code"] == "ADM_JUMP"
    assert SMALL.symbol in row["detail"]
    segment = site.rows("marts.segment_daily", session_date=NIGHT, segment="small", scheme_id="fixed_usd")
    told = segment.select("quarantined_count", "quarantined_cap_usd", "company_count").row(0)
    assert told == (1, row["last_cap_usd"], 43)
    assert site.night(NEXT).exit_code == 0
    caps = site.rows("core.market_caps", ticker=SMALL.symbol)
    assert caps["session_date"].to_list() == [*BASE_SESSIONS, NEXT]


def test_a_cap_wrong_by_an_exact_factor_is_not_taken(site: Site) -> None:
    """The count jumped by twenty, as no issue of shares does: the one before stands, and the company stays."""
    assert site.night(NIGHT, cap_times(20, SMALL.symbol)).exit_code == 0
    caps = site.rows("core.market_caps", ticker=SMALL.symbol).sort("session_date")
    assert caps["session_date"].to_list() == [*BASE_SESSIONS, NIGHT]
    step = caps["cap_usd"][-1] / caps["cap_usd"][-2] - 1
    assert step == pytest.approx(caps["return_price"][-1], abs=1e-3)
    line = site.rows("core.security_caps", session_date=NIGHT, company_id=caps["company_id"][-1])
    assert line["vendor_factor"].to_list() == [pytest.approx(0.05)]
    assert caps["shares_source"][-1] == "derived: cap / price x 0.05, jumped_without_split"


def test_required_archive_that_is_not_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLCAPS_ARCHIVE", str(site.root / "nowhere"))
    before = site.digest()
    outcome = site.nightly(NIGHT)
    assert outcome.exit_code == 3
    assert "nowhere" in outcome.summary
    assert site.digest() == before


@pytest.mark.usefixtures("light_gate")
def test_optional_source_that_fails_degrades_the_night(
    new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = new_site("degraded", Market())
    site.market.write(site.archive, SESSIONS[3:6])
    write_facts(site.market, site.archive, SESSIONS[3:5])
    assert site.backfill(SESSIONS[3], SESSIONS[4]).exit_code == 0
    broken = site.archive / "simfin" / "2025-01-01"
    broken.mkdir()
    (broken / "us-income-quarterly.zip").write_bytes(b"PK\x03\x04 cut off")
    for file in (site.archive / "etf" / "flows_2025").iterdir():
        file.unlink()
    with webhook() as hook:
        monkeypatch.setenv("SMALLCAPS_ALERT_URLS", hook.url)
        outcome = site.nightly(NIGHT)
        (post,) = hook.posts
    assert outcome.exit_code == 0, outcome.one_line
    assert "DEGRADED" in post["title"]
    assert "us-income-quarterly" in post["message"]
    assert set(site.record(outcome).degraded_sources) == {"etf_flows", "simfin"}
    marked = site.rows("ops.sessions", "session_date", "is_degraded", "degraded_sources")
    assert marked.rows() == [
        (SESSIONS[3], False, []),
        (SESSIONS[4], False, []),
        (NIGHT, True, ["etf_flows", "simfin"]),
    ]
    flows = site.rows("marts.fund_flows_daily", "flow_usd", "quality", "is_carried_forward", session_date=NIGHT)
    assert set(flows.rows()) == {(None, "missing", True)}
    values = site.rows("marts.valuation_daily", session_date=NIGHT)["value"]
    assert values.drop_nulls().len() > 0, "the fundamentals landed before still count"

    published = site.hashes()
    assert site.rebuild().exit_code == 0
    assert site.hashes() == published
    assert site.rows("ops.sessions", "session_date", "is_degraded", "degraded_sources").equals(marked)


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2024, 12, 25), "no session"),
        (date(2025, 1, 9), "no session"),
        (date(2024, 12, 28), "no session"),
        (date(2062, 1, 3), "2062-01-03"),
    ],
    ids=["christmas", "day_of_mourning", "saturday", "far_future"],
)
def test_day_without_a_completed_session_is_usage(
    site: Site, day: date, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = site.digest()
    assert cli.run(["nightly", "--session", day.isoformat()]) == 4
    assert told in capsys.readouterr().err.splitlines()[-1]
    assert site.digest() == before


def test_second_run_while_one_is_running(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.serve(NIGHT)
    before = site.digest()
    with writer_lock(site.paths, "the-other-run"):
        assert cli.run(["nightly", "--session", NIGHT.isoformat()]) == 5
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert "the-other-run" in last_line
    assert site.digest() == before
    assert not list(site.paths.landing.rglob(f"{NIGHT}/*"))


def test_unwritable_data_folder(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where a folder should be")
    assert cli.run(["nightly", "--session", NIGHT.isoformat(), "--data-dir", str(in_the_way / "data")]) == 4
    assert "cannot be written" in capsys.readouterr().err.splitlines()[-1]
    assert site.paths.warehouse.exists()


@pytest.mark.parametrize(
    "now",
    [datetime(2025, 1, 2, 22, tzinfo=UTC), datetime(2025, 1, 2, 15, tzinfo=UTC)],
    ids=["a_session_later", "in_the_middle_of_the_next_session"],
)
def test_past_session_is_not_asked_of_a_live_source_without_history(
    site: Site, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """What the market shows today never fills a past session; nothing is asked, so no network is needed."""
    _live(monkeypatch, now)
    monkeypatch.setenv("SMALLCAPS_BASE_URLS", '{"nasdaq_screener": "http://127.0.0.1:9/nobody"}')
    outcome = site.nightly(NIGHT)
    assert outcome.exit_code == 3
    assert "no history" in outcome.summary
    assert not list(site.paths.landing.rglob(f"{NIGHT}/*"))


def test_no_session_of_a_backfill_is_asked_of_a_live_source_without_history(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the last one could be had does not make the others a gap: nothing is asked, nothing published."""
    _live(monkeypatch, datetime(2025, 1, 2, 22, tzinfo=UTC))
    monkeypatch.setattr("flows.backfill.utc_now", lambda: datetime(2025, 1, 2, 22, tzinfo=UTC))
    monkeypatch.setenv("SMALLCAPS_BASE_URLS", '{"nasdaq_screener": "http://127.0.0.1:9/nobody"}')
    before = site.digest()
    outcome = site.backfill(NIGHT, date(2025, 1, 2))
    assert outcome.exit_code == 3
    assert "no history" in outcome.summary
    assert site.digest() == before


def test_check_tells_of_a_refused_night_that_is_in_no_published_file(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.night(NIGHT, repeated()).exit_code == 2
    capsys.readouterr()
    assert cli.run(["check", "--session", NIGHT.isoformat()]) == 0
    told = capsys.readouterr().out
    assert "refused" in told
    assert "ADM_REPEATED" in told


@pytest.mark.usefixtures("light_gate")
def test_rows_of_reports_that_cannot_be_are_set_aside_once(site: Site) -> None:
    """Published before its period ended: named on the night that first read the file, and not every night again."""
    write_simfin(site.market, site.archive, Vintage(day=date(2024, 12, 30)))
    _publish_one_before_its_end(site.archive / "simfin" / "2024-12-30")
    assert site.night(NIGHT).exit_code == 0
    told = site.rows("ops.quarantine", source="simfin")
    assert set(told["reason_code"]) == {"published_before_period_end"}
    assert told.height
    assert site.night(NEXT).exit_code == 0
    assert site.rows("ops.quarantine", source="simfin").height == told.height


def _publish_one_before_its_end(folder: Path) -> None:
    path = next(path for path in sorted(folder.iterdir()) if "income" in path.name)
    with zipfile.ZipFile(path) as packed_file:
        (name,) = packed_file.namelist()
        header, first, *others = packed_file.read(name).decode().splitlines()
    fields = first.split(";")
    fields[header.split(";").index("Publish Date")] = "2020-01-01"
    with zipfile.ZipFile(path, "w") as packed_file:
        packed_file.writestr(name, "\n".join([header, ";".join(fields), *others]) + "\n")


def _live(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """No archive, quotes alone, and the clock of that instant."""
    monkeypatch.delenv("SMALLCAPS_ARCHIVE")
    for role in ("FUNDAMENTALS", "MACRO", "FUND_FLOWS"):
        monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", "[]")
    for module in ("flows.nightly", "flows.steps.land"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: now)


@pytest.mark.usefixtures("light_gate")
def test_night_over_http(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live request, an hour after the close, against a server that wraps the rows as the vendor does."""
    _live(monkeypatch, datetime(2024, 12, 31, 22, tzinfo=UTC))
    unhurried = HostRateLimit({}, default_per_second=1000)  # the vendor's own is a request every two seconds
    monkeypatch.setattr("flows.steps.land.rate_limit", lambda *_: unhurried)
    rows = site.market.night(NIGHT).rows
    replies = [
        Answer(json.dumps({"data": {"rows": rows[exchange]}, "status": {"rCode": 200}}).encode())
        for exchange in EXCHANGES
    ]
    with vendor_server() as vendor:
        monkeypatch.setenv("SMALLCAPS_BASE_URLS", json.dumps({"nasdaq_screener": vendor.serve("/screener", *replies)}))
        outcome = run_nightly(None, None, None)
    assert outcome.exit_code == 0, outcome.one_line
    assert [asked.params["exchange"].lower() for asked in vendor.asked] == list(EXCHANGES)
    assert list(site.verdicts()) == [*BASE_SESSIONS, NIGHT]
    assert site.rows("core.quotes", session_date=NIGHT).height == 199
    kept = [file.read_bytes() for file in site.paths.landing.rglob("*.json") if not file.name.endswith(".meta.json")]
    assert {reply.body for reply in replies} <= set(kept)


def test_gate_that_refuses_publishes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect that admission cannot see: the warehouse's own arithmetic."""
    broken = "select symbol from core.quotes limit 12"
    monkeypatch.setattr("flows.edge.quality.read_checks", lambda: [_failing_check(broken)])
    monkeypatch.setattr("flows.steps.gate.GATED", [table("ops.sessions")])  # one suite; all of them take seconds
    before = site.digest()
    with webhook() as hook:
        monkeypatch.setenv("SMALLCAPS_ALERT_URLS", hook.url)
        outcome = site.night(NIGHT)
        (post,) = hook.posts
    assert outcome.exit_code == 2
    assert "GATE_ORPHANS" in post["title"]
    assert "Failing rows (10 of 12)" in post["message"]
    assert site.digest() == before
    assert site.record(outcome).status is RunStatus.REFUSED


def _failing_check(select: str):  # type: ignore[no-untyped-def]
    from expectations.gate_rules import ORPHANS
    from expectations.sql_checks import SqlCheck

    return SqlCheck(rule=ORPHANS, table="core.quotes", what="planted", select=select)


@pytest.mark.usefixtures("light_gate")
def test_split_whose_count_lags_moves_no_cap(new_site: Callable[[str, Market], Site]) -> None:
    on = SESSIONS[3]
    market = Market(splits=(Split(SMALL.symbol, on, 10, lag=1),))
    site = new_site("split", market)
    market.write(site.archive, SESSIONS[:6])
    outcome = site.backfill(SESSIONS[0], SESSIONS[5])
    assert outcome.exit_code == 0, outcome.one_line
    caps = site.rows("core.market_caps", ticker=SMALL.symbol)
    assert caps["session_date"].to_list() == list(SESSIONS[:6])
    (split,) = site.rows("core.splits", symbol=SMALL.symbol).to_dicts()
    assert (split["ex_date"], split["ratio"], split["status"]) == (on, 10.0, "confirmed")
    assert split["confirmed_on"] == SESSIONS[4]
    assert caps["return_price"].drop_nulls().abs().max() < 0.1
    steps = caps["cap_usd"].log().diff().abs().drop_nulls()
    assert steps.max() < 0.2


@pytest.mark.usefixtures("light_gate")
def test_renamed_company_stays_the_same(new_site: Callable[[str, Market], Site]) -> None:
    market = Market(
        renames=(Rename(SMALL.symbol, SESSIONS[3], "METAX", f"{SMALL.name.split()[0]} Platforms Common Stock"),)
    )
    site = new_site("rename", market)
    market.write(site.archive, SESSIONS[:5])
    assert site.backfill(SESSIONS[0], SESSIONS[4]).exit_code == 0
    lines = site.rows("core.securities", "security_id", "company_id", "symbol")
    ids = lines.filter(pl.col("symbol").is_in([SMALL.symbol, "METAX"])).select("security_id", "company_id").unique()
    assert ids.rows() == [(f"{SMALL.symbol}~20241223", f"C:{SMALL.symbol}~20241223")]


def test_packed_bytes_do_not_depend_on_the_clock() -> None:
    assert packed(b"x") == packed(b"x")


@pytest.mark.usefixtures("light_gate")
@pytest.mark.parametrize("fault", [RuntimeError("no such frame"), pl.exceptions.PanicException("index out of bounds")])
def test_crash_and_panic_end_in_a_record(site: Site, monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    """A panic of a library in Rust is no `Exception`; its run must not stay "running" for ever."""

    def fails(*_: object) -> None:
        raise fault

    monkeypatch.setattr("flows.pipeline.write_flows", fails)
    outcome = site.night(SESSIONS[5])
    record = site.record(outcome)
    assert (outcome.exit_code, record.status) == (1, RunStatus.CRASHED)
    assert str(fault) in record.error
