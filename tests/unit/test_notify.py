import json
import logging
from pathlib import Path

import pytest

from flows.alert import FailingRows
from flows.edge.run_records import earlier_records, last_ending, read_record, write_record
from flows.paths import DataPaths
from flows.run_record import RunRecord, RunStatus, SessionVerdict
from flows.settings import Settings
from flows.steps.notify import notify
from tests.vendors.alert_channels import free_port, smtp_server, webhook


@pytest.fixture(autouse=True)
def _no_dot_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path / "data")


def refused_night() -> RunRecord:
    return RunRecord(
        run_id="20260115T231500Z-nightly-ab12",
        kind="nightly",
        started_at="2026-01-15T23:15:00+00:00",
        asked_sessions=["2026-01-15"],
        status=RunStatus.REFUSED,
        exit_code=2,
        error="Session 2026-01-15 was refused.",
        next_step="Read docs/runbooks/admission-refused.md.",
        sessions=[SessionVerdict("2026-01-15", "refused", rule_codes=("A07", "A08"))],
        rows_per_stage={"staged": 7012},
        gate={"rule_codes": ["A08", "G01"]},
    )


def settings_with(*urls: str) -> Settings:
    return Settings(alert_urls=urls)  # type: ignore[arg-type]


def test_refused_night_is_told_once_with_everything_that_helps(paths: DataPaths) -> None:
    with webhook() as hook:
        notify(
            settings_with(hook.url),
            paths,
            refused_night(),
            before=RunStatus.PUBLISHED,
            failing=FailingRows.of(["symbol"], [["AMCR"]], total=1),
            last_good_session="2026-01-14",
        )
    (post,) = hook.posts
    assert post["title"] == "smallcaps FAILED: session 2026-01-15 A07, A08, G01"
    for part in (
        "Session 2026-01-15 was refused.",
        "20260115T231500Z-nightly-ab12 (nightly)",
        "staged 7,012",
        "last good session  2026-01-14",
        "AMCR",
        str(paths.run_record("20260115T231500Z-nightly-ab12")),
        str(paths.quarantine),
        f"{paths.warehouse} (untouched)",
        "What to do next: Read docs/runbooks/admission-refused.md.",
    ):
        assert part in post["message"]


def test_outcome_stands_in_the_run_record(paths: DataPaths) -> None:
    record = refused_night()
    with webhook() as hook:
        notify(settings_with(hook.url, f"json://127.0.0.1:{free_port()}/t0ken"), paths, record)
    (alert,) = read_record(paths.run_record(record.run_id)).alerts
    assert (alert.kind, alert.channels, alert.delivered) == ("failed", 2, 1)
    assert alert.error == "channel 2 (json) did not take the message"
    assert "t0ken" not in paths.run_record(record.run_id).read_text(encoding="utf-8")


def test_good_night_after_a_good_one_is_silent_but_recorded(paths: DataPaths) -> None:
    record = refused_night()
    record.status = RunStatus.PUBLISHED
    with webhook() as hook:
        notify(settings_with(hook.url), paths, record, before=RunStatus.PUBLISHED)
    assert hook.posts == []
    assert read_record(paths.run_record(record.run_id)).alerts == []


def test_recovery_is_told(paths: DataPaths) -> None:
    record = RunRecord("r", "nightly", "2026-01-16T23:15:00+00:00", ["2026-01-16"], status=RunStatus.PUBLISHED)
    record.published_path = str(paths.warehouse)
    with webhook() as hook:
        notify(settings_with(hook.url), paths, record, before=RunStatus.REFUSED)
    assert hook.posts[0]["title"] == "smallcaps RECOVERED: session 2026-01-16"
    assert "Published again" in hook.posts[0]["message"]
    assert f"{paths.warehouse} (replaced)" in hook.posts[0]["message"]


