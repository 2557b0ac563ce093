"""Filed counts on lines, found anew only where something changed: most sessions bring no filing and no split."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from transforms.core.conversions import next_changes
from transforms.core.line_counts import LINE_COUNTS, MAX_AGE_DAYS, fresh_until, line_counts
from transforms.core.rows import where

_ASKED = ("cik", "security_id", "symbol", "security_type", "first_session", "ads_ratio", "ads_ratio_from")


@dataclass(frozen=True)
class Placed:
    """What `line_counts` found last, and from what; ``line`` of ``found`` is a row of ``asked``."""

    asked: pl.DataFrame
    current: pl.DataFrame
    splits: pl.DataFrame
    own: pl.DataFrame
    until: date
    """Last session on which none of the counts is too old and no class converts into other numbers."""
    found: pl.DataFrame

    def holds(
        self, asked: pl.DataFrame, current: pl.DataFrame, splits: pl.DataFrame, own: pl.DataFrame, session: date
    ) -> bool:
        """Whether the same would be found again."""
        is_same = current is self.current and session <= self.until
        return is_same and asked.equals(self.asked) and splits.equals(self.splits) and own.equals(self.own)


def placed_counts(
    lines: pl.DataFrame,
    current: pl.DataFrame,
    splits: pl.DataFrame,
    session: date,
    own: pl.DataFrame,
    before: Placed | None,
) -> tuple[pl.DataFrame, Placed | None]:
    """LINE_COUNTS of the session, and what the next session may take over. ``lines``: as `line_counts` takes them."""
    at = where(np.isin(lines["cik"].fill_null(-1).to_numpy(), current["cik"].to_numpy()))
    if not at.size:
        return pl.DataFrame(schema=LINE_COUNTS), None
    asked = lines[list(_ASKED)][at]
    own_splits = splits.filter(pl.col("security_id").is_in(asked["security_id"].implode()))
    placed = before
    if placed is None or not placed.holds(asked, current, own_splits, own, session):
        numbered = asked.with_row_index("line").with_columns(pl.col("line").cast(pl.Int64))
        found = line_counts(numbered, current, own_splits, session, own)
        placed = Placed(asked, current, own_splits, own, _fresh_until(current, asked, session), found)
    rows = placed.found["line"].to_numpy()
    return placed.found.with_columns(lines["line"].gather(at).gather(rows).cast(pl.Int64).alias("line")), placed


def _fresh_until(current: pl.DataFrame, asked: pl.DataFrame, session: date) -> date:
    ends = current.filter(pl.col("cik").is_in(asked["cik"].implode())).select(end=fresh_until())["end"]
    later = [end for end in ends.unique().to_list() if end >= session]
    changes = next_changes(session, set(asked["cik"].drop_nulls().to_list()))
    last = [*later, *(change - timedelta(days=1) for change in changes)]
    return min(last, default=session + timedelta(days=MAX_AGE_DAYS))
