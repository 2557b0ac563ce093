"""Publish and roll back: whole files under one name, the last ones kept, readers undisturbed."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from flows.edge import warehouse
from flows.edge.build_files import marker
from flows.edge.builds import Build
from flows.errors import MissingData, SmallcapsError, UsageError
from flows.paths import DataPaths
from tests.sql import hand_made


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path)


def publish(paths: DataPaths, run_id: str, keep: int = 5) -> Path:
    """Publish an almost empty warehouse that knows its run id."""
    base = paths.warehouse if paths.warehouse.exists() else None
    with Build.start(paths, run_id, base) as build:
        kept = len(warehouse.kept_builds(paths))
        closed_at = hand_made.NOON + timedelta(hours=kept)
        build.replace("ops.publications", hand_made.publication(run_id, build.base_run_id, closed_at))
        build.close()
    return warehouse.publish(paths, build.path, keep)


def published_run(paths: DataPaths) -> str:
    sql = "select run_id from ops.publications order by build_closed_at desc limit 1"
    return str(warehouse.query(paths, sql).item())


def current(paths: DataPaths) -> list[str]:
    return [build.run_id for build in warehouse.kept_builds(paths) if build.is_current]


class TestPublish:
    def test_the_build_becomes_the_published_file(self, paths: DataPaths) -> None:
        assert publish(paths, "a") == paths.warehouse

        assert published_run(paths) == "a"
        assert not marker(paths.build("a")).exists()
        assert not list(paths.root.glob("*.next"))

    def test_the_last_builds_are_kept_and_older_ones_go(self, paths: DataPaths) -> None:
        for run_id in "abcd":
            publish(paths, run_id, keep=2)

        assert [build.run_id for build in warehouse.kept_builds(paths)] == ["c", "d"]
        assert current(paths) == ["d"]

    def test_an_open_reader_keeps_the_old_file_and_a_new_one_sees_the_new(self, paths: DataPaths) -> None:
        publish(paths, "a")
        with warehouse.reading(paths.warehouse) as reader:
            publish(paths, "b", keep=1)
            old = reader.execute("select run_id from ops.publications").pl()
            assert old["run_id"].to_list() == ["a"]

        assert published_run(paths) == "b"

    def test_the_published_file_is_read_only_and_its_clone_is_not(self, paths: DataPaths) -> None:
        publish(paths, "a")
        assert stat.S_IMODE(paths.warehouse.stat().st_mode) == 0o444

        publish(paths, "b")
        assert published_run(paths) == "b"

    def test_a_build_that_is_still_open_is_refused(self, paths: DataPaths) -> None:
        publish(paths, "a")
        with Build.start(paths, "b", paths.warehouse) as build:
            build.replace("ops.publications", hand_made.publication("b"))
            build.commit()
            assert Path(f"{build.path}.wal").exists()
            with pytest.raises(SmallcapsError, match="was not closed"):
                warehouse.publish(paths, build.path)

        assert published_run(paths) == "a"

    def test_a_build_of_other_contracts_is_refused(self, paths: DataPaths) -> None:
        publish(paths, "a")
        with Build.start(paths, "b", paths.warehouse) as build:
            build.query("update ops.schema_version set fingerprint = 'x'")
            build.close()

        with pytest.raises(UsageError, match="other contracts"):
            warehouse.publish(paths, build.path)
        assert published_run(paths) == "a"

    def test_a_missing_build_is_refused(self, paths: DataPaths) -> None:
        with pytest.raises(MissingData):
            warehouse.publish(paths, paths.build("none"))

    def test_something_must_be_kept(self, paths: DataPaths) -> None:
        with pytest.raises(UsageError, match="at least 1"):
            warehouse.publish(paths, paths.build("a"), keep=0)

    def test_without_hard_links_copies_do(self, paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_links(*_: object, **__: object) -> None:
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", no_links)
        for run_id in "abc":
            publish(paths, run_id, keep=2)

        assert [build.run_id for build in warehouse.kept_builds(paths)] == ["b", "c"]
        assert current(paths) == ["c"]
        assert warehouse.rollback(paths).run_id == "b"
        assert published_run(paths) == "b"


class TestRollback:
    def test_it_goes_back_one_publication_at_a_time(self, paths: DataPaths) -> None:
        for run_id in "abc":
            publish(paths, run_id)

        assert warehouse.rollback(paths).run_id == "b"
        assert published_run(paths) == "b"
        assert warehouse.rollback(paths).run_id == "a"
        assert published_run(paths) == "a"

    def test_it_goes_forward_again_by_name(self, paths: DataPaths) -> None:
        for run_id in "ab":
            publish(paths, run_id)
        warehouse.rollback(paths)

        warehouse.rollback(paths, "b")

        assert published_run(paths) == "b"
        assert current(paths) == ["b"]

    def test_there_must_be_something_to_go_back_to(self, paths: DataPaths) -> None:
        publish(paths, "a")

        with pytest.raises(UsageError, match=r"before the current one is kept; kept are: a\."):
            warehouse.rollback(paths)
        with pytest.raises(UsageError, match="of run z is kept"):
            warehouse.rollback(paths, "z")
        assert published_run(paths) == "a"

    def test_an_unfinished_build_is_never_rolled_back_to(self, paths: DataPaths) -> None:
        publish(paths, "a")
        left = hand_made.closed_build(paths.root, "refused", on=paths.warehouse)
        assert left.exists()

        with pytest.raises(UsageError):
            warehouse.rollback(paths, "refused")

    def test_a_night_after_a_rollback_builds_on_what_was_rolled_back_to(self, paths: DataPaths) -> None:
        for run_id in "ab":
            publish(paths, run_id)
        warehouse.rollback(paths)

        publish(paths, "c")

        runs = warehouse.query(paths, "select run_id from ops.publications order by run_id")
        assert runs["run_id"].to_list() == ["a", "c"]

    def test_a_lost_published_file_can_be_rolled_back_to(self, paths: DataPaths) -> None:
        publish(paths, "a")
        paths.warehouse.unlink()

        assert warehouse.rollback(paths).run_id == "a"
        assert published_run(paths) == "a"


class TestQuery:
    def test_without_a_warehouse_the_next_step_is_told(self, paths: DataPaths) -> None:
        with pytest.raises(MissingData) as caught:
            warehouse.query(paths, "select 1")

        assert "backfill" in caught.value.next_step

    def test_a_wrong_query_is_a_usage_error(self, paths: DataPaths) -> None:
        publish(paths, "a")

        with pytest.raises(UsageError, match="nowhere"):
            warehouse.query(paths, "select * from nowhere")

    def test_queries_cannot_change_the_file(self, paths: DataPaths) -> None:
        publish(paths, "a")

        with pytest.raises(UsageError, match="read-only"):
            warehouse.query(paths, "delete from ops.publications")

    def test_a_damaged_file_is_told(self, paths: DataPaths) -> None:
        paths.root.mkdir(exist_ok=True)
        paths.warehouse.write_bytes(b"damaged" * 2000)

        with pytest.raises(SmallcapsError, match="cannot be opened"):
            warehouse.query(paths, "select 1")


def test_a_reader_does_not_lock_the_writer_out(paths: DataPaths) -> None:
    publish(paths, "a")
    with duckdb.connect(str(paths.warehouse), read_only=True):
        publish(paths, "b")

    assert published_run(paths) == "b"
