"""How often a vendor may be asked by all processes of a user together (see `flows.edge.rate_folder`).

The next free turn stands in a small file that a kernel lock guards; a killed process gives the lock back by itself.
The lock is held to take a turn, never while waiting for it.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from flows.edge.clock import wall_seconds
from flows.edge.rate_folder import NEXT_STEP
from flows.errors import UsageError

LONGEST_AHEAD_S = 60.0
"""A turn further away than this is no turn: the clock was set back, or the file is damaged."""
_LOCK_WITHIN_S = 30.0
_LOCK_AGAIN_S = 0.01
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600
"""Who could write the file could stop all nights of its user."""


class SharedRate:
    """Spaces the requests of all processes and threads that use the same file evenly."""

    def __init__(
        self,
        file: Path,
        per_second: float,
        *,
        clock: Callable[[], float] = wall_seconds,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_second <= 0:
            raise ValueError("a rate limit must be above zero requests per second")
        self._file = file
        self._interval_s = 1 / per_second
        self._clock = clock
        self._sleep = sleep

    def wait(self) -> None:
        """Take the next free turn and return when it has come, after a minute at most.

        Raises:
            UsageError: the file cannot be written, or a process that was stopped has held its lock for too long.
        """
        try:
            wait_s = self._take_turn()
        except OSError as error:
            told = f"Cannot write {self._file}: {error.strerror or error}."
            raise UsageError(told, next_step=NEXT_STEP) from error
        if wait_s > 0:
            self._sleep(wait_s)

    def _take_turn(self) -> float:
        self._file.parent.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _OWN_FILE), "r+b") as file:
            self._lock(file)
            now = self._clock()
            turn = max(now, self._next_free(file, now))
            file.seek(0)
            file.truncate()
            file.write(json.dumps({"next_free": turn + self._interval_s}).encode() + b"\n")
            file.flush()
        return turn - now

    def _lock(self, file: BinaryIO) -> None:
        until = time.monotonic() + _LOCK_WITHIN_S
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise UsageError(
                        f"Another process has held {self._file} for {_LOCK_WITHIN_S:g} s.",
                        next_step="End the run that hangs, then run again.",
                    ) from None
            time.sleep(_LOCK_AGAIN_S)

    def _next_free(self, file: BinaryIO, now: float) -> float:
        """What the file says; one interval from now where it says nothing that can be believed."""
        text = file.read()
        if not text:
            return now
        unknown = now + self._interval_s
        try:
            next_free = float(json.loads(text)["next_free"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return unknown
        return next_free if next_free - now <= LONGEST_AHEAD_S else unknown
