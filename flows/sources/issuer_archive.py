"""Where an archive has the files of fund issuers: `etf/issuer_files/<Issuer>_<TICKER>_<kind>_<YYYYMMDD>*`."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date

from flows.edge.archive import Archive, ArchiveFile

FOLDER = "etf/issuer_files"
_NAME = re.compile(r"^([A-Za-z]+)_([A-Z]{2,6})_([a-z]+)_(\d{4})(\d{2})(\d{2})(?:_\w+)?\.\w+$")


def files_of(source: str, kinds: Collection[str]) -> Callable[[Archive, Collection[date]], Iterator[ArchiveFile]]:
    """Lists the files of one issuer, as the dataset `<kind>/<TICKER>` with the day in the name as key.

    The day is that of the figures or of the download: the names do not tell which, so neither is taken from them.
    """

    def listed(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
        del sessions  # a file tells the days that it is about
        for name in archive.names(FOLDER):
            found = _NAME.match(name)
            if found is None or found[1].lower() != source or found[3] not in kinds:
                continue
            dataset = f"{found[3]}/{found[2]}"
            yield archive.file(f"{FOLDER}/{name}", source=source, dataset=dataset, key="-".join(found.group(4, 5, 6)))

    return listed
