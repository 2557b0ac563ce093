"""What is remembered of the vendor's share count of each line from one admitted session to the next."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from transforms.core.rows import Floats, Mask, flags, floats
from transforms.core.splits import shares_of

FEW_DAYS = 31
"""A count that the vendor gives again after so long is compared with none: WGS, 2023-05-04, had none for three sessions
before its reverse split, and had the new one on the day. One that jumped by the ratio of a split within as many days
before its ex-date has led it: Novo Nordisk's did in 2023, by three sessions; the longest of 2022-24 is 29 days."""
CAUSES = ("lags_split", "jumped_without_split")
LAGS, JUMPED = 1, 2
"""Why a factor is set, and each cause's number; 0 where the count is taken as it stands."""

FACTOR_SCHEMA: dict[str, pl.DataType] = {
    "count_factor": pl.Float64(),
    "factor_cause": pl.String(),
    "factor_sessions": pl.Int32(),
    "factor_most": pl.Int32(),
    "recent_split_log": pl.Float64(),
    "split_on": pl.Date(),
    "shares_before_split": pl.Float64(),
    "awaits_split": pl.Boolean(),
    "recent_jump_log": pl.Float64(),
    "jump_on": pl.Date(),
    "recent_move_log": pl.Float64(),
    "move_on": pl.Date(),
    "shares_before_news": pl.Float64(),
    "news_on": pl.Date(),
    "lost_shares": pl.Float64(),
    "lost_on": pl.Date(),
}
"""Of a line's count: its factor, why, for how many sessions and for how many at most; its last split, the count before
it (null where that had led the split), and whether the count taken has not the split yet; its last jump without a
split; the last move of its close that only a split would explain; the count taken before the last step that nothing
explains; the vendor's last count before it gave none; and the session of each."""
EVENTS = {
    "split": ("recent_split_log", "split_on"),
    "jump": ("recent_jump_log", "jump_on"),
    "move": ("recent_move_log", "move_on"),
    "news": ("shares_before_news", "news_on"),
    "lost": ("lost_shares", "lost_on"),
}


def with_last_shares(lines: pl.DataFrame, session: date) -> pl.DataFrame:
    """Add ``last_shares``: the last count the vendor gave, null where it has given none for FEW_DAYS.

    ``lines``: last_cap_usd, last_close, last_session and FACTOR_SCHEMA as of that session under ``last_<name>``.
    """
    shares = shares_of(lines["last_cap_usd"], lines["last_close"])
    is_lost = np.isnan(shares)
    kept = np.where(is_lost, floats(lines["last_lost_shares"]), shares)
    since = np.where(is_lost, _days_since(lines["last_lost_on"], session), _days_since(lines["last_session"], session))
    return lines.hstack([pl.Series("last_shares", np.where(since <= FEW_DAYS, kept, np.nan), nan_to_null=True)])


_DAY = np.timedelta64(1, "D")


def _days_since(days: pl.Series, session: date) -> Floats:
    return np.asarray((np.datetime64(session, "D") - days.to_numpy()).astype("timedelta64[D]") / _DAY, dtype=np.float64)


class Event(NamedTuple):
    """The last time that something happened to each line: how much, NaN where never, and when."""

    value: Floats
    on: pl.Series
    age: Floats
    """Days since."""
    is_new: Mask
    """It happened today."""

    def columns(self, kind: str) -> dict[str, pl.Series]:
        """As it is remembered."""
        value_name, on_name = EVENTS[kind]
        return {value_name: pl.Series(self.value, nan_to_null=True), on_name: self.on}


@dataclass(frozen=True)
class Past:
    """How each line's count stood at its last admitted session."""

    lines: pl.DataFrame
    session: date
    """Today's."""
    log_factor: Floats
    """0 where the count was taken as it stood, or the line was last seen beyond the horizon."""
    sessions: Floats
    """For how many sessions the factor has been set."""
    most: Floats
    """For how many it may be."""
    was_set: Mask
    had_jumped: Mask
    awaited_split: Mask
    """The count taken had not the last split yet."""
    shares: Floats
    """The last count that the vendor gave."""

    @classmethod
    def of(cls, lines: pl.DataFrame, session: date, near_from: date) -> "Past":
        """From `with_last_shares`."""
        is_near = lines["last_session"].to_numpy() >= np.datetime64(near_from)
        was_set = lines["last_factor_cause"].is_not_null().to_numpy()
        return cls(
            lines,
            session,
            np.log(np.where(is_near, np.nan_to_num(floats(lines["last_count_factor"]), nan=1.0), 1.0)),
            np.where(was_set & is_near, np.nan_to_num(floats(lines["last_factor_sessions"])), 0),
            np.nan_to_num(floats(lines["last_factor_most"])),
            was_set,
            flags(lines["last_factor_cause"] == CAUSES[JUMPED - 1]),
            flags(lines["last_awaits_split"]),
            floats(lines["last_shares"]),
        )

    @property
    def lagged(self) -> Mask:
        """The count lagged a split."""
        return self.was_set & ~self.had_jumped

    @property
    def taken(self) -> Floats:
        """The last count taken."""
        return np.asarray(self.shares * np.exp(self.log_factor))

    def event(self, kind: str, today: Floats | None = None, is_new: Mask | None = None) -> Event:
        """The last event of its kind in EVENTS, today's included."""
        value_name, on_name = EVENTS[kind]
        value, on = floats(self.lines[f"last_{value_name}"]), self.lines[f"last_{on_name}"]
        if today is None or is_new is None:
            return Event(value, on, _days_since(on, self.session), np.zeros(self.lines.height, dtype=np.bool_))
        at = np.flatnonzero(is_new)
        on = on.clone().scatter(pl.Series(at), self.session) if at.size else on
        return Event(np.where(is_new, today, value), on, _days_since(on, self.session), is_new)
