"""The commands about sources, against a server on this machine: what is told, and that no key is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import cli
from flows.doctor import NOT_ASKED, NOT_SET_UP, READY, UNREACHABLE, Diagnosis, examine, known_sources, over_the_network
from flows.edge.landing import Landing
from flows.edge.loopback import Answer, Asked, serving
from flows.paths import DataPaths
from flows.settings import Settings, load_settings
from flows.sources import SOURCES

NOW = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
KEY = "a-key-that-nobody-may-see"


def answer(asked: Asked) -> Answer:
    """The screener answers; fundamentals are refused; the yields' server is broken."""
    vendor = asked.path.strip("/").partition("/")[0]
    status = {"simfin": 403, "treasury": 503}.get(vendor, 200)
    return Answer(f"no {KEY} here".encode(), status)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.chdir(tmp_path)
    with serving(answer) as url:
        urls = {name: f"{url}/{name}" for name in SOURCES}
        monkeypatch.setenv("SMALLCAPS_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("SMALLCAPS_BASE_URLS", str(urls).replace("'", '"'))
        monkeypatch.setenv("SMALLCAPS_SOURCES__FUNDAMENTALS", '["simfin"]')
        monkeypatch.setenv("SMALLCAPS_SOURCES__SHARE_COUNTS", "[]")
        monkeypatch.setenv("SMALLCAPS_SOURCES__REFERENCE", '["nasdaq_directory"]')
        monkeypatch.setenv("SMALLCAPS_SIMFIN_API_KEY", KEY)
        yield load_settings()


def states(found: Diagnosis) -> dict[str, str]:
    return {one.source: one.state for one in found.examined}


def test_who_answers_and_who_does_not(settings: Settings) -> None:
    found = examine(settings, NOW, over_the_network(settings))
    told = states(found)
    assert (told["nasdaq_screener"], told["simfin"], told["treasury"]) == (READY, UNREACHABLE, UNREACHABLE)
    details = {one.source: one.detail for one in found.examined}
    assert details["simfin"] == "HTTP 403: access refused"
    assert details["treasury"] == "HTTP 503"
    assert found.is_sound
    assert found.roles_without_source == ["share_counts"]
    assert KEY not in str(found)


def test_what_is_not_set_up_says_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMALLCAPS_SIMFIN_API_KEY")
    (simfin,) = (one for one in examine(load_settings(), NOW).examined if one.source == "simfin")
    assert simfin.state == NOT_SET_UP
    assert "SMALLCAPS_SIMFIN_API_KEY" in simfin.next_step


def test_nothing_is_asked_offline_or_where_an_archive_serves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(request: object) -> str:
        raise AssertionError(f"asked {request}")

    assert set(states(examine(settings, NOW)).values()) == {NOT_ASKED}
    monkeypatch.setenv("SMALLCAPS_ARCHIVE", str(tmp_path))
    assert set(states(examine(load_settings(), NOW, never)).values()) == {NOT_ASKED}


def test_a_folder_of_own_files_is_there_or_not(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMALLCAPS_SOURCES__CAPS", '["files"]')
    monkeypatch.setenv("SMALLCAPS_FILES_DIR", str(tmp_path / "own"))
    assert states(examine(load_settings(), NOW))["files"] == NOT_SET_UP
    (tmp_path / "own").mkdir()
    assert states(examine(load_settings(), NOW))["files"] == READY


def test_the_newest_file_and_what_cannot_be_read_are_told(settings: Settings) -> None:
    landing = Landing(DataPaths(settings.data_dir).landing)
    about = {"source": "treasury", "session_date": None, "vintage_date": None, "url": "u", "status": 200,
             "licence": "public-domain", "suffix": ".csv", "dataset": "nominal/2026"}  # fmt: skip
    for day in (19, 20):
        file = landing.put(
            b"%d" % day, key=f"2026-11-{day}", landed_at=datetime(2026, 11, day, 23, tzinfo=UTC), **about
        )  # type: ignore[arg-type]
    landing.mark_unreadable(file, "broken", NOW)
    (treasury,) = (one for one in examine(settings, NOW).examined if one.source == "treasury")
    assert (str(treasury.landed), treasury.broken) == ("2026-11-20", 1)


def test_the_command_ends_with_four_where_a_required_source_does_not_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["doctor"]) == 0
    monkeypatch.setenv("SMALLCAPS_REQUIRED_SOURCES", '["nasdaq_screener", "treasury"]')
    assert cli.run(["doctor"]) == 4
    streams = capsys.readouterr()
    assert "A night cannot run: treasury" in streams.err
    assert "HTTP 503" in streams.out
    assert KEY not in streams.out + streams.err


def test_every_source_is_listed_with_its_terms_and_without_credentials(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALLCAPS_BASE_URLS", f'{{"etf_flows": "http://me:{KEY}@127.0.0.1:9/flows"}}')
    listed = known_sources(load_settings())
    assert set(listed["source"]) == set(SOURCES)
    assert listed.filter(source="etf_flows")["address"].item() == "http://127.0.0.1:9/flows"
    assert all(listed["terms"].to_list())
    assert cli.run(["sources"]) == 0
    assert KEY not in capsys.readouterr().out
