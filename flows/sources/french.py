"""Kenneth French's data library: daily returns of portfolios formed on size. Free for research, to be cited."""

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.compressed import BadCompression, unzip_one
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.edge.zip_members import member_names
from flows.errors import SourceError
from flows.sources.decode import plain_bytes
from flows.sources.model import Asking, Source, SourceSettings, bad_dataset
from transforms.staging import BadInput, Staged
from transforms.staging.french import stage_size_portfolios

NAME = "french"
BASE_URL = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp"
LICENCE: Final = "attribution"
SIZE_DAILY = "Portfolios_Formed_on_ME_daily"
FILE = f"{SIZE_DAILY}_CSV.zip"
ASKED = "french_asked"
"""Kind of the landed events that say when the library answered, and the newest day that its file told of."""
OUT_AFTER = timedelta(days=14)
"""The soonest that a month's figures have been out after its end: those of August 2026 were there on 19 September."""
ASKED_AGAIN_AFTER = timedelta(days=7)
_UNDATED = "undated"
_SHOWN_OF_HASH = 12


def release_of(file: LandedFile) -> str:
    """What names a release: the first digits of its content's hash."""
    return file.sha256[:_SHOWN_OF_HASH]


def is_due(asked: Sequence[Mapping[str, object]], today: date) -> bool:
    """Whether a month could be out that the newest answer had not; asked again no sooner than after a week.

    ``asked``: the landed events of all answers. A request without an answer that can be read leaves none.
    """
    if not asked:
        return True
    newest = date.fromisoformat(str(asked[-1]["newest_day"]))
    last_asked = date.fromisoformat(str(asked[-1]["asked_on"]))
    month_after = _next_month(newest)
    could_be_out = _next_month(month_after) + OUT_AFTER
    return today >= could_be_out and today - last_asked >= ASKED_AGAIN_AFTER


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def request(vintage_date: date, settings: SourceSettings) -> Request:
    """The one file: all days since 1926, restated with each release."""
    return Request(
        source=NAME,
        dataset=SIZE_DAILY,
        key=vintage_date.isoformat(),
        session_date=None,
        vintage_date=vintage_date,
        suffix=".zip",
        licence=LICENCE,
        http=HttpRequest(
            f"{settings.base_urls.get(NAME, BASE_URL).rstrip('/')}/{FILE}",
            {},
            {"User-Agent": settings.user_agent, "Accept": "application/zip"},
        ),
        is_conditional=True,
    )


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Nothing is asked every night: `_follow_up` asks when a month is due."""
    del session, vintage_date, settings
    return []


def _follow_up(asking: Asking) -> str:
    """Ask when a month is due; an answer that cannot be read, or none, is asked for again the next night."""
    if not is_due(asking.landing.events(ASKED), asking.vintage_date):
        return ""
    answer = asking.fetch(request(asking.vintage_date, asking.settings))
    if answer.is_absent:
        return f"{NAME}: there is no file {FILE} at its address"
    if answer.file is None:
        return answer.failure or f"{NAME}: no answer"
    try:
        rows = SOURCE.read(asking.landing.read(answer.file), answer.file).rows
    except SourceError as error:
        asking.landing.mark_unreadable(answer.file, error.message, asking.now)
        return error.message
    told = {"asked_on": asking.vintage_date.isoformat(), "newest_day": str(rows["as_of"].max())}
    asking.landing.append_event(ASKED, {**told, "release": release_of(answer.file)}, asking.now)
    return ""


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`french/<day of download>/<file>`, every vintage; and `french/<file>`, of which nobody noted the day.

    The key of that one holds its hash: when another release takes its place, both are kept.
    """
    del sessions
    for folder, vintage in dated(archive.folders(NAME)):
        relative = f"{NAME}/{folder}/{FILE}"
        if archive.has(relative):
            yield archive.file(relative, source=NAME, dataset=SIZE_DAILY, key=folder, vintage_date=vintage)
    relative = f"{NAME}/{FILE}"
    if archive.has(relative):
        content = archive.read(archive.file(relative, source=NAME, dataset=SIZE_DAILY, key=_UNDATED))
        key = f"{_UNDATED}-{hashlib.sha256(content).hexdigest()[:_SHOWN_OF_HASH]}"
        yield archive.file(relative, source=NAME, dataset=SIZE_DAILY, key=key)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset != SIZE_DAILY:
        raise bad_dataset(file)
    return stage_size_portfolios(_text(payload, file), vintage_date=file.vintage_date, file=file.name)


def _text(payload: bytes, file: LandedFile) -> str:
    """The text of the zip's one member, whose name the library has written in more than one case."""
    if not payload.startswith(b"PK"):
        plain_bytes(payload, file)  # says better what it is, when it is an empty body or a web page
    try:
        names = member_names(io.BytesIO(payload))
        expected = f"{SIZE_DAILY}.csv"
        member = names[0] if len(names) == 1 and names[0].casefold() == expected.casefold() else expected
        content = unzip_one(payload, member)
    except BadCompression as error:
        raise BadInput(NAME, file.name, "body", str(error)) from error
    try:
        return plain_bytes(content, file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(NAME, file.name, "body", f"not UTF-8 at byte {error.start}") from error


SOURCE = Source(
    name=NAME,
    roles=("reference_portfolios",),
    history="full",
    licence=LICENCE,
    terms="Copyright Eugene F. Fama and Kenneth R. French; free for research, to be cited as Kenneth R. French's "
    "data library; not to be passed on as one's own.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
    base_url=BASE_URL,
    follow_up=_follow_up,
    is_supplement=True,
)
