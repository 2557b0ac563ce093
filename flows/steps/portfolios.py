"""Portfolios formed on size, chunk by chunk of a run."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from flows.market_calendar import all_sessions
from flows.steps.admit import Judged
from flows.steps.base import Base
from transforms.contracts import table
from transforms.contracts.size_portfolios import FORMATIONS
from transforms.measures.size_portfolios import (
    ABSENT_SESSIONS,
    QUOTED,
    SEATS,
    Formed,
    delisted,
    followed,
    formed,
    size_portfolios,
)
from transforms.schemes.terms import Markets

MART_OF = {"june": "size_portfolios_daily", "monthly": "size_portfolios_monthly"}
JULY = 7


@dataclass
class Portfolios:
    """Who is in which portfolio, what was quoted of late, and the rows so far."""

    seats: dict[str, pl.DataFrame]
    quoted: pl.DataFrame
    """QUOTED before the coming chunk: one row per company, its last."""
    _parts: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: {name: [] for name in FORMATIONS})

    @classmethod
    def on(cls, base: Base) -> "Portfolios":
        """As the base has them."""
        held = base.portfolio_seats
        return cls(
            {name: held.filter(pl.col("formation") == name).select(SEATS.keys()) for name in FORMATIONS}, base.quoted
        )

    def add(
        self, judged: Judged, caps: pl.DataFrame, markets: Markets, before: date | None, listed: pl.DataFrame
    ) -> None:
        """Measure a chunk; ``caps``: core.market_caps of it, ``before``: the admitted session before it.

        ``listed``: see `listed_since`.
        """
        sessions = judged.admitted
        previous = {item.session: item.last_admitted for item in judged.sessions if item.status == "published"}
        days = pl.DataFrame(list(previous.items()), {"session_date": pl.Date, "last_admitted": pl.Date}, orient="row")
        quoted = pl.concat([self.quoted, _quoted(judged, caps)])
        rows = pl.concat([followed(caps, _one_day(judged), days), delisted(quoted, sessions)])
        multi_day = [day for day, last in previous.items() if last is not None and last != _session_before(day)]
        for name, parts in self._parts.items():
            begun = self.seats[name] if before else _initial(name, markets.at(sessions[0]), listed)
            terms = list(self._terms(name, begun, previous, markets))
            self.seats[name] = terms[-1].seats
            parts.append(size_portfolios(terms, rows, sessions, multi_day))
        self.quoted = _of_late(quoted, len(sessions))

    def rows(self, formation: str) -> pl.DataFrame:
        """The rows of the formation's mart."""
        return table(f"marts.{MART_OF[formation]}").stacked(self._parts[formation])

    def seat_rows(self) -> pl.DataFrame:
        """All rows of ops.size_portfolio_seats."""
        held = [seats.with_columns(formation=pl.lit(name)) for name, seats in self.seats.items()]
        return table("ops.size_portfolio_seats").stacked(held)

    def _terms(
        self, formation: str, begun: pl.DataFrame, previous: dict[date, date | None], markets: Markets
    ) -> Iterator[Formed]:
        """From the first session on; a formation whose market nobody has leaves who was in."""
        yield Formed(next(iter(previous)), begun)
        for session, last in previous.items():
            due = _DUE[formation](session, last) if last else None
            market = markets.ranked_on(_session_before(due)) if due else None
            if market is not None and (seats := formed(market)).height:
                yield Formed(session, seats)


def listed_since(securities: pl.DataFrame, first_seen: pl.DataFrame) -> pl.DataFrame:
    """company_id and first_date: since when the vendor has had a symbol of the company, where a file tells."""
    of_companies = securities.select("company_id", "symbol").unique().join(first_seen, on="symbol")
    return of_companies.group_by("company_id").agg(pl.col("first_date").min())


def _initial(formation: str, market: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """SEATS of the first session, in place of the formation before it.

    Companies listed since then were not in it, and they are not the market's average: those of 2021 fell by half.
    """
    due = _DUE[formation](market["session_date"][0], date.min)
    before = listed.filter(pl.col("first_date") < pl.lit(due, pl.Date))
    there = market.join(before, on="company_id", how="semi") if before.height else market
    return formed(there, is_initial=True)


def _month(session: date, last: date) -> date | None:
    """The first day of a month that has begun since the last admitted session."""
    begin = session.replace(day=1)
    return begin if last < begin else None


def _july(session: date, last: date) -> date | None:
    begin = date(session.year if session.month >= JULY else session.year - 1, JULY, 1)
    return begin if last < begin else None


_DUE: dict[str, Callable[[date, date], date | None]] = {"june": _july, "monthly": _month}


def _session_before(day: date) -> date:
    """The exchange's last session before a day."""
    sessions = all_sessions()
    return sessions[bisect_left(sessions, day) - 1]


def _quoted(judged: Judged, caps: pl.DataFrame) -> pl.DataFrame:
    days = pl.DataFrame(
        {"session_date": judged.admitted, "at": range(len(judged.admitted))}, {"session_date": pl.Date, "at": pl.Int64}
    )
    keys = ["session_date", "company_id"]
    seen = judged.lines.filter(pl.col("class_convention").is_not_null()).select(keys).unique()
    worth = caps.select(*keys, "cap_usd", "price")
    return seen.join(days, on="session_date").join(worth, on=keys, how="left").select(QUOTED.keys())


def _of_late(quoted: pl.DataFrame, sessions: int) -> pl.DataFrame:
    """The last row of each company that may still go, as seen from the next chunk."""
    newest = quoted.sort("company_id", "at").unique("company_id", keep="last", maintain_order=True)
    return newest.with_columns(at=pl.col("at") - sessions).filter(pl.col("at") >= -ABSENT_SESSIONS)


def _one_day(judged: Judged) -> pl.DataFrame:
    """session_date, ticker, return_session: of lines whose return spans several sessions, that of the last alone."""
    lines = judged.lines.filter("is_multi_day")
    return lines.select("session_date", ticker="symbol", return_session=pl.col("close") / pl.col("previous_close") - 1)
