"""Funds: published daily flows, shares outstanding and assets as CSV files."""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import Final

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.errors import MissingData
from flows.sources.decode import csv_frame
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.measures.benchmark_registry import FUNDS
from transforms.staging import Staged
from transforms.staging import etf_flows as staging
from transforms.staging.fund_prices import stage_series

NAME = "etf_flows"
LICENCE: Final = "internal-only"
FLOWS = "flows"
SHARES = "shares"
ASSETS = "assets"
ISHARES = "ishares_shares"
PRICES = "prices/"
"""Before the ticker: each fund's prices are a dataset."""
PRICES_ADDRESS = "etf_prices"
"""In the settings' addresses, apart from the flows': few publishers have both."""

_PUBLISHED = {FLOWS: "etf_flows.csv", SHARES: "etf_shares.csv", ASSETS: "etf_aum.csv"}
_STAGE: dict[str, Callable[..., Staged]] = {
    FLOWS: staging.stage_flows,
    SHARES: staging.stage_shares,
    ASSETS: staging.stage_assets,
    ISHARES: staging.stage_ishares,
}


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session  # one file holds all days that were published
    base, prices = (settings.base_urls.get(name, "").rstrip("/") for name in (NAME, PRICES_ADDRESS))
    if not base and not prices:
        raise MissingData(
            "etf_flows has no address of its own and none is set.",
            next_step="Give the address of a publisher of the files, use --archive, or take etf_flows out.",
        )
    published, priced = _PUBLISHED if base else {}, FUNDS if prices else ()
    return [
        *(_request(dataset, f"{base}/{name}", vintage_date, settings) for dataset, name in published.items()),
        *(_request(f"{PRICES}{fund}", f"{prices}/{fund}.csv", vintage_date, settings) for fund in priced),
    ]


def _request(dataset: str, address: str, vintage_date: date, settings: SourceSettings) -> Request:
    return Request(
        source=NAME,
        dataset=dataset,
        key=vintage_date.isoformat(),
        session_date=None,
        vintage_date=vintage_date,
        suffix=".csv",
        licence=LICENCE,
        http=HttpRequest(address, headers={"User-Agent": settings.user_agent}),
        is_conditional=True,
    )


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`etf/flows_<year>/` with three published files, the country funds' histories, `etf/prices/<TICKER>.csv`."""
    del sessions
    for folder in archive.folders("etf"):
        if folder.startswith("flows_"):
            for dataset, name in _PUBLISHED.items():
                if archive.has(f"etf/{folder}/{name}"):
                    yield archive.file(f"etf/{folder}/{name}", source=NAME, dataset=dataset, key=folder)
    for name in archive.names("etf/prices"):
        if name.endswith(".csv"):
            fund = name.removesuffix(".csv")
            yield archive.file(f"etf/prices/{name}", source=NAME, dataset=f"{PRICES}{fund}", key="prices")
    country = "etf/ishares_country_shares/shares_history.csv"
    if archive.has(country):
        yield archive.file(country, source=NAME, dataset=ISHARES, key="ishares_country_shares")


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset.startswith(PRICES):
        fund, raw = file.dataset.removeprefix(PRICES), csv_frame(payload, file)
        return stage_series(raw, fund=fund, vintage_date=file.vintage_date, source=NAME, file=file.name)
    if file.dataset not in _STAGE:
        raise bad_dataset(file)
    return _STAGE[file.dataset](csv_frame(payload, file), vintage_date=file.vintage_date, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("fund_flows",),
    history="days",
    licence=LICENCE,
    terms="Flows are a vendor's product and issuers' files are for personal use; no redistribution.",
    parser_version="2",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
)
