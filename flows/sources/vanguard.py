"""Vanguard: holdings of a portfolio at the end of a month, over all its share classes. No count, no flow."""

from datetime import date
from typing import Final

from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.errors import MissingData
from flows.sources.decode import json_document
from flows.sources.issuer_archive import files_of
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import Staged
from transforms.staging import vanguard as staging

NAME = "vanguard"
LICENCE: Final = "restricted"
HOLDINGS = "holdings"
FUNDS = {"VB": "0969", "VO": "0939", "VOO": "0968", "VTI": "0970"}
"""Fund to portfolio; 0968 stands in a real file, the others are as commonly given and held to no file."""


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session  # the newest file, of whatever day
    base = settings.base_urls.get(NAME)
    if not base:
        raise MissingData(
            "vanguard has no address of its own and none is set.",
            next_step="Give the address of a publisher of the files, use --archive, or take vanguard out.",
        )
    return [
        Request(
            source=NAME,
            dataset=f"{HOLDINGS}/{fund}",
            key=vintage_date.isoformat(),
            session_date=None,
            vintage_date=vintage_date,
            suffix=".json",
            licence=LICENCE,
            http=HttpRequest(f"{base.rstrip('/')}/{fund}_holdings.json", headers={"User-Agent": settings.user_agent}),
            is_conditional=True,
        )
        for fund in FUNDS
    ]


def _parse(payload: bytes, file: LandedFile) -> Staged:
    kind, _, fund = file.dataset.partition("/")
    if kind != HOLDINGS:
        raise bad_dataset(file)
    return staging.stage_holdings(json_document(payload, file), portfolio=FUNDS.get(fund), file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("fund_flows",),
    history="none",
    licence=LICENCE,
    terms="The site's terms allow personal use and no automated collection; ask the issuer before you switch it on.",
    parser_version="1",
    build_requests=_requests,
    list_archive=files_of(NAME, (HOLDINGS,)),
    parse=_parse,
    is_restricted=True,
    is_supplement=True,
)
