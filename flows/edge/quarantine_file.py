"""What a run set aside, as one CSV that an operator can open, also of a night that was refused."""

from pathlib import Path

import polars as pl

from flows.paths import DataPaths

KEEP_FILES = 60


def write_quarantine(paths: DataPaths, run_id: str, rows: pl.DataFrame) -> Path | None:
    """Write quarantine/<run_id>.csv and keep the newest files; None where there is nothing to tell."""
    if rows.is_empty():
        return None
    paths.quarantine.mkdir(parents=True, exist_ok=True)
    target = paths.quarantine / f"{run_id}.csv"
    aside = target.with_suffix(".csv.new")
    rows.write_csv(aside)
    aside.replace(target)
    for old in sorted(paths.quarantine.glob("[0-9]*.csv"))[:-KEEP_FILES]:
        old.unlink()
    return target
