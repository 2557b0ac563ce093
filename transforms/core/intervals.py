"""Observations per session folded into validity intervals, from nothing or on top of the intervals kept so far."""

from collections.abc import Sequence
from datetime import date

import polars as pl

FOLDED = ("valid_from", "last_seen", "is_kept", "follows")


def fold(
    kept: pl.DataFrame,
    observed: pl.DataFrame,
    *,
    key: str,
    values: Sequence[str],
    admitted: Sequence[date],
    breaks_on_gap: bool,
) -> pl.DataFrame:
    """One row per key and run of equal values: key, values, valid_from, last_seen, is_kept, follows.

    ``kept``: the newest interval of each key so far (key, values, valid_from, last_seen). ``observed``: key,
    session_date, values. ``admitted``: admitted sessions in order, from the last one behind ``kept`` on. A run ends
    where a value changes and, if ``breaks_on_gap``, where the key is absent from an admitted session. ``is_kept``
    marks runs that began before; ``follows`` those that begin on the session after the key's last run.
    """
    order = pl.DataFrame({"last_seen": admitted, "ordinal": range(len(admitted))}).cast(
        {"last_seen": pl.Date, "ordinal": pl.Int32}
    )
    rows = pl.concat(
        [
            kept.select(key, *values, "valid_from", "last_seen", is_kept=pl.lit(value=True)),
            observed.select(
                key,
                *values,
                valid_from="session_date",
                last_seen="session_date",
                is_kept=pl.lit(value=False),
            ),
        ]
    )
    marked = rows.lazy().join(order.lazy(), on="last_seen", how="left").sort(key, "last_seen", "is_kept")
    same_key = pl.col(key) == pl.col(key).shift(1)
    same_values = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in values)
    next_session = (pl.col("ordinal") == pl.col("ordinal").shift(1) + 1).fill_null(value=False)
    continues = same_key & same_values & (next_session if breaks_on_gap else pl.lit(value=True))
    runs = marked.with_columns(
        run=(~continues.fill_null(value=False)).cum_sum(), follows=(same_key & next_session).fill_null(value=False)
    )
    return (
        runs.group_by("run", maintain_order=True)
        .agg(
            pl.col(key, *values, "valid_from", "is_kept", "follows").first(),
            pl.col("last_seen").last(),
        )
        .drop("run")
        .collect()
    )
