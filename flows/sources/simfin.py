"""SimFin bulk downloads: US income statements, balance sheets and companies; whole files, by vintage."""

import importlib
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.errors import MissingData
from flows.sources.decode import zipped_csv_frame
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import BadInput, Staged

NAME = "simfin"
BASE_URL = "https://prod.simfin.com/api/bulk-download/s3"
LICENCE: Final = "internal-only"
MARKET = "us"
COMPANIES = "us-companies"
STATEMENTS: dict[str, tuple[str, str]] = {
    f"{MARKET}-{statement}-{variant}": (statement, variant)
    for statement in ("income", "balance")
    for variant in ("quarterly", "annual")
}
"""Dataset to (statement, variant); the dataset is the file's name in the vendor's own zip."""


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session  # one file holds all periods
    if not settings.simfin_api_key:
        raise MissingData(
            "simfin needs an API key and there is none.",
            next_step="Set SMALLCAPS_SIMFIN_API_KEY, use --archive, or take simfin out of the sources.",
        )
    wanted = {name: {"dataset": part[0], "variant": part[1]} for name, part in STATEMENTS.items()}
    wanted[COMPANIES] = {"dataset": "companies"}
    return [
        Request(
            source=NAME,
            dataset=name,
            key=vintage_date.isoformat(),
            session_date=None,
            vintage_date=vintage_date,
            suffix=".zip",
            licence=LICENCE,
            http=HttpRequest(
                settings.base_urls.get(NAME, BASE_URL),
                {**params, "market": MARKET},
                {"User-Agent": settings.user_agent, "Accept": "application/zip"},
                secret_headers={"Authorization": f"api-key {settings.simfin_api_key}"},
            ),
            is_conditional=True,
        )
        for name, params in wanted.items()
    ]


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """Every vintage, whatever the sessions: which of them a session may know is decided later, by date."""
    del sessions
    for folder, vintage in dated(archive.folders(NAME)):
        for dataset in (*STATEMENTS, COMPANIES):
            relative = f"{NAME}/{folder}/{dataset}.zip"
            if archive.has(relative):
                yield archive.file(relative, source=NAME, dataset=dataset, key=folder, vintage_date=vintage)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset != COMPANIES and file.dataset not in STATEMENTS:
        raise bad_dataset(file)
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    raw = zipped_csv_frame(payload, file, member=f"{file.dataset}.csv", separator=";")
    staging: Any = importlib.import_module("transforms.staging.simfin")
    if file.dataset == COMPANIES:
        staged: Staged = staging.stage_companies(raw, vintage_date=file.vintage_date, file=file.name)
        return staged
    statement, variant = STATEMENTS[file.dataset]
    statements: Staged = staging.stage_statements(
        raw, statement=statement, variant=variant, vintage_date=file.vintage_date, file=file.name
    )
    return statements


SOURCE = Source(
    name=NAME,
    roles=("fundamentals",),
    history="full",
    licence=LICENCE,
    terms="Free key for personal use, about a year behind; no redistribution of the data.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    requests_per_second=1.0,
    base_url=BASE_URL,
)
