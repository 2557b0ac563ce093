"""The demo as a new user sees it, on a smaller market: what is published, what is refused, what is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from _pytest.capture import CaptureFixture

from flows import cli, demo
from flows.demo import Demo, run_demo
from flows.edge import warehouse
from flows.edge.demo_folder import fresh_folder
from flows.edge.landing import Landing
from flows.edge.lock import prepare_data_folder, writer_lock
from flows.errors import LockHeld
from flows.paths import DataPaths
from flows.simulated.market import Market

MARKET = Market(date(2025, 9, 2), date(2026, 1, 2), companies=90)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, list[tuple[str, int]]]]:
    told: list[tuple[str, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMALLCAPS_SOURCES__QUOTES", '["files"]')  # whatever an operator has set must not matter
        patch.setenv("SMALLCAPS_ALERT_URLS", "json://127.0.0.1:9/nobody")
        for name in ("HTTP_PROXY", "http_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")  # a proxy that takes nothing: what is local must not ask it
        patch.delenv("NO_PROXY", raising=False)
        patch.delenv("no_proxy", raising=False)
        yield run_demo(tmp_path_factory.mktemp("demo") / "here", MARKET, lambda *part: told.append(part)), told


def test_it_goes_as_told(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    told = shown[0]
    assert told.shortcomings == []
    assert (told.backfill.exit_code, told.good_night.exit_code, told.refused_night.exit_code) == (0, 0, 2)
    assert told.last_session == MARKET.sessions[-2]
    assert told.segments.filter(segment="total")["companies"].item() > 80


def test_refused_night_is_refused_by_the_gate_and_the_alert_says_why(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    alert = shown[0].alert
    assert "FAILED: session 2026-01-02 GATE_RANGE" in alert
    assert '"fund": "IWC"' in alert
    assert '"aum_usd": -1.0' in alert
    assert "last good session  2025-12-31" in alert
    assert "(untouched)" in alert


def test_nights_asked_the_vendors_over_http(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    landing = Landing(shown[0].paths.landing)
    nights = [file for file in landing.files("nasdaq_screener") if file.dataset.startswith("daily/")]
    assert {file.session_date for file in nights} == set(MARKET.sessions[-2:])
    assert all(file.url.startswith("http://127.0.0.1:") for file in nights)
    assert len(nights) == 6
    assert all("simulated-key" not in path.read_text() for path in shown[0].paths.landing.rglob("*.json"))


def test_the_library_of_portfolios_was_asked_once(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    """The first night asks; November is its newest month, and December could be out in the middle of January."""
    paths = shown[0].paths
    [asked] = Landing(paths.landing).events("french_asked")
    assert (asked["asked_on"], asked["newest_day"]) == ("2025-12-31", "2025-11-28")
    told = warehouse.query(
        paths, "select max(as_of), count(distinct as_of) * 36 = count(*) from core.reference_portfolios"
    )
    assert told.row(0) == (date(2025, 11, 28), True)


def test_parts_add_up_to_the_bar(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    parts = shown[1]
    assert len(parts) == 4
    assert sum(units for _, units in parts) == demo.work(MARKET)


def test_page_and_warehouse_say_that_nothing_is_real(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    page = shown[0].places["report"].read_text(encoding="utf-8")
    assert "A simulated market" in page
    assert "Not to be passed on" not in page
    told = warehouse.query(shown[0].paths, "select distinct is_simulated, licence from ops.licences")
    assert told.rows() == [(True, "own")]


def test_folder_is_made_anew_and_what_no_demo_made_stays(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    root = tmp_path / "demo"
    for part in ("archive", "data"):
        (fresh_folder(root) / part).mkdir()
        (root / part / "old.txt").write_text("of an earlier demo")
    assert {path.name for path in fresh_folder(root).iterdir()} == {".smallcaps-demo"}
    thesis = root / "thesis.txt"
    thesis.write_text("years of work")
    assert cli.run(["demo", "--data-dir", str(root)]) == 4
    assert "thesis.txt" in capsys.readouterr().err
    assert cli.run(["demo", "--data-dir", str(thesis)]) == 4
    assert "is no folder" in capsys.readouterr().err
    (root / ".smallcaps-demo").unlink()
    assert cli.run(["demo", "--data-dir", str(root)]) == 4
    assert "no folder of a demo" in capsys.readouterr().err
    assert thesis.read_text() == "years of work"


def test_folder_of_a_demo_at_work_stays(tmp_path: Path) -> None:
    paths = DataPaths(fresh_folder(tmp_path / "demo") / "data")
    prepare_data_folder(paths)
    with writer_lock(paths, "20260102T000000Z-backfill-abcd"), pytest.raises(LockHeld):
        fresh_folder(tmp_path / "demo")
    assert paths.landing.is_dir()


def test_command_shows_what_a_new_user_wants_to_see(
    shown: tuple[Demo, list[tuple[str, int]]], monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    """The run itself is that of the other tests: the command only tells of it."""
    monkeypatch.setattr(demo, "run_demo", lambda *_: shown[0])
    assert cli.run(["demo"]) == 0
    out = capsys.readouterr().out
    for word in (
        "The backfill.",
        "(exit code 0)",
        "(exit code 2)",
        "GATE_RANGE",
        "small",
        "latest.html",
        "sql --data-dir",
    ):
        assert word in out


def test_command_fails_when_the_demo_did_not_go_as_told(
    shown: tuple[Demo, list[tuple[str, int]]], monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "run_demo", lambda *_: replace(shown[0], alert=""))
    assert cli.run(["demo"]) == 1
    assert "did not go as it should" in capsys.readouterr().err
