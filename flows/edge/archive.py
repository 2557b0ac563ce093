"""Serving a source from files instead of the network: same datasets, bytes as they lie on disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.edge.aside import Aside, AsideWriter
from flows.errors import MissingData

_STEP_BYTES = 1024 * 1024
ANSWERED = 200
"""Status of a file that the archive has, as if a server had answered."""


@dataclass(frozen=True)
class ArchiveFile:
    """One file of the archive under the name that the live source would give it."""

    source: str
    dataset: str
    key: str
    session_date: date | None
    vintage_date: date | None
    suffix: str
    path: Path
    relative: str

    @property
    def url(self) -> str:
        """Where the bytes came from, without the machine's own path."""
        return f"archive:{self.relative}"


class Archive:
    """A folder of vendor files. Read only.

    Raises:
        MissingData: at construction, when there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise MissingData(
                f"There is no archive folder {root}.",
                next_step="Give an existing folder with --archive, or leave it out to ask the sources.",
            )
        self.root = root

    def has(self, relative: str) -> bool:
        """Whether the archive has this file."""
        return (self.root / relative).is_file()

    def folders(self, relative: str) -> list[str]:
        """Names of the folders below `relative`, sorted; empty when it does not exist."""
        return sorted(path.name for path in self._below(relative) if path.is_dir())

    def names(self, relative: str) -> list[str]:
        """Names of the files directly below `relative`, sorted; empty when it does not exist."""
        return sorted(path.name for path in self._below(relative) if path.is_file())

    def file(
        self,
        relative: str,
        *,
        source: str,
        dataset: str,
        key: str,
        session_date: date | None = None,
        vintage_date: date | None = None,
    ) -> ArchiveFile:
        """Name one file of the archive as a dataset of a source; all after the first dot is its suffix."""
        path = self.root / relative
        return ArchiveFile(
            source=source,
            dataset=dataset,
            key=key,
            session_date=session_date,
            vintage_date=vintage_date,
            suffix="".join(path.suffixes),
            path=path,
            relative=relative,
        )

    def read(self, file: ArchiveFile) -> bytes:
        """The bytes as they are on disk: what is compressed stays compressed.

        Raises:
            MissingData: the file is not there or cannot be read.
        """
        try:
            return file.path.read_bytes()
        except OSError as error:
            raise _unreadable(file, error) from error

    def size_bytes(self, file: ArchiveFile) -> int:
        """Size of a file.

        Raises:
            MissingData: the file is not there.
        """
        try:
            return file.path.stat().st_size
        except OSError as error:
            raise _unreadable(file, error) from error

    def copy(self, file: ArchiveFile, folder: Path) -> Aside:
        """A copy of a large file under a temporary name in ``folder``, made piece by piece.

        Raises:
            MissingData: the file is not there or cannot be read.
            UsageError: the folder cannot take it.
        """
        writer = AsideWriter(folder, file.path.name)
        try:
            writer.expect(self.size_bytes(file))
            with file.path.open("rb") as stream:
                while chunk := stream.read(_STEP_BYTES):
                    writer.write(chunk)
        except OSError as error:
            writer.discard()
            raise _unreadable(file, error) from error
        except BaseException:
            writer.discard()
            raise
        return writer.close()

    def _below(self, relative: str) -> Iterator[Path]:
        folder = self.root / relative
        return folder.iterdir() if folder.is_dir() else iter(())


def _unreadable(file: ArchiveFile, error: OSError) -> MissingData:
    return MissingData(
        f"The archive's file {file.relative} cannot be read: {error.strerror or error}.",
        next_step="Restore the file or its permissions, then run again.",
    )


def dated(names: list[str]) -> list[tuple[str, date]]:
    """The names that are ISO dates, with the date; others are left out."""
    found: list[tuple[str, date]] = []
    for name in names:
        try:
            found.append((name, date.fromisoformat(name)))
        except ValueError:
            continue
    return found
