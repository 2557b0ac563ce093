"""Landed files of a source that serves a role, read once per run; what cannot be read is marked and told."""

import logging
from collections.abc import Collection, Iterator

import polars as pl

from flows.edge.clock import utc_now
from flows.edge.landing import FileId, LandedFile
from flows.errors import SourceError
from flows.run import Run
from flows.sources import source
from flows.steps.reading import read, scan

log = logging.getLogger(__name__)


class Reader:
    """Reads what lies in landing; collects rejects of files that no earlier build has read, and failures by source."""

    def __init__(self, run: Run, seen: Collection[FileId]) -> None:
        self.run = run
        self._seen = seen
        self.rejects: list[pl.DataFrame] = []
        self.failures: dict[str, str] = {}

    def files(self, name: str, datasets: tuple[str, ...] = ()) -> Iterator[tuple[LandedFile, pl.DataFrame]]:
        """Every readable landed file of a source that serves a role (of some datasets or all), with its rows."""
        if name not in self.run.settings.enabled_sources:
            return
        for file in self.run.landing.newest(name):
            if datasets and file.dataset not in datasets:
                continue
            rows = self.rows(file)
            if rows is not None:
                yield file, rows

    def rows(self, file: LandedFile) -> pl.DataFrame | None:
        """Rows of one landed file; None where it cannot be read, which is marked and told."""
        try:
            if file.dataset in source(file.source).large:
                lazy, rejects = scan(self.run, file)
                rows = lazy.collect()
            else:
                rows, rejects = read(self.run, file)
        except SourceError as error:
            self.run.landing.mark_unreadable(file, error.message, utc_now())
            self.failures[file.source] = error.message
            log.warning("%s: %s", file.source, error.message)
            return None
        if not self.is_told(file):
            self.rejects.append(rejects)
        return rows

    def is_told(self, file: LandedFile) -> bool:
        """Whether an earlier build has read the file and told its rejects."""
        return file.file_id in self._seen
