"""What was told of a cap stays: versions are appended when a run tells otherwise, and never change."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.gate_rules import thresholds
from expectations.sql_checks import judge_sql
from flows.edge.builds import Build
from flows.edge.cap_versions import append_versions
from flows.edge.diff import content_hashes, revisions
from flows.edge.quality import read_checks
from flows.edge.warehouse import reading
from flows.paths import DataPaths
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, REFUSED, SECOND, SESSIONS
from transforms.contracts import table

CAPS, VERSIONS = table("core.market_caps"), table("core.cap_versions")
Caps = dict[tuple[date, str], int]
"""What one build holds: cap by session and company."""
MONDAY = datetime(2024, 1, 8, 3, tzinfo=UTC)
TOLD: Caps = {(FIRST, "A"): 100, (FIRST, "B"): 200, (SECOND, "A"): 110}


@dataclass(frozen=True)
class Warehouse:
    """A closed build."""

    path: Path

    def rows(self, sql: str) -> pl.DataFrame:
        with reading(self.path) as con:
            return con.execute(sql).pl()

    def as_of(self, session: date, moment: datetime) -> pl.DataFrame:
        sql = f"from core.market_caps_as_of(date '{session}', timestamptz '{moment.isoformat()}') order by company_id"
        return self.rows(sql)

    def told(self, moment: datetime) -> Caps:
        """Caps of all sessions as of the moment."""
        answers = [self.as_of(session, moment) for session in SESSIONS]
        found = pl.concat(answers).select("session_date", "company_id", "cap_usd")
        return {(session, company): cap for session, company, cap in found.iter_rows()}

    def versions(self) -> pl.DataFrame:
        return self.rows("from core.cap_versions").sort(VERSIONS.key)


@dataclass(frozen=True)
class Desk:
    """Where builds are made, each in a folder of its own: the next one would remove what nobody published."""

    root: Path

    def publish(
        self,
        caps: Caps,
        at: datetime = MONDAY,
        on: Warehouse | None = None,
        *,
        judged: tuple[date, ...] = SESSIONS,
        cause: str = "rebuild",
    ) -> Warehouse:
        """A build from nothing of these caps, in place of `on`; its versions pass the gate's check."""
        name = uuid.uuid4().hex
        with Build.start(DataPaths(self.root / name), name, None) as build:
            build.replace(CAPS.full_name, _frame(caps), judged)
            verdicts = [{"session_date": day, "rule_codes": [], "degraded_sources": []} for day in judged]
            build.replace("ops.sessions", hand_made.rows("ops.sessions", *verdicts), judged)
            append_versions(on.path if on else None, build, judged, cause=cause, at=at)
            build.scope(judged, thresholds())
            check = [check for check in read_checks() if check.rule.code == "GATE_CAP_VERSIONS"]
            [finding] = judge_sql(build.query, check, {})
            assert finding.outcome == "passed", finding
            return Warehouse(build.close())


def _frame(caps: Caps) -> pl.DataFrame:
    rows = [
        {"session_date": day, "company_id": company, "cap_usd": cap, "known_at": hand_made.quoted_at(day)}
        for (day, company), cap in caps.items()
    ]
    return hand_made.rows(CAPS.full_name, *rows)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_first_build_has_no_versions_and_answers_from_each_close(desk: Desk) -> None:
    first = desk.publish(TOLD)

    assert first.versions().is_empty()
    assert first.told(MONDAY) == TOLD
    assert first.told(hand_made.quoted_at(SECOND) - timedelta(seconds=1)) == {k: TOLD[k] for k in TOLD if k[0] == FIRST}


