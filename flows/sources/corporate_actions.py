"""Declared splits: a public list of corporate actions, a JSON file a year, served from an archive alone."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.landing import LandedFile
from flows.sources.decode import json_document
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import BadInput, Staged
from transforms.staging import splits as staging

NAME = "corporate_actions"
SPLITS = "splits"
_FOLDER = "corporate_actions/data"
_LOOKED_BACK = timedelta(days=14)


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Nothing is asked over the network: the list has no address that serves it for this use."""
    del session, vintage_date, settings
    return []


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`corporate_actions/data/<year>.json` of the sessions' years; in January that of the year before, too."""
    years = {day.year for session in sessions for day in (session, session - _LOOKED_BACK)}
    for year in sorted(years):
        name = f"{_FOLDER}/{year}.json"
        if archive.has(name):
            yield archive.file(name, source=NAME, dataset=SPLITS, key=str(year))


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset != SPLITS:
        raise bad_dataset(file)
    document = json_document(payload, file)
    entries = document.get("splits") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput(NAME, file.name, "splits", "no list of splits")
    return staging.stage_splits(entries, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("splits",),
    history="full",
    licence="attribution",
    terms="Under the licence that lies beside the files; name the list wherever its dates are shown.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    is_supplement=True,
)
