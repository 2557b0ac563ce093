"""Nasdaq screener: the US stock market after the close, one file per exchange, undated, without history."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

import polars as pl

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import json_document, parquet_frame
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import BadInput, Staged
from transforms.staging import nasdaq_screener as staging

NAME = "nasdaq_screener"
BASE_URL = "https://api.nasdaq.com/api/screener/stocks"
LICENCE: Final = "restricted"
DAILY = "daily"
HISTORY = "history/quotes"
REFERENCE = "history/reference_intervals"
REFERENCE_KEY = "all"

HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "en-US,en;q=0.9",
    "Origin": "https://www.nasdaq.com",
    "Referer": "https://www.nasdaq.com/market-activity/stocks/screener",
}
"""The host leaves requests without browser headers unanswered."""


def daily_dataset(exchange: str) -> str:
    """The dataset of one exchange's daily file."""
    return f"{DAILY}/{exchange}"


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del vintage_date  # a screener has no vintages: it is what it is after one close
    url = settings.base_urls.get(NAME, BASE_URL)
    return [
        Request(
            source=NAME,
            dataset=daily_dataset(exchange),
            key=session.isoformat(),
            session_date=session,
            vintage_date=None,
            suffix=".json",
            licence=LICENCE,
            http=HttpRequest(
                url,
                {"tableonly": "true", "limit": "25", "exchange": exchange.upper(), "download": "true"},
                HEADERS,
            ),
        )
        for exchange in staging.EXCHANGES
    ]


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """A day's own folder where there is one, else the history of its year, once."""
    with_folder = set(archive.folders("nasdaq_screener/daily"))
    years: set[int] = set()
    for session in sorted(set(sessions)):
        if session.isoformat() in with_folder:
            yield from _daily_files(archive, session)
        else:
            years.add(session.year)
    found = [year for year in sorted(years) if archive.has(_history_path(year))]
    for year in found:
        yield archive.file(_history_path(year), source=NAME, dataset=HISTORY, key=str(year))
    reference = "nasdaq_screener/history/reference_intervals.parquet"
    if found and archive.has(reference):
        yield archive.file(reference, source=NAME, dataset=REFERENCE, key=REFERENCE_KEY)


def _daily_files(archive: Archive, session: date) -> Iterator[ArchiveFile]:
    folder = f"nasdaq_screener/daily/{session.isoformat()}"
    for exchange in staging.EXCHANGES:
        for suffix in (".json.gz", ".json"):
            relative = f"{folder}/{exchange}_full_tickers{suffix}"
            if archive.has(relative):
                yield archive.file(
                    relative,
                    source=NAME,
                    dataset=daily_dataset(exchange),
                    key=session.isoformat(),
                    session_date=session,
                )
                break


def _history_path(year: int) -> str:
    return f"nasdaq_screener/history/quotes_{year}.parquet"


def _parse(payload: bytes, file: LandedFile) -> Staged:
    kind, _, exchange = file.dataset.partition("/")
    if kind == DAILY and exchange in staging.EXCHANGES and file.session_date is not None:
        raw = daily_frame(json_document(payload, file), file)
        return staging.stage_daily(raw, exchange=exchange, session_date=file.session_date, file=file.name)
    if file.dataset == HISTORY:
        return staging.stage_history(parquet_frame(payload, file), file=file.name)
    if file.dataset == REFERENCE:
        return staging.stage_reference(parquet_frame(payload, file), file=file.name)
    raise bad_dataset(file)


def daily_frame(document: object, file: LandedFile) -> pl.DataFrame:
    """The rows of a daily file, all text: the bare list, or the live reply that wraps it in `data.rows`.

    Raises:
        BadInput: no list of rows, a row with other fields than the first, or a value that is no text.
    """
    rows = _rows(document, file)
    columns = rows[0].keys()
    for position, row in enumerate(rows):
        if row.keys() != columns:
            field = min(columns ^ row.keys())
            raise BadInput(NAME, file.name, field, f"row {position + 1} has other fields than row 1")
    try:
        return pl.DataFrame([pl.Series(name, [row[name] for row in rows], pl.String, strict=True) for name in columns])
    except TypeError:
        name, position, value = _first_that_is_no_text(rows)
    kind = type(value).__name__
    raise BadInput(NAME, file.name, name, f"row {position + 1} has {value!r} ({kind}), expected text")


def _rows(document: object, file: LandedFile) -> list[dict[str, object]]:
    rows = document
    if isinstance(document, dict):
        data = document.get("data")
        rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise BadInput(NAME, file.name, "data.rows", "the reply has no list of rows")
    if not rows:
        raise BadInput(NAME, file.name, "data.rows", "the list of rows is empty")
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadInput(NAME, file.name, "data.rows", f"row {position + 1} is no object with fields")
    return rows


def _first_that_is_no_text(rows: list[dict[str, object]]) -> tuple[str, int, object]:
    return next(
        (field, position, value)
        for position, row in enumerate(rows)
        for field, value in row.items()
        if value is not None and not isinstance(value, str)
    )


SOURCE = Source(
    name=NAME,
    roles=("quotes", "caps"),
    history="none",
    licence=LICENCE,
    terms="Undocumented endpoint of a website whose terms forbid scraping and redistribution.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    requests_per_second=0.5,
    is_restricted=False,
    base_url=BASE_URL,
)