def test_a_changed_cap_is_kept_whole_with_when_it_held_and_why(desk: Desk) -> None:
    first = desk.publish(TOLD)
    again = desk.publish(TOLD | {(FIRST, "A"): 101}, MONDAY, first, cause="a file served again")

    version = again.versions().row(0, named=True)
    assert again.versions().height == 1
    before = first.rows("from core.market_caps").filter(session_date=FIRST, company_id="A")
    assert {name: version[name] for name in CAPS.column_names} == before.row(0, named=True)
    assert (version["superseded_at"], version["is_absent"], version["cause"]) == (MONDAY, False, "a file served again")
    known = again.rows("select distinct known_at from core.market_caps where session_date = date '2024-01-02'")
    assert set(known["known_at"]) == {hand_made.quoted_at(FIRST), MONDAY}
    assert again.told(MONDAY - timedelta(microseconds=1)) == TOLD
    assert again.told(MONDAY) == TOLD | {(FIRST, "A"): 101}


def test_whoever_vanishes_or_appears_was_there_or_not(desk: Desk) -> None:
    first = desk.publish(TOLD)
    other = {(FIRST, "A"): 100, (SECOND, "A"): 110, (SECOND, "C"): 300}
    second = desk.publish(other, MONDAY, first)
    third = desk.publish(TOLD, MONDAY + timedelta(days=1), second)

    assert sorted(second.versions().select("company_id", "is_absent").rows()) == [("B", False), ("C", True)]
    assert second.told(MONDAY - timedelta(hours=1)) == TOLD
    assert third.told(MONDAY - timedelta(hours=1)) == TOLD
    assert third.told(MONDAY) == other
    assert third.told(MONDAY + timedelta(days=1)) == TOLD


def test_a_session_judged_for_the_first_time_is_known_from_its_close(desk: Desk) -> None:
    first = desk.publish({(FIRST, "A"): 100}, judged=(FIRST,))
    late = desk.publish(TOLD, MONDAY, first)

    assert late.versions().select("session_date", "company_id").rows() == [(FIRST, "B")]
    assert late.told(hand_made.quoted_at(SECOND))[SECOND, "A"] == 110


def test_a_refused_session_that_is_published_later_was_unknown_until_then(desk: Desk) -> None:
    first = desk.publish(TOLD)
    late = desk.publish(TOLD | {(REFUSED, "A"): 120}, MONDAY, first)

    assert late.told(MONDAY - timedelta(hours=1)) == TOLD
    assert late.told(MONDAY)[REFUSED, "A"] == 120


def test_the_same_again_appends_nothing_and_keeps_what_was_known_when(desk: Desk) -> None:
    first = desk.publish(TOLD)
    second = desk.publish(TOLD | {(FIRST, "A"): 101}, MONDAY, first)
    third = desk.publish(TOLD | {(FIRST, "A"): 101}, MONDAY + timedelta(days=1), second)

    assert third.versions().equals(second.versions())
    assert third.rows("from core.market_caps order by all").equals(second.rows("from core.market_caps order by all"))


def test_when_it_was_known_is_no_difference_between_warehouses(desk: Desk) -> None:
    corrected = TOLD | {(FIRST, "A"): 101}
    later = desk.publish(corrected, MONDAY, desk.publish(TOLD))

    assert content_hashes(later.path) == content_hashes(desk.publish(corrected).path)


def test_parts_of_a_long_comparison_add_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.edge.comparison.SESSIONS_AT_ONCE", 1)
    doubled = {key: 2 * cap for key, cap in TOLD.items()}
    again = desk.publish(doubled, MONDAY, desk.publish(TOLD))

    assert again.versions().height == len(TOLD)
    assert again.told(MONDAY - timedelta(hours=1)) == TOLD
    assert again.told(MONDAY) == doubled


def test_a_clock_that_was_set_back_gives_no_version_that_ends_before_it_begins(desk: Desk) -> None:
    first = desk.publish(TOLD)
    second = desk.publish(TOLD | {(FIRST, "A"): 101}, MONDAY, first)
    third = desk.publish(TOLD | {(FIRST, "A"): 102}, MONDAY - timedelta(days=1), second)

    assert third.told(MONDAY)[FIRST, "A"] == 101
    assert third.told(MONDAY + timedelta(microseconds=1))[FIRST, "A"] == 102


