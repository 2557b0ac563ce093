"""CFTC: traders' positions in futures on the Russell 2000 and the S&P 500, weekly. Public domain.

The API has the current weeks, a zip per year what was before. Contracts are known by their codes, never by name.
"""

import io
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.compressed import MAX_EXPANDED_BYTES, BadCompression, unzip_one
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.edge.zip_members import member_names
from flows.errors import SourceError
from flows.sources.decode import csv_frame, json_document, plain_bytes
from flows.sources.model import Asking, Source, SourceSettings, bad_dataset
from transforms.contracts.positions import CONTRACTS
from transforms.staging import BadInput, Staged
from transforms.staging.cftc import API_FIELDS, stage_api_rows, stage_text_rows

NAME: Final = "cftc"
BASE_URL: Final = "https://publicreporting.cftc.gov/resource"
HISTORY: Final = "cftc_history"
"""Under this name the settings may put the yearly files elsewhere: they are on another host than the API."""
HISTORY_URL: Final = "https://www.cftc.gov/files/dea/history"
LICENCE: Final = "public-domain"
API: Final = "gpe5-46if"
"""Traders in Financial Futures, futures only."""
YEAR_FILE: Final = "fut_fin_txt_"
PAGE_SIZE: Final = 1000
MOST_PAGES: Final = 50
WEEKS: Final = 26
"""How far back the API is asked: a night needs the newest report, corrections are of the weeks before."""
FIRST_YEAR: Final = 2010
"""The first year with a file of its own."""


def page_request(page: int, session: date, vintage_date: date, settings: SourceSettings) -> Request:
    """One page of the reports since half a year before a session, oldest first; landed each night, be it the same.

    A download that lacks a report proves that it was not out, so that it must be there to be read.
    """
    codes = ", ".join(f"'{code}'" for code in CONTRACTS)
    since = session - timedelta(weeks=WEEKS)
    code, day = API_FIELDS["contract"], API_FIELDS["day"]
    return Request(
        source=NAME,
        dataset=f"{API}/{page}",
        key=vintage_date.isoformat(),
        session_date=None,
        vintage_date=vintage_date,
        suffix=".json",
        licence=LICENCE,
        http=HttpRequest(
            f"{settings.base_urls.get(NAME, BASE_URL).rstrip('/')}/{API}.json",
            {
                "$select": ",".join(API_FIELDS.values()),
                "$where": f"{code} in ({codes}) and {day} >= '{since}T00:00:00.000'",
                "$order": f"{day},{code}",
                "$limit": str(PAGE_SIZE),
                "$offset": str((page - 1) * PAGE_SIZE),
            },
            {"User-Agent": settings.user_agent, "Accept": "application/json"},
        ),
    )


