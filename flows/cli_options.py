"""Options that several commands of the command line have, and what they stand for."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flows.paths import DataPaths
    from flows.settings import Settings


def as_date(text: str) -> date:
    """A date of the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date like 2026-01-15") from None


DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept (SMALLCAPS_DATA_DIR, else data/).")
]
Archive = Annotated[
    Path | None, typer.Option("--archive", help="Serve every source from these files, not from the network.")
]
Day = Annotated[date, typer.Option("--session", parser=as_date, metavar="DATE", help="The session.")]
Session = Annotated[
    date | None,
    typer.Option("--session", parser=as_date, metavar="DATE", help="The session; else the last completed one."),
]
From = Annotated[date, typer.Option("--from", parser=as_date, metavar="DATE", help="First date.")]
To = Annotated[date, typer.Option("--to", parser=as_date, metavar="DATE", help="Last date.")]


def settings_of(data_dir: Path | None, archive: Path | None = None) -> "Settings":
    """The settings of this process; what a command was given goes first."""
    from flows.settings import load_settings

    return load_settings(data_dir=data_dir, archive=archive)


def paths_of(data_dir: Path | None) -> "DataPaths":
    """The data folder's layout."""
    from flows.paths import DataPaths

    return DataPaths(settings_of(data_dir).data_dir)
