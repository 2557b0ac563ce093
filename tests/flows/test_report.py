"""Every run that publishes leaves a page about its last session; a page that fails changes nothing else."""

import pytest
from polars.exceptions import PanicException

from flows import cli
from flows.run_record import RunStatus
from tests.flows.conftest import BASE_SESSIONS, Site
from tests.vendors.market import SESSIONS
from tests.vendors.market_faults import repeated

NIGHT = SESSIONS[5]

pytestmark = pytest.mark.usefixtures("light_gate")


def test_backfill_left_the_page_of_its_last_session(base_site: Site) -> None:
    path = base_site.paths.report(BASE_SESSIONS[-1])
    text = path.read_text(encoding="utf-8")
    assert f"session {BASE_SESSIONS[-1]}</h1>" in text
    assert base_site.paths.latest_report.read_text(encoding="utf-8") == text
    of_day = {"session_date": BASE_SESSIONS[-1], "segment": "small", "scheme_id": "fixed_usd"}
    small = base_site.rows("marts.segment_daily", **of_day).row(0, named=True)
    assert f"{small['company_count']} small companies: {float(small['market_cap_usd']) / 1e9:,.1f} bn USD" in text
    spread = base_site.rows(
        "marts.valuation_spread_daily",
        *("value", "large_value"),
        **of_day, measure="pe", convention="median",
    )  # fmt: skip
    value, large = spread.row(0)
    assert f"cost {value:.1f} times their earnings at the median, large ones {large:.1f}:" in text


def test_night_and_rebuild_leave_a_page_and_say_where(site: Site) -> None:
    site.serve(NIGHT)
    for work in (lambda: site.nightly(NIGHT), site.rebuild):
        outcome = work()
        record = site.record(outcome)
        assert record.report_path == str(site.paths.report(NIGHT))
        assert record.report_error is None
        assert record.seconds_per_stage["report"] >= 0
        text = site.paths.latest_report.read_text(encoding="utf-8")
        assert f"Run {outcome.run_id}" in text
        assert f"session {NIGHT}</h1>" in text
    assert site.paths.report(BASE_SESSIONS[-1]).exists()


def test_refused_night_and_idle_run_leave_the_page_as_it_was(site: Site) -> None:
    before = site.paths.latest_report.read_bytes()
    idle, refused = site.nightly(BASE_SESSIONS[-1]), site.night(NIGHT, repeated())
    assert (refused.exit_code, idle.exit_code) == (2, 0)
    assert [site.record(outcome).report_path for outcome in (refused, idle)] == [None, None]
    assert site.paths.latest_report.read_bytes() == before
    assert not site.paths.report(NIGHT).exists()


def test_report_that_fails_is_told_and_the_night_is_published(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> str:
        raise ZeroDivisionError("a chart of nothing")

    before = site.paths.latest_report.read_bytes()
    monkeypatch.setattr("flows.report.page.render", fail)
    outcome = site.night(NIGHT)
    assert outcome.exit_code == 0
    assert "No report: ZeroDivisionError: a chart of nothing." in outcome.one_line
    record = site.record(outcome)
    assert record.status is RunStatus.PUBLISHED
    assert record.error is None
    assert record.alerts == []
    assert record.report_path is None
    assert record.report_error == "ZeroDivisionError: a chart of nothing."
    assert site.verdicts()[NIGHT] == ("published", [])
    assert site.paths.latest_report.read_bytes() == before

    assert cli.run(["status"]) == 0
    assert "ZeroDivisionError: a chart of nothing." in capsys.readouterr().out


def test_panic_in_the_report_ends_no_run_that_has_published(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*_: object) -> str:
        raise PanicException("an index out of bounds")

    assert not issubclass(PanicException, Exception)
    monkeypatch.setattr("flows.report.page.render", panic)
    outcome = site.night(NIGHT)
    assert outcome.exit_code == 0
    record = site.record(outcome)
    assert record.status is RunStatus.PUBLISHED
    assert record.report_error == "PanicException: an index out of bounds."


def test_page_that_cannot_be_written_fails_no_run(site: Site) -> None:
    site.paths.latest_report.unlink()
    site.paths.latest_report.mkdir()
    outcome = site.night(NIGHT)
    assert outcome.exit_code == 0
    assert site.record(outcome).report_error is not None
    assert site.verdicts()[NIGHT] == ("published", [])
    assert not list(site.paths.reports.glob("*.new"))


def test_report_of_an_earlier_session_shows_nothing_later(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    latest = site.paths.latest_report.read_bytes()
    first, last = BASE_SESSIONS[1], BASE_SESSIONS[-1]
    assert cli.run(["report", "--session", first.isoformat()]) == 0
    path = site.paths.report(first)
    assert capsys.readouterr().out.splitlines()[-1] == str(path)
    page = path.read_text(encoding="utf-8").replace(site.paths.root.as_posix(), "")
    body = page.partition("<body>")[2].partition('<script type="module">')[0]
    assert first.isoformat() in body
    assert not [day for day in BASE_SESSIONS[2:] if day.isoformat() in body]
    assert last.isoformat() not in body
    assert site.paths.latest_report.read_bytes() == latest
