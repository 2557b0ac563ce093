"""The gate itself: passing on nothing is failing, and a check that cannot run is told from bad data."""

import json
from collections.abc import Callable

import polars as pl
import pytest

from expectations import suites
from expectations.gate import run_gate
from expectations.gate_rules import GATE_RULES, ROWS, thresholds
from expectations.rules import RULES
from expectations.sql_checks import SqlCheck, sql_check
from expectations.suites import suite_of
from expectations.suites.model import Suite
from expectations.validation import Validator, to_pandas
from flows.edge.builds import Build
from flows.edge.quality import GATED, gate_build, read_checks
from tests.sql import hand_made
from transforms.contracts import TABLES, Table, table

NONE_FAIL = SqlCheck(ROWS, "ops.sessions", "nothing", "select 1 as a where false")


def judge(build: Build, *names: str, checks: tuple[SqlCheck, ...] = (NONE_FAIL,), **options: int) -> pl.DataFrame:
    build.commit()
    build.scope(hand_made.SESSIONS, thresholds())
    return run_gate(
        build.query,
        tables=[table(name) for name in names],
        sessions=hand_made.SESSIONS,
        run_id=build.run_id,
        sql_checks=checks,
        **options,
    ).checks


def outcome(checks: pl.DataFrame, code: str, subject: str) -> str:
    found = checks.filter((pl.col("rule_code") == code) & (pl.col("subject") == subject))
    return str(found["outcome"].item())


