"""From a source into landing: the bytes are landed before anybody reads them."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from flows.edge.archive import ANSWERED, Archive, ArchiveFile
from flows.edge.compressed import MIB
from flows.edge.http import HttpClient, HttpRequest, Reply, Validators
from flows.edge.landing import About, LandedFile, Landing
from flows.errors import SourceError

LARGE_BYTES = 64 * MIB
"""Files of an archive beyond this are copied piece by piece."""


@dataclass(frozen=True)
class Request:
    """One file to ask a source for, and the name it lands under.

    `is_conditional`: the source serves one growing or restated file, so that the same answer again is nothing
    new. It is False where the same bytes on another day are a finding (a screener that did not move).
    `is_one_of_many`: the keys of its dataset are things (companies), not days, so that only the same key's last
    file is the one before. `is_large`: the body goes straight into a file.
    """

    source: str
    dataset: str
    key: str
    session_date: date | None
    vintage_date: date | None
    suffix: str
    licence: str
    http: HttpRequest
    is_conditional: bool = False
    is_one_of_many: bool = False
    is_large: bool = False


def land_live(client: HttpClient, landing: Landing, request: Request, landed_at: datetime) -> LandedFile | None:
    """Fetch one file and land it; None when a conditional request brought nothing new.

    Raises:
        SourceError: nothing was served, or the body broke off (then what came lies in landing, marked).
    """
    before = last_landed(landing, request) if request.is_conditional else None
    validators = Validators(before.etag, before.last_modified) if before else None
    label = f"{request.dataset}/{request.key}"
    aside = landing.aside_folder(request.source, request.dataset) if request.is_large else None
    reply = client.fetch(request.http, source=request.source, file=label, validators=validators, aside=aside)
    if reply.is_not_modified or _is_same(reply, before):
        if reply.aside:
            reply.aside.remove()
        return None
    landed = _put(landing, request, reply, landed_at)
    if reply.fault:
        step = "Run again later; what was served lies in landing."
        raise SourceError(request.source, landed.name, "body", f"{reply.fault} (GET {reply.url})", step)
    return landed


def land_archived(
    landing: Landing, archive: Archive, file: ArchiveFile, licence: str, landed_at: datetime
) -> LandedFile:
    """Land one file of an archive.

    Raises:
        MissingData: the file is gone or cannot be read.
    """
    about = About(
        source=file.source,
        dataset=file.dataset,
        key=file.key,
        session_date=file.session_date,
        vintage_date=file.vintage_date,
        url=file.url,
        status=ANSWERED,
        licence=licence,
        landed_at=landed_at,
        suffix=file.suffix,
    )
    if archive.size_bytes(file) > LARGE_BYTES:
        return landing.put_aside(archive.copy(file, landing.aside_folder(file.source, file.dataset)), **about)
    return landing.put(archive.read(file), **about)


def _put(landing: Landing, request: Request, reply: Reply, landed_at: datetime) -> LandedFile:
    about = About(
        source=request.source,
        dataset=request.dataset,
        key=request.key,
        session_date=request.session_date,
        vintage_date=request.vintage_date,
        url=reply.url,
        status=reply.status,
        licence=request.licence,
        landed_at=landed_at,
        suffix=request.suffix,
        etag=reply.etag,
        last_modified=reply.last_modified,
        fault=reply.fault,
    )
    return landing.put_aside(reply.aside, **about) if reply.aside else landing.put(reply.payload, **about)


def _is_same(reply: Reply, before: LandedFile | None) -> bool:
    """Not every server knows conditional requests: the same bytes are nothing new either."""
    if before is None or reply.fault:
        return False
    sha256 = reply.aside.sha256 if reply.aside else hashlib.sha256(reply.payload).hexdigest()
    return sha256 == before.sha256


def last_landed(landing: Landing, request: Request) -> LandedFile | None:
    """The readable file of this dataset that was landed last, under whatever key unless those are things."""
    files = landing.newest(request.source, request.dataset, request.key if request.is_one_of_many else None)
    return max(files, key=lambda file: (file.landed_at, file.key), default=None)
