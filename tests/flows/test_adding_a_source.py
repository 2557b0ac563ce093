"""A toy source, added by the list of docs/sources/adding.md: landed, read, published, listed and asked."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.doctor import READY, examine, known_sources, over_the_network
from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.edge.loopback import Answer, serving
from flows.settings import load_settings
from flows.sources import SOURCES
from flows.sources.decode import csv_frame
from flows.sources.model import Source, SourceSettings
from tests.flows.conftest import ALL_SESSIONS, Site
from transforms.staging import BadInput, Staged
from transforms.staging.macro import stage_fred

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "adding.md"
NAME, SERIES = "toy", "TOY_INDEX"
SESSION = ALL_SESSIONS[5]


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session
    address = HttpRequest(f"{settings.base_urls.get(NAME, 'https://toy.test')}/index.csv")
    return [Request(NAME, SERIES, vintage_date.isoformat(), None, vintage_date, ".csv", "attribution", address)]


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    del sessions
    for folder, vintage in dated(archive.folders(NAME)):
        relative = f"{NAME}/{folder}/index.csv"
        yield archive.file(relative, source=NAME, dataset=SERIES, key=folder, vintage_date=vintage)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    return stage_fred(csv_frame(payload, file), series=file.dataset, vintage_date=file.vintage_date, file=file.name)


TOY = Source(
    name=NAME,
    roles=("macro",),
    history="full",
    licence="attribution",
    terms="Free to use by those who name it.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    base_url="https://toy.test",
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps 4 and 5 of the list: the line, and the role by an operator's setting."""
    monkeypatch.setitem(SOURCES, NAME, TOY)
    monkeypatch.setenv("SMALLCAPS_SOURCES__MACRO", f'["treasury", "{NAME}"]')


def test_its_values_are_published_and_its_broken_file_is_told(site: Site, light_gate: None) -> None:
    day = SESSION.isoformat()
    file = site.archive / NAME / day / "index.csv"
    file.parent.mkdir(parents=True)
    file.write_text(f"date,value\n{ALL_SESSIONS[3]},1.5\n{ALL_SESSIONS[4]},.\n")
    assert site.night(SESSION).exit_code == 0
    rows = site.rows("core.macro", "as_of", "value", "source", "licence", series=SERIES).rows()
    assert {row[:2] for row in rows} == {(ALL_SESSIONS[3], 1.5)}

    later = site.archive / NAME / ALL_SESSIONS[6].isoformat() / "index.csv"
    later.parent.mkdir()
    later.write_text("<html>busy</html>")
    outcome = site.night(ALL_SESSIONS[6])
    assert outcome.exit_code == 0
    assert NAME in site.record(outcome).degraded_sources
    assert site.rows("core.macro", series=SERIES).height == 1, "the file before counts"


def test_it_is_listed_and_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(lambda asked: Answer(b"date,value\n", 200 if asked.path == "/index.csv" else 404)) as url:
        monkeypatch.setenv("SMALLCAPS_BASE_URLS", str(dict.fromkeys(SOURCES, url)).replace("'", '"'))
        settings = load_settings()
        found = examine(settings, datetime(2026, 11, 23, 23, tzinfo=UTC), over_the_network(settings))
    assert {one.source: one.state for one in found.examined}[NAME] == READY
    assert known_sources(settings).filter(source=NAME)["enabled_for"].to_list() == ["macro"]


def test_the_list_names_every_place() -> None:
    text = PAGE.read_text(encoding="utf-8")
    root = PAGE.parents[2]
    for place in (
        "flows/sources/__init__.py",
        "flows/settings.py",
        "transforms/core/macro.py",
        "tests/live/test_sources.py",
    ):
        assert place in text
        assert (root / place).exists()