def test_degraded_night_names_the_sources(paths: DataPaths) -> None:
    record = RunRecord("r", "nightly", "2026-01-16T23:15:00+00:00", ["2026-01-16"], status=RunStatus.DEGRADED)
    record.degraded_sources = {"etf_flows": "HTTP 503 after 4 tries."}
    with webhook() as hook:
        notify(settings_with(hook.url), paths, record)
    assert "etf_flows: HTTP 503 after 4 tries. The last known" in hook.posts[0]["message"]


def test_backfill_counts_its_sessions(paths: DataPaths) -> None:
    record = refused_night()
    record.sessions = [SessionVerdict(f"2026-01-{day}", "published") for day in (12, 13)]
    record.sessions += [SessionVerdict(f"2026-01-{day}", "refused", rule_codes=("A07",)) for day in (14, 15)]
    record.kind, record.asked_sessions = "backfill", [f"2026-01-{day}" for day in (12, 13, 14, 15)]
    with webhook() as hook:
        notify(settings_with(hook.url), paths, record)
    assert "sessions published 2, sessions refused 2, sessions missing 0" in hook.posts[0]["message"]
    assert hook.posts[0]["title"] == "smallcaps FAILED: backfill 2026-01-12 to 2026-01-15 A07, A08, G01"


def test_degraded_backfill_is_about_its_range_and_names_what_it_refused_below(paths: DataPaths) -> None:
    """It published three of four sessions: a title with the refused one would say that it did not."""
    record = ended("20260116", RunStatus.DEGRADED, "etf_flows")
    record.kind, record.asked_sessions = "backfill", [f"2026-01-{day}" for day in (12, 13, 14, 15)]
    record.sessions = [SessionVerdict(f"2026-01-{day}", "published") for day in (12, 13, 15)]
    record.sessions.insert(2, SessionVerdict("2026-01-14", "refused", rule_codes=("ADM_ROWS",)))
    with webhook() as hook:
        notify(settings_with(hook.url), paths, record)
    assert hook.posts[0]["title"] == "smallcaps DEGRADED: backfill 2026-01-12 to 2026-01-15"
    assert "Refused: 2026-01-14 ADM_ROWS." in hook.posts[0]["message"]


def ended(day: str, status: RunStatus, *missing: str) -> RunRecord:
    """A night's record; the sources named are missing with one reason."""
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    record = RunRecord(f"{day}T231500Z-nightly-ab12", "nightly", f"{date}T23:15:00+00:00", [date], status=status)
    record.degraded_sources = dict.fromkeys(missing, "HTTP 503 after 4 tries.")
    return record


def headline_of(paths: DataPaths, *nights: RunRecord) -> tuple[str, str]:
    """Title and first line of what the last of these nights tells."""
    *earlier, last = nights
    for record in earlier:
        write_record(paths, record)
    with smtp_server() as mailbox:
        notify(settings_with(mailbox.url), paths, last, before=last_ending(paths))
    (mail,) = mailbox.mails
    return mail["Subject"], " ".join(mail.get_content().partition("\r\n\r\n")[0].split())


MISSING, GOOD, NONE = RunStatus.DEGRADED, RunStatus.PUBLISHED, RunStatus.NOTHING_TO_DO


def test_source_that_stays_away_is_told_every_night_with_since_when(paths: DataPaths) -> None:
    """Good on the 12th; etf_flows away on the 13th, 14th and 15th. The idle run of the 14th counts for nothing."""
    nights = [ended("20260112", GOOD), ended("20260113", MISSING, "etf_flows"), ended("20260114", NONE)]
    title, told = headline_of(paths, *nights, ended("20260115", MISSING, "etf_flows", "simfin"))
    assert title == "smallcaps DEGRADED: session 2026-01-15"
    assert told == (
        "Published without fresh data of etf_flows (since 2026-01-13, now 2 runs in a row): HTTP 503 after 4 tries; "
        "simfin: HTTP 503 after 4 tries. The last known values are carried forward."
    )


