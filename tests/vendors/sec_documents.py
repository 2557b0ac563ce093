"""Documents in the SEC's form, made here: instances of cover pages, companyfacts, submissions and zips of them."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.edge.landing import LandedFile

COVER_KEY = "2024-02-02_0000999999-24-000006"
ACCESSION = "0000999999-24-000006"


def landed(dataset: str, key: str, path: Path = Path("body.json"), vintage: date | None = None) -> LandedFile:
    return LandedFile(
        source="sec_edgar",
        dataset=dataset,
        key=key,
        session_date=None,
        vintage_date=vintage,
        sha256="0" * 64,
        path=path,
        size_bytes=1,
        url="u",
        status=200,
        landed_at=datetime(2026, 1, 2, tzinfo=UTC),
        licence="public-domain",
    )


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def fact(end: str, val: object, filed: str, **others: object) -> dict[str, object]:
    return {
        "end": end,
        "val": val,
        "accn": "0000999999-24-000006",
        "fy": 2023,
        "fp": "FY",
        "form": "10-K",
        "filed": filed,
    } | others


def companyfacts(cik: object, facts: Mapping[str, Mapping[str, Mapping[str, Sequence[object]]]]) -> bytes:
    """taxonomy -> tag -> unit -> facts, laid out as the SEC does it: compact, the label first."""
    document = {
        "cik": cik,
        "entityName": 'A "quoted" company, Inc.',
        "facts": {
            taxonomy: {
                tag: {"label": f'The {{label}} of :{{"label": {tag}', "description": '"units":{', "units": units}
                for tag, units in tags.items()
            }
            for taxonomy, tags in facts.items()
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()


FILING_FIELDS = (
    "accessionNumber",
    "filingDate",
    "reportDate",
    "acceptanceDateTime",
    "form",
    "items",
    "isXBRL",
    "isInlineXBRL",
    "primaryDocument",
)


def filings(*rows: tuple[str, str, str, str]) -> dict[str, list[object]]:
    """From (accession, filed, form, items) to the columns of the SEC."""
    return {
        "accessionNumber": [row[0] for row in rows],
        "filingDate": [row[1] for row in rows],
        "reportDate": ["" for _ in rows],
        "acceptanceDateTime": [f"{row[1]}T16:30:01.000Z" for row in rows],
        "act": ["34" for _ in rows],
        "form": [row[2] for row in rows],
        "items": [row[3] for row in rows],
        "isXBRL": [1 for _ in rows],
        "isInlineXBRL": [0 for _ in rows],
        "primaryDocument": ["a.htm" for _ in rows],
    }


def submissions(cik: object, recent: Mapping[str, Any], **others: object) -> bytes:
    document = {
        "cik": cik,
        "entityType": "operating",
        "sic": "3571",
        "name": "Made Company, Inc.",
        "tickers": ["MADE", "MADE-PA"],
        "exchanges": ["NYSE", None],
        "category": "Large accelerated filer",
        "fiscalYearEnd": "0926",
        "stateOfIncorporation": "",
        "formerNames": [
            {"name": "MADE CO", "from": "2005-02-17T05:00:00.000Z", "to": "2017-01-27T05:00:00.000Z"},
        ],
        "filings": {"recent": dict(recent), "files": []},
    }
    return json.dumps(document | others).encode()


_ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n{doctype}'
    '<xbrl xmlns="http://www.xbrl.org/2003/instance" xmlns:dei="http://xbrl.sec.gov/dei/2023" '
    'xmlns:us-gaap="http://fasb.org/us-gaap/2023" xmlns:xbrldi="http://xbrl.org/2006/xbrldi" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n{body}\n</xbrl>\n'
)


def context(name: str, period: str, **members: str) -> str:
    """A context for a day, or for `2023-01-01/2023-12-31`; members by the local name of their axis."""
    start, _, end = period.rpartition("/")
    when = f"<startDate>{start}</startDate><endDate>{end}</endDate>" if start else f"<instant>{end}</instant>"
    explicit = "".join(
        f'<xbrldi:explicitMember dimension="us-gaap:{axis}">us-gaap:{member}</xbrldi:explicitMember>'
        for axis, member in members.items()
    )
    segment = f"<segment>{explicit}</segment>" if members else ""
    identifier = '<identifier scheme="http://www.sec.gov/CIK">0000999999</identifier>'
    return f'<context id="{name}"><entity>{identifier}{segment}</entity>\n<period>{when}</period></context>'


def dei(tag: str, about: str, value: str, unit: str = "") -> str:
    reference = f' unitRef="{unit}" decimals="INF"' if unit else ""
    return f'<dei:{tag} contextRef="{about}"{reference} id="f-1">{value}</dei:{tag}>'


def instance(*parts: str, form: str = "10-K", doctype: str = "") -> bytes:
    """An instance whose filing context is called `doc`; contexts and facts may come in any order."""
    body = [
        context("doc", "2023-01-01/2023-12-31"),
        dei("DocumentType", "doc", form),
        dei("EntityCentralIndexKey", "doc", "0000999999"),
        dei("DocumentPeriodEndDate", "doc", "2023-12-31"),
        *parts,
        '<unit id="u-shares"><measure>shares</measure></unit>',
        '<unit id="u-usd"><measure>iso4217:USD</measure></unit>',
        '<unit id="u-cad"><measure>iso4217:CAD</measure></unit>',
    ]
    return _ROOT.format(doctype=doctype, body="\n".join(body)).encode()


@dataclass(frozen=True)
class OfClass:
    """What a cover page says of one class: its member (empty where it names none), count, title and symbol."""

    member: str = ""
    shares: int | None = None
    title: str = ""
    symbol: str = ""


def cover_page(cik: int, form: str, as_of: date, *classes: OfClass) -> bytes:
    """The instance of a report whose cover page counts these classes on a day."""
    year = f"{as_of.year - 1}-01-01/{as_of.year - 1}-12-31"
    parts = []
    for number, told in enumerate(classes):
        axis = {"StatementClassOfStockAxis": told.member} if told.member else {}
        parts += [context(f"day-{number}", as_of.isoformat(), **axis), context(f"year-{number}", year, **axis)]
        if told.shares is not None:
            parts.append(dei("EntityCommonStockSharesOutstanding", f"day-{number}", str(told.shares), "u-shares"))
        for tag, text in (("Security12bTitle", told.title), ("TradingSymbol", told.symbol)):
            parts += [dei(tag, f"year-{number}", text)] if text else []
    return instance(*parts, form=form).replace(b"0000999999", f"{cik:010}".encode())
