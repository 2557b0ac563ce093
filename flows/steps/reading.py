"""Landed files as typed rows: parsed once, then from the cache."""

import polars as pl

from flows.edge.landing import LandedFile
from flows.run import Run
from flows.sources import source


def read(run: Run, file: LandedFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Typed rows and rejects of a landed file, from the cache where it was read before.

    Raises:
        SourceError: the file cannot be read.
    """
    adapter = source(file.source)
    staged = run.staging.get_or_make(file, adapter.parser_version, lambda: adapter.read(run.landing.read(file), file))
    return staged.rows, staged.rejects


def scan(run: Run, file: LandedFile) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """Typed rows of a landed file of a source's `large` datasets, to be scanned, and its rejects.

    Raises:
        SourceError: the file cannot be read.
    """
    adapter = source(file.source)
    return run.staging.scan_or_make(
        file, adapter.parser_version, lambda: adapter.read_parts(run.landing.proven_path(file), file)
    )