def year_request(year: int, vintage_date: date, settings: SourceSettings) -> Request:
    """The file of one year, all markets."""
    base = settings.base_urls.get(HISTORY, settings.base_urls.get(NAME, HISTORY_URL)).rstrip("/")
    return Request(
        source=NAME,
        dataset=f"{YEAR_FILE}{year}",
        key=vintage_date.isoformat(),
        session_date=None,
        vintage_date=vintage_date,
        suffix=".zip",
        licence=LICENCE,
        http=HttpRequest(
            f"{base}/{YEAR_FILE}{year}.zip", {}, {"User-Agent": settings.user_agent, "Accept": "application/zip"}
        ),
        is_conditional=True,
    )


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Nothing at once: a page that is full is followed by another one."""
    del session, vintage_date, settings
    return []


def _follow_up(asking: Asking) -> str:
    """The current weeks, and the years before them that a backfill needs and nobody has landed; what is missing."""
    missing = [_pages(asking), *(_year(asking, year) for year in _years(asking))]
    return "; ".join(part for part in missing if part)


def _pages(asking: Asking) -> str:
    for page in range(1, MOST_PAGES + 1):
        answer = asking.fetch(page_request(page, asking.last_session, asking.vintage_date, asking.settings))
        if answer.file is None:
            return answer.failure or f"{NAME}: there is no {API} at its address"
        try:
            rows = _rows(json_document(asking.landing.read(answer.file), answer.file), answer.file)
        except (BadInput, SourceError) as error:
            detail = error.message if isinstance(error, SourceError) else str(error)
            asking.landing.mark_unreadable(answer.file, detail, asking.now)
            return detail
        if len(rows) < PAGE_SIZE:
            return ""
    return f"{NAME}: more than {MOST_PAGES} pages of {API}: something else is served"


def _years(asking: Asking) -> list[int]:
    """Years from the first session's, with the weeks before it, to the one in which the API's weeks begin."""
    if asking.first_session == asking.last_session:
        return []
    first = (asking.first_session - timedelta(weeks=WEEKS)).year
    last = (asking.last_session - timedelta(weeks=WEEKS)).year
    return [
        year
        for year in range(max(first, FIRST_YEAR), last + 1)
        if not asking.landing.newest(NAME, f"{YEAR_FILE}{year}")
    ]


def _year(asking: Asking, year: int) -> str:
    answer = asking.fetch(year_request(year, asking.vintage_date, asking.settings))
    if answer.file is not None:
        return ""
    return answer.failure or f"{NAME}: there is no file of {year}"


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`cftc/<day of download>/` with `fut_fin_txt_<year>.zip` and `gpe5-46if_<page>.json`, every vintage."""
    del sessions
    for folder, vintage in dated(archive.folders(NAME)):
        for name in archive.names(f"{NAME}/{folder}"):
            dataset = _dataset(name)
            if dataset:
                relative = f"{NAME}/{folder}/{name}"
                yield archive.file(relative, source=NAME, dataset=dataset, key=folder, vintage_date=vintage)


def _dataset(name: str) -> str:
    """What a file of an archive is; nothing where it is none of ours."""
    year = name.removeprefix(YEAR_FILE).removesuffix(".zip")
    if name == f"{YEAR_FILE}{year}.zip" and year.isdigit():
        return f"{YEAR_FILE}{year}"
    page = name.removeprefix(f"{API}_").removesuffix(".json")
    return f"{API}/{page}" if name == f"{API}_{page}.json" and page.isdigit() else ""


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    if file.dataset.startswith(f"{API}/"):
        rows = _rows(json_document(payload, file), file)
        return stage_api_rows(_frame(rows), vintage_date=file.vintage_date, file=file.name)
    if file.dataset.startswith(YEAR_FILE):
        return stage_text_rows(_text_frame(payload, file), vintage_date=file.vintage_date, file=file.name)
    raise bad_dataset(file)


def _rows(document: Any, file: LandedFile) -> list[dict[str, Any]]:
    """Raises BadInput where the answer is no list of rows; the API tells of its errors with a message."""
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return document
    told = document.get("message") if isinstance(document, dict) else None
    raise BadInput(NAME, file.name, "body", f"no list of rows, but {told or type(document).__name__!r}")


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """All fields as text. A row leaves out what is null, so that a field no row has is a column of nulls."""
    fields = list(API_FIELDS.values())
    known = {name for row in rows for name in row}
    columns = fields if not rows else [name for name in fields if name in known or "spread" in name]
    cells = [[None if row.get(name) is None else str(row[name]) for name in columns] for row in rows]
    return pl.DataFrame(cells, dict.fromkeys(columns, pl.String), orient="row")


def _text_frame(payload: bytes, file: LandedFile) -> pl.DataFrame:
    """The zip's one member, whatever its name: it has been spelled in more than one way."""
    if not payload.startswith(b"PK"):
        plain_bytes(payload, file)  # says better what it is, when it is an empty body or a web page
    try:
        names = member_names(io.BytesIO(payload))
        content = unzip_one(payload, names[0] if names else "FinFutYY.txt", limit_bytes=MAX_EXPANDED_BYTES)
    except BadCompression as error:
        raise BadInput(NAME, file.name, "body", str(error)) from error
    return csv_frame(content, file)


SOURCE = Source(
    name=NAME,
    roles=("positions",),
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
