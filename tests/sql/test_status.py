"""What `smallcaps status` tells."""

from pathlib import Path

import duckdb
import polars as pl

from flows.edge import warehouse
from flows.edge.run_records import write_record
from flows.edge.warehouse_status import Status, status
from flows.paths import DataPaths
from flows.run_record import RunRecord, RunStatus
from tests.sql import hand_made


def record(run_id: str, ended: RunStatus) -> RunRecord:
    return RunRecord(run_id=run_id, kind="nightly", started_at="2024-01-04T23:00:00+00:00", status=ended)


def test_of_an_empty_data_folder(tmp_path: Path) -> None:
    assert status(DataPaths(tmp_path)) == Status()


def test_of_a_published_warehouse(tmp_path: Path) -> None:
    def degraded(frames: hand_made.Frames) -> hand_made.Frames:
        sessions = frames["ops.sessions"]
        second = pl.col("session_date") == hand_made.SECOND
        frames["ops.sessions"] = sessions.with_columns(is_degraded=second)
        return frames

    paths = DataPaths(tmp_path)
    warehouse.publish(paths, hand_made.closed_build(tmp_path, "a", change=degraded))
    paths.runs.mkdir()
    for run_id, ended in [("1", RunStatus.FAILED), ("2", RunStatus.REFUSED), ("3", RunStatus.PUBLISHED)]:
        write_record(paths, record(run_id, ended))

    found = status(paths)

    assert found.run_id == "a"
    assert found.closed_at == hand_made.NOON
    assert (found.first_published, found.last_published) == (hand_made.FIRST, hand_made.SECOND)
    assert [(day.session_date, day.status, day.rule_codes) for day in found.not_published] == [
        (hand_made.REFUSED, "refused", ("ADM_TOTAL",))
    ]
    assert [day.session_date for day in found.degraded] == [hand_made.SECOND]
    assert found.row_counts["core.quotes"] == 12
    assert found.size_bytes == paths.warehouse.stat().st_size
    assert [build.run_id for build in found.kept] == ["a"]
    assert found.last_failed_run is not None
    assert found.last_failed_run.run_id == "2"


def test_of_a_warehouse_that_lacks_a_table_of_today(tmp_path: Path) -> None:
    """Status is asked by every run's ending, also by the one that says that a rebuild is needed."""
    paths = DataPaths(tmp_path)
    warehouse.publish(paths, hand_made.closed_build(tmp_path, "a"))
    paths.warehouse.chmod(0o644)
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("drop table core.fx_rates")
    found = status(paths)
    assert "core.fx_rates" not in found.row_counts
    assert found.row_counts["core.quotes"] == 12