class TestNothingChecked:
    def test_an_empty_suite_is_refused(self, build_on: Callable[[], Build], monkeypatch: pytest.MonkeyPatch) -> None:
        def no_expectations(of: Table) -> Suite:
            return Suite(of, "rows", ())

        monkeypatch.setattr("expectations.table_checks.suite_of", no_expectations)

        checks = judge(build_on(), "marts.segment_daily")

        assert outcome(checks, "GATE_NOTHING_CHECKED", "marts.segment_daily") == "errored"

    def test_a_gate_without_tables_does_not_pass(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.scope(hand_made.SESSIONS, {})
        given = {"sessions": hand_made.SESSIONS, "run_id": "r", "tables": [], "sql_checks": []}

        result = run_gate(build.query, **given)  # type: ignore[arg-type]

        assert not result.passed
        assert result.errored == ("GATE_NOTHING_CHECKED",)

    def test_a_gate_without_sql_checks_does_not_pass(self, build_on: Callable[[], Build]) -> None:
        checks = judge(build_on(), "marts.segment_daily", checks=())

        assert outcome(checks, "GATE_NOTHING_CHECKED", "gate") == "errored"

    def test_an_empty_table_that_may_not_be_fails(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.replace("marts.caps_latest", hand_made.empty("marts.caps_latest"))

        checks = judge(build, "marts.caps_latest")

        assert outcome(checks, "GATE_ROWS", "marts.caps_latest") == "failed"

    def test_an_empty_table_that_may_be_is_not_applicable_and_no_pass(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.replace("marts.fund_flows_daily", hand_made.empty("marts.fund_flows_daily"), hand_made.SESSIONS)

        checks = judge(build, "marts.fund_flows_daily")

        content = checks.filter(
            (pl.col("subject") == "marts.fund_flows_daily") & (pl.col("rule_code") != "GATE_COLUMNS")
        )
        assert set(content["outcome"]) == {"not_applicable"}

    def test_where_no_session_was_admitted_session_tables_are_not_applicable(
        self, build_on: Callable[[], Build]
    ) -> None:
        build = build_on()
        build.commit()
        build.scope([hand_made.REFUSED], thresholds())

        result = run_gate(
            build.query,
            tables=[table("core.quotes"), table("marts.segment_daily"), table("ops.sessions")],
            sessions=[hand_made.REFUSED],
            run_id="r",
            sql_checks=read_checks(),
        )

        assert result.passed
        assert outcome(result.checks, "GATE_ROWS", "core.quotes") == "not_applicable"
        assert outcome(result.checks, "GATE_KEY", "marts.segment_daily") == "not_applicable"
        assert outcome(result.checks, "GATE_ROWS", "ops.sessions") == "passed"


class TestCouldNotRun:
    def test_a_missing_column_is_told_from_bad_data(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.query("alter table marts.segment_daily drop column turnover")

        checks = judge(build, "marts.segment_daily")

        assert outcome(checks, "GATE_COLUMNS", "marts.segment_daily") == "failed"
        assert outcome(checks, "GATE_TURNOVER", "marts.segment_daily") == "errored"
        assert outcome(checks, "GATE_TOTAL_SHARE", "marts.segment_daily") == "passed"

    def test_a_missing_column_of_a_profiled_table_blocks(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.query("alter table core.quotes drop column close")

        checks = judge(build, "core.quotes")

        assert outcome(checks, "GATE_COLUMNS", "core.quotes") == "failed"
        assert outcome(checks, "GATE_NOTHING_CHECKED", "core.quotes") == "errored"

    def test_a_missing_table_blocks_and_the_others_are_judged(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.query("drop table core.macro")

        checks = judge(build, "core.macro", "core.securities")

        assert outcome(checks, "GATE_NOTHING_CHECKED", "core.macro") == "errored"
        assert outcome(checks, "GATE_KEY", "core.securities") == "passed"

    def test_a_broken_sql_check_of_any_severity_blocks(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        build.commit()
        build.scope(hand_made.SESSIONS, thresholds())
        broken = SqlCheck(GATE_RULES["GATE_TURNOVER"], "ops.sessions", "x", "select nonsense from nowhere")

        result = run_gate(
            build.query,
            tables=[table("ops.sessions")],
            sessions=hand_made.SESSIONS,
            run_id="r",
            sql_checks=[broken],
        )

        assert GATE_RULES["GATE_TURNOVER"].severity == "warning"
        assert (result.passed, result.failed, result.errored) == (False, (), ("GATE_TURNOVER",))
        assert "could not run: GATE_TURNOVER" in result.summary

    def test_failing_and_broken_at_once_are_both_told(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        segments = hand_made.work()["marts.segment_daily"].with_columns(scheme_id=pl.lit(None, pl.String))
        build.replace("marts.segment_daily", segments, hand_made.SESSIONS)
        build.commit()
        build.query("alter table marts.segment_daily drop column turnover")
        result = gate_build(build, hand_made.SESSIONS, tables=[table("marts.segment_daily")])

        assert "GATE_NOT_NULL" in result.failed
        assert "GATE_TURNOVER" in result.errored


class TestFindings:
    def test_chunks_judge_every_row(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        segments = hand_made.work()["marts.segment_daily"]
        bad = segments.with_columns(cap_share=pl.lit(2.0))
        build.replace("marts.segment_daily", bad, hand_made.SESSIONS)

        whole = judge(build, "marts.segment_daily")
        in_chunks = judge(build, "marts.segment_daily", chunk_rows=8)

        assert whole.equals(in_chunks.with_columns(observed=whole["observed"]))
        failing = whole.filter(pl.col("rule_code") == "GATE_RANGE")["failing_rows"].item()
        assert failing == segments.height == 16

    def test_at_most_ten_failing_rows_are_shown_and_all_are_counted(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        quotes = hand_made.core()["core.quotes"].with_columns(close=pl.lit(-1.0))
        build.replace("core.quotes", quotes, hand_made.SESSIONS)

        result = gate_build(build, hand_made.SESSIONS, tables=[table("core.quotes")])

        shown = result.samples.filter(pl.col("rule_code") == "GATE_RANGE")
        assert shown.height == 10
        assert json.loads(shown["row"][0]).keys() == {"session_date", "security_id", "known_at", "close"}
        check = result.checks.filter(pl.col("rule_code") == "GATE_RANGE")
        assert check["failing_rows"].item() == quotes.height == 12
        assert check["observed"].item() == "close out of range: 12 rows in 2 parts"

    def test_sessions_that_are_not_replaced_are_not_judged(self, build_on: Callable[[], Build]) -> None:
        build = build_on()
        segments = hand_made.work()["marts.segment_daily"]
        first = pl.col("session_date") == hand_made.FIRST
        bad = segments.with_columns(cap_share=pl.when(first).then(2.0).otherwise("cap_share"))
        build.replace("marts.segment_daily", bad, hand_made.SESSIONS)

        result = gate_build(build, [hand_made.SECOND], tables=[table("marts.segment_daily")])

        assert result.passed

    def test_the_outcome_stands_in_the_builds_ops_checks(self, build_on: Callable[[], Build]) -> None:
        build = build_on()

        result = gate_build(build, hand_made.SESSIONS, tables=[table("marts.segment_daily")])

        stored = build.query(f"from ops.checks where run_id = '{build.run_id}'")
        assert table("ops.checks").conform(stored).equals(result.checks)

    def test_great_expectations_sees_nan_and_wide_integers(self) -> None:
        frame = pl.DataFrame(
            {"x": [1.0, float("nan"), None], "n": [2**70, 1, None]}, schema={"x": pl.Float64, "n": pl.Int128}
        )

        seen = to_pandas(frame)

        assert seen["x"].isna().tolist() == [False, False, True]
        assert seen["x"][1] == float("inf")
        assert seen["n"][0] == float(2**70)

    def test_validating_without_expectations_raises(self) -> None:
        with pytest.raises(ValueError, match="is empty"):
            Validator("r").validate("s", "s", [], pl.DataFrame({"a": [1]}))


class TestRules:
    def test_every_check_file_has_a_rule_of_its_own(self) -> None:
        checks = read_checks()

        codes = [check.rule.code for check in checks]
        assert len(codes) == len(set(codes))
        assert {check.table for check in checks} <= {known.full_name for known in TABLES}

    def test_every_expectation_names_a_rule_with_its_severity(self) -> None:
        for contract in TABLES:
            for expectation in suite_of(contract).expectations:
                assert expectation.meta is not None
                rule = GATE_RULES[expectation.meta["code"]]
                assert expectation.severity == rule.severity

    def test_no_code_is_used_twice(self) -> None:
        assert not RULES.keys() & GATE_RULES.keys()

    def test_thresholds_in_sql_are_those_of_the_rules(self) -> None:
        known = thresholds()
        for check in read_checks():
            asked = {part.split("'")[0] for part in check.select.split("getvariable('")[1:]}
            assert asked <= known.keys()

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ({"code": "GATE_KEY"}, "lacks severity, table, what, why"),
            ({"code": "GATE_X", "severity": "critical", "table": "t", "what": "w", "why": "y"}, "no rule has"),
            ({"code": "GATE_KEY", "severity": "warning", "table": "t", "what": "w", "why": "y"}, "is critical"),
        ],
    )
    def test_a_header_that_contradicts_the_rules_is_refused(self, header: dict[str, str], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            sql_check("x", header, "select 1")

    def test_every_table_but_those_written_later_is_gated(self) -> None:
        assert {known.full_name for known in TABLES} - {known.full_name for known in GATED} == {
            "ops.checks",
            "ops.publications",
        }

    def test_marts_are_judged_row_by_row(self) -> None:
        modes = {known.full_name: suite_of(known).mode for known in TABLES if known.schema == "marts"}

        assert {name for name, mode in modes.items() if mode != "rows"} == suites.BY_PROFILE
        assert suites.HAND_WRITTEN.keys() <= modes.keys()
