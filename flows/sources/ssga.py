"""SSGA: daily net asset value, shares outstanding and net assets of its funds, each since its first day."""

from datetime import date
from typing import Final

from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.issuer_archive import files_of
from flows.sources.model import Source, SourceSettings, bad_dataset
from flows.sources.sheets import xlsx_rows
from transforms.staging import Staged
from transforms.staging import ssga as staging

NAME = "ssga"
BASE_URL = "https://www.ssga.com/library-content/products/fund-data/etfs/us"
LICENCE: Final = "internal-only"
HISTORY, HOLDINGS = "navhist", "holdings"
FUNDS = ("SPSM", "MDY", "SPMD", "SPY")
"""Those of the registry of segments that SSGA issues."""


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    del session  # one file holds all days
    return [
        Request(
            source=NAME,
            dataset=f"{HISTORY}/{fund}",
            key=vintage_date.isoformat(),
            session_date=None,
            vintage_date=vintage_date,
            suffix=".xlsx",
            licence=LICENCE,
            http=HttpRequest(
                f"{settings.base_urls.get(NAME, BASE_URL)}/navhist-us-en-{fund.lower()}.xlsx",
                headers={"User-Agent": settings.user_agent},
            ),
            is_conditional=True,
        )
        for fund in FUNDS
    ]


def _parse(payload: bytes, file: LandedFile) -> Staged:
    kind, _, fund = file.dataset.partition("/")
    stage = {HISTORY: staging.stage_history, HOLDINGS: staging.stage_holdings}.get(kind)
    if stage is None:
        raise bad_dataset(file)
    return stage(xlsx_rows(payload, file), fund=fund, vintage_date=file.vintage_date, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("fund_flows",),
    history="full",
    licence=LICENCE,
    terms="The issuer's files are for the reader's own use; no redistribution.",
    parser_version="1",
    build_requests=_requests,
    list_archive=files_of(NAME, (HISTORY, HOLDINGS)),
    parse=_parse,
    base_url=BASE_URL,
    is_supplement=True,
)
