"""What the walk remembers of each company between sessions, and how an admitted session changes it."""

from datetime import date

import numpy as np
import polars as pl

from transforms.core.rows import NONE, Mask, constant, flags, floats, gathered, masked, rows_of, where, written

COMPANY_STATE_SCHEMA: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "anchor_cap_usd": pl.Int64(),
    "anchor_session": pl.Date(),
    "anchor_tier": pl.String(),
    "last_seen": pl.Date(),
    "drift_log": pl.Float64(),
    "pending_cap_usd": pl.Int64(),
    "pending_streak": pl.Int32(),
}
"""One row per company: the last admitted cap, its tier, the log price return since, and a level to be confirmed."""


def empty_company_state() -> pl.DataFrame:
    """The memory before the first session."""
    return pl.DataFrame(schema=COMPANY_STATE_SCHEMA)


def recalled(companies: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """Companies with what the state holds of each, null where nothing; ``state_row`` is the row, NONE for a new one."""
    rows = rows_of(companies["company_id"], state["company_id"])
    known = [name for name in COMPANY_STATE_SCHEMA if name != "company_id"]
    return companies.hstack([pl.Series("state_row", rows), *gathered(state, known, rows)])


def next_state(judged: pl.DataFrame, admitted: Mask, state: pl.DataFrame, session: date) -> pl.DataFrame:
    """The memory after an admitted session: admitted companies get a new anchor, held ones keep theirs and drift.

    ``judged``: recalled companies with step_log, is_known and streak. Rows stay where they are, new companies are
    added below.
    """
    kept = pl.Series(admitted)
    today = constant("session", session, judged.height)
    is_known = flags(judged["is_known"])
    # Held at its first appearance, or its first after a while: an anchor of long ago must not judge the next session.
    drift = np.where(is_known, floats(judged["drift_log"]) + floats(judged["step_log"]), np.nan)
    values = {
        "anchor_cap_usd": judged["cap_usd"].zip_with(kept, masked(judged["anchor_cap_usd"], is_known)),
        "anchor_session": today.zip_with(kept, masked(judged["anchor_session"], is_known)),
        "anchor_tier": judged["tier"].zip_with(kept, masked(judged["anchor_tier"], is_known)),
        "last_seen": today,
        "drift_log": pl.Series(np.where(admitted, 0.0, drift), nan_to_null=True),
        "pending_cap_usd": masked(judged["cap_usd"], ~admitted),
        "pending_streak": masked(judged["streak"], ~admitted),
    }
    rows = judged["state_row"].to_numpy()
    known, new = where(rows != NONE), where(rows == NONE)
    after = written(state, rows[known], {name: column[known] for name, column in values.items()})
    if not new.size:
        return after
    added = pl.DataFrame({"company_id": judged["company_id"], **values})[new]
    return pl.concat([after, added.cast(pl.Schema(COMPANY_STATE_SCHEMA))], rechunk=True)
