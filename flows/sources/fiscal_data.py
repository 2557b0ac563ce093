"""Fiscal Data: receipts, outlays and deficit of the US government by month, a paged JSON API. Public domain."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.errors import SourceError
from flows.sources.decode import json_document
from flows.sources.model import Asking, Source, SourceSettings
from transforms.staging import BadInput, Staged
from transforms.staging.fiscal_data import FIELDS, stage_budget

NAME: Final = "fiscal_data"
BASE_URL: Final = "https://api.fiscaldata.treasury.gov/services/api/fiscal_service/v1/accounting/mts"
LICENCE: Final = "public-domain"
TABLE: Final = "mts_table_1"
PAGE_SIZE: Final = 1000
MOST_PAGES: Final = 50
"""The table grows by 37 rows a month; more pages than this are another table."""


def request(page: int, vintage_date: date, settings: SourceSettings) -> Request:
    """One page of the table, oldest statements first, so that a new month changes the last page alone."""
    return Request(
        source=NAME,
        dataset=f"{TABLE}/{page}",
        key=vintage_date.isoformat(),
        session_date=None,
        vintage_date=vintage_date,
        suffix=".json",
        licence=LICENCE,
        http=HttpRequest(
            f"{settings.base_urls.get(NAME, BASE_URL).rstrip('/')}/{TABLE}",
            {
                "fields": ",".join(FIELDS),
                "sort": "record_date,sequence_number_cd",
                "format": "json",
                "page[number]": str(page),
                "page[size]": str(PAGE_SIZE),
            },
            {"User-Agent": settings.user_agent, "Accept": "application/json"},
        ),
        is_conditional=True,
    )


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Nothing at once: how many pages there are, the first one tells."""
    del session, vintage_date, settings
    return []


def _follow_up(asking: Asking) -> str:
    """All pages, one after another; what is missing in the end."""
    page, pages = 1, 1
    while page <= pages:
        answer = asking.fetch(request(page, asking.vintage_date, asking.settings))
        if answer.file is None:
            return answer.failure or f"{NAME}: page {page} of {TABLE} is not there"
        try:
            pages = _pages(json_document(asking.landing.read(answer.file), answer.file), answer.file)
        except (BadInput, SourceError) as error:
            detail = error.message if isinstance(error, SourceError) else str(error)
            asking.landing.mark_unreadable(answer.file, detail, asking.now)
            return detail
        page += 1
    return ""


def _pages(document: Any, file: LandedFile) -> int:
    """Raises BadInput where the answer does not say how many pages there are."""
    meta = document.get("meta") if isinstance(document, dict) else None
    pages = meta.get("total-pages") if isinstance(meta, dict) else None
    if not isinstance(pages, int) or not 0 < pages <= MOST_PAGES:
        raise BadInput(NAME, file.name, "total-pages", f"{pages!r} is no count of pages from 1 to {MOST_PAGES}")
    return pages


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`fiscal_data/<day of download>/mts_table_1_<page>.json`, every vintage."""
    del sessions
    for folder, vintage in dated(archive.folders(NAME)):
        for name in archive.names(f"{NAME}/{folder}"):
            page = name.removeprefix(f"{TABLE}_").removesuffix(".json")
            if name == f"{TABLE}_{page}.json" and page.isdigit():
                relative = f"{NAME}/{folder}/{name}"
                yield archive.file(relative, source=NAME, dataset=f"{TABLE}/{page}", key=folder, vintage_date=vintage)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    document = json_document(payload, file)
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        told = document.get("message", "") if isinstance(document, dict) else ""
        raise BadInput(NAME, file.name, "data", f"the answer has no list of rows {told!r}".rstrip("' "))
    _pages(document, file)
    return stage_budget(rows, vintage_date=file.vintage_date, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("macro",),
    history="full",
    licence=LICENCE,
    terms="Work of the US government, in the public domain.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    base_url=BASE_URL,
    follow_up=_follow_up,
    is_supplement=True,
)
