"""Reports on disk: `reports/report-<session>.html`, and `reports/latest.html` for the last published session."""

import os
from datetime import date
from pathlib import Path

from flows.edge.durable import sync_folder, unwritten
from flows.paths import DataPaths

KEEP_PAGES = 30
"""Each holds the script of its charts, about a megabyte."""


def write_page(paths: DataPaths, session: date, html: str, *, is_last: bool) -> Path:
    """Write or replace the page of a session, and `latest.html` where it is the last; keep the thirty made last.

    A reader sees the old page or the new one, never a half.

    Raises:
        UsageError: the page cannot be written: no right to, or a full disk.
    """
    target = paths.report(session)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, html)
        if is_last:
            _replace(paths.latest_report, html)
        for old in _pages(paths)[:-KEEP_PAGES]:
            old.unlink(missing_ok=True)
        sync_folder(target.parent)
    except OSError as error:
        raise unwritten(target, error) from error
    return target


def _pages(paths: DataPaths) -> list[Path]:
    """Dated pages, the one made last at the end."""
    return sorted(paths.reports.glob("report-*.html"), key=lambda path: (path.stat().st_mtime_ns, path.name))


def _replace(target: Path, text: str) -> None:
    aside = target.with_suffix(f".{os.getpid()}.new")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
