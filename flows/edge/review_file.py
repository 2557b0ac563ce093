"""The review file: one CSV that a spreadsheet opens, always of the newest run."""

import os
from pathlib import Path

import polars as pl

from flows.edge.durable import sync_folder, unwritten
from flows.paths import DataPaths


def write_review(paths: DataPaths, rows: pl.DataFrame) -> Path:
    """Write or replace quarantine/review.csv, also without rows; a reader sees the old file or the new one.

    Raises:
        UsageError: the file cannot be written: no right to, or a full disk.
    """
    target = paths.review
    aside = target.with_suffix(f".{os.getpid()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            rows.write_csv(file, include_bom=True)  # without the mark some spreadsheets guess the encoding wrong
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise unwritten(target, error) from error
    finally:
        aside.unlink(missing_ok=True)
    return target
