"""What the SEC's answers say about what to ask next; bytes in, names and numbers out. Staging reads the rest."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.edge.landing import LandedFile
from flows.sources.decode import json_document, plain_bytes
from flows.sources.sec_datasets import NAME
from transforms.staging import BadInput
from transforms.staging.sec_submissions import FORMS_OF_LISTING

PERIODIC = frozenset(
    f"{form}{suffix}" for form in ("10-K", "10-KT", "10-Q", "10-QT", "20-F", "40-F") for suffix in ("", "/A")
)
"""Reports with facts and a cover page."""
STATEMENTS = frozenset(f"{form}{suffix}" for form in ("6-K", "10-12B", "S-1", "S-4", "F-1") for suffix in ("", "/A"))
"""Filings that may carry statements, and often have none: foreign companies' quarters, and what precedes a listing."""
WANTED = PERIODIC | STATEMENTS | {f"{form}{suffix}" for form in ("8-K", *FORMS_OF_LISTING) for suffix in ("", "/A")}
"""The index does not say which items an 8-K is about (3.01 delisting, 3.03 and 5.03 splits): submissions do."""
_UNLISTED = "OTC"
_LINE = re.compile(
    r"(\S+(?: \S+)*?)\s{2,}.*?\s(\d{1,10})\s+(\d{4})-?(\d{2})-?(\d{2})\s+"  # form, (name), CIK, day
    r"edgar/data/\d+/(\d{10}-\d{2}-\d{6})\.txt"  # accession number
)
_RULE = re.compile(r"-{20,}")
_NO_INSTANCE = re.compile(r"(?i)(FilingSummary|R\d+)\.xml|.*_(cal|def|lab|pre|ref)\.xml|.*index.*")
_OLD_INSTANCE = re.compile(r"[A-Za-z][A-Za-z0-9]*-\d{8}\.xml")
_DOCUMENT = re.compile(r"[A-Za-z0-9._-]+\.html?")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, order=True)
class Filing:
    """One line of a daily index: who filed what on which day."""

    filed: date
    cik: int
    form: str
    accession: str

    @property
    def is_periodic(self) -> bool:
        """Whether it is a report with facts and a cover page."""
        return self.form in PERIODIC

    @property
    def may_have_facts(self) -> bool:
        """Whether it is of a kind that carries statements, with facts or without."""
        return self.form in PERIODIC or self.form in STATEMENTS

    @property
    def id(self) -> str:
        """A filing of several companies has one accession number: the company tells them apart."""
        return f"{self.cik:010}/{self.accession}"


def listed_companies(payload: bytes, file: LandedFile) -> frozenset[int]:
    """The CIK of every company with a ticker on an exchange, or on one that is not known (yet).

    Raises:
        BadInput: not the list of tickers.
    """
    document = json_document(payload, file)
    try:
        at = {name: position for position, name in enumerate(document["fields"])}
        listed = frozenset(int(row[at["cik"]]) for row in document["data"] if row[at["exchange"]] != _UNLISTED)
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise BadInput(NAME, file.name, "data", f"not the list of tickers ({type(error).__name__})") from error
    if not listed:
        raise BadInput(NAME, file.name, "data", "no company is listed")
    return listed


def filings(payload: bytes, file: LandedFile) -> list[Filing]:
    """The wanted filings of a daily form index, each once, in its order; lines that cannot be read are staging's.

    Raises:
        BadInput: not an index.
    """
    lines = plain_bytes(payload, file).decode("utf-8", errors="replace").splitlines()
    start = next((at + 1 for at, line in enumerate(lines) if _RULE.match(line)), None)
    if start is None:
        raise BadInput(NAME, file.name, "body", "not a form index: no line under its header")
    rows = [line for line in lines[start:] if line.strip()]
    found = [match for match in map(_LINE.match, rows) if match]
    if rows and not found:
        raise BadInput(NAME, file.name, "body", f"no line of the index can be read, such as {rows[0][:80]!r}")
    return list(dict.fromkeys(_filing(match) for match in found if match[1] in WANTED))


def _filing(match: re.Match[str]) -> Filing:
    return Filing(date(int(match[3]), int(match[4]), int(match[5])), int(match[2]), match[1], match[6])


def instance_of(payload: bytes, file: LandedFile, accession: str) -> str | None:
    """Name of a filing's XBRL instance, as its company's submissions let guess; blank: it has none; None: unknown.

    Raises:
        BadInput: not a company's submissions.
    """
    recent = recent_filings(payload, file)
    if accession not in recent["accessionNumber"]:
        return None  # the list lags behind the index
    at = recent["accessionNumber"].index(accession)
    if "isXBRL" in recent and not recent["isXBRL"][at]:
        return ""
    document = str(recent["primaryDocument"][at])
    if not recent.get("isInlineXBRL", [1] * (at + 1))[at] or not _DOCUMENT.fullmatch(document):
        return None
    return f"{document.rpartition('.')[0]}_htm.xml"


def recent_filings(payload: bytes, file: LandedFile) -> dict[str, list[Any]]:
    """A company's last thousand filings, by column.

    Raises:
        BadInput: not a company's submissions.
    """
    document = json_document(payload, file)
    try:
        recent: dict[str, list[Any]] = document["filings"]["recent"]
        sizes = {len(recent[name]) for name in ("accessionNumber", "primaryDocument")}
        sizes |= {len(recent[name]) for name in ("isXBRL", "isInlineXBRL") if name in recent}
    except (TypeError, KeyError) as error:
        raise BadInput(NAME, file.name, "filings.recent", f"not there ({type(error).__name__})") from error
    if len(sizes) != 1:
        raise BadInput(NAME, file.name, "filings.recent", "its columns differ in length")
    return recent


def instance_in(payload: bytes, file: LandedFile) -> str | None:
    """Name of the XBRL instance in the list of a filing's files; None where there is none.

    Raises:
        BadInput: not such a list.
    """
    document = json_document(payload, file)
    try:
        names = [str(item["name"]) for item in document["directory"]["item"]]
    except (TypeError, KeyError) as error:
        raise BadInput(NAME, file.name, "directory.item", f"not there ({type(error).__name__})") from error
    names = [name for name in names if _NAME.fullmatch(name)]
    others = [name for name in names if name.endswith(".xml") and not _NO_INSTANCE.fullmatch(name)]
    inline = [name for name in names if name.endswith("_htm.xml")]
    return next(iter([*inline, *filter(_OLD_INSTANCE.fullmatch, others), *others]), None)


def refuse_no_facts(payload: bytes, file: LandedFile) -> None:
    """Refuse what is no company's facts.

    Raises:
        BadInput: it is not.
    """
    document = json_document(payload, file)
    if not isinstance(document, dict) or "cik" not in document:
        raise BadInput(NAME, file.name, "cik", "not a company's facts")


def refuse_no_instance(payload: bytes, file: LandedFile) -> None:
    """Refuse what is no XBRL instance, or is cut off.

    Raises:
        BadInput: it is not.
    """
    start, end = payload[:8192].lower(), payload[-4096:].lower()  # comments may stand before and behind
    if b"xbrl" not in start or b"<html" in start or b"xbrl>" not in end:
        raise BadInput(NAME, file.name, "body", "not a whole XBRL instance")
