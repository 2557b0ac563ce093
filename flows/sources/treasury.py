"""US Treasury: nominal and real par yield curves, one CSV file per curve and year. Public domain."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final, get_args

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import csv_frame
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import BadInput, Staged
from transforms.staging.macro import Curve, stage_par_yields

NAME = "treasury"
BASE_URL = "https://home.treasury.gov/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv"
LICENCE: Final = "public-domain"
CURVES: tuple[Curve, ...] = get_args(Curve)
_TYPE: dict[Curve, str] = {"nominal": "daily_treasury_yield_curve", "real": "daily_treasury_real_yield_curve"}


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Both curves of the session's year; in January, when that may be empty, of the year before too."""
    years = [session.year - 1, session.year] if session.month == 1 else [session.year]
    return [_request(curve, year, vintage_date, settings) for curve in CURVES for year in years]


def _request(curve: Curve, year: int, vintage_date: date, settings: SourceSettings) -> Request:
    return Request(
        source=NAME,
        dataset=f"{curve}/{year}",
        key=vintage_date.isoformat(),
        session_date=None,
        vintage_date=vintage_date,
        suffix=".csv",
        licence=LICENCE,
        http=HttpRequest(
            f"{settings.base_urls.get(NAME, BASE_URL)}/{year}/all",
            {"type": _TYPE[curve], "field_tdr_date_value": str(year), "page": "", "_format": "csv"},
            {"User-Agent": settings.user_agent, "Accept": "text/csv"},
        ),
        is_conditional=True,
    )


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`treasury/<day of download>/<curve>_<year>.csv`, every vintage up to the last session's year."""
    if not sessions:
        return
    last_year = max(sessions).year
    for folder, vintage in dated(archive.folders(NAME)):
        for name in archive.names(f"{NAME}/{folder}"):
            curve, _, year = name.removesuffix(".csv").partition("_")
            if name.endswith(".csv") and curve in CURVES and year.isdigit() and int(year) <= last_year:
                yield archive.file(
                    f"{NAME}/{folder}/{name}",
                    source=NAME,
                    dataset=f"{curve}/{year}",
                    key=folder,
                    vintage_date=vintage,
                )


def _parse(payload: bytes, file: LandedFile) -> Staged:
    curve = next((known for known in CURVES if file.dataset.startswith(f"{known}/")), None)
    if curve is None:
        raise bad_dataset(file)
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    return stage_par_yields(csv_frame(payload, file), curve=curve, vintage_date=file.vintage_date, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("macro",),
    history="full",
    licence=LICENCE,
    terms="Work of the US government, in the public domain.",
    parser_version="2",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    base_url=BASE_URL,
)
