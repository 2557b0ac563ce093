"""The commands about bucket schemes."""

from pathlib import Path
from typing import Annotated

import typer

from flows import console
from flows.cli_options import DataDir, From, To, paths_of, settings_of

schemes = typer.Typer(help="Bucket schemes: those shipped, and your own.", no_args_is_help=True)


@schemes.command("try")
def scheme_try(
    file: Annotated[Path, typer.Argument(help="A scheme's TOML file, see docs/schemes.md.")],
    from_date: From,
    to_date: To,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; else one under schemes/.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Apply a scheme of your own to published history, into a separate file."""
    paths = paths_of(data_dir)
    with console.progress("scheme try"):
        from flows.what_if import try_scheme

        trial = try_scheme(paths, file, from_date, to_date, out)
    console.show_rows(trial.segments)
    console.say(f"{len(trial.sessions)} sessions in {trial.path}; the published file is as it was.")


@schemes.command("list")
def scheme_list(data_dir: DataDir = None) -> None:
    """Every scheme there is, and which of them are enabled."""
    from flows.edge.scheme_files import known_schemes

    settings = settings_of(data_dir)
    known = known_schemes(settings.schemes_dir)
    enabled = set(settings.schemes)
    console.show_facts(
        {name: f"{scheme.title}{' (enabled)' if name in enabled else ''}" for name, scheme in known.items()}
    )
