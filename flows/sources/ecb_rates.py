"""European Central Bank: euro reference rates, one zip with every day since 1999. Free to use with the source named."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import zipped_csv_frame
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import Staged
from transforms.staging.ecb_rates import stage_ecb_rates

NAME = "ecb_rates"
BASE_URL = "https://www.ecb.europa.eu/stats/eurofxref"
LICENCE: Final = "attribution"
HISTORY = "eurofxref-hist"
UNDATED = "undated"
"""Key of an archive's file: nobody noted when it was downloaded."""


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """The whole history: a night needs its last line, a backfill all of it."""
    del session  # one file holds all days
    return [
        Request(
            source=NAME,
            dataset=HISTORY,
            key=vintage_date.isoformat(),
            session_date=None,
            vintage_date=vintage_date,
            suffix=".zip",
            licence=LICENCE,
            http=HttpRequest(
                f"{settings.base_urls.get(NAME, BASE_URL)}/{HISTORY}.zip",
                {},
                {"User-Agent": settings.user_agent, "Accept": "application/zip"},
            ),
            is_conditional=True,
        )
    ]


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`ecb_fx/eurofxref-hist.zip`, whatever the sessions."""
    del sessions
    relative = f"ecb_fx/{HISTORY}.zip"
    if archive.has(relative):
        yield archive.file(relative, source=NAME, dataset=HISTORY, key=UNDATED)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset != HISTORY:
        raise bad_dataset(file)
    return stage_ecb_rates(zipped_csv_frame(payload, file, member=f"{HISTORY}.csv", separator=","), file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("fx",),
    history="full",
    licence=LICENCE,
    terms="Free to use and pass on; name the European Central Bank as the source.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    base_url=BASE_URL,
)
