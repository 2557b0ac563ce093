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
from flows.edge.landing import Landing
from flows.simulated.market import Market

MARKET = Market(date(2025, 9, 2), date(2026, 1, 2), companies=90)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, list[tuple[str, int]]]]:
    told: list[tuple[str, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMALLCAPS_SOURCES__QUOTES", '["files"]')  # whatever an operator has set must not matter
        patch.setenv("SMALLCAPS_ALERT_URLS", "json://127.0.0.1:9/nobody")
        yield run_demo(tmp_path_factory.mktemp("demo") / "here", MARKET, lambda *part: told.append(part)), told


def test_it_goes_as_told(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    told = shown[0]
    assert told.went_as_told
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


def test_parts_add_up_to_the_bar(shown: tuple[Demo, list[tuple[str, int]]]) -> None:
    parts = shown[1]
    assert len(parts) == 4
    assert sum(units for _, units in parts) == demo.work(MARKET) - demo.NIGHTS


def test_again_in_the_same_folder_and_never_in_another(
    shown: tuple[Demo, list[tuple[str, int]]], tmp_path: Path, capsys: CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert cli.run(["demo", "--data-dir", str(tmp_path)]) == 4
    assert "no folder of a demo" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    assert warehouse.query(shown[0].paths, "select 1 as one").height == 1


def test_command_shows_what_a_new_user_wants_to_see(
    shown: tuple[Demo, list[tuple[str, int]]], monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    """The run itself is that of the other tests: the command only tells of it."""
    monkeypatch.setattr(demo, "run_demo", lambda *_: shown[0])
    assert cli.run(["demo"]) == 0
    out = capsys.readouterr().out
    for word in ("Backfill.", "A night that is published.", "exit code 2", "GATE_RANGE", "small", "latest.html"):
        assert word in out


def test_command_fails_when_the_demo_did_not_go_as_told(
    shown: tuple[Demo, list[tuple[str, int]]], monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "run_demo", lambda *_: replace(shown[0], alert=""))
    assert cli.run(["demo"]) == 1
    assert "did not go as it should" in capsys.readouterr().err
