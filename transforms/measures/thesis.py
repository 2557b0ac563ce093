"""marts.thesis_daily: each claim's value against its threshold and against its own history."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.thesis import CLAIMS, THESIS_CLAIMS, THESIS_DAILY
from transforms.exact import round_significant

EVIDENCE: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "claim": pl.String(),
    "value": pl.Float64(),
    "as_of": pl.Date(),
    "source": pl.String(),
    "null_reason": pl.String(),
}
"""One row per session and claim that something is known of."""
NO_DATA = "no_data"


def thesis_daily(evidence: pl.DataFrame, sessions: Sequence[date], history: pl.DataFrame) -> pl.DataFrame:
    """One row per session and claim; of claims without evidence a null value with its reason.

    ``evidence``: EVIDENCE. ``history``: rows of marts.thesis_daily of earlier sessions (those from the first of
    ``sessions`` on are ignored). The percentile's window grows with time and never looks ahead.
    """
    days = pl.DataFrame({"session_date": sessions}, {"session_date": pl.Date})
    told = [(claim.id, claim.measure, claim.threshold, claim.source) for claim in CLAIMS]
    claims = pl.DataFrame(told, ["claim", "measure", "threshold", "table"], orient="row")
    known = evidence.with_columns(value=round_significant(pl.col("value")))
    rows = (
        days.join(claims, how="cross")
        .join(known, on=["session_date", "claim"], how="left")
        .with_columns(
            source=pl.coalesce("source", "table"),
            holds=_holds(),
            as_of=pl.when(pl.col("value").is_not_null()).then(pl.coalesce("as_of", "session_date")),
            null_reason=pl.when(pl.col("value").is_null()).then(pl.coalesce("null_reason", pl.lit(NO_DATA))),
        )
        .sort("claim", "session_date")
    )
    past = history.filter((pl.col("session_date") < sessions[0]) & pl.col("value").is_not_null())
    return THESIS_DAILY.conform(pl.concat(_ranked(part, past) for part in rows.partition_by("claim")))


def thesis_claims() -> pl.DataFrame:
    """marts.thesis_claims: what each claim is."""
    rows = [
        (claim.id, claim.statement, claim.measure, claim.unit, claim.holds, claim.threshold, claim.reason, claim.source)
        for claim in CLAIMS
    ]
    return THESIS_CLAIMS.conform(pl.DataFrame(rows, THESIS_CLAIMS.polars_schema, orient="row"))


def _holds() -> pl.Expr:
    """Whether a row's value is on its claim's side of the threshold; null without a value."""
    value = pl.col("value")
    held = pl.lit(None, pl.Boolean)
    for claim in CLAIMS:
        compared = {
            "at_least": value >= claim.threshold,
            "at_most": value <= claim.threshold,
            "above": value > claim.threshold,
            "below": value < claim.threshold,
        }[claim.holds]
        held = pl.when(pl.col("claim") == claim.id).then(compared).otherwise(held)
    return held


def _ranked(rows: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """Rows of one claim in order, with percentile, history_start and history_sessions."""
    earlier = past.filter(pl.col("claim") == rows["claim"][0])
    known = sorted(earlier["value"])
    start = earlier["session_date"].min() if known else None
    ranks: list[tuple[float | None, object, int]] = []
    for session, value in rows.select("session_date", "value").iter_rows():
        if value is not None:
            start = start or session
            insort(known, value)
        rank = bisect_right(known, value) / len(known) if value is not None else None
        ranks.append((rank, start, len(known)))
    schema = {"percentile": pl.Float64, "history_start": pl.Date, "history_sessions": pl.Int32}
    return rows.hstack(pl.DataFrame(ranks, schema, orient="row"))
