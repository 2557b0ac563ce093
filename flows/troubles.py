"""What went badly in a row, as run records tell: since when a source is missing, and how long runs have failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.run_record import RunRecord, RunStatus

NOT_GOOD = frozenset({RunStatus.REFUSED, RunStatus.FAILED, RunStatus.CRASHED})
_PUBLISHED = frozenset({RunStatus.PUBLISHED, RunStatus.DEGRADED})


@dataclass(frozen=True)
class Streak:
    """Runs in a row with the same trouble: how many, and the dates (UTC) of the first and the last."""

    runs: int
    first: str
    last: str

    def __str__(self) -> str:
        when = f"of {self.first}" if self.first == self.last else f"from {self.first} to {self.last}"
        return f"{self.runs} {'run' if self.runs == 1 else 'runs'} {when}"


def missing_streak(source: str, newest_first: Sequence[RunRecord]) -> Streak | None:
    """The runs without this source, up to the newest; a run that published with it ends the row.

    Runs that published nothing and did not get as far as asking it tell nothing either way.
    """
    found = []
    for record in newest_first:
        if source in record.degraded_sources:
            found.append(record)
        elif record.status in _PUBLISHED:
            break
    return _streak(found)


def failed_streak(newest_first: Sequence[RunRecord]) -> Streak | None:
    """The runs that published nothing, up to the newest.

    A record without an end is that of a run that was cut off; a run that found nothing to do tells nothing.
    """
    found = []
    for record in newest_first:
        if record.status in NOT_GOOD | {RunStatus.RUNNING}:
            found.append(record)
        elif record.status in _PUBLISHED:
            break
    return _streak(found)


def back_again(record: RunRecord, newest_first: Sequence[RunRecord]) -> dict[str, Streak]:
    """Sources that the last published run lacked and this one has, with the row of runs that lacked them."""
    last = next((other for other in newest_first if other.status in _PUBLISHED), None)
    lacked = set(last.degraded_sources) - set(record.degraded_sources) if last else set()
    streaks = {name: missing_streak(name, newest_first) for name in sorted(lacked)}
    return {name: streak for name, streak in streaks.items() if streak}


def _streak(newest_first: list[RunRecord]) -> Streak | None:
    if not newest_first:
        return None
    return Streak(len(newest_first), newest_first[-1].started_at[:10], newest_first[0].started_at[:10])