def test_a_night_on_top_takes_the_versions_along(desk: Desk, tmp_path: Path) -> None:
    first = desk.publish(TOLD)
    second = desk.publish(TOLD | {(FIRST, "A"): 101}, MONDAY, first)
    new = date(2024, 1, 5)
    with Build.start(DataPaths(tmp_path / "night"), "night", second.path) as build:
        build.replace(CAPS.full_name, _frame({(new, "A"): 130}), [new])
        assert append_versions(second.path, build, [new], cause="nightly", at=MONDAY) == 0
        night = Warehouse(build.close())

    assert night.versions().equals(second.versions())


def test_over_a_file_of_before_the_versions_begin_with_it(desk: Desk, tmp_path: Path) -> None:
    """`smallcaps rebuild` is what a file of other contracts needs: it must not fail on what that file lacks."""
    first = desk.publish(TOLD)
    first.path.chmod(0o644)
    with duckdb.connect(str(first.path)) as con:
        con.execute("drop table core.cap_versions")
        con.execute("alter table core.market_caps drop column known_at")
        con.execute("alter table core.market_caps drop column tier")
        con.execute("update ops.sessions set status = 'published'")
    with Build.start(DataPaths(tmp_path / "new"), "new", None) as build:
        build.replace(CAPS.full_name, _frame(TOLD | {(FIRST, "A"): 101}), SESSIONS)
        assert append_versions(first.path, build, SESSIONS, cause="rebuild", at=MONDAY) == 0
        told = revisions(first.path, build, SESSIONS, cause="rebuild")

    assert told.select("column_name", "old_value", "new_value").rows() == [("cap_usd", "100", "101")]


def test_columns_that_came_later_are_null_in_versions_of_before(desk: Desk, tmp_path: Path) -> None:
    second = desk.publish(TOLD | {(FIRST, "A"): 101}, MONDAY, desk.publish(TOLD))
    second.path.chmod(0o644)
    with duckdb.connect(str(second.path)) as con:
        con.execute("alter table core.market_caps drop column tier")
        con.execute("alter table core.cap_versions drop column tier")
    third = desk.publish(TOLD | {(FIRST, "A"): 102}, MONDAY + timedelta(days=1), second)

    assert third.versions().select("cap_usd", "tier").rows() == [(100, None), (101, None)]


companies = st.sampled_from(["A", "B"])
states = st.dictionaries(st.tuples(st.sampled_from(SESSIONS), companies), st.integers(1, 3), max_size=4)


@settings(max_examples=8)
@given(st.lists(states, min_size=2, max_size=4), st.integers(0, 200))
def test_every_moment_is_answered_as_it_was_told(
    tmp_path_factory: pytest.TempPathFactory, history: list[Caps], hours: int
) -> None:
    """Whatever follows: the answer is what was published last by then, and no version is changed or lost."""
    desk = Desk(tmp_path_factory.mktemp("history"))
    times = [MONDAY + timedelta(days=number) for number in range(len(history))]
    made = [desk.publish(history[0], times[0])]
    for caps, at in zip(history[1:], times[1:], strict=True):
        made.append(desk.publish(caps, at, made[-1]))

    moment = MONDAY + timedelta(minutes=30 * hours)
    current = max(number for number, at in enumerate(times) if at <= moment)
    for warehouse in made[current:]:
        assert warehouse.told(moment) == history[current]
    for before, after in pairwise(made):
        assert (
            before.versions().join(after.versions(), on=VERSIONS.column_names, how="anti", nulls_equal=True).is_empty()
        )
        rows = after.rows("from core.market_caps").sort(CAPS.key)
        now = pl.concat([after.as_of(session, times[-1]) for session in SESSIONS]).sort(CAPS.key)
        assert now.equals(rows)
