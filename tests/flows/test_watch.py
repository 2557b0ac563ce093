"""The watch over a data folder whose published file and run records are made by hand; messages go to a real webhook."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows import cli
from flows.alert import AlertKind
from flows.edge import ddl
from flows.edge.lock import lock_is_free, writer_lock
from flows.edge.processes import this_host
from flows.edge.run_records import latest_record, write_record
from flows.freshness import freshness
from flows.paths import DataPaths
from flows.run_record import AlertOutcome, RunRecord, RunStatus
from flows.settings import Settings
from flows.watch import run_watch
from flows.watching import PrefectRun, Watch, look_at_age, look_at_runs
from tests.vendors.alert_channels import Webhook, free_port, webhook

CHECKOUT = Path(__file__).resolve().parents[2]
THURSDAY, FRIDAY, TUESDAY, WEDNESDAY = (date(2026, 1, day) for day in (15, 16, 20, 21))
"""Sessions around Martin Luther King Day, Monday the 19th."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of January 2026, UTC: New York is five hours behind."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "behind", "is_stale"),
    [
        (at(16, 13), 0, False),  # Friday morning: Thursday is the last completed session
        (at(16, 21, 29), 0, False),  # Friday, one minute before its quotes are out
        (at(16, 21, 30), 1, False),  # ... and then: its night is still to come
        (at(19, 22), 1, False),  # all through the long weekend
        (at(20, 21, 29), 1, False),  # Tuesday before its quotes are out
        (at(20, 21, 30), 2, True),  # ... and then: Friday's night is missing for sure
    ],
)
def test_age_is_counted_in_completed_sessions(now: datetime, behind: int, is_stale: bool) -> None:
    age = freshness(THURSDAY, now)
    assert (age.behind, age.is_stale()) == (behind, is_stale)


def test_how_many_may_be_missing_is_the_operators_choice() -> None:
    age = freshness(THURSDAY, at(19, 12))
    assert age.is_stale(0)
    assert not age.is_stale(1)


def test_nothing_published_is_stale() -> None:
    assert freshness(None, at(16, 13)).is_stale(most_behind=99)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    monkeypatch.chdir(tmp_path)
    return DataPaths(tmp_path / "data")


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


def publish(paths: DataPaths, *sessions: date) -> None:
    paths.builds.mkdir(parents=True, exist_ok=True)
    paths.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(paths.warehouse)) as con:
        ddl.apply(con)
        con.executemany(
            "insert into ops.sessions (session_date, status, is_degraded, rule_codes, degraded_sources, "
            "row_count, company_count, quarantined_count, run_id) values (?, 'published', false, [], [], 1, 1, 0, 'r')",
            [[session] for session in sessions],
        )


def watch(paths: DataPaths, now: datetime, *urls: str) -> Watch:
    settings = Settings(alert_urls=urls)  # type: ignore[arg-type]
    return Watch(settings, paths, now, "20260120T220000Z-watch-ab12")


def night(day: int, status: RunStatus) -> RunRecord:
    return RunRecord(
        f"202601{day}T231500Z-nightly-ab12",
        "nightly",
        f"2026-01-{day}T23:15:00+00:00",
        [f"2026-01-{day}"],
        status=status,
    )


def test_stale_file_is_told_with_what_helps(paths: DataPaths, hook: Webhook) -> None:
    publish(paths, THURSDAY)
    write_record(paths, night(16, RunStatus.REFUSED))
    found = look_at_age(watch(paths, at(20, 22), hook.url), most_behind=1)
    assert found.exit_code == 3
    (post,) = hook.posts
    assert post["type"] == "warning"
    assert post["title"] == "smallcaps STALE: 2 sessions behind, last published 2026-01-15"
    for part in (
        "The published file ends with session 2026-01-15; 2026-01-20 is the last completed one, so 2 are missing.",
        "The last run, 20260116T231500Z-nightly-ab12, ended as refused.",
        str(paths.warehouse),
        "What to do next: Read docs/runbooks/stale.md.",
    ):
        assert part in post["message"]


def test_the_same_is_told_once_and_again_when_one_more_session_is_missing(paths: DataPaths, hook: Webhook) -> None:
    publish(paths, THURSDAY)
    for now in (at(20, 22), at(20, 23), at(21, 13), at(21, 22), at(21, 23)):
        assert look_at_age(watch(paths, now, hook.url), most_behind=1).exit_code == 3
    assert [post["title"] for post in hook.posts] == [
        "smallcaps STALE: 2 sessions behind, last published 2026-01-15",
        "smallcaps STALE: 3 sessions behind, last published 2026-01-15",
    ]


