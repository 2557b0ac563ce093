"""marts.thesis_daily: each claim's value against its threshold and against its own history."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
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
    "own_measure": pl.String(),
    "own_threshold": pl.Float64(),
}
"""One row per session and claim that something is known of.

own_measure and own_threshold: of a series that stands in for what the claim names."""
NO_DATA = "no_data"


def thesis_daily(evidence: pl.DataFrame, sessions: Sequence[date], history: pl.DataFrame) -> pl.DataFrame:
    """One row per session and claim; of claims without evidence a null value with its reason.

    ``evidence``: EVIDENCE. ``history``: rows of marts.thesis_daily of earlier sessions (those from the first of
    ``sessions`` on are ignored). The percentile's window grows with time and never looks ahead.
    """
    days = pl.DataFrame({"session_date": sessions}, {"session_date": pl.Date})
    told = [(claim.id, claim.measure, claim.threshold, claim.source) for claim in CLAIMS]
    claims = pl.DataFrame(told, ["claim", "measure", "threshold", "table"], orient="row")
    known = evidence.with_columns(
        value=round_significant(pl.col("value")), own_threshold=round_significant(pl.col("own_threshold"))
    )
    rows = (
        days.join(claims, how="cross")
        .join(known, on=["session_date", "claim"], how="left")
        .with_columns(
            measure=pl.coalesce("own_measure", "measure"), threshold=pl.coalesce("own_threshold", "threshold")
        )
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
    value, threshold = pl.col("value"), pl.col("threshold")
    held = pl.lit(None, pl.Boolean)
    for claim in CLAIMS:
        compared = {
            "at_least": value >= threshold,
            "at_most": value <= threshold,
            "above": value > threshold,
            "below": value < threshold,
        }[claim.holds]
        held = pl.when(pl.col("claim") == claim.id).then(compared).otherwise(held)
    return held


def _ranked(rows: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """Rows of one claim in order, with percentile, history_start and history_sessions, each series by itself.

    Where another series takes the place of one, its history begins with it, or goes on where it ended; a session
    without a value stands in the history of the series that had one last.
    """
    histories: dict[str, _History] = {}
    source = ""
    earlier = past.filter(pl.col("claim") == rows["claim"][0]).sort("session_date")
    for session, source, value in earlier.select("session_date", "source", "value").iter_rows():
        histories.setdefault(source, _History(session)).add(value)
    ranks: list[tuple[float | None, date | None, int]] = []
    for session, told, value in rows.select("session_date", "source", "value").iter_rows():
        if value is not None:
            source = told
            histories.setdefault(source, _History(session)).add(value)
        history = histories.get(source)
        ranks.append(history.rank(value) if history else (None, None, 0))
    schema = {"percentile": pl.Float64, "history_start": pl.Date, "history_sessions": pl.Int32}
    return rows.hstack(pl.DataFrame(ranks, schema, orient="row"))


@dataclass
class _History:
    """Values of one series so far, in order of size, and the session of the first."""

    start: date
    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        insort(self.values, value)

    def rank(self, value: float | None) -> tuple[float | None, date, int]:
        """Percentile of a value among them (null of none), since when, and how many they are."""
        share = None if value is None else bisect_right(self.values, value) / len(self.values)
        return share, self.start, len(self.values)
