"""iShares: daily net asset value and shares outstanding of its funds, and a day's holdings with shares outstanding."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import plain_bytes
from flows.sources.issuer_archive import files_of
from flows.sources.model import Source, SourceSettings, bad_dataset
from flows.sources.sheets import xml_sheets
from transforms.staging import BadInput, Staged
from transforms.staging import ishares as staging

NAME = "ishares"
BASE_URL = "https://www.ishares.com/us/products"
LICENCE: Final = "restricted"
FUND, HOLDINGS = "fund", "holdings"
_FUND_FILE, _HOLDINGS_FILE = "1521942788811.ajax", "1467271812596.ajax"


@dataclass(frozen=True)
class Product:
    """A fund's number on the issuer's site, and its name there: a wrong number gives another fund's file."""

    number: int
    name: str


FUNDS = {
    "IWM": Product(239710, "iShares Russell 2000 ETF"),
    "IJR": Product(239774, "iShares Core S&P Small-Cap ETF"),
    "IWC": Product(239716, "iShares Micro-Cap ETF"),
    "IJH": Product(239763, "iShares Core S&P Mid-Cap ETF"),
    "IWR": Product(239718, "iShares Russell Mid-Cap ETF"),
    "IVV": Product(239726, "iShares Core S&P 500 ETF"),
    "IWB": Product(239707, "iShares Russell 1000 ETF"),
    "ITOT": Product(239724, "iShares Core S&P Total U.S. Stock Market ETF"),
}
"""Those of the registry of segments that iShares issues; numbers and names as in the issuer's list of products."""


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """The fund file of each fund, which has all days, and the session's holdings, which have the count of that day."""
    requests = []
    for fund, product in FUNDS.items():
        base = f"{settings.base_urls.get(NAME, BASE_URL)}/{product.number}/fund"
        asked = {"fileType": "csv", "fileName": f"{fund}_holdings", "dataType": "fund", "asOfDate": f"{session:%Y%m%d}"}
        whole = {"fileType": "xls", "fileName": f"{fund}_fund", "dataType": "fund"}
        for kind, address, params, suffix in (
            (FUND, _FUND_FILE, whole, ".xls"),
            (HOLDINGS, _HOLDINGS_FILE, asked, ".csv"),
        ):
            requests.append(
                Request(
                    source=NAME,
                    dataset=f"{kind}/{fund}",
                    key=vintage_date.isoformat() if kind == FUND else session.isoformat(),
                    session_date=session if kind == HOLDINGS else None,
                    vintage_date=vintage_date,
                    suffix=suffix,
                    licence=LICENCE,
                    http=HttpRequest(f"{base}/{address}", params, {"User-Agent": settings.user_agent}),
                    is_conditional=True,
                )
            )
    return requests


def _parse(payload: bytes, file: LandedFile) -> Staged:
    kind, _, fund = file.dataset.partition("/")
    product = FUNDS.get(fund)
    name = product.name if product else None
    if kind == FUND:
        sheets = xml_sheets(payload, file)
        return staging.stage_fund(sheets, fund=fund, name=name, vintage_date=file.vintage_date, file=file.name)
    if kind != HOLDINGS:
        raise bad_dataset(file)
    try:
        text = plain_bytes(payload, file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(NAME, file.name, "body", f"not UTF-8 at byte {error.start}") from error
    return staging.stage_holdings(
        text, fund=fund, name=name, asked=file.session_date, vintage_date=file.vintage_date, file=file.name
    )


SOURCE = Source(
    name=NAME,
    roles=("fund_flows",),
    history="full",
    licence=LICENCE,
    terms="The site's terms allow personal use and no automated collection; ask the issuer before you switch it on.",
    parser_version="1",
    build_requests=_requests,
    list_archive=files_of(NAME, (FUND, HOLDINGS)),
    parse=_parse,
    base_url=BASE_URL,
    is_restricted=True,
    is_supplement=True,
)
