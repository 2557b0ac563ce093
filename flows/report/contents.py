"""What the page tells, read from a published warehouse in one go."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from flows.errors import UsageError
from flows.report import queries
from flows.settings import FIXED_USD
from transforms.measures.drawdown import drawdown_daily

SEGMENTS = ("nano", "micro", "small", "mid", "large", "mega", "smid", "total")
RECENT_SESSIONS = 60
FLOW_DAYS = 400
"""Calendar days that the flows look back."""

Query = Callable[[str], pl.DataFrame]


@dataclass(frozen=True)
class Contents:
    """One session and what came before it; frames are empty where the warehouse has nothing."""

    session: date
    is_last: bool
    run_id: str
    closed_at: datetime | None
    segments: pl.DataFrame
    valuations: pl.DataFrame
    drawdowns: pl.DataFrame
    spreads: pl.DataFrame
    coverage: pl.DataFrame
    flows: pl.DataFrame
    funds: pl.DataFrame
    sessions: pl.DataFrame
    checks: pl.DataFrame
    held: pl.DataFrame
    sources: pl.DataFrame
    schemes: pl.DataFrame
    claims: pl.DataFrame
    against_micro: pl.DataFrame
    limits: dict[str, float]
    """Bucket to the cap in US dollars at its lower end, the smallest first."""

    @property
    def recent(self) -> pl.DataFrame:
        """The last sixty judged sessions, this one among them."""
        return self.sessions.tail(RECENT_SESSIONS)

    @property
    def recent_span(self) -> str:
        """Them in words."""
        days = self.recent["session_date"].to_list()
        return f"the last {len(days)} sessions ({days[0]} to {days[-1]})"

    @property
    def first_session(self) -> date | None:
        """The first published session of the warehouse."""
        first = self.drawdowns["session_date"].min()
        return first if isinstance(first, date) else None

    @property
    def is_simulated(self) -> bool:
        """Whether the figures are those of a market that never was."""
        return bool(self.sources["is_simulated"].any())

    @property
    def verdict(self) -> dict[str, object]:
        """This session's row of ops.sessions."""
        return self.sessions.filter(session_date=self.session).row(0, named=True)


def read_contents(query: Query, session: date | None = None) -> Contents:
    """Everything about a published session, the last one if none is named.

    Raises:
        UsageError: nothing is published, or that session is not.
    """
    last = _last_published(query)
    day = session or last
    _require_published(query, day)

    def rows(sql: str) -> pl.DataFrame:
        return query(sql.format(scheme=FIXED_USD, day=day.isoformat(), flow_days=FLOW_DAYS))

    order = pl.DataFrame({"segment": SEGMENTS}).with_row_index("place")
    publication = rows(queries.PUBLICATION)
    return Contents(
        session=day,
        is_last=day == last,
        run_id=publication["run_id"].item() if publication.height else "unknown",
        closed_at=publication["build_closed_at"].item() if publication.height else None,
        segments=rows(queries.SEGMENTS).join(order, on="segment").sort("place").drop("place"),
        valuations=rows(queries.VALUATIONS),
        drawdowns=drawdown_daily(rows(queries.RETURNS)),
        spreads=rows(queries.SPREADS),
        coverage=rows(queries.COVERAGE),
        flows=rows(queries.FLOWS),
        funds=rows(queries.FUNDS),
        sessions=rows(queries.SESSIONS),
        checks=rows(queries.CHECKS),
        held=rows(queries.HELD),
        sources=rows(queries.SOURCES),
        schemes=rows(queries.SCHEMES),
        claims=rows(queries.CLAIMS),
        against_micro=rows(queries.AGAINST_MICRO),
        limits=_limits(rows(queries.SCHEME)),
    )


def _limits(versions: pl.DataFrame) -> dict[str, float]:
    if versions.is_empty():
        return {}
    return {bucket: low for bucket, (low, _) in json.loads(versions["rule"][0])["caps"].items()}


def _last_published(query: Query) -> date:
    last = query(queries.LAST_PUBLISHED)["session_date"].item()
    if not isinstance(last, date):
        raise UsageError("No session is published.", next_step="Run: smallcaps backfill --from D --to D")
    return last


def _require_published(query: Query, day: date) -> None:
    verdict = query(queries.VERDICT.format(day=day.isoformat()))
    if verdict.is_empty():
        raise UsageError(f"Session {day} is not in the published file.", next_step="See: smallcaps status")
    if verdict["status"].item() != "published":
        codes = " ".join(verdict["rule_codes"].item().to_list())
        raise UsageError(
            f"Session {day} was not published: {verdict['status'].item()} {codes}".rstrip() + ".",
            next_step=f"smallcaps check --session {day}",
        )
