"""What was told about a stale file, `stale.json` in the data folder, so that nobody is told the same twice."""

import json
from dataclasses import asdict, dataclass

from flows.paths import DataPaths


@dataclass(frozen=True)
class StaleNote:
    """The last message: ISO dates of the newest published and completed session, and when the first one was sent."""

    last_published: str
    last_completed: str
    first_told_at: str


def read_note(paths: DataPaths) -> StaleNote | None:
    """The note, if somebody was told; none, too, where it cannot be read: then somebody is told once more."""
    try:
        return StaleNote(**json.loads(paths.stale_note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_note(paths: DataPaths, note: StaleNote) -> None:
    """Keep what was told.

    Raises:
        OSError: the data folder cannot be written.
    """
    aside = paths.stale_note.with_suffix(".json.new")
    aside.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
    aside.replace(paths.stale_note)


def clear_note(paths: DataPaths) -> None:
    """The file is fresh again.

    Raises:
        OSError: the data folder cannot be written.
    """
    paths.stale_note.unlink(missing_ok=True)
