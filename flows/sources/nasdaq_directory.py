"""Nasdaq symbol directory: what Nasdaq and the other US exchanges list, two keyless files that replace themselves."""

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Final

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import csv_frame, plain_bytes
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import Staged
from transforms.staging.nasdaq_directory import LISTED, OTHER, created_on, stage_directory

NAME = "nasdaq_directory"
BASE_URL = "https://www.nasdaqtrader.com/dynamic/SymDir"
LICENCE: Final = "internal-only"
DATASETS = (LISTED, OTHER)
FOLDER = "nasdaqtrader"
_NAME = re.compile(rf"({LISTED}|{OTHER})_(\d{{8}})\.txt")


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session  # the files are about the day of the download
    base = settings.base_urls.get(NAME, BASE_URL).rstrip("/")
    return [
        Request(
            source=NAME,
            dataset=dataset,
            key=vintage_date.isoformat(),
            session_date=None,
            vintage_date=vintage_date,
            suffix=".txt",
            licence=LICENCE,
            http=HttpRequest(f"{base}/{dataset}.txt", headers={"User-Agent": settings.user_agent}),
            is_conditional=True,
        )
        for dataset in DATASETS
    ]


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`nasdaqtrader/<dataset>_<YYYYMMDD>.txt`, every day."""
    del sessions
    for name in archive.names(FOLDER):
        match = _NAME.fullmatch(name)
        if match:
            day = datetime.strptime(match[2], "%Y%m%d").date()  # noqa: DTZ007 - a day, not an instant
            yield archive.file(f"{FOLDER}/{name}", source=NAME, dataset=match[1], key=day.isoformat(), vintage_date=day)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset not in DATASETS:
        raise bad_dataset(file)
    body, _, footer = plain_bytes(payload, file).rstrip().rpartition(b"\n")
    created = created_on(footer.decode("utf-8", errors="replace"), file=file.name)
    raw = csv_frame(body, file, separator="|", quote=None)
    return stage_directory(raw, listing=file.dataset, vintage_date=created, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("reference",),
    history="none",
    licence=LICENCE,
    terms="Keyless files for market participants; the site's terms allow own use and forbid redistribution.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    base_url=BASE_URL,
)
