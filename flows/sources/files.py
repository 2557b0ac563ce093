"""Bring your own: quotes, caps, counts, splits and more as CSV or Parquet; see docs/sources/files.md."""

from collections.abc import Callable, Collection, Iterator
from datetime import date

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.fetch import Request
from flows.edge.landing import LandedFile
from flows.errors import UsageError
from flows.sources.decode import csv_frame, parquet_frame
from flows.sources.model import Source, SourceSettings, bad_dataset
from transforms.staging import Staged
from transforms.staging import files as staging

NAME = "files"
KEY = "current"
"""The folder holds the whole truth each time, so that a corrected file takes the old one's place."""
FUND_PRICES = "fund_prices"
DATASETS = (
    "quotes",
    "caps",
    "share_counts",
    "splits",
    "depositary_ratios",
    "corrections",
    "free_float",
    "analyst_counts",
    FUND_PRICES,
)

_STAGE: dict[str, Callable[..., Staged]] = {
    "quotes": staging.stage_quotes,
    "caps": staging.stage_caps,
    "share_counts": staging.stage_share_counts,
    "splits": staging.stage_splits,
    "depositary_ratios": staging.stage_depositary_ratios,
    "corrections": staging.stage_corrections,
    "free_float": staging.stage_free_float,
    "analyst_counts": staging.stage_analyst_counts,
    FUND_PRICES: staging.stage_fund_prices,
}


def _requests(session: date, vintage_date: date, settings: SourceSettings) -> list[Request]:
    """Nothing is asked over the network: the folder is served as an archive."""
    del session, vintage_date, settings
    return []


def _archive_files(archive: Archive, sessions: Collection[date]) -> Iterator[ArchiveFile]:
    """`<dataset>.csv` or `<dataset>.parquet`, in the folder itself or in its folder `files`."""
    del sessions
    for dataset in DATASETS:
        names = [f"{folder}{dataset}{suffix}" for folder in ("", "files/") for suffix in (".csv", ".parquet")]
        found = [name for name in names if archive.has(name)]
        if len(found) > 1:
            raise UsageError(
                f"{' and '.join(found)} both claim to be {dataset}.",
                next_step=f"Keep one of them in {archive.root}.",
            )
        for name in found:
            yield archive.file(name, source=NAME, dataset=dataset, key=KEY)


def _parse(payload: bytes, file: LandedFile) -> Staged:
    if file.dataset not in _STAGE:
        raise bad_dataset(file)
    is_typed = file.path.suffix == ".parquet"
    raw = parquet_frame(payload, file) if is_typed else csv_frame(payload, file)
    return _STAGE[file.dataset](raw, is_typed=is_typed, file=file.name)


SOURCE = Source(
    name=NAME,
    roles=("quotes", "caps", "share_counts", "splits", "reference"),
    history="full",
    licence="own",
    terms="Your own data; whatever you agreed with whom you have them from.",
    parser_version="1",
    build_requests=_requests,
    list_archive=_archive_files,
    parse=_parse,
)
