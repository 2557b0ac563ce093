import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from flows import cli, console
from flows.edge import ddl
from flows.edge.lock import writer_lock
from flows.edge.run_records import write_record
from flows.errors import LockHeld, MissingData, Refused, SourceError, UsageError
from flows.paths import DataPaths
from flows.run_record import RunOutcome, RunRecord, RunStatus
from tests.vendors.alert_channels import free_port, webhook

CHECKOUT = Path(__file__).resolve().parents[2]
Engine = Callable[..., RunOutcome]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Engine], None]:
    """Put a stand-in where the commands look for the engine."""

    def install(function: Engine) -> None:
        for name in ("flows.nightly", "flows.backfill"):
            module = ModuleType(name)
            for entry in ("run_nightly", "run_backfill", "run_rebuild"):
                setattr(module, entry, function)
            monkeypatch.setitem(sys.modules, name, module)

    return install


def outcome(exit_code: int = 0, summary: str = "Published 2026-01-15.", next_step: str = "") -> RunOutcome:
    return RunOutcome(exit_code, summary, next_step, "run", Path("record.json"))


@pytest.fixture
def warehouse(tmp_path: Path) -> DataPaths:
    """A warehouse with one judged session, in the default data folder."""
    paths = DataPaths(tmp_path / "data")
    paths.builds.mkdir(parents=True)
    with duckdb.connect(str(paths.warehouse)) as con:
        ddl.apply(con)
        con.execute(
            "insert into ops.sessions (session_date, status, is_degraded, rule_codes, degraded_sources, "
            "row_count, company_count, quarantined_count, run_id) "
            "values ('2026-01-15', 'refused', false, ['A07', 'A08'], [], 7012, 5000, 3, 'run-1')"
        )
        con.execute(
            "insert into ops.checks (run_id, session_date, rule_code, subject, severity, outcome, observed) "
            "values ('run-1', '2026-01-15', 'A07', 'market', 'critical', 'failed', '6.1 %')"
        )
    return paths


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["nightly"], {"session": None, "archive": None, "data_dir": Path("data")}),
        (
            ["nightly", "--session", "2026-01-15", "--archive", "a", "--data-dir", "d"],
            {"session": date(2026, 1, 15), "archive": Path("a"), "data_dir": Path("d")},
        ),
        (
            ["backfill", "--from", "2022-01-03", "--to", "2024-12-31", "--archive", "a", "--strict"],
            {
                "from_date": date(2022, 1, 3),
                "to_date": date(2024, 12, 31),
                "archive": Path("a"),
                "data_dir": Path("data"),
                "strict": True,
            },
        ),
        (["rebuild", "--data-dir", "d"], {"data_dir": Path("d")}),
    ],
)
def test_engine_is_asked_for_what_was_typed(
    engine: Callable[[Engine], None], arguments: list[str], given: dict[str, Any]
) -> None:
    asked: list[dict[str, Any]] = []

    def run(**values: Any) -> RunOutcome:
        asked.append(values)
        return outcome()

    engine(run)
    assert cli.run(arguments) == 0
    assert asked == [given]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5])
def test_exit_code_and_line_are_those_of_the_outcome(
    engine: Callable[[Engine], None], capsys: pytest.CaptureFixture[str], code: int
) -> None:
    engine(lambda **_: outcome(code, "It ended.", "Do this."))
    assert cli.run(["nightly"]) == code
    streams = capsys.readouterr()
    told, quiet = (streams.err, streams.out) if code else (streams.out, streams.err)
    assert told == "It ended. Next: Do this.\n"
    assert quiet == ""


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Refused("Gate refused.", next_step="Look."), 2, "Gate refused. Next: Look."),
        (
            SourceError("simfin", "us-income.zip", "Ticker", "is missing", "Ask."),
            3,
            "source simfin, file us-income.zip, field Ticker: is missing. Next: Ask.",
        ),
        (MissingData("No archive."), 3, "No archive."),
        (UsageError("No session\non 2026-01-17."), 4, "No session on 2026-01-17."),
        (LockHeld("Held.", next_step="Wait."), 5, "Held. Next: Wait."),
        (ZeroDivisionError("division by zero"), 1, "Crashed: ZeroDivisionError: division by zero."),
        (KeyboardInterrupt(), 130, "Interrupted;"),
    ],
)
def test_errors_become_exit_codes_and_one_line(
    engine: Callable[[Engine], None],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    def fail(**_: Any) -> RunOutcome:
        raise error

    engine(fail)
    assert cli.run(["nightly"]) == code
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(line)


def test_verbose_shows_the_traceback(
    engine: Callable[[Engine], None], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> RunOutcome:
        raise ZeroDivisionError("division by zero")

    engine(fail)
    assert cli.run(["--verbose", "nightly"]) == 1
    assert "Traceback" in caplog.text
    assert capsys.readouterr().err.splitlines()[-1].startswith("Crashed:")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nightly", "--session", "yesterday"], "'yesterday' is no date"),
        (["backfill", "--from", "2026-01-02"], "--to"),
        (["backfill", "--from", "2026-01-02", "--to", "2025-01-02"], "lies after"),
        (["nightly", "--sesion", "2026-01-15"], "--sesion"),
        (["nightli"], "nightli"),
        (["diff", "a"], "B"),
    ],
)
def test_wrong_usage_is_exit_4_and_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], part: str
) -> None:
    assert cli.run(arguments) == 4
    streams = capsys.readouterr()
    assert streams.out == ""
    assert len(streams.err.splitlines()) == 1
    assert part in streams.err
    assert "Next: " in streams.err


def test_bad_setting_is_exit_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SMALLCAPS_KEEP_BUILDS", "none")
    assert cli.run(["status"]) == 4
    assert "SMALLCAPS_KEEP_BUILDS" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["nightly", "--help"], ["backfill", "--help"]])
