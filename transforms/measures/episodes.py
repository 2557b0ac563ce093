"""Drawdowns as episodes: from a high to the next, with depth, time under water and recovery."""

from dataclasses import dataclass

import numpy as np

from transforms.measures.panel import Flags, Floats

DEEP = -0.20
"""A bear market's usual line."""
COUNTED = -0.10
"""Recoveries of drawdowns that are not deeper are not told: there are many, and they are short."""


@dataclass(frozen=True)
class Episodes:
    """Matrices, series x sessions, each by what was known on the session.

    ``depth``: lowest drawdown since the last high, fraction from -1 to 0. ``under_water``: sessions since the last
    high. ``recovery``: sessions from trough to old high of the last drawdown deeper than `COUNTED` that is over; nan
    before the first. ``enters_deep``: the drawdown is deeper than `DEEP` for the first time since the high.
    """

    depth: Floats
    under_water: Floats
    recovery: Floats
    enters_deep: Flags


def episodes(drawdowns: Floats) -> Episodes:
    """``drawdowns``: fraction from -1 to 0, exactly 0 on a high; nan where the level is unknown.

    Sessions are counted whether or not their level is known. The trough is the first session of the lowest level.
    """
    shape = drawdowns.shape
    found = Episodes(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_))
    depth, recovery = np.zeros(shape[0]), np.full(shape[0], np.nan)
    high, trough = np.zeros(shape[0]), np.zeros(shape[0])
    for session in range(shape[1]):
        drawdown = drawdowns[:, session]
        is_high = drawdown == 0
        recovery = np.where(is_high & (depth < COUNTED), session - trough, recovery)
        was_deep = depth < DEEP
        is_lower = drawdown < depth
        depth = np.where(is_high, 0.0, np.where(is_lower, drawdown, depth))
        trough = np.where(is_high | is_lower, session, trough)
        high = np.where(is_high, session, high)
        found.depth[:, session] = depth
        found.under_water[:, session] = session - high
        found.recovery[:, session] = recovery
        found.enters_deep[:, session] = (depth < DEEP) & ~was_deep
    return found
