"""Each mart against tiny hand-made tables: given, expect."""

from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import polars as pl
import pytest

from flows.edge import sql_files
from flows.edge.builds import Build
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, SECOND, rows
from transforms.contracts import MARTS, table

FILES = sql_files.read_folder(sql_files.MARTS)


def test_there_is_one_file_per_mart() -> None:
    assert {file.name for file in FILES} == {mart.name for mart in MARTS}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_header_says_what_the_contract_says(file: sql_files.SqlFile) -> None:
    contract = table(f"marts.{file.name}")

    assert file.header["grain"] == contract.grain
    assert file.header["key"] == ", ".join(contract.key)
    assert file.header["owner"] == contract.owner
    assert file.header["purpose"]


@pytest.mark.parametrize("name", hand_made.MARTS_FROM_WORK)
def test_a_computed_mart_is_the_frame_that_was_given(name: str, build_on: Callable[[], Build]) -> None:
    build = build_on()

    published = build.query(f"from marts.{name}")

    expected = table(f"marts.{name}").conform(hand_made.work()[f"marts.{name}"])
    assert table(f"marts.{name}").conform(published).equals(expected)


class TestCapsLatest:
    def rerun(self, build: Build) -> pl.DataFrame:
        for name in hand_made.MARTS_FROM_WORK:
            build.work(name, table(f"marts.{name}").empty())
        build.work("cap_gaps", hand_made.gaps().clear())
        build.run_marts([])
        return build.query("select * from marts.caps_latest order by ticker")

    def test_innovatetech_is_worth_500_million_and_is_small(self, build_on: Callable[[], Build]) -> None:
        latest = self.rerun(build_on())

        inno = latest.filter(pl.col("ticker") == "INNO").row(0, named=True)
        assert inno["cap_usd"] == 500_000_000
        assert inno["bucket"] == "small"
        assert (inno["price"], inno["shares"]) == (25.0, 20_000_000.0)
        assert inno["session_date"] == SECOND
        assert inno["quote_file_sha256"] == hand_made.SHA

    def test_only_companies_of_the_last_session_are_in(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        caps = hand_made.core()["core.market_caps"]
        gone = (pl.col("ticker") == "MIDC") & (pl.col("session_date") == SECOND)
        build.replace("core.market_caps", caps.filter(~gone), hand_made.SESSIONS)

        assert "MIDC" not in set(self.rerun(build)["ticker"])

    def test_name_and_bucket_are_those_in_force_on_the_session(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        core = hand_made.core()
        old = pl.col("symbol") == "INNO"
        ended = core["core.securities"].with_columns(valid_to=pl.when(old).then(FIRST))
        renamed = (
            core["core.securities"]
            .filter(old)
            .with_columns(valid_from=pl.lit(SECOND), name=pl.lit("InnovateTech Holding"))
        )
        build.replace("core.securities", pl.concat([ended, renamed]))
        inno = pl.col("company_id") == hand_made.company_id("INNO")
        left = core["core.bucket_memberships"].with_columns(valid_to=pl.when(inno).then(FIRST))
        entered = (
            core["core.bucket_memberships"].filter(inno).with_columns(valid_from=pl.lit(SECOND), bucket=pl.lit("mid"))
        )
        build.replace("core.bucket_memberships", pl.concat([left, entered]))

        found = self.rerun(build).filter(pl.col("ticker") == "INNO")

        assert found.height == 1
        assert found["name"].item() == "InnovateTech Holding"
        assert found["bucket"].item() == "mid"

    def test_a_correction_of_a_quote_does_not_double_the_company(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        quotes = hand_made.core()["core.quotes"]
        later = quotes.filter((pl.col("symbol") == "INNO") & (pl.col("session_date") == SECOND)).with_columns(
            known_at=pl.lit(datetime(2024, 1, 4, 1, tzinfo=UTC)), source=pl.lit("files")
        )
        build.replace("core.quotes", pl.concat([quotes, later]), hand_made.SESSIONS)

        found = self.rerun(build).filter(pl.col("ticker") == "INNO")

        assert found["quote_source"].to_list() == ["files"]

    @pytest.mark.parametrize(
        ("landed", "expected"),
        [
            (["history"], "h"),
            (["history", "daily"], "d"),
            (["daily", "daily again"], "e"),
            (["daily", "broken"], "d"),
            (["other session"], None),
            (["other exchange"], None),
            (["other source"], None),
        ],
    )
    def test_the_file_behind_a_price(
        self, landed: list[str], expected: str | None, build_on: Callable[[], Build]
    ) -> None:
        files = {
            "history": ("nasdaq_screener", "history/quotes", "2024", "h", 1),
            "daily": ("nasdaq_screener", "daily/nasdaq", "2024-01-03", "d", 1),
            "daily again": ("nasdaq_screener", "daily/nasdaq", "2024-01-03", "e", 2),
            "other session": ("nasdaq_screener", "daily/nasdaq", "2024-01-02", "o", 1),
            "other exchange": ("nasdaq_screener", "daily/nyse", "2024-01-03", "x", 1),
            "other source": ("files", "daily/nasdaq", "2024-01-03", "f", 1),
            "broken": ("nasdaq_screener", "daily/nasdaq", "2024-01-03", "b", 3),
        }
        given = [files[name] for name in landed]
        fetches = rows(
            "ops.fetches",
            *[
                {"source": source, "dataset": dataset, "file_key": key, "sha256": sha,
                 "landed_at": datetime(2024, 1, 4, hour, tzinfo=UTC), "is_in_use": sha != "b"}
                for source, dataset, key, sha, hour in given
            ],
        )  # fmt: skip
        build = build_on()
        build.replace("ops.fetches", fetches)

        assert set(self.rerun(build)["quote_file_sha256"]) == {expected}


class TestCapReconciliation:
    def rerun(self, build: Build, gaps: pl.DataFrame) -> pl.DataFrame:
        build.work("cap_gaps", gaps)
        build.run_marts([SECOND], [file for file in FILES if file.name == "cap_reconciliation"])
        return build.query("from marts.cap_reconciliation").sort("ticker")

    def test_a_gap_is_joined_with_the_cap_of_its_session(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        caps = hand_made.core()["core.market_caps"]
        micr = pl.col("ticker") == "MICR"
        later = caps.with_columns(
            cap_usd=pl.when(micr & (pl.col("session_date") == SECOND)).then(777).otherwise("cap_usd"),
            check_shares=pl.when(micr).then(pl.lit(8_000_000, pl.Int64)),
        )
        build.replace("core.market_caps", later, hand_made.SESSIONS)

        (row,) = self.rerun(build, hand_made.gaps().with_columns(filed_cap_usd=pl.lit(700, pl.Int64))).to_dicts()

        assert row["filed_cap_usd"] == 700
        assert (row["ticker"], row["tier"], row["cap_usd"], row["check_shares"]) == (
            "MICR", "vendor_implied", 777, 8_000_000,
        )  # fmt: skip
        assert (row["vendor_cap_usd"], row["check_gap"], row["flag"]) == (hand_made.cap("MICR"), 0.25, "vendor_jumped")
        assert (row["quality"], row["reason"]) == ("single_source", "one source")

    def test_a_held_company_has_a_row_without_a_cap(self, build_on: Callable[[], Build]) -> None:
        held = {"session_date": SECOND, "company_id": "C:HELD", "held_ticker": "HELD", "held_reason": "ADM_JUMP",
                "candidate_cap_usd": 5, "flag": "held"}  # fmt: skip

        found = self.rerun(build_on(), hand_made.gaps(held))

        assert found["ticker"].to_list() == ["HELD", "MICR"]
        row = found.row(0, named=True)
        assert (row["reason"], row["candidate_cap_usd"], row["flag"]) == ("ADM_JUMP", 5, "held")
        assert [row[name] for name in ("cap_usd", "tier", "quality", "gap", "check_shares")] == [None] * 5


class TestMembersDaily:
    def test_the_view_shows_membership_by_session(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        memberships = hand_made.core()["core.bucket_memberships"]
        nano = pl.col("bucket") == "nano"
        build.replace(
            "core.bucket_memberships",
            pl.concat(
                [
                    memberships.with_columns(valid_to=pl.when(nano).then(FIRST)),
                    memberships.filter(nano).with_columns(valid_from=pl.lit(SECOND), bucket=pl.lit("micro")),
                ]
            ),
        )

        found = build.query(
            "select session_date, bucket from marts.bucket_members_daily where ticker = 'NANO' order by all"
        )

        assert found.rows() == [(FIRST, "nano"), (SECOND, "micro")]


class TestRunner:
    def file(self, name: str, text: str) -> sql_files.SqlFile:
        return sql_files.parse(name, text)

    def test_files_run_after_those_that_they_read(self) -> None:
        first = self.file("b", "-- purpose: x\nwith c as (select * from marts.z) select * from c as marts_a")
        second = self.file("z", "select s.a from core.quotes as s")
        third = self.file("a", "select x.* from marts.b as x inner join marts.z as y on x.a = y.a")

        ordered = sql_files.in_dependency_order(duckdb.connect(), [third, first, second], "marts")

        assert [file.name for file in ordered] == ["z", "b", "a"]

    def test_files_that_read_each_other_are_refused(self) -> None:
        circle = [self.file("a", "select * from marts.b"), self.file("b", "select * from marts.a")]

        with pytest.raises(ValueError, match="read each other"):
            sql_files.in_dependency_order(duckdb.connect(), circle, "marts")

    def test_a_select_with_other_columns_than_its_contract_is_refused(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.work("segment_daily", table("marts.segment_daily").empty())
        short = self.file("segment_daily", "select session_date, scheme_id from work.segment_daily")

        with pytest.raises(ValueError, match=r"segment_daily\.sql and its contract disagree.*cap_share"):
            build.run_marts([FIRST], [short])

    def test_a_select_of_another_type_is_refused(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.work("segment_daily", table("marts.segment_daily").empty())
        other = self.file(
            "segment_daily",
            "select * replace (market_cap_usd::double as market_cap_usd) from work.segment_daily",
        )

        with pytest.raises(ValueError, match="market_cap_usd"):
            build.run_marts([FIRST], [other])

    def test_a_work_frame_that_nobody_gave_is_named(self, build_on: Callable[[], Build]) -> None:
        build = build_on()

        with pytest.raises(ValueError, match=r"work\.segment_daily, which no transform gave"):
            build.run_marts([FIRST], [file for file in FILES if file.name == "segment_daily"])

    def test_rows_of_other_sessions_are_refused(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.work("segment_daily", hand_made.work()["marts.segment_daily"])

        with pytest.raises(ValueError, match="sessions that are not replaced"):
            build.run_marts([FIRST], [file for file in FILES if file.name == "segment_daily"])

    def test_only_the_replaced_sessions_change(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        changed = hand_made.work()["marts.segment_daily"].filter(pl.col("session_date") == SECOND)
        build.work("segment_daily", changed.with_columns(turnover=pl.lit(0.5)))
        build.run_marts([SECOND], [file for file in FILES if file.name == "segment_daily"])

        found = build.query("select distinct session_date, turnover from marts.segment_daily order by all")

        assert found.rows() == [(FIRST, 0.01), (SECOND, 0.5)]

    def test_two_statements_in_one_file_are_refused(self) -> None:
        with pytest.raises(ValueError, match="without a semicolon"):
            sql_files.parse("two", "select 1; select 2")

    def test_a_semicolon_in_a_comment_is_none(self) -> None:
        assert sql_files.parse("one", "-- what: this; and\n--   that\nselect 1").header == {"what": "this; and that"}
