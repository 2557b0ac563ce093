"""The commands about sources."""

from typing import Annotated

import typer

from flows import console
from flows.cli_options import DataDir, settings_of
from flows.errors import UsageError


def sources(data_dir: DataDir = None) -> None:
    """Every source there is: what it can serve, what it is enabled for, on which terms."""
    from flows.doctor import known_sources

    console.show_rows(known_sources(settings_of(data_dir)))


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing over the network.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Which sources are set up, reachable, licensed for what and fresh; what is missing, and how to get it.

    Exit code 4 where a required source is not set up or does not answer.
    """
    from flows.doctor import as_frame, examine, over_the_network
    from flows.edge.clock import utc_now

    settings = settings_of(data_dir)
    found = examine(settings, utc_now(), None if offline else over_the_network(settings))
    console.show_rows(as_frame(found.examined))
    if found.roles_without_source:
        console.note(f"Nobody serves: {', '.join(found.roles_without_source)} (smallcaps sources lists who could).")
    if found.claims_without_data:
        console.note(
            f"Without data on the last session: claims {', '.join(found.claims_without_data)} (docs/measures.md)."
        )
    if not found.is_sound:
        lacking = [one.source for one in found.examined if one.is_required and one.next_step]
        raise UsageError(f"A night cannot run: {', '.join(lacking)}.", next_step="Do what next_step says.")