def test_what_nobody_took_is_told_again(paths: DataPaths, hook: Webhook) -> None:
    publish(paths, THURSDAY)
    found = look_at_age(watch(paths, at(20, 22), f"json://127.0.0.1:{free_port()}/"), most_behind=1)
    assert found.alert is not None
    assert found.alert.delivered == 0
    look_at_age(watch(paths, at(20, 23), hook.url), most_behind=1)
    assert len(hook.posts) == 1


def test_fresh_again_is_told_once_with_since_when(paths: DataPaths, hook: Webhook) -> None:
    publish(paths, THURSDAY)
    look_at_age(watch(paths, at(20, 22), hook.url), most_behind=1)
    publish(paths, THURSDAY, FRIDAY, TUESDAY)
    for _ in range(2):
        assert look_at_age(watch(paths, at(21, 13), hook.url), most_behind=1).exit_code == 0
    assert [post["title"] for post in hook.posts[1:]] == ["smallcaps RECOVERED: last published 2026-01-20"]
    assert "It was stale from 2026-01-20T22:00:00+00:00 (UTC) on." in hook.posts[1]["message"]


def test_recovery_that_the_run_has_told_is_not_told_twice(paths: DataPaths, hook: Webhook) -> None:
    publish(paths, THURSDAY)
    look_at_age(watch(paths, at(20, 22), hook.url), most_behind=1)
    publish(paths, THURSDAY, FRIDAY, TUESDAY)
    recovered = night(20, RunStatus.PUBLISHED)
    recovered.alerts = [AlertOutcome(AlertKind.RECOVERED, channels=1, delivered=1)]
    write_record(paths, recovered)
    look_at_age(watch(paths, at(21, 13), hook.url), most_behind=1)
    assert len(hook.posts) == 1
    assert not paths.stale_note.exists()


def test_fresh_file_is_silent(paths: DataPaths, hook: Webhook) -> None:
    publish(paths, THURSDAY)
    found = look_at_age(watch(paths, at(19, 12), hook.url), most_behind=1)
    assert (found.exit_code, hook.posts) == (0, [])


def test_folder_where_nothing_was_published_is_told_and_not_made(paths: DataPaths, hook: Webhook) -> None:
    """A wrong SMALLCAPS_DATA_DIR in a crontab."""
    found = look_at_age(watch(paths, at(19, 12), hook.url), most_behind=1)
    assert found.exit_code == 3
    assert hook.posts[0]["title"] == "smallcaps STALE: nothing was ever published"
    assert not paths.root.exists()


def test_file_that_cannot_be_read_is_told(paths: DataPaths, hook: Webhook) -> None:
    paths.root.mkdir()
    paths.warehouse.write_bytes(b"no database")
    found = look_at_age(watch(paths, at(19, 12), hook.url), most_behind=1)
    assert found.exit_code == 3
    assert hook.posts[0]["title"] == "smallcaps STALE: the published file cannot be read"


def test_cut_off_run_is_told_once_and_ends_as_crashed(paths: DataPaths, hook: Webhook) -> None:
    paths.runs.mkdir(parents=True)
    write_record(paths, night(16, RunStatus.RUNNING))
    ended = PrefectRun("nightly-last-completed", "Crashed", "Process exited with status -9")
    found = look_at_runs(watch(paths, at(16, 23), hook.url), ended)
    assert found is not None
    assert found.exit_code == 1
    (post,) = hook.posts
    assert post["title"] == "smallcaps FAILED: session 2026-01-16"
    assert "The run was cut off" in post["message"]
    assert "Prefect run nightly-last-completed ended as Crashed: Process exited with status -9." in post["message"]
    last = latest_record(paths)
    assert last is not None
    assert (last.status, last.exit_code) == (RunStatus.CRASHED, 1)
    assert look_at_runs(watch(paths, at(16, 23), hook.url), None) is None
    assert len(hook.posts) == 1


