"""FRED: single series as CSV. Restricted: its terms forbid storing, so it is off unless switched on."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import csv_frame
from flows.sources.model import Source, SourceSettings
from transforms.staging import BadInput, Staged
from transforms.staging.macro import stage_fred

NAME = "fred"
BASE_URL = "https://fred.stlouisfed.org/graph/fredgraph.csv"
LICENCE: Final = "restricted"


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session  # one file holds the whole series
    return [
        Request(
            source=NAME,
            dataset=series,
            key=vintage_date.isoformat(),
            session_date=None,
            vintage_date=vintage_date,
            suffix=".csv",
            licence=LICENCE,
            http=HttpRequest(
                settings.base_urls.get(NAME, BASE_URL), {"id": series}, {"User-Agent": settings.user_agent}
            ),
            is_conditional=True,
        )
        for series in settings.fred_series
    ]


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`fred/<day of download>/<series>.csv`, every vintage."""
    del sessions
    for folder, vintage in dated(archive.folders(NAME)):
        for name in archive.names(f"{NAME}/{folder}"):
            if name.endswith(".csv"):
                yield archive.file(
                    f"{NAME}/{folder}/{name}",
                    source=NAME,
                    dataset=name.removesuffix(".csv"),
                    key=folder,
                    vintage_date=vintage,
                )


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    return stage_fred(csv_frame(payload, file), series=file.dataset, vintage_date=file.vintage_date, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("macro",),
    history="full",
    licence=LICENCE,
    terms="FRED's terms forbid storing or redistributing its content without consent; series have owners.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    is_restricted=True,
    base_url=BASE_URL,
)
