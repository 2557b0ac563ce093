"""Rows that were set aside while staging, each with the session it stands under in ops.quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from expectations import rules
from flows.edge.landing import FileId, LandedFile
from flows.market_calendar import all_sessions


@dataclass
class Told:
    """Places rejects of files under sessions; those of no session are told by the first run that reads the file."""

    seen: set[FileId]
    """Files whose rejects an earlier build or this run has told."""

    def by_day(self, rejects: pl.DataFrame, file: LandedFile, sessions: Sequence[date]) -> pl.DataFrame:
        """Rejects of quotes under the day that their entity begins with, where it is one of `sessions`.

        Those whose day cannot be read, or is no session, are told once.
        """
        day = pl.col("entity").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        dated = rejects.with_columns(session_date=day)
        is_session = pl.col("session_date").is_in(all_sessions()).fill_null(value=False)
        placeless = rejects.filter(dated.select(~is_session).to_series())
        own = dated.filter(pl.col("session_date").is_in(list(sessions)))
        return pl.concat([own, self.once(placeless, file, sessions[0])])

    def once(self, rejects: pl.DataFrame, file: LandedFile, session: date) -> pl.DataFrame:
        """The rejects under the session; none where the file's have been told."""
        told = rejects.clear() if file.file_id in self.seen else rejects
        self.seen.add(file.file_id)
        return told.with_columns(session_date=pl.lit(session, pl.Date))


def rejects_of(
    frame: pl.DataFrame, source: str, *, file: str, field: str, reason_code: str | pl.Expr, detail: pl.Expr
) -> pl.DataFrame:
    """A reject for each row (symbol, session_date) of the frame, as the parsers make them, with its session."""
    return frame.select(
        source=pl.lit(source),
        file=pl.lit(file),
        entity="symbol",
        field=pl.lit(field),
        reason_code=pl.lit(reason_code) if isinstance(reason_code, str) else reason_code,
        detail=detail,
        session_date="session_date",
    )


def of_closed_days(rows: pl.DataFrame, sessions: Sequence[date], file: LandedFile) -> pl.DataFrame:
    """Rows of days without a session, one reject a day; it stands under the next session that is judged."""
    before = all_sessions()[max(0, all_sessions().index(sessions[0]) - 1)]
    days = rows.filter(
        pl.col("session_date").is_between(before, sessions[-1], closed="none")
        & ~pl.col("session_date").is_in(all_sessions())
    )
    told = days.group_by(closed_day="session_date").agg(rows=pl.len()).sort("closed_day")
    following = pl.DataFrame({"session_date": sessions}, schema={"session_date": pl.Date})
    return rejects_of(
        told.join_asof(
            following, left_on="closed_day", right_on="session_date", strategy="forward", coalesce=False
        ).with_columns(symbol=pl.col("closed_day").cast(pl.String)),
        file.source,
        file=file.name,
        field="date",
        reason_code=rules.CALENDAR.code,
        detail=pl.format("{} rows of a day without a session", "rows"),
    )
