"""`smallcaps scheme try`: an analyst's own scheme over published history, into a file of its own.

Caps, floats and fundamentals are those of the published warehouse, as known on each session; the walk, admission and
the gate do not run again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

from flows.edge.scheme_files import load_scheme
from flows.edge.warehouse import reading
from flows.edge.what_if_file import refuse_other_file, write_trial
from flows.errors import UsageError
from flows.market_calendar import all_sessions
from flows.paths import DataPaths
from flows.steps.admit import USD_PER_UNIT
from flows.steps.base import VOLUMES
from transforms.contracts import table
from transforms.core.buckets import Intervals, pieces_by_cap, pieces_by_term, runs
from transforms.core.company_links import LINK_COLUMNS
from transforms.core.dollar_volumes import MONTHS as MONTHS_OF_VOLUME
from transforms.core.dollar_volumes import volumes_of_a_year
from transforms.core.free_float import newest_shares
from transforms.core.fundamentals import MARKET_TIME_ZONE
from transforms.core.fx import RATES, SessionRates
from transforms.core.fx_tables import as_quoted
from transforms.core.published_statements import published_statements
from transforms.core.sec_statements import QUARTER_GAP_DAYS
from transforms.measures.company_fundamentals import (
    EntityStates,
    company_fundamentals_asof,
    earns,
    entity_states,
    joined_states,
)
from transforms.measures.placement import ByCap, BySeat, Placement
from transforms.measures.segments import segment_daily, segment_inputs
from transforms.measures.spreads import valuation_spread_daily
from transforms.measures.valuation import of_members, with_fundamentals
from transforms.schemes.by_cap import is_by_cap
from transforms.schemes.market import RANKED_CAP, market_of
from transforms.schemes.model import Scheme
from transforms.schemes.registry import scheme_rows
from transforms.schemes.terms import WINDOWS, Term, is_in_window, is_near, terms, window_limits
from transforms.staging.sec_source import SEC

_CAPS = "from core.market_caps where session_date between $1 and $2"
_SIZES = "select session_date, company_id, cap_usd, currency, cap_local " + _CAPS
_LINES = """
select quotes.*, lines.company_id, lines.shares, lines.class_cap_usd, lines.price as price_usd
from core.security_caps as lines
inner join core.quotes as quotes
    on lines.security_id = quotes.security_id and lines.session_date = quotes.session_date
where lines.session_date = $1
"""
_HELD = """
select session_date, entity as company_id, last_cap_usd from ops.quarantine
where status = 'held' and last_cap_usd is not null and session_date between $1 and $2
"""
# Companies held back on a session, by the name of the last one before.
_NAMES_OF_HELD = """
select held.session_date, held.entity as company_id, held.last_cap_usd as cap_usd,
    max_by(caps.ticker, caps.session_date) as ticker
from ops.quarantine as held
inner join core.market_caps as caps
    on held.entity = caps.company_id and caps.session_date < held.session_date
