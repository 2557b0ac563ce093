"""The SEC on 127.0.0.1: tickers, indexes, companies, instances and bulk files, and its ways of saying no."""

import io
import json
import zipfile
from datetime import date

from tests.vendors.loopback import Answer, Vendor

ABSENT = Answer(
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
    status=403,
    headers={"Content-Type": "application/xml"},
)
"""What the files' store says about a file that it does not have."""
BLOCK = Answer(
    b"<!DOCTYPE html><html><head><title>SEC.gov | Request Rate Threshold Exceeded</title></head></html>",
    status=403,
    headers={"Content-Type": "text/html"},
)
PAGE = Answer(b"<!DOCTYPE html><html><body>Your Request Originates from an Undeclared Automated Tool</body></html>")
NO_KEY = Answer(b"<Error><Code>NoSuchKey</Code></Error>", status=404)
TICKERS = "/files/company_tickers_exchange.json"
FACTS_BULK = "/Archives/edgar/daily-index/xbrl/companyfacts.zip"
SUBMISSIONS_BULK = "/Archives/edgar/daily-index/bulkdata/submissions.zip"
NOTES = "/files/dera/data/financial-statement-notes-data-sets"
_HEADER = """Description:           Daily Index of EDGAR Dissemination Feed by Form Type
Last Data Received:    {day:%b} {day.day}, {day.year}
Comments:              webmaster@sec.gov
Anonymous FTP:         ftp://ftp.sec.gov/edgar/
{blank}
{blank}
{blank}
{blank}
Form Type   Company Name                                                  CIK         Date Filed  File Name
{rule}
"""


def index_path(day: date) -> str:
    return f"/Archives/edgar/daily-index/{day.year}/QTR{(day.month + 2) // 3}/form.{day:%Y%m%d}.idx"


def submissions_path(cik: int) -> str:
    return f"/submissions/CIK{cik:010}.json"


def facts_path(cik: int) -> str:
    return f"/api/xbrl/companyfacts/CIK{cik:010}.json"


def folder(cik: int, accession: str) -> str:
    return f"/Archives/edgar/data/{cik}/{accession.replace('-', '')}"


def accession(cik: int, number: int) -> str:
    return f"{cik:010}-26-{number:06}"


def index_file(day: date, rows: list[tuple[str, int, str]]) -> bytes:
    """`rows`: form, CIK, accession number."""
    lines = [
        f"{form:<12}{f'COMPANY {cik} INC':<62}{cik:<12}{day:%Y%m%d}    edgar/data/{cik}/{number}.txt"
        for form, cik, number in rows
    ]
    return (_HEADER.format(day=day, rule="-" * 141, blank=" ") + "\n".join(lines) + "\n").encode()


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def instance(number: str) -> bytes:
    return f'<?xml version="1.0"?>\n<xbrl xmlns="http://www.xbrl.org/2003/instance"><!-- {number} --></xbrl>\n'.encode()


class Sec:
    """Answers of the SEC on one evening; every company that has filed has submissions and facts."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self._filed: dict[int, list[tuple[str, str, date, int, int]]] = {}
        vendor.absent = ABSENT
        vendor.serve(FACTS_BULK, Answer(zipped(CIK0000000001=b"{}"), etag='"facts"'))
        vendor.serve(SUBMISSIONS_BULK, Answer(zipped(CIK0000000001=b"{}"), etag='"submissions"'))

    def tickers(self, listed: dict[int, str | None]) -> None:
        """`listed`: CIK to exchange."""
        data = [[cik, f"Company {cik}", f"T{cik}", exchange] for cik, exchange in listed.items()]
        body = json.dumps({"fields": ["cik", "name", "ticker", "exchange"], "data": data}).encode()
        self.vendor.serve(TICKERS, Answer(body, etag=f'"{hash(body)}"'))

    def day(self, day: date, *rows: tuple[str, int, int], has_inline: bool = True, has_facts: bool = True) -> None:
        """The index of a day, and the files of what was filed; `rows`: form, CIK, number of the filing."""
        numbered = [(form, cik, accession(cik, number)) for form, cik, number in rows]
        self.vendor.serve(index_path(day), Answer(index_file(day, numbered)))
        for form, cik, number in numbered:
            self._filed.setdefault(cik, []).insert(0, (form, number, day, int(has_inline), int(has_facts)))
            self._company(cik)
            name = "report_htm.xml" if has_inline else f"t{cik}-20251231.xml"
            self.vendor.serve(f"{folder(cik, number)}/{name}", Answer(instance(number)))
            files = ["0001-index.html", "FilingSummary.xml", "R1.htm", "a_lab.xml", "a_cal.xml", "exhibit.xml", name]
            listing = {"directory": {"item": [{"name": file, "size": ""} for file in files]}}
            self.vendor.serve(f"{folder(cik, number)}/index.json", Answer(json.dumps(listing).encode()))

    def _company(self, cik: int) -> None:
        filed = self._filed[cik]
        recent = {
            "accessionNumber": [number for _, number, *_ in filed],
            "filingDate": [day.isoformat() for _, _, day, *_ in filed],
            "form": [form for form, *_ in filed],
            "isXBRL": [facts for *_, facts in filed],
            "isInlineXBRL": [inline for *_, inline, _ in filed],
            "primaryDocument": ["report.htm" for _ in filed],
        }
        body = json.dumps({"cik": f"{cik:010}", "filings": {"recent": recent, "files": []}}).encode()
        self.vendor.serve(submissions_path(cik), Answer(body, etag=f'"{len(filed)}"'))
        facts = json.dumps({"cik": cik, "facts": {"filings": len(filed)}}).encode()
        self.vendor.serve(facts_path(cik), Answer(facts, etag=f'"{len(filed)}"'))

    def asked(self) -> list[str]:
        """Paths asked for since the last look, in order."""
        paths = [asked.path for asked in self.vendor.asked]
        self.vendor.asked.clear()
        return paths
