"""Where the budgets lie that all processes of a user share, whichever data folder they work on."""

import os
import stat
import tempfile
from pathlib import Path

from flows.errors import UsageError

NEXT_STEP = "Give this user write access, or name another folder with SMALLCAPS_RATE_DIR."


def rate_folder(told: Path | None, state_home: Path | None) -> Path:
    """The folder told, else the user's own below ``state_home``, else one with the user's id among temporary files.

    Creates nothing: what asks nobody leaves nothing in a home.

    Raises:
        UsageError: the folder among temporary files is another user's, who could stop or mislead this one.
    """
    if told is not None:
        return told
    if state_home is not None and _can_be_made(own := state_home / "smallcaps" / "rate"):
        return own
    temporary = Path(tempfile.gettempdir()) / f"smallcaps-rate-{os.getuid()}"
    if not _is_own_or_absent(temporary):
        raise UsageError(f"{temporary} is not a folder of this user.", next_step=NEXT_STEP)
    return temporary


def _can_be_made(folder: Path) -> bool:
    """Whether this user may write into the folder, or make it."""
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _is_own_or_absent(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
