"""`smallcaps scheme try`: an analyst's own scheme over published history, into a file of its own.

Caps, floats and fundamentals are those of the published warehouse, as known on each session; the walk, admission and
the gate do not run again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

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
from transforms.core.statements_in_usd import in_usd
from transforms.measures.company_fundamentals import (
    EntityStates,
    company_fundamentals_asof,
    earns,
    entity_states,
    joined_states,
)
from transforms.measures.company_traits import NOT_TOLD, with_traits
from transforms.measures.placement import ByCap, BySeat, Placement
from transforms.measures.sector_neutral import sector_neutral_daily
from transforms.measures.segments import segment_daily, segment_inputs
from transforms.measures.spreads import valuation_spread_daily
from transforms.measures.statement_lines import EntityLines, entity_lines, joined_lines, with_statement_lines
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
        history = open_history(lambda sql, *values: con.execute(sql, values).pl(), first, last)
        refuse_other_file(path, paths.warehouse)
        attempt = Attempt(scheme, history)
        for quarter in history.quarters():
            attempt.measure(quarter)
        tables = attempt.tables()
    write_trial(path, paths.warehouse, tables, history.sessions)
    return Trial(path, history.sessions, tables)


def open_history(query: Query, first: date, last: date) -> "History":
    """The published sessions from ``first`` to ``last``.

    Raises:
        UsageError: there is none.
    """
    published = query("select session_date from ops.sessions where status = 'published' order by 1")["session_date"]
    sessions = [day for day in published if first <= day <= last]
    if not sessions:
        raise UsageError(f"No session from {first} to {last} is published.", next_step="See: smallcaps status")
    return History(query, sessions, published.to_list())


def published_states(
    fundamentals: pl.DataFrame, rates: pl.DataFrame, first: date, last: date
) -> tuple[EntityStates, EntityLines]:
    """What core.fundamentals says of entities; quarters of filings may lie further apart, as in the run before."""
    is_filed = pl.col("source") == SEC
    filed, told = (in_usd(published_statements(fundamentals.filter(part)), rates) for part in (is_filed, ~is_filed))
    return (
        joined_states(entity_states(filed, first, last, QUARTER_GAP_DAYS), entity_states(told, first, last)),
        joined_lines(entity_lines(filed, first, last, QUARTER_GAP_DAYS), entity_lines(told, first, last)),
    )


class Quarter(NamedTuple):
    """Published sessions of one quarter: caps, companies held back, the session before each, what was known."""

    caps: pl.DataFrame
    held: pl.DataFrame
    previous: pl.DataFrame
    rows: pl.DataFrame
    """Caps `with_fundamentals` and `with_traits`."""


class History:
    """What an open warehouse tells schemes of its sessions; it is their Markets (`transforms.schemes.terms`)."""

    def __init__(self, query: Query, sessions: list[date], published: list[date]) -> None:
        """``sessions``: those that schemes are applied to, of all ``published`` ones."""
        self.sessions, self._query, self._published = sessions, query, published
        self._links = query("from core.entity_links").select(LINK_COLUMNS.keys())
        self._securities = query("from core.securities")
        self._floats = query("from core.free_float")
        rates = query("from core.fx_rates").select(RATES.keys())
        self._states, self._lines = published_states(query("from core.fundamentals"), rates, published[0], sessions[-1])
        self.rates = SessionRates(rates)
        self.at = cache(partial(self._market, for_additions=True))
        """MARKET of a published session."""

    @cached_property
    def sizes(self) -> pl.DataFrame:
        """session_date, company_id, cap_usd, currency and cap_local of all sessions."""
        return self._query(_SIZES, self.sessions[0], self.sessions[-1])

    @cached_property
    def present(self) -> pl.DataFrame:
        """RUNS of the companies with a cap."""
        return runs(self.sizes, self.sessions)

    def quarters(self) -> Iterator[Quarter]:
        """The sessions quarter by quarter: more at once do not fit into memory."""
        before = dict(zip(self._published[1:], self._published, strict=False))
        for _, days in groupby(self.sessions, key=lambda day: (day.year, (day.month - 1) // 3)):
            part = list(days)
            previous = pl.DataFrame(
                {"session_date": part, "last_admitted": [before.get(day) for day in part]},
                schema={"session_date": pl.Date, "last_admitted": pl.Date},
            )
            caps = self._query(_CAPS, part[0], part[-1])
            known = company_fundamentals_asof(caps, self._links, self._states)
            rows = with_fundamentals(caps, with_statement_lines(known, self._lines))
            held = self._query(_HELD, part[0], part[-1])
            yield Quarter(caps, held, previous, with_traits(rows, self._securities, NOT_TOLD))

    def ranked_on(self, session: date) -> pl.DataFrame | None:
        """MARKET of the last published session of a month, if it is near its end."""
        of_month = self._of_month(session)
        return self.at(of_month[-1]) if of_month and is_near(of_month[-1], session) else None

    def window(self, scheme: Scheme, session: date) -> pl.DataFrame:
        """WINDOWS of the scheme in the month of a session."""
        during = [day for day in self._of_month(session) if is_in_window(scheme, all_sessions(), day)]
        found = [self._limits(scheme, day) for day in during]
        return pl.concat([pl.DataFrame(schema=WINDOWS), *found])

    def _limits(self, scheme: Scheme, session: date) -> pl.DataFrame:
        market = self._market(session, for_additions=False)
        return window_limits(scheme, session, market, self.rates.of(scheme.currency, session))

    def _of_month(self, session: date) -> list[date]:
        return [day for day in self._published if session.replace(day=1) <= day <= session]

    def _market(self, session: date, *, for_additions: bool) -> pl.DataFrame:
        """``for_additions``: with earnings and volumes, which no limit hangs on."""
        lines = self._query(_LINES, session)
        rates = [(session, *rate) for rate in self.rates.on(session).items()]
        usd_per_unit = pl.DataFrame(rates, USD_PER_UNIT, orient="row")
        named = self._query(_NAMES_OF_HELD, session).with_columns(price=_NOTHING, shares=_NOTHING)
        held = as_quoted(named, lines, usd_per_unit)
        caps = self._query(_CAPS, session, session)
        both = pl.concat([caps.select(RANKED_CAP), held.select(RANKED_CAP)])
        public_by = pl.col("known_at").dt.convert_time_zone(MARKET_TIME_ZONE).dt.date() <= session
        floats = newest_shares(self._floats.filter(public_by), session)
        told = [floats, *(self._of_additions(session, both) if for_additions else [])]
        return market_of(session, both, lines, self._securities, told)

    def _of_additions(self, session: date, caps: pl.DataFrame) -> list[pl.DataFrame]:
        dated = caps.with_columns(session_date=pl.lit(session, pl.Date))
        known = company_fundamentals_asof(dated, self._links, self._states)
        volumes = self._query(VOLUMES, session, MONTHS_OF_VOLUME - 1)
        return [
            known.select("company_id", earns=earns()),
            volumes_of_a_year(volumes, session),
        ]


class Attempt:
    """One scheme over history: placed at once, measured quarter by quarter."""

    def __init__(self, scheme: Scheme, history: History) -> None:
        """Place the companies of all sessions."""
        self._scheme = scheme
        self._terms: list[Term] = []
        self._segments: list[pl.DataFrame] = []
        self._valuations: list[pl.DataFrame] = []
        self._within_sectors: list[pl.DataFrame] = []
        sessions, rate = history.sessions, history.rates.of
        if is_by_cap(scheme):
            self._placement: Placement = (by_cap := ByCap(scheme, rate))
            pieces = pieces_by_cap(by_cap.distances(history.sizes), sessions)
        else:
            self._terms = terms(scheme, None, sessions, None, all_sessions(), history, rate)
            self._placement = BySeat(self._terms, history.present["company_id"].unique(), None)
            pieces = pieces_by_term(self._terms, history.present, sessions)
        self._intervals = Intervals.on(table("core.bucket_memberships").empty())
        self._intervals.add(scheme.id, pieces, sessions)

    def measure(self, quarter: Quarter) -> None:
        """Add what the segments of a quarter are worth."""
        caps, held, previous, rows = quarter
        placed = self._placement.place(rows, "session_date", "cap_usd")
        members = placed.with_columns(scheme_id=pl.lit(self._scheme.id))
        inputs = segment_inputs(caps, held, previous)
        self._segments.append(segment_daily(self._scheme.id, self._placement, inputs, members))
        if members.height:
            self._valuations.append(of_members(members))
            self._within_sectors.append(sector_neutral_daily(members, self._scheme.id))

    def tables(self) -> dict[str, pl.DataFrame]:
        """Tables of the trial by name, in the shape of their contracts."""
        valued = table("marts.valuation_daily").stacked(self._valuations)
        return {
            "core.bucket_schemes": scheme_rows([self._scheme]),
            "core.bucket_memberships": self._intervals.rows(),
            "marts.scheme_breakpoints": table("marts.scheme_breakpoints").stacked(t.limits for t in self._terms),
            "marts.segment_daily": table("marts.segment_daily").stacked(self._segments),
            "marts.valuation_daily": valued,
            "marts.valuation_spread_daily": valuation_spread_daily(valued),
            "marts.sector_neutral_daily": table("marts.sector_neutral_daily").stacked(self._within_sectors),
        }
