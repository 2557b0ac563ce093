"""What differs between two warehouses, and which published values a run revises."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.edge.builds import Build
from flows.edge.diff import COMPARED, DIFF_SCHEMA, content_hashes, diff, revisions
from flows.errors import MissingData
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, SECOND
from transforms.contracts import table

INNO = pl.col("company_id") == hand_made.company_id("INNO")


def closed(build: Build) -> Path:
    return build.close()


class TestDiff:
    def test_two_builds_of_the_same_data_do_not_differ(self, good: Path, tmp_path: Path) -> None:
        again = hand_made.closed_build(tmp_path, "again")

        assert diff(good, again).is_empty()
        assert content_hashes(good) == content_hashes(again)

    def test_the_order_of_rows_does_not_matter(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.commit()
        build.query("create or replace temp table shuffled as select * from core.quotes order by hash(symbol)")
        build.query("delete from core.quotes")
        build.query("insert into core.quotes select * from shuffled")

        path = closed(build)
        assert diff(good, path).is_empty()
        assert content_hashes(good) == content_hashes(path)

    def test_each_changed_value_is_one_row(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        caps = hand_made.core()["core.market_caps"]
        second = INNO & (pl.col("session_date") == SECOND)
        changed = caps.with_columns(
            cap_usd=pl.when(second).then(500_000_001).otherwise("cap_usd"),
            price=pl.when(second).then(25.1).otherwise("price"),
            shares_as_of=pl.when(second).then(pl.lit(FIRST)),
        )
        build.replace("core.market_caps", changed, hand_made.SESSIONS)

        found = diff(good, closed(build))

        key = f"2024-01-03 | {hand_made.company_id('INNO')}"
        assert found.rows() == [
            ("core.market_caps", key, "cap_usd", "500000000", "500000001"),
            ("core.market_caps", key, "price", "25.0", "25.1"),
            ("core.market_caps", key, "shares_as_of", None, "2024-01-02"),
        ]
        assert dict(found.schema) == DIFF_SCHEMA

    def test_the_last_bit_of_a_float_counts(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        quotes = hand_made.core()["core.quotes"].with_columns(close=pl.col("close") * (1 + 2**-52))
        build.replace("core.quotes", quotes, hand_made.SESSIONS)

        assert set(diff(good, closed(build))["column_name"]) == {"close"}

    def test_rows_of_one_side_are_one_row_each(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        securities = hand_made.core()["core.securities"]
        added = securities.head(1).with_columns(security_id=pl.lit("NEW~20240103"))
        kept = securities.filter(pl.col("symbol") != "INNO")
        build.replace("core.securities", pl.concat([kept, added]))

        found = diff(good, closed(build)).drop("row_key")

        assert set(found.rows()) == {
            ("core.securities", "*", None, "row"),
            ("core.securities", "*", "row", None),
        }
        assert found.height == 2

    def test_run_ids_and_clock_times_are_left_out(self) -> None:
        compared = {known.full_name for known in COMPARED}

        assert {"core.quotes", "marts.segment_daily", "marts.caps_latest"} <= compared
        assert not {"ops.runs", "ops.fetches", "ops.checks", "ops.publications"} & compared
        assert not any("run_id" in known.column_names for known in COMPARED)

    def test_a_missing_file_is_told(self, good: Path, tmp_path: Path) -> None:
        with pytest.raises(MissingData):
            diff(good, tmp_path / "none.duckdb")


class TestRevisions:
    def test_a_published_value_that_changes_is_a_revision(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        quotes = hand_made.core()["core.quotes"]
        inno = (pl.col("symbol") == "INNO") & (pl.col("session_date") == SECOND)
        build.replace(
            "core.quotes", quotes.with_columns(close=pl.when(inno).then(26.0).otherwise("close")), hand_made.SESSIONS
        )

        found = revisions(good, build, [SECOND], cause="corrected file")

        assert found.drop("row_key").rows() == [
            (build.run_id, "core.quotes", "close", "25.0", "26.0", "corrected file")
        ]
        assert build.replace("ops.revisions", found) == 1

    def test_a_new_session_revises_nothing(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        new = date(2024, 1, 5)
        quotes = hand_made.core()["core.quotes"].filter(pl.col("session_date") == SECOND)
        build.replace("core.quotes", quotes.with_columns(session_date=pl.lit(new)), [new])
        core = hand_made.core()
        build.replace("core.securities", core["core.securities"].with_columns(last_session=pl.lit(new)))
        moved = core["core.bucket_memberships"].with_columns(valid_to=pl.when(INNO).then(pl.lit(SECOND)))
        build.replace("core.bucket_memberships", moved)

        assert revisions(good, build, [new], cause="night").is_empty()

    def test_a_refused_session_that_is_accepted_later_revises_nothing(
        self, good: Path, build_on: Callable[[], Build]
    ) -> None:
        build = build_on()
        quotes = hand_made.core()["core.quotes"].filter(pl.col("session_date") == SECOND)
        late = quotes.with_columns(session_date=pl.lit(hand_made.REFUSED))
        build.replace("core.quotes", late, [hand_made.REFUSED])

        assert revisions(good, build, [hand_made.REFUSED], cause="accepted").is_empty()

    def test_a_published_session_that_is_refused_later_revises_all_its_rows(
        self, good: Path, build_on: Callable[[], Build]
    ) -> None:
        build = build_on()
        build.replace("core.quotes", hand_made.empty("core.quotes"), [SECOND])

        found = revisions(good, build, [SECOND], cause="rejected")

        assert found.height == 6
        assert set(found["column_name"]) == {"*"}
        assert set(found["old_value"]) == {"row"}

    def test_a_new_row_of_a_table_written_anew_is_news_and_a_changed_one_a_revision(
        self, good: Path, build_on: Callable[[], Build]
    ) -> None:
        build = build_on()
        facts = hand_made.core()["core.fundamentals"]
        new = facts.with_columns(concept=pl.lit("revenue"))
        build.replace("core.fundamentals", pl.concat([facts.with_columns(value=pl.lit(2e7)), new]))

        found = revisions(good, build, [], cause="new vintage")

        assert found.select("column_name", "old_value", "new_value").rows() == [("value", "10000000.0", "20000000.0")]

    def test_beyond_the_cap_one_row_says_how_many_are_left_out(self, good: Path, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.replace("core.quotes", hand_made.empty("core.quotes"), [SECOND])

        found = revisions(good, build, [SECOND], cause="rejected", cap=4)

        assert found.height == 5
        assert found.row(-1, named=True) == {
            "run_id": build.run_id,
            "table_name": "core.quotes",
            "row_key": "*",
            "column_name": "*",
            "old_value": None,
            "new_value": "2 more changes",
            "cause": "rejected",
        }

    def test_the_cap_holds_over_all_parts_of_a_long_comparison(
        self, good: Path, build_on: Callable[[], Build], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flows.edge.comparison.SESSIONS_AT_ONCE", 1)
        build = build_on()
        build.replace("core.quotes", hand_made.empty("core.quotes"), hand_made.PUBLISHED)

        found = revisions(good, build, hand_made.PUBLISHED, cause="rejected", cap=8)

        assert found.height == 9
        assert [key[:10] for key in found["row_key"]] == [str(FIRST)] * 6 + [str(SECOND)] * 2 + ["*"]
        assert found["new_value"][-1] == "4 more changes"

    def test_a_first_build_revises_nothing(self, build_on: Callable[[], Build]) -> None:
        found = revisions(None, build_on(), [SECOND], cause="first")

        assert found.is_empty()
        assert table("ops.revisions").conform(found).is_empty()

    def test_what_is_written_after_comparing_is_still_committed(
        self, good: Path, build_on: Callable[[], Build], tmp_path: Path
    ) -> None:
        build = build_on()
        build.replace("core.quotes", hand_made.empty("core.quotes"), [SECOND])
        revisions(good, build, [SECOND], cause="x")

        found = diff(good, closed(build))

        assert found.height == 6
