"""Which machine and process a run is, and whether that process is still there."""

import os
import socket


def this_host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def is_gone(pid: int) -> bool:
    """Whether this machine has no process with that id. A process that only took over the id counts as it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is another user's
        return False
    return False