where held.session_date = $1 and held.status = 'held' and held.last_cap_usd is not null
group by all
"""


_NOTHING = pl.lit(None, pl.Float64)

Query = Callable[..., pl.DataFrame]
"""Rows of a SELECT over the warehouse, with values for its parameters."""


@dataclass(frozen=True)
class Trial:
    """What came out: the file, the sessions, and its tables by name."""

    path: Path
    sessions: list[date]
    tables: Mapping[str, pl.DataFrame]

    @property
    def segments(self) -> pl.DataFrame:
        """The buckets on the last session."""
        last = self.tables["marts.segment_daily"].filter(pl.col("session_date") == self.sessions[-1])
        return last.select("segment", "company_count", "market_cap_usd", "cap_share").sort("market_cap_usd")


def try_scheme(paths: DataPaths, file: Path, first: date, last: date, out: Path | None = None) -> Trial:
    """Apply the scheme of a file to the published sessions from ``first`` to ``last``.

    Raises:
        UsageError: the file says what no scheme can, no session is published there, or ``out`` is no trial's file.
        MissingData: nothing is published.
    """
    scheme = load_scheme(file)
    path = out or paths.root / "schemes" / f"{scheme.id}-{first}-{last}.duckdb"
    with reading(paths.warehouse) as con:

        def query(sql: str, *values: object) -> pl.DataFrame:
            return con.execute(sql, values).pl()

        published = query("select session_date from ops.sessions where status = 'published' order by 1")
        sessions = [day for day in published["session_date"].to_list() if first <= day <= last]
        if not sessions:
            raise UsageError(f"No session from {first} to {last} is published.", next_step="See: smallcaps status")
        refuse_other_file(path, paths.warehouse)
        tables = _Attempt(query, scheme, sessions, published["session_date"].to_list()).tables()
    write_trial(path, paths.warehouse, tables, sessions)
    return Trial(path, sessions, tables)


def published_states(fundamentals: pl.DataFrame, first: date, last: date) -> EntityStates:
    """What core.fundamentals says of entities; quarters of filings may lie further apart, as in the run before."""
    is_filed = pl.col("source") == SEC
    return joined_states(
        entity_states(published_statements(fundamentals.filter(is_filed)), first, last, QUARTER_GAP_DAYS),
        entity_states(published_statements(fundamentals.filter(~is_filed)), first, last),
    )


class _Attempt:
    """One scheme over the sessions of an open warehouse."""

    def __init__(self, query: Query, scheme: Scheme, sessions: list[date], published: list[date]) -> None:
        self._query, self._scheme, self._sessions, self._published = query, scheme, sessions, published
        self._fundamentals = query("from core.fundamentals")
        self._links = query("from core.entity_links").select(LINK_COLUMNS.keys())
        self._securities = query("from core.securities")
        self._floats = query("from core.free_float")
        self._rates = SessionRates(query("from core.fx_rates").select(RATES.keys()))
        self._states = published_states(self._fundamentals, published[0], sessions[-1])

    def tables(self) -> dict[str, pl.DataFrame]:
        """Tables of the trial by name, in the shape of their contracts."""
        placement, limits, intervals = self._placed()
        segments, valuations = [], []
        for caps, held, previous in self._quarters():
            known = company_fundamentals_asof(caps, self._links, self._states)
            placed = placement.place(with_fundamentals(caps, known), "session_date", "cap_usd")
            members = placed.with_columns(scheme_id=pl.lit(self._scheme.id))
            segments.append(segment_daily(self._scheme.id, placement, segment_inputs(caps, held, previous), members))
            valuations += [of_members(members)] if members.height else []
        valued = table("marts.valuation_daily").stacked(valuations)
        return {
            "core.bucket_schemes": scheme_rows([self._scheme]),
            "core.bucket_memberships": intervals.rows(),
            "marts.scheme_breakpoints": table("marts.scheme_breakpoints").stacked(limits),
            "marts.segment_daily": table("marts.segment_daily").stacked(segments),
            "marts.valuation_daily": valued,
            "marts.valuation_spread_daily": valuation_spread_daily(valued),
        }

    def _placed(self) -> tuple[Placement, list[pl.DataFrame], Intervals]:
        held: list[Term] = []
        caps = self._query(_SIZES, self._sessions[0], self._sessions[-1])
        if is_by_cap(self._scheme):
            placement: Placement = (by_cap := ByCap(self._scheme, self._rates.of))
            pieces = pieces_by_cap(by_cap.distances(caps), self._sessions)
        else:
            held = terms(self._scheme, None, self._sessions, None, all_sessions(), self, self._rates.of)
            placement = BySeat(held, caps["company_id"].unique(), None)
            pieces = pieces_by_term(held, runs(caps, self._sessions), self._sessions)
        intervals = Intervals.on(table("core.bucket_memberships").empty())
        intervals.add(self._scheme.id, pieces, self._sessions)
        return placement, [term.limits for term in held], intervals

    def at(self, session: date) -> pl.DataFrame:
        """MARKET of a published session (see `transforms.schemes.terms.Markets`)."""
        lines = self._query(_LINES, session)
        rates = [(session, *rate) for rate in self._rates.on(session).items()]
        usd_per_unit = pl.DataFrame(rates, USD_PER_UNIT, orient="row")
        named = self._query(_NAMES_OF_HELD, session).with_columns(price=_NOTHING, shares=_NOTHING)
        held = as_quoted(named, lines, usd_per_unit)
        caps = self._query(_CAPS, session, session)
        both = pl.concat([caps.select(RANKED_CAP), held.select(RANKED_CAP)])
        return market_of(session, both, lines, self._securities, self._told(session, both))

    def _told(self, session: date, caps: pl.DataFrame) -> list[pl.DataFrame]:
        """What else is known of companies, by their ids."""
        public_by = pl.col("known_at").dt.convert_time_zone(MARKET_TIME_ZONE).dt.date() <= session
        dated = caps.with_columns(session_date=pl.lit(session, pl.Date))
        known = company_fundamentals_asof(dated, self._links, self._states)
        volumes = self._query(VOLUMES, session, MONTHS_OF_VOLUME - 1)
        return [
            newest_shares(self._floats.filter(public_by), session),
            known.select("company_id", earns=earns()),
            volumes_of_a_year(volumes, session),
        ]

    def ranked_on(self, session: date) -> pl.DataFrame | None:
        """MARKET of the last published session of a month, if it is near its end."""
        first = session.replace(day=1)
        of_month = [day for day in self._published if first <= day <= session]
        if not of_month or not is_near(of_month[-1], session):
            return None
        return self.at(of_month[-1])

    def window(self, scheme: Scheme, session: date) -> pl.DataFrame:
        """WINDOWS of the scheme in the month of a session."""
        of_month = [day for day in self._published if session.replace(day=1) <= day <= session]
        during = [day for day in of_month if is_in_window(scheme, all_sessions(), day)]
        found = [window_limits(scheme, day, self.at(day), self._rates.of(scheme.currency, day)) for day in during]
        return pl.concat([pl.DataFrame(schema=WINDOWS), *found])

    def _quarters(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
        """Caps, companies held back and the session before each session, quarter by quarter."""
        before = dict(zip(self._published[1:], self._published, strict=False))
        for _, days in groupby(self._sessions, key=lambda day: (day.year, (day.month - 1) // 3)):
            part = list(days)
            previous = pl.DataFrame(
                {"session_date": part, "last_admitted": [before.get(day) for day in part]},
                schema={"session_date": pl.Date, "last_admitted": pl.Date},
            )
            yield (
                self._query(_CAPS, part[0], part[-1]),
                self._query(_HELD, part[0], part[-1]),
                previous,
            )
