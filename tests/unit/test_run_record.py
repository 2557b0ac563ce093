import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.run_records import latest_record, read_record, record_text, write_record
from flows.paths import DataPaths
from flows.run_record import (
    AlertOutcome,
    RunOutcome,
    RunRecord,
    RunStatus,
    SessionVerdict,
    new_run_id,
)

STARTED = datetime(2026, 1, 15, 23, 15, tzinfo=UTC)


def record_of(run_id: str) -> RunRecord:
    return RunRecord(run_id=run_id, kind="nightly", started_at=STARTED.isoformat())


def test_run_id_says_when_and_what_and_sorts_by_time() -> None:
    first = new_run_id("nightly", STARTED)
    assert first.rsplit("-", 1)[0] == "20260115T231500Z-nightly"
    assert len(first.rsplit("-", 1)[1]) == 4
    assert first < new_run_id("backfill", STARTED.replace(minute=16))


def test_record_comes_back_as_written(tmp_path: Path) -> None:
    record = record_of("20260115T231500Z-nightly-ab12")
    record.status = RunStatus.DEGRADED
    record.exit_code = 0
    record.sessions = [
        SessionVerdict("2026-01-14", "published"),
        SessionVerdict("2026-01-15", "refused", rule_codes=("A07", "A08"), detail="6 % held"),
    ]
    record.rows_per_stage = {"landed": 3, "staged": 7_012}
    record.gate = {"passed": 41, "failed": 0}
    record.seconds_per_stage = {"stage": 0.25}
    record.degraded_sources = {"etf_flows": "HTTP 503"}
    record.alerts = [AlertOutcome("degraded", 2, 1, "1 of 2 channels failed")]
    path = write_record(DataPaths(tmp_path), record)
    assert path == tmp_path / "runs" / "20260115T231500Z-nightly-ab12.json"
    assert read_record(path) == record
    assert [verdict.session_date for verdict in record.sessions_with("refused")] == ["2026-01-15"]


def test_writing_again_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    record = record_of("20260115T231500Z-nightly-ab12")
    write_record(DataPaths(tmp_path), record)
    record.status = RunStatus.PUBLISHED
    path = write_record(DataPaths(tmp_path), record)
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == "published"
    assert list(path.parent.iterdir()) == [path]


def test_gate_summary_may_hold_dates(tmp_path: Path) -> None:
    record = record_of("20260115T231500Z-nightly-ab12")
    record.gate = {"first_session": date(2026, 1, 15)}
    path = write_record(DataPaths(tmp_path), record)
    assert read_record(path).gate == {"first_session": "2026-01-15"}


def test_latest_record_is_the_newest_by_start(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    assert latest_record(paths) is None
    for run_id in ("20260116T231500Z-nightly-0000", "20260115T231500Z-nightly-ffff"):
        write_record(paths, record_of(run_id))
    latest = latest_record(paths)
    assert latest is not None
    assert latest.run_id == "20260116T231500Z-nightly-0000"


def test_record_of_a_newer_version_is_read_and_a_damaged_one_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = DataPaths(tmp_path)
    record = record_of("20260115T231500Z-nightly-ab12")
    record.sessions = [SessionVerdict("2026-01-15", "published")]
    record.alerts = [AlertOutcome("degraded", 2, 1)]
    path = write_record(paths, record)
    raw = json.loads(path.read_text(encoding="utf-8"))
    for part in (raw, raw["sessions"][0], raw["alerts"][0]):
        part["of_a_later_version"] = 1
    path.write_text(json.dumps(raw), encoding="utf-8")
    paths.run_record("20260116T231500Z-nightly-0000").write_text("{}", encoding="utf-8")
    assert latest_record(paths) == record
    assert "20260116T231500Z-nightly-0000.json cannot be read and is passed over" in caplog.text


def test_outcome_is_one_line() -> None:
    outcome = RunOutcome(2, "Refused 2026-01-15:\n rule A07.", "Read the runbook.", "run", Path("r.json"))
    assert outcome.one_line == "Refused 2026-01-15: rule A07. Next: Read the runbook."
    assert RunOutcome(0, "Published.", "", "run", Path("r.json")).one_line == "Published."


def test_text_of_a_record_that_is_not_there(tmp_path: Path) -> None:
    assert record_text(tmp_path / "none.json") == "{}"
    path = write_record(DataPaths(tmp_path), record_of("20260115T231500Z-nightly-ab12"))
    assert json.loads(record_text(path))["kind"] == "nightly"