def test_help_needs_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 0
    assert "Usage: smallcaps" in capsys.readouterr().out


def test_without_a_terminal_work_is_logged_line_by_line(
    engine: Callable[[Engine], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def work(**_: Any) -> RunOutcome:
        logging.getLogger("flows.engine").info("stage: 20 of 20 sessions")
        return outcome()

    engine(work)
    assert cli.run(["nightly"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO flows.engine: stage: 20 of 20 sessions")
    assert logging.getLogger("flows").handlers == []


def test_a_line_shows_once_though_prefect_listens_at_the_root(
    engine: Callable[[Engine], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.StreamHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [root])

    def work(**_: Any) -> RunOutcome:
        root.setStream(sys.stderr)
        logging.getLogger("flows.engine").info("stage: 20 of 20 sessions")
        return outcome()

    engine(work)
    assert cli.run(["nightly"]) == 0
    assert capsys.readouterr().err.count("stage: 20 of 20 sessions") == 1


def test_facts_of_a_mapping_stand_below_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    console.show_facts({"rows": {"core.quotes": 21_110, "marts.segment_daily": 24}, "size": "1 MB", "none": None})
    assert capsys.readouterr().out == (
        "rows\n  core.quotes          21,110\n  marts.segment_daily  24\nsize                   1 MB\n"
    )


def test_on_a_terminal_work_shows_a_moving_line() -> None:
    script = (
        "import sys, logging, time\n"
        "from flows import console\n"
        "with console.progress('nightly'):\n"
        "    logging.getLogger('flows.engine').info('stage: 20 of [bold]20')\n"
        "    time.sleep(0.3)\n"
        "    logging.getLogger('flows.engine').warning('etf_flows is late')\n"
    )
    reader, terminal = pty.openpty()
    subprocess.run(  # noqa: S603 (our own interpreter and text)
        [sys.executable, "-c", script],
        stderr=terminal,
        check=True,
        timeout=60,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(terminal)
    shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert "nightly: stage: 20 of [bold]20" in shown
    assert "etf_flows is late" in shown


def test_sql_in_a_pipe_is_csv(warehouse: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select rule_codes, 1234.5 as cap, null as nothing, 'a,b' as text from ops.sessions"
    assert cli.run(["sql", query]) == 0
    assert capsys.readouterr().out == 'rule_codes,cap,nothing,text\nA07 A08,1234.5,,"a,b"\n'


def test_sql_that_is_wrong_and_sql_that_writes_are_exit_4(
    warehouse: DataPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    before = warehouse.warehouse.read_bytes()
    assert cli.run(["sql", "select nothing from nowhere"]) == 4
    assert cli.run(["sql", "delete from ops.sessions"]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert warehouse.warehouse.read_bytes() == before


def test_asking_before_the_first_run_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sql", "select 1"]) == 3
    assert "backfill" in capsys.readouterr().err


def test_check_shows_verdict_and_checks(warehouse: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--session", "2026-01-15"]) == 0
    shown = capsys.readouterr().out
    assert "2026-01-15,refused,False,A07 A08,run-1" in shown
    assert "A07,market,critical,failed,6.1 %" in shown


def test_check_of_a_session_nobody_judged(warehouse: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--session", "2026-01-16"]) == 4
    assert "No run has judged 2026-01-16." in capsys.readouterr().err


def test_status_before_the_first_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["status"]) == 0
    assert capsys.readouterr().out == "published  nothing yet\nlast run   none yet\n"


def test_status_names_the_last_run_and_its_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord("20260115T231500Z-nightly-ab12", "nightly", "2026-01-15T23:15:00+00:00")
    record.status, record.exit_code, record.error = RunStatus.REFUSED, 2, "Session 2026-01-15 was refused."
    write_record(DataPaths(tmp_path / "data"), record)
    assert cli.run(["status"]) == 0
    shown = capsys.readouterr().out
    assert "20260115T231500Z-nightly-ab12: refused, exit code 2" in shown
    assert "Session 2026-01-15 was refused." in shown


def test_rollback_waits_for_no_running_night(warehouse: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    with writer_lock(warehouse, "a-night"):
        assert cli.run(["rollback"]) == 5
    assert "a-night" in capsys.readouterr().err


def test_diff_of_a_file_with_itself(warehouse: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["diff", str(warehouse.warehouse), str(warehouse.warehouse)]) == 0
    assert capsys.readouterr().out == "No difference.\n"


def test_alert_test_reaches_the_channels(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with webhook() as hook:
        monkeypatch.setenv("SMALLCAPS_ALERT_URLS", hook.url)
        assert cli.run(["alert-test"]) == 0
    assert hook.posts[0]["title"] == "smallcaps TEST: alert-test"
    assert capsys.readouterr().out == "1 of 1 alert channels took the message.\n"


def test_alert_test_tells_what_failed_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["alert-test"]) == 4
    monkeypatch.setenv("SMALLCAPS_ALERT_URLS", f"json://127.0.0.1:{free_port()}/t0ken")
    assert cli.run(["alert-test"]) == 4
    told = capsys.readouterr().err
    assert "No alert channel is set." in told
    assert "0 of 1 alert channels" in told
    assert "t0ken" not in told


def test_module_entry_ends_the_process_with_the_code() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "nightly", "--session", "x"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=CHECKOUT,
    )
    assert result.returncode == 4
    assert "is no date" in result.stderr


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from flows import cli; cli.run(['--help']); "
        "heavy = {'polars', 'duckdb', 'prefect', 'pandas', 'apprise'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(  # noqa: S603 (our own interpreter and text)
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=CHECKOUT
    )
    assert result.stderr == "[]\n"
