"""SEC EDGAR: the address of every file, and the request that lands it. At most eight a second, with a contact."""

from datetime import date
from typing import Final

from flows.edge.compressed import MIB
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest, Throttle
from flows.edge.http_stream import UNENCODED
from flows.errors import MissingData
from flows.sources.model import SourceSettings
from flows.sources.sec_answers import Filing
from flows.sources.sec_datasets import (
    COMPANYFACTS,
    COMPANYFACTS_BULK,
    COVER,
    FILING_INDEX,
    FORM_INDEX,
    NAME,
    NOTES,
    SUBMISSIONS,
    SUBMISSIONS_BULK,
    TICKERS,
)

WWW = "https://www.sec.gov"
DATA = "https://data.sec.gov"
SHARED_HOSTS = ("www.sec.gov", "data.sec.gov")
REQUESTS_PER_SECOND = 8.0
"""The SEC allows ten for all hosts together; clients were turned away at a measured 9.7."""
LICENCE: Final = "public-domain"
LARGEST_BULK_BYTES = 4096 * MIB


THROTTLE = Throttle(
    statuses=frozenset({403}),
    meaning="the SEC turns a client away for about ten minutes when it asks too often or without a contact",
    next_step="Wait ten minutes and run again; SMALLCAPS_HTTP__CONTACT must be a mail address that is read.",
    absent_mark=b"<Code>AccessDenied</Code>",
)
"""The files' store says AccessDenied, with the same 403, for a file that it does not have."""
_BULK = {
    COMPANYFACTS_BULK: "Archives/edgar/daily-index/xbrl/companyfacts.zip",
    SUBMISSIONS_BULK: "Archives/edgar/daily-index/bulkdata/submissions.zip",
}
_NOTES = "files/dera/data/financial-statement-notes-data-sets"


def require_contact(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Nothing is asked for beforehand (see `sec_night`), and nothing at all without a contact.

    Raises:
        MissingData: none is set.
    """
    del session, vintage_date
    if not settings.contact:
        raise MissingData(
            "sec_edgar needs a contact in the user agent and there is none: the SEC blocks who does not declare one.",
            next_step="Set SMALLCAPS_HTTP__CONTACT to a mail address, use --archive, or take sec_edgar out.",
        )
    return []


class SecRequests:
    """The requests of one night; days are those in New York."""

    def __init__(self, settings: SourceSettings, vintage_date: date) -> None:
        base = settings.base_urls.get(NAME)
        self._www, self._data = (base.rstrip("/"),) * 2 if base else (WWW, DATA)
        self._settings = settings
        self._vintage = vintage_date

    def tickers(self) -> Request:
        """Tickers and exchanges of all companies, as they are today."""
        return self._request(f"{self._www}/files/company_tickers_exchange.json", TICKERS, self._vintage.isoformat())

    def form_index(self, day: date) -> Request:
        """All filings of a day."""
        path = f"Archives/edgar/daily-index/{day.year}/QTR{(day.month - 1) // 3 + 1}/form.{day:%Y%m%d}.idx"
        return self._request(f"{self._www}/{path}", FORM_INDEX, day.isoformat(), ".idx", is_one_of_many=True)

    def submissions(self, cik: int) -> Request:
        """A company's filings."""
        url = f"{self._data}/submissions/CIK{cik:010}.json"
        return self._request(url, SUBMISSIONS, f"{cik:010}", is_one_of_many=True)

    def facts(self, cik: int) -> Request:
        """A company's facts, without those per share class."""
        url = f"{self._data}/api/xbrl/companyfacts/CIK{cik:010}.json"
        return self._request(url, COMPANYFACTS, f"{cik:010}", is_one_of_many=True)

    def filing_index(self, filing: Filing) -> Request:
        """The list of a filing's files."""
        return self._request(f"{self._folder(filing)}/index.json", FILING_INDEX, cover_key(filing), is_one_of_many=True)

    def cover(self, filing: Filing, name: str) -> Request:
        """A filing's XBRL instance; its cover page has the share count of every class."""
        return self._request(f"{self._folder(filing)}/{name}", COVER, cover_key(filing), ".xml", is_one_of_many=True)

    def bulk(self, dataset: str) -> Request:
        """Facts or submissions of all companies in one zip, made anew every night."""
        return self._request(f"{self._www}/{_BULK[dataset]}", dataset, self._vintage.isoformat(), ".zip")

    def notes(self, stem: str) -> Request:
        """Financial statements and notes of one month or quarter, with the facts per share class."""
        return self._request(f"{self._www}/{_NOTES}/{stem}.zip", NOTES, stem, ".zip", is_one_of_many=True)

    def _folder(self, filing: Filing) -> str:
        return f"{self._www}/Archives/edgar/data/{filing.cik}/{filing.accession.replace('-', '')}"

    def _request(
        self, url: str, dataset: str, key: str, suffix: str = ".json", *, is_one_of_many: bool = False
    ) -> Request:
        is_large = suffix == ".zip"
        headers = {"User-Agent": self._settings.user_agent}
        http = (
            HttpRequest(
                url,
                headers=headers | UNENCODED,
                max_bytes=LARGEST_BULK_BYTES,
                deadline_s=self._settings.sec.bulk_deadline_s,
                throttle=THROTTLE,
            )
            if is_large
            else HttpRequest(url, headers=headers, throttle=THROTTLE)
        )
        return Request(
            source=NAME,
            dataset=dataset,
            key=key,
            session_date=None,
            vintage_date=self._vintage,
            suffix=suffix,
            licence=LICENCE,
            http=http,
            is_conditional=True,
            is_one_of_many=is_one_of_many,
            is_large=is_large,
        )


def cover_key(filing: Filing) -> str:
    """Under which key a filing's cover page lands."""
    return f"{filing.filed}_{filing.accession}"
