"""A build: clone, replace by policy, exact numbers, one transaction, nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.edge import warehouse
from flows.edge.build_files import marker, spill_folder
from flows.edge.builds import Build, Limits
from flows.edge.clones import clone
from flows.edge.quality import gate_build
from flows.edge.warehouse import reading
from flows.errors import Refused, SmallcapsError, UsageError
from flows.paths import DataPaths
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, SECOND

BEYOND_DOUBLE = [2**53 + 1, 2**63 - 1, 2**63 + 7, 10**30 + 1, 10**38 - 1, 0]


class TestExactNumbers:
    @pytest.mark.parametrize("value", BEYOND_DOUBLE)
    def test_wide_integers_come_back_to_the_last_digit(self, value: int, build_on: Callable[[], Build]) -> None:
        build = build_on()
        segments = hand_made.work()["marts.segment_daily"].with_columns(
            pl.lit(value, dtype=pl.Int128).alias("market_cap_usd")
        )
        build.replace("marts.segment_daily", segments, hand_made.SESSIONS)

        found = build.query("select distinct market_cap_usd::varchar as text from marts.segment_daily")

        assert found["text"].to_list() == [str(value)]

    def test_wide_integers_pass_through_work_frames_too(self, tmp_path: Path) -> None:
        def widen(frames: hand_made.Frames) -> hand_made.Frames:
            segments = frames["marts.segment_daily"]
            frames["marts.segment_daily"] = segments.with_columns(
                pl.lit(2**63 + 7, dtype=pl.Int128).alias("dollar_volume_usd")
            )
            return frames

        path = hand_made.closed_build(tmp_path, "wide", change=widen)

        with reading(path) as con:
            found = con.execute("select distinct dollar_volume_usd::varchar as n from marts.segment_daily").pl()
        assert found["n"].to_list() == [str(2**63 + 7)]

    def test_a_number_of_39_digits_is_refused_and_named(self, build_on: Callable[[], Build]) -> None:
        segments = hand_made.work()["marts.segment_daily"].with_columns(
            pl.lit(10**38, dtype=pl.Int128).alias("market_cap_usd")
        )

        with pytest.raises(ValueError, match="market_cap_usd"):
            build_on().replace("marts.segment_daily", segments, hand_made.SESSIONS)

    def test_floats_dates_times_and_lists_come_back_as_they_were(self, good: Path) -> None:
        frames = hand_made.everything("good")

        with reading(good) as con:
            for name in ("core.quotes", "core.market_caps", "ops.sessions", "ops.licences", "core.fundamentals"):
                contract = hand_made.table(name)
                stored = contract.conform(con.execute(f"from {name}").pl())
                assert stored.equals(contract.conform(frames[name])), name


class TestPolicies:
    def test_replaced_sessions_go_and_the_others_stay(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        only_inno = hand_made.core()["core.quotes"].filter(
            (pl.col("session_date") == SECOND) & (pl.col("symbol") == "INNO")
        )

        build.replace("core.quotes", only_inno, [SECOND])

        counts = build.query("select session_date, count(*) as n from core.quotes group by all order by all")
        assert counts.rows() == [(FIRST, 6), (SECOND, 1)]

    def test_a_session_can_be_taken_away(self, build_on: Callable[[], Build]) -> None:
        build = build_on()

        build.replace("core.quotes", hand_made.empty("core.quotes"), [SECOND])

        assert build.query("select distinct session_date as d from core.quotes")["d"].to_list() == [FIRST]

    def test_rows_of_a_session_that_is_not_replaced_are_refused(self, build_on: Callable[[], Build]) -> None:
        with pytest.raises(
            ValueError, match=r"core\.quotes: rows of 1 sessions that are not replaced, such as 2024-01-02"
        ):
            build_on().replace("core.quotes", hand_made.core()["core.quotes"], [SECOND])

    def test_replace_all_writes_anew(self, build_on: Callable[[], Build]) -> None:
        build = build_on()

        build.replace("core.securities", hand_made.core()["core.securities"].head(1))

        assert build.query("select count(*) as n from core.securities").item() == 1

    def test_append_only_adds(self, build_on: Callable[[], Build]) -> None:
        build = build_on()

        build.replace("ops.runs", hand_made.rows("ops.runs", {"run_id": "another"}))

        assert set(build.query("select run_id from ops.runs")["run_id"]) == {"good", "another"}

    def test_a_frame_without_a_column_is_refused(self, build_on: Callable[[], Build]) -> None:
        with pytest.raises(ValueError, match=r"core\.quotes: missing columns \['close'\]"):
            build_on().replace("core.quotes", hand_made.core()["core.quotes"].drop("close"), hand_made.SESSIONS)


class TestLifeCycle:
    def test_the_base_is_untouched(self, good: Path, build_on: Callable[[], Build]) -> None:
        before = good.read_bytes()
        build = build_on()
        build.replace("core.quotes", hand_made.empty("core.quotes"), hand_made.SESSIONS)
        build.close()

        assert good.read_bytes() == before
        assert build.base_run_id == "good"

    def test_a_closed_build_is_one_file_without_a_log(self, tmp_path: Path) -> None:
        path = hand_made.closed_build(tmp_path, "one")

        assert path == DataPaths(tmp_path).build("one")
        assert [p.name for p in path.parent.iterdir() if p != marker(path)] == ["one.duckdb"]

    def test_an_error_inside_the_block_removes_the_build(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError), Build.start(DataPaths(tmp_path), "lost", None):
            raise RuntimeError

        assert list(DataPaths(tmp_path).builds.iterdir()) == []

    def test_a_build_that_the_gate_refused_stays_to_be_looked_at_until_the_next_run(
        self, tmp_path: Path, good: Path
    ) -> None:
        paths = DataPaths(tmp_path)

        def refused_night() -> None:
            with Build.start(paths, "refused", good) as build:
                raise Refused(gate_build(build, hand_made.SESSIONS, tables=[hand_made.table("core.macro")]).summary)

        with pytest.raises(Refused):
            refused_night()

        with reading(paths.build("refused")) as con:
            assert con.execute("select count(*) as n from ops.checks where run_id = 'refused'").pl().item() > 0
        assert warehouse.kept_builds(paths) == []

        with Build.start(paths, "next", good):
            assert not paths.build("refused").exists()

    def test_a_failed_statement_is_never_committed_in_silence(self, tmp_path: Path) -> None:
        """DuckDB's COMMIT after an error in the transaction rolls back and reports success."""
        build = Build.start(DataPaths(tmp_path), "half", None)
        hand_made.fill(build, hand_made.everything("half"))
        with pytest.raises(duckdb.Error, match="on purpose"):
            build.query("select error('on purpose')")

        with pytest.raises(SmallcapsError, match="aborted"):
            build.close()

        assert list(DataPaths(tmp_path).builds.iterdir()) == []

    def test_builds_that_were_left_behind_go_with_the_next_run(self, tmp_path: Path) -> None:
        paths = DataPaths(tmp_path)
        left = Build.start(paths, "left", None)
        left._con.close()  # as a kill would
        Path(f"{left.path}.wal").write_bytes(b"log")

        with Build.start(paths, "next", None) as build:
            names = {path.name for path in paths.builds.iterdir()}
            assert names == {build.path.name, marker(build.path).name, spill_folder(build.path).name}

    def test_a_run_id_is_used_once(self, tmp_path: Path) -> None:
        path = hand_made.closed_build(tmp_path, "same")
        marker(path).unlink()

        with pytest.raises(UsageError, match="already has a build"):
            Build.start(DataPaths(tmp_path), "same", None)

        assert path.exists()

    def test_a_file_of_other_contracts_is_refused_with_the_next_step(self, good: Path, tmp_path: Path) -> None:
        old = tmp_path / "old.duckdb"
        clone(good, old)
        with duckdb.connect(str(old)) as con:
            con.execute("update ops.schema_version set fingerprint = 'of last year'")

        with pytest.raises(UsageError) as caught:
            Build.start(DataPaths(tmp_path), "r", old)

        assert "smallcaps rebuild" in caught.value.next_step
        assert list(DataPaths(tmp_path).builds.iterdir()) == []

    def test_a_file_that_is_no_warehouse_is_refused(self, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.duckdb"
        wrong.write_bytes(b"<html>not found</html>" * 1000)

        with pytest.raises(SmallcapsError, match=r"wrong\.duckdb cannot be used"):
            Build.start(DataPaths(tmp_path), "r", wrong)

    def test_memory_threads_and_spill_folder_are_set(self, tmp_path: Path) -> None:
        with Build.start(DataPaths(tmp_path), "r", None, limits=Limits(memory="1GB", threads=1)) as build:
            found = build.query(
                "select current_setting('memory_limit') as memory, current_setting('threads') as threads, "
                "current_setting('temp_directory') as spill, current_setting('TimeZone') as zone"
            ).row(0, named=True)
            assert found == {
                "memory": "953.6 MiB",
                "threads": 1,
                "spill": str(spill_folder(build.path)),
                "zone": "UTC",
            }

    def test_night_after_night_the_file_does_not_grow_for_nothing(self, tmp_path: Path, good: Path) -> None:
        sizes, base = [], good
        for night in range(5):
            base = hand_made.closed_build(tmp_path, f"night-{night}", on=base)
            marker(base).unlink()
            sizes.append(base.stat().st_size)

        assert sizes[-1] <= 1.5 * sizes[0]
