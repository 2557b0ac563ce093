"""How old the published file is, in sessions of the exchange calendar."""

from dataclasses import dataclass
from datetime import date, datetime

from flows.market_calendar import last_completed, sessions_between

MOST_BEHIND = 1
"""Between a close and the night's run the newest session is not published yet; two behind, a night is missing."""


@dataclass(frozen=True)
class Freshness:
    """The newest published session against the newest completed one."""

    last_published: date | None
    last_completed: date

    @property
    def behind(self) -> int:
        """Completed sessions that are not published; 0 where nothing ever was: there is no session to count from."""
        if self.last_published is None:
            return 0
        return len(sessions_between(self.last_published, self.last_completed)[1:])

    def is_stale(self, most_behind: int = MOST_BEHIND) -> bool:
        """Whether more sessions than these are missing, or nothing was ever published."""
        return self.last_published is None or self.behind > most_behind


def freshness(last_published: date | None, now: datetime) -> Freshness:
    """How things stand at ``now``."""
    return Freshness(last_published, last_completed(now))
