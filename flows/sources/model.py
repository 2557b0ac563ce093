"""What a source declares: roles, history, licence, what to ask, where the archive has it, how to read it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.landing import LandedFile, Landing
from flows.errors import MissingData, SourceError
from flows.roles import Role
from transforms.staging import BadInput, Staged

History = Literal["none", "days", "full"]
Licence = Literal["public-domain", "attribution", "internal-only", "restricted", "own"]
ASK_AGAIN = "What was served lies in landing; run again later, and see docs/sources for the source's limits."


@dataclass(frozen=True)
class SecLimits:
    """How much is asked of the SEC in one night."""

    most_companies: int = 1500
    """The rest stays due for the next night; each takes up to three requests, eight a second."""
    catch_up_days: int = 30
    """Nights missed beyond that are not caught up day by day: the bulk files are asked for again."""
    notes_quarters: int = 4
    bulk_deadline_s: float = 3600.0


@dataclass(frozen=True)
class SourceSettings:
    """What sources need to know from the settings; secrets never show in its repr.

    `base_urls` replaces a source's own address, by source name (a mirror, or a simulated vendor).
    """

    base_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    simfin_api_key: str | None = field(default=None, repr=False)
    fred_api_key: str | None = field(default=None, repr=False)
    fred_series: tuple[str, ...] = ("DGS10", "DGS2", "DFII10", "T10YIE", "BAMLH0A0HYM2", "BAMLC0A0CM", "SP500")
    user_agent: str = "smallcaps/0.1"
    contact: str = ""
    sec: SecLimits = SecLimits()


@dataclass(frozen=True)
class Answer:
    """What came of one request. `file`: what lies in landing now, also where nothing new was served."""

    file: LandedFile | None = None
    is_absent: bool = False
    failure: str = ""


@dataclass(frozen=True)
class Asking:
    """What a source works with that asks for files because of what earlier answers said.

    `fetch` lands the answer before it is read, and raises Blocked when the source turns us away.
    """

    landing: Landing
    fetch: Callable[[Request], Answer]
    settings: SourceSettings
    vintage_date: date
    now: datetime
    first_session: date
    last_session: date
    """Of the run: a night has one session."""


FollowUp = Callable[[Asking], str]
"""Asks for whatever else is due; gives what is missing in the end, for the operator, or nothing."""
RequestsFor = Callable[[date, date, SourceSettings], list[Request]]
ArchiveFiles = Callable[[Archive, Collection[date]], Iterable[ArchiveFile]]
Parse = Callable[[bytes, LandedFile], Staged]
ParseParts = Callable[[Path, LandedFile], Iterable[Staged]]


@dataclass(frozen=True)
class Source:
    """One vendor. `history` is what it can give again: nothing, some days, or everything.

    `parser_version` changes whenever the same bytes give other rows; the staging cache depends on it.
    `large`: datasets whose files do not fit into memory, with what reads them part by part.
    """

    name: str
    roles: tuple[Role, ...]
    history: History
    licence: Licence
    terms: str
    parser_version: str
    build_requests: RequestsFor
    list_archive: ArchiveFiles
    parse: Parse
    requests_per_second: float = 1.0
    is_restricted: bool = False
    base_url: str | None = None
    large: Mapping[str, ParseParts] = field(default_factory=dict)
    follow_up: FollowUp | None = None
    is_supplement: bool = False
    """It confirms what others show, or adds to it: a run over an archive without its files is not degraded."""
    shared_hosts: tuple[str, ...] = ()
    """Hosts whose one limit counts for all processes together."""

    def requests_for(self, session: date, *, vintage_date: date, settings: SourceSettings) -> list[Request]:
        """The files to ask the live source for on behalf of a session, downloaded on `vintage_date`.

        Raises:
            MissingData: a key or an address is missing in the settings.
        """
        return self.build_requests(session, vintage_date, settings)

    def archive_files(self, archive: Archive, sessions: Collection[date]) -> list[ArchiveFile]:
        """The files of an archive that serve these sessions, each once; empty where it has none."""
        return list(self.list_archive(archive, sessions))

    def read(self, payload: bytes, file: LandedFile) -> Staged:
        """The typed rows of one landed file, whether it came from the network or from an archive.

        Raises:
            SourceError: the file cannot be read; names source, file and field.
        """
        try:
            return self.parse(payload, file)
        except BadInput as error:
            raise SourceError(error.source, error.file, error.field, error.detail, ASK_AGAIN) from error

    def read_parts(self, path: Path, file: LandedFile) -> Iterator[Staged]:
        """The typed rows of a file of a `large` dataset, in parts that have the same columns.

        Raises:
            SourceError: the file cannot be read; names source, file and field.
        """
        try:
            yield from self.large[file.dataset](path, file)
        except BadInput as error:
            raise SourceError(error.source, error.file, error.field, error.detail, ASK_AGAIN) from error

    def check_history(self, session: date, last_completed_session: date) -> None:
        """Refuse to ask for a past session what the source can give for the latest one only.

        Raises:
            MissingData: today's file must never fill a past session.
        """
        if self.history == "none" and session != last_completed_session:
            raise MissingData(
                f"{self.name} has no history: it can give {last_completed_session}, not {session}.",
                next_step="Use --archive with files of that day; otherwise the session stays missing.",
            )


def bad_dataset(file: LandedFile) -> BadInput:
    """The error for a landed file whose dataset its source does not know."""
    return BadInput(file.source, file.name, "dataset", f"unknown dataset {file.dataset!r}")
