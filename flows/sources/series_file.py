"""Sources that are one CSV file with all of a publisher's history, restated with each release."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from flows.edge.archive import Archive, ArchiveFile, dated
from flows.edge.fetch import Request
from flows.edge.http import HttpRequest
from flows.edge.landing import LandedFile
from flows.sources.decode import csv_frame
from flows.sources.model import Licence, Source, SourceSettings, bad_dataset
from transforms.staging import BadInput, Staged
from transforms.staging.macro_indexes import WideFile, stage_wide


@dataclass(frozen=True)
class SeriesFile:
    """Where the file is served, and how it is read. Its dataset is the file's name without `.csv`."""

    of: WideFile
    base_url: str
    file: str
    licence: Licence
    terms: str

    @property
    def name(self) -> str:
        """The source's name."""
        return self.of.source

    @property
    def dataset(self) -> str:
        """What the file lands as."""
        return PurePosixPath(self.file).stem

    def source(self) -> Source:
        """The source that this file is."""
        return Source(
            name=self.name,
            roles=("macro",),
            history="full",
            licence=self.licence,
            terms=self.terms,
            parser_version="1",
            build_requests=self._requests,
            list_archive=self._archive_files,
            parse=self._parse,
            base_url=self.base_url,
            is_supplement=True,
        )

    def _requests(self, session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
        del session  # one file holds all days
        base = settings.base_urls.get(self.name, self.base_url).rstrip("/")
        return [
            Request(
                source=self.name,
                dataset=self.dataset,
                key=vintage_date.isoformat(),
                session_date=None,
                vintage_date=vintage_date,
                suffix=".csv",
                licence=self.licence,
                http=HttpRequest(f"{base}/{self.file}", {}, {"User-Agent": settings.user_agent, "Accept": "text/csv"}),
                is_conditional=True,
            )
        ]

    def _archive_files(self, archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
        """`<source>/<day of download>/<file>`, every vintage, whatever the sessions."""
        del sessions
        for folder, vintage in dated(archive.folders(self.name)):
            relative = f"{self.name}/{folder}/{self.file}"
            if archive.has(relative):
                yield archive.file(relative, source=self.name, dataset=self.dataset, key=folder, vintage_date=vintage)

    def _parse(self, payload: bytes, file: LandedFile) -> Staged:
        if file.dataset != self.dataset:
            raise bad_dataset(file)
        if file.vintage_date is None:
            raise BadInput(self.name, file.name, "vintage_date", "the day of the download is not known")
        return stage_wide(csv_frame(payload, file), self.of, vintage_date=file.vintage_date, file=file.name)
