"""FRED: single series, as CSV or with the user's own key as JSON. Restricted: off unless switched on."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

import polars as pl

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import csv_frame, json_document
from flows.sources.model import Source, SourceSettings
from transforms.staging import BadInput, Staged
from transforms.staging.macro import stage_fred

NAME = "fred"
BASE_URL = "https://fred.stlouisfed.org/graph/fredgraph.csv"
API = "fred_api"
"""Under this name the settings may put the API elsewhere: it is on another host than the CSV files."""
API_URL = "https://api.stlouisfed.org/fred/series/observations"
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
            suffix=".json" if settings.fred_api_key else ".csv",
            licence=LICENCE,
            http=_http(series, settings),
            is_conditional=True,
        )
        for series in settings.fred_series
    ]


def _http(series: str, settings: SourceSettings) -> HttpRequest:
    """The API where the user has a key, which no shown URL holds; else the CSV file."""
    agent = {"User-Agent": settings.user_agent}
    if not settings.fred_api_key:
        return HttpRequest(settings.base_urls.get(NAME, BASE_URL), {"id": series}, agent)
    return HttpRequest(
        settings.base_urls.get(API, settings.base_urls.get(NAME, API_URL)),
        {"series_id": series, "file_type": "json"},
        agent | {"Accept": "application/json"},
        secret_params={"api_key": settings.fred_api_key},
    )


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
    is_json = file.path.suffix == ".json"
    raw = _observations(payload, file) if is_json else csv_frame(payload, file)
    return stage_fred(raw, series=file.dataset, vintage_date=file.vintage_date, file=file.name)


def _observations(payload: bytes, file: LandedFile) -> pl.DataFrame:
    """Columns date and value, as text, of an answer of the API.

    Raises:
        BadInput: it holds no observations, or only some of them.
    """
    document = json_document(payload, file)
    rows = document.get("observations") if isinstance(document, dict) else None
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        told = document.get("error_message", "") if isinstance(document, dict) else ""
        raise BadInput(NAME, file.name, "observations", f"the answer has none; it says {told!r}")
    if document.get("count", len(rows)) != len(rows):
        raise BadInput(NAME, file.name, "count", f"{len(rows)} of {document['count']} observations")
    cells = [[row.get("date"), row.get("value")] for row in rows]
    return pl.DataFrame(cells, {"date": pl.String, "value": pl.String}, orient="row")


SOURCE = Source(
    name=NAME,
    roles=("macro",),
    history="full",
    licence=LICENCE,
    terms="FRED's terms forbid storing or redistributing its content without consent; series have owners.",
    parser_version="2",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    is_restricted=True,
    base_url=BASE_URL,
)