HOLDING = """
import sys
from pathlib import Path
from flows.edge.lock import writer_lock
from flows.paths import DataPaths
with writer_lock(DataPaths(Path(sys.argv[1])), "the-night"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_run_at_work_is_none_that_was_cut_off_until_it_is_killed(paths: DataPaths, hook: Webhook) -> None:
    write_record(paths, night(16, RunStatus.RUNNING))
    refused = night(17, RunStatus.FAILED)  # met the lock of the night of the 16th
    refused.exit_code = 5
    write_record(paths, refused)
    holder = subprocess.Popen(  # noqa: S603 (our own interpreter and text)
        [sys.executable, "-c", HOLDING, str(paths.root)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert look_at_runs(watch(paths, at(16, 23), hook.url), None) is None
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate(timeout=10)
    assert look_at_runs(watch(paths, at(16, 23), hook.url), None) is not None
    assert [post["title"] for post in hook.posts] == ["smallcaps FAILED: session 2026-01-16"]


def gone_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(timeout=10)
    return process.pid


@pytest.mark.parametrize(
    ("is_here", "is_alive", "is_told"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_only_a_run_of_this_machine_whose_process_is_gone_was_cut_off(
    paths: DataPaths, hook: Webhook, is_here: bool, is_alive: bool, is_told: bool
) -> None:
    """The lock is free in all cases: over the network it may seem so while a run holds it."""
    record = night(16, RunStatus.RUNNING)
    record.host, record.pid = this_host() if is_here else "elsewhere", os.getpid() if is_alive else gone_pid()
    write_record(paths, record)
    assert (look_at_runs(watch(paths, at(16, 23), hook.url), None) is not None) == is_told
    assert len(hook.posts) == is_told
    last = latest_record(paths)
    assert last is not None
    assert last.status is (RunStatus.CRASHED if is_told else RunStatus.RUNNING)


def test_run_of_another_machine_that_prefect_saw_end_is_told_in_its_words(paths: DataPaths, hook: Webhook) -> None:
    record = night(16, RunStatus.RUNNING)
    record.host, record.pid = "elsewhere", 1
    write_record(paths, record)
    found = look_at_runs(watch(paths, at(16, 23), hook.url), PrefectRun("night", "Crashed", "status -9"))
    assert found is not None
    assert [post["title"] for post in hook.posts] == ["smallcaps FAILED: Prefect run night"]


def test_run_that_ends_while_the_watch_looks_is_left_as_it_ended(
    paths: DataPaths, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = night(16, RunStatus.RUNNING)
    record.host, record.pid = this_host(), gone_pid()
    write_record(paths, record)

    def ends(_: int) -> bool:
        record.status = RunStatus.PUBLISHED
        write_record(paths, record)
        return True

    monkeypatch.setattr("flows.watching.is_gone", ends)
    assert look_at_runs(watch(paths, at(16, 23), hook.url), None) is None
    assert hook.posts == []


def test_looking_at_the_lock_writes_nothing_and_hinders_no_other_look(paths: DataPaths) -> None:
    write_record(paths, night(16, RunStatus.RUNNING))
    assert lock_is_free(paths)
    assert not paths.lock.exists()
    with writer_lock(paths, "the-night"):
        held = paths.lock.read_bytes()
        assert not lock_is_free(paths)
        assert paths.lock.read_bytes() == held
    with paths.lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        assert lock_is_free(paths)


def test_run_that_never_began_is_told_in_the_words_of_prefect(paths: DataPaths, hook: Webhook) -> None:
    write_record(paths, night(16, RunStatus.PUBLISHED))
    ended = PrefectRun("nightly-last-completed", "Crashed", "ModuleNotFoundError:\nNo module named 'flows'")
    found = look_at_runs(watch(paths, at(20, 23), hook.url), ended)
    assert found is not None
    (post,) = hook.posts
    assert post["title"] == "smallcaps FAILED: Prefect run nightly-last-completed"
    assert "ended as Crashed: ModuleNotFoundError: No module named 'flows'." in post["message"]


def test_command_ends_with_the_code_and_says_who_was_not_told(
    paths: DataPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(paths, THURSDAY)
    assert cli.run(["watch"]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("The published file ends with session 2026-01-15")
    assert "Not everybody was told: no alert channel is set." in told
    assert told.endswith("Next: Read docs/runbooks/stale.md.")


def test_command_is_content_with_a_fresh_file(paths: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    publish(paths, freshness(None, datetime.now(UTC)).last_completed)
    assert cli.run(["watch"]) == 0
    assert "is the last completed one" in capsys.readouterr().out


def test_a_run_at_work_is_left_alone_by_the_command(paths: DataPaths) -> None:
    publish(paths, freshness(None, datetime.now(UTC)).last_completed)
    write_record(paths, night(16, RunStatus.RUNNING))
    with writer_lock(paths, "the-night"):
        assert run_watch(None).exit_code == 0
    assert run_watch(None).exit_code == 1
