"""SEC EDGAR: tickers, filings, facts and cover pages of every company that files, by company, day or in bulk."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path

import polars as pl

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.compressed import MAX_EXPANDED_BYTES, BadCompression
from flows.edge.landing import LandedFile
from flows.edge.zip_members import member_content
from flows.sources.decode import csv_frame, parquet_frame, plain_bytes
from flows.sources.model import Source, bad_dataset
from flows.sources.sec_datasets import (
    COMPANYFACTS,
    COMPANYFACTS_BULK,
    COVER,
    FORM_INDEX,
    FSDS_SUB,
    NAME,
    NOTES,
    SUBMISSIONS,
    SUBMISSIONS_BULK,
    SUBMISSIONS_MORE,
    TICKERS,
)
from flows.sources.sec_edgar_bulk import companyfacts_parts, notes_part, submissions_parts
from flows.sources.sec_edgar_documents import facts_frame, submission_frames, tickers_frame
from flows.sources.sec_edgar_instance import cover_facts
from flows.sources.sec_night import follow_up
from flows.sources.sec_requests import LICENCE, REQUESTS_PER_SECOND, SHARED_HOSTS, WWW, require_contact
from transforms.staging import BadInput, Staged
from transforms.staging.sec_cover import stage_cover
from transforms.staging.sec_facts import stage_facts
from transforms.staging.sec_form_index import stage_form_index
from transforms.staging.sec_fsds import stage_fsds_sub
from transforms.staging.sec_submissions import stage_submissions
from transforms.staging.sec_tickers import stage_tickers

_JSON = r"\.json(\.gz)?"
_PLACES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (SUBMISSIONS, f"{NAME}/submissions", re.compile(rf"CIK(?P<key>\d{{10}}){_JSON}")),
    (SUBMISSIONS, f"{NAME}/recorded/submissions", re.compile(rf"CIK(?P<key>\d{{10}}){_JSON}")),
    (SUBMISSIONS_MORE, f"{NAME}/submissions", re.compile(rf"CIK(?P<key>\d{{10}}-submissions-\d{{3}}){_JSON}")),
    (SUBMISSIONS_MORE, f"{NAME}/recorded/submissions", re.compile(rf"CIK(?P<key>\d{{10}}-submissions-\d{{3}}){_JSON}")),
    (COMPANYFACTS, f"{NAME}/companyfacts", re.compile(rf"CIK(?P<key>\d{{10}}){_JSON}")),
    (COMPANYFACTS, f"{NAME}/recorded/api/xbrl/companyfacts", re.compile(rf"CIK(?P<key>\d{{10}}){_JSON}")),
    (TICKERS, f"{NAME}/company_tickers_exchange", re.compile(rf"(?P<key>\d{{4}}-\d{{2}}-\d{{2}}){_JSON}")),
    (COVER, f"{NAME}/cover", re.compile(r"(?P<key>\d{4}-\d{2}-\d{2}_\d{10}-\d{2}-\d{6})\.xml(\.gz)?")),
    (NOTES, f"{NAME}/notes", re.compile(r"(?P<key>\d{4}(q\d|_\d{2})_notes)\.zip")),
    (FSDS_SUB, f"{NAME}/financial_statement_data_sets", re.compile(r"(?P<key>\w+)(\.txt\.parquet|\.zip)")),
)
"""Dataset, folder of the archive and the names of its files there; what is between the brackets is the key."""
_INDEX = re.compile(r"form\.(\d{4})(\d{2})(\d{2})\.idx(\.gz)?")
_BULK = {"companyfacts.zip": COMPANYFACTS_BULK, "submissions.zip": SUBMISSIONS_BULK}


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """Every file of every dataset: each row has its own day, which decides what a session may know."""
    del sessions
    for dataset, folder, names in _PLACES:
        for name in archive.names(folder):
            match = names.fullmatch(name)
            if match:
                key = match["key"]
                vintage = date.fromisoformat(key) if dataset == TICKERS else None
                yield archive.file(f"{folder}/{name}", source=NAME, dataset=dataset, key=key, vintage_date=vintage)
    for name in archive.names(f"{NAME}/daily-index"):
        match = _INDEX.fullmatch(name)
        if match:
            key = f"{match[1]}-{match[2]}-{match[3]}"
            yield archive.file(f"{NAME}/daily-index/{name}", source=NAME, dataset=FORM_INDEX, key=key)
    for folder, vintage in dated(archive.folders(f"{NAME}/bulk")):
        for name, dataset in _BULK.items():
            relative = f"{NAME}/bulk/{folder}/{name}"
            if archive.has(relative):
                yield archive.file(relative, source=NAME, dataset=dataset, key=folder, vintage_date=vintage)


def _tickers(payload: bytes, file: LandedFile) -> Staged:
    if file.vintage_date is None:
        raise BadInput(NAME, file.name, "vintage_date", "the day of the download is not known")
    return stage_tickers(tickers_frame(payload, file), vintage_date=file.vintage_date, file=file.name)


def _submissions(payload: bytes, file: LandedFile) -> Staged:
    companies, filings = submission_frames(payload, file)
    return stage_submissions(companies, filings, vintage_date=file.vintage_date, file=file.name)


def _companyfacts(payload: bytes, file: LandedFile) -> Staged:
    return stage_facts(facts_frame(payload, file), file=file.name)


def _form_index(payload: bytes, file: LandedFile) -> Staged:
    text = plain_bytes(payload, file).decode("utf-8", errors="replace")
    return stage_form_index(pl.Series(text.splitlines(), dtype=pl.String), file=file.name)


def _cover(payload: bytes, file: LandedFile) -> Staged:
    return stage_cover(cover_facts(payload, file), file=file.name)


def _fsds_sub(payload: bytes, file: LandedFile) -> Staged:
    if file.path.suffix == ".parquet":
        return stage_fsds_sub(parquet_frame(payload, file), file=file.name)
    try:
        content = member_content(payload, "sub.txt", limit_bytes=MAX_EXPANDED_BYTES)
    except BadCompression as error:
        raise BadInput(NAME, file.name, "body", str(error)) from error
    return stage_fsds_sub(csv_frame(content, file, separator="\t", quote=None), file=file.name)


_READERS: dict[str, Callable[[bytes, LandedFile], Staged]] = {
    TICKERS: _tickers,
    SUBMISSIONS: _submissions,
    SUBMISSIONS_MORE: _submissions,
    COMPANYFACTS: _companyfacts,
    FORM_INDEX: _form_index,
    COVER: _cover,
    FSDS_SUB: _fsds_sub,
}
_LARGE: dict[str, Callable[[Path, LandedFile], Iterator[Staged]]] = {
    COMPANYFACTS_BULK: companyfacts_parts,
    SUBMISSIONS_BULK: submissions_parts,
    NOTES: notes_part,
}


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset not in _READERS:
        raise bad_dataset(file)
    return _READERS[file.dataset](payload, file)


SOURCE = Source(
    name=NAME,
    roles=("reference", "fundamentals", "share_counts"),
    history="full",
    licence=LICENCE,
    terms="Public filings; the SEC asks for a user agent with a contact and at most ten requests a second.",
    parser_version="1",
    build_requests=require_contact,
    list_archive=_archive_files,
    parse=_parse,
    requests_per_second=REQUESTS_PER_SECOND,
    base_url=WWW,
    large=_LARGE,
    follow_up=follow_up,
    shared_hosts=SHARED_HOSTS,
)
