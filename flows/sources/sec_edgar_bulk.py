"""The SEC's bulk files as streams: member by member into frames of bounded size, nothing unpacked to disk."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import polars as pl

from flows.edge.compressed import MIB, BadCompression
from flows.edge.landing import LandedFile
from flows.edge.zip_members import each_member, member_lines, member_names
from flows.sources.sec_datasets import NAME
from flows.sources.sec_edgar_documents import Columns, add_facts, add_submissions
from flows.sources.sec_edgar_scan import kept_document
from transforms.staging import REJECT_COLUMNS, BadInput, Staged, no_rejects
from transforms.staging.casting import MAX_REJECTED_SHARE
from transforms.staging.sec_cover import COVER_TAGS
from transforms.staging.sec_facts import RAW_FACTS, stage_facts
from transforms.staging.sec_notes import NOTES_COLUMNS, stage_notes
from transforms.staging.sec_submissions import RAW_COMPANIES, RAW_FILING_ROWS, stage_submissions

ROWS_OF_A_PART = 200_000
"""Facts of one frame: about 100 MB while it is made."""
MOST_NOTES_BYTES = 32 * 1024 * MIB
"""Largest member of the notes; the text of a quarter's notes has grown to some 10 GB. Its lines are never kept."""

_MEMBER = re.compile(r"CIK(\d{10})(-submissions-\d{3})?\.json")
_FACTS_MEMBER = re.compile(r"CIK(\d{10})\.json")
_NOT_READ = (TypeError, KeyError, ValueError, AttributeError)  # orjson's own error is a ValueError


def companyfacts_parts(path: Path, file: LandedFile) -> Iterator[Staged]:
    """The facts of companyfacts.zip, in parts of about `ROWS_OF_A_PART`; a member that cannot be read is one reject.

    Raises:
        BadInput: not the zip it should be, or more than 2 % of its members cannot be read.
    """
    columns = Columns(RAW_FACTS)

    def add(content: bytes, cik: int) -> None:
        add_facts(kept_document(content), cik, columns)

    def cut(*, is_last: bool) -> Staged | None:
        if columns.height >= ROWS_OF_A_PART or is_last:
            return stage_facts(columns.take(), file=file.name)
        return None

    yield from _parts(path, file, _FACTS_MEMBER, add, cut)


def submissions_parts(path: Path, file: LandedFile) -> Iterator[Staged]:
    """The companies of submissions.zip; left out are those without a symbol and without a filing that matters.

    Most members are persons and funds: they have neither.

    Raises:
        BadInput: not the zip it should be, or more than 2 % of its members cannot be read.
    """
    companies, filings = Columns(RAW_COMPANIES), Columns(RAW_FILING_ROWS)

    def add(content: bytes, cik: int) -> None:
        add_submissions(orjson.loads(content), cik, companies, filings)

    def cut(*, is_last: bool) -> Staged | None:
        if filings.height < ROWS_OF_A_PART and not is_last:
            return None
        staged = stage_submissions(companies.take(), filings.take(), vintage_date=file.vintage_date, file=file.name)
        matters = (pl.col("tickers").list.len() > 0) | (pl.col("filings").list.len() > 0)
        return Staged(staged.rows.filter(matters), staged.rejects)

    yield from _parts(path, file, _MEMBER, add, cut)


def _parts(
    path: Path,
    file: LandedFile,
    names: re.Pattern[str],
    add: Callable[[bytes, int], None],
    cut: Callable[..., Staged | None],
) -> Iterator[Staged]:
    unread: list[tuple[str, str]] = []
    members = 0
    try:
        for name, content in each_member(path, lambda name: names.fullmatch(name) is not None):
            members += 1
            try:
                add(content, int(name[3:13]))
            except _NOT_READ as error:
                unread.append((name, str(error)))
            part = cut(is_last=False)
            if part is not None:
                yield part
    except BadCompression as error:
        raise BadInput(NAME, file.name, "body", str(error)) from error
    if not members:
        raise BadInput(NAME, file.name, "body", "the zip has no member such as CIK0000320193.json")
    if len(unread) > MAX_REJECTED_SHARE * members:
        raise BadInput(
            NAME, file.name, unread[0][0], f"{len(unread)} of {members} members cannot be read: {unread[0][1]}"
        )
    last = cut(is_last=True)
    rows = last if last is not None else Staged(pl.DataFrame())
    yield Staged(rows.rows, pl.concat([no_rejects(), rows.rejects, _unread(unread, file)]))


def _unread(unread: list[tuple[str, str]], file: LandedFile) -> pl.DataFrame:
    rows = [(NAME, file.name, name, "body", "unreadable_member", said[:200]) for name, said in unread]
    return pl.DataFrame(rows, schema=REJECT_COLUMNS, orient="row")


def notes_part(path: Path, file: LandedFile) -> Iterator[Staged]:
    """The cover pages (columns of `sec_cover.COVER`) of one Financial Statement and Notes zip.

    Raises:
        BadInput: not such a zip.
    """
    try:
        names = {Path(name).stem: name for name in member_names(path)}
        missing = sorted(NOTES_COLUMNS.keys() - names.keys())
        if missing:
            raise BadInput(NAME, file.name, "body", f"the zip has no {missing[0]}.tsv, it has {sorted(names)[:8]}")
        members = {member: _tsv(path, names[member], file) for member in NOTES_COLUMNS}
    except BadCompression as error:
        raise BadInput(NAME, file.name, "body", str(error)) from error
    yield stage_notes(members, file=file.name)


def _tsv(path: Path, member: str, file: LandedFile) -> pl.DataFrame:
    """The needed columns of the needed rows: of num and txt those of a cover page's tags."""
    stem = Path(member).stem
    lines = member_lines(path, member, _WANTED_LINES[stem], limit_bytes=MOST_NOTES_BYTES)
    header = next(lines, b"").decode("utf-8", errors="replace").split("\t")
    wanted = [name for name in NOTES_COLUMNS[stem] if name in header]
    at = [header.index(name) for name in wanted]
    if stem in ("num", "txt") and header[1:2] != ["tag"]:
        raise BadInput(NAME, f"{file.name} {member}", "tag", f"the second column is {header[1:2]}, expected tag")
    values: dict[str, list[str | None]] = {name: [] for name in wanted}
    for line in lines:
        cells = line.decode("utf-8", errors="replace").split("\t")
        for name, position in zip(wanted, at, strict=True):
            values[name].append(cells[position] if position < len(cells) else None)
    return pl.DataFrame(values, schema=dict.fromkeys(wanted, pl.String()))


def _has_cover_tag(line: bytes) -> bool:
    cells = line.split(b"\t", 2)
    return len(cells) > 2 and cells[1] in _COVER_TAGS


def _is_of_a_class(line: bytes) -> bool:
    return b"ClassOfStock=" in line


_COVER_TAGS = frozenset(tag.encode() for tag in COVER_TAGS)
_WANTED_LINES: dict[str, Callable[[bytes], bool]] = {
    "sub": lambda line: bool(line.strip()),
    "num": _has_cover_tag,
    "txt": _has_cover_tag,
    "dim": _is_of_a_class,
}