def test_recovery_says_what_is_back_and_how_long_it_was_away(paths: DataPaths) -> None:
    nights = [ended("20260112", GOOD), ended("20260113", MISSING, "etf_flows"), ended("20260114", MISSING, "etf_flows")]
    title, told = headline_of(paths, *nights, ended("20260115", GOOD))
    assert title == "smallcaps RECOVERED: session 2026-01-15"
    assert told == (
        "Published again: all is well. "
        "etf_flows delivers again; it was missing in 2 runs from 2026-01-13 to 2026-01-14."
    )


def test_recovery_after_failed_nights_says_how_many_and_when(paths: DataPaths) -> None:
    """A row of failures does not end what was missing before it: the night of the 15th has both to tell."""
    nights = [ended("20260112", MISSING, "simfin"), ended("20260113", RunStatus.REFUSED), ended("20260114", NONE)]
    title, told = headline_of(paths, *nights, ended("20260115", GOOD))
    assert title == "smallcaps RECOVERED: session 2026-01-15"
    assert told == (
        "Published again: all is well. simfin delivers again; it was missing in 1 run of 2026-01-12. "
        "Before this, nothing had been published in 1 run of 2026-01-13."
    )


def test_degraded_night_tells_of_the_other_source_that_is_back(paths: DataPaths) -> None:
    nights = [ended("20260113", MISSING, "etf_flows", "simfin"), ended("20260114", MISSING, "etf_flows", "simfin")]
    _, told = headline_of(paths, *nights, ended("20260115", MISSING, "etf_flows"))
    assert "etf_flows (since 2026-01-13, now 3 runs in a row)" in told
    assert told.endswith("simfin delivers again; it was missing in 2 runs from 2026-01-13 to 2026-01-14.")


def test_missing_channel_is_logged(paths: DataPaths, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        notify(settings_with(), paths, refused_night())
    assert "No alert channel is set" in caplog.text
    assert "Session 2026-01-15 was refused." in caplog.text


def test_its_own_failure_is_logged_and_never_raised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "data").write_text("a file where the data folder should be", encoding="utf-8")
    with webhook() as hook:
        notify(settings_with(hook.url), DataPaths(tmp_path / "data"), refused_night())
    assert len(hook.posts) == 1
    assert "could not store its record" in caplog.text


DAMAGED = {
    "empty": "{}",
    "cut": '{"run_id": "20260114T231500Z-nightly-ab12", "kind": "nig',
    "no_object": "[]",
    "unusable": json.dumps(
        {"run_id": "a", "kind": "nightly", "started_at": "2026", "status": "degraded", "sessions": [], "alerts": [],
         "degraded_sources": None}
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_record_of_an_earlier_run_silences_nobody(paths: DataPaths, text: str) -> None:
    paths.runs.mkdir(parents=True)
    paths.run_record("20260114T231500Z-nightly-ab12").write_text(text, encoding="utf-8")
    assert last_ending(paths) in (None, RunStatus.DEGRADED)
    for record in (refused_night(), ended("20260116", MISSING, "simfin")):
        with webhook() as hook:
            notify(settings_with(hook.url), paths, record)
        assert len(hook.posts) == 1
        (alert,) = read_record(paths.run_record(record.run_id)).alerts
        assert alert.delivered == 1


def test_record_is_stored_though_sending_fails(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no plugin")

    monkeypatch.setattr("flows.steps.notify.send_alert", fail)
    notify(settings_with("json://127.0.0.1:1/"), paths, refused_night())
    assert read_record(paths.run_record(refused_night().run_id)).status is RunStatus.REFUSED


def test_only_the_records_back_to_the_last_good_night_are_read(paths: DataPaths) -> None:
    nights = [ended("20260112", GOOD), ended("20260113", GOOD), ended("20260114", MISSING, "simfin")]
    for night in [*nights, ended("20260117", GOOD)]:
        write_record(paths, night)
    found = earlier_records(paths, ended("20260115", GOOD).run_id)
    assert [record.run_id[:8] for record in found] == ["20260114", "20260113"]
