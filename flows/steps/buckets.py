"""Every enabled scheme from chunk to chunk of a run: what it ranks, who has which seat, who is in which bucket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import polars as pl

from flows.market_calendar import all_sessions
from flows.steps.admit import Judged
from flows.steps.base import Base
from flows.steps.filers import FloatBook
from transforms.contracts import table
from transforms.core.buckets import Intervals, pieces_by_cap, pieces_by_term, runs
from transforms.core.dollar_volumes import volumes_of_a_year, with_volumes
from transforms.core.fx import RATES, SessionRates
from transforms.core.fx_tables import as_quoted, price_in_usd
from transforms.measures.company_fundamentals import earns
from transforms.measures.placement import ByCap, BySeat, Placement
from transforms.schemes.by_cap import is_by_cap
from transforms.schemes.checks import MOST_MONTHS_BEFORE
from transforms.schemes.market import MARKET, RANKED_CAP, market_of
from transforms.schemes.model import Scheme
from transforms.schemes.seats import SEATS
from transforms.schemes.terms import LIMITS_OF_REVIEW, WINDOWS, is_in_window, is_near, terms, window_limits

MONTHS_KEPT = MOST_MONTHS_BEFORE + 1
"""Ends of months that coming reviews may rank, the running one's included."""


KnownOf = Callable[[pl.DataFrame], pl.DataFrame]
"""company_fundamentals_asof of rows with session_date, company_id and cap_usd."""


@dataclass
class Bucketing:
    """What the schemes remember between chunks; `flows.steps.base` reads it back for a night."""

    schemes: Mapping[str, Scheme]
    seats: dict[str, pl.DataFrame | None]
    """SEATS of schemes with reviews; None before the first session."""
    intervals: dict[str, Intervals]
    markets: dict[date, pl.DataFrame]
    """First day of a month to the MARKET of its last admitted session so far."""
    volumes: pl.DataFrame
    """MONTHLY_VOLUMES."""
    floats: FloatBook
    rates: SessionRates
    windows: pl.DataFrame
    """WINDOWS of the months kept."""
    limits: list[pl.DataFrame] = field(default_factory=lambda: [pl.DataFrame(schema=LIMITS_OF_REVIEW)])

    @classmethod
    def on(cls, schemes: Mapping[str, Scheme], base: Base, floats: FloatBook, rates: pl.DataFrame) -> "Bucketing":
        """As the base has it; schemes that it does not know begin with its next session."""
        begun = set(base.schemes["scheme_id"])
        return cls(
            schemes,
            {name: base.seats.filter(pl.col("scheme_id") == name).select(SEATS.keys()) if name in begun else None
             for name, scheme in schemes.items() if not is_by_cap(scheme)},
            {name: Intervals.on(base.memberships.filter(pl.col("scheme_id") == name)) for name in schemes},
            {day.replace(day=1): rows.select(MARKET.keys())
             for (day,), rows in base.markets.partition_by("session_date", as_dict=True).items()},
            base.volumes,
            floats,
            SessionRates(rates.select(RATES.keys())),
            base.windows.select(WINDOWS.keys()),
        )  # fmt: skip

    def see(self, judged: Judged, caps: pl.DataFrame, known_of: KnownOf, securities: pl.DataFrame) -> "ChunkMarkets":
        """What reviews may rank in a chunk; ``forget`` it when all have.

        ``caps``: core.market_caps of the chunk, ``known_of``: what was known of companies on a session,
        ``securities``: core.securities so far.
        """
        self.floats.see(caps, securities)
        markets = ChunkMarkets(self, judged, caps, known_of, securities)
        markets.keep_ends_of_months()
        markets.keep_windows()
        return markets

    def place(
        self, judged: Judged, caps: pl.DataFrame, markets: "ChunkMarkets", before: date | None
    ) -> dict[str, Placement]:
        """Where each scheme has the companies of a chunk; memberships, seats and limits go on with it.

        ``caps``: core.market_caps of the chunk, ``before``: the admitted session before the chunk.
        """
        scope = [*([before] if before else []), *judged.admitted]
        present = runs(caps, scope)
        placements: dict[str, Placement] = {}
        companies = pl.concat([caps["company_id"], judged.held["company_id"]]).unique()
        for name, scheme in self.schemes.items():
            if name not in self.seats:
                placements[name] = by_cap = ByCap(scheme, self.rates.of)
                pieces = pieces_by_cap(by_cap.distances(caps), scope)
            else:
                held = terms(scheme, self.seats[name], judged.admitted, before, all_sessions(), markets, self.rates.of)
                self.limits += [term.limits for term in held]
                carried = self.seats[name]
                self.seats[name] = held[-1].seats
                placements[name] = BySeat(held, companies, carried)
                pieces = pieces_by_term(held, present, scope)
            self.intervals[name].add(name, pieces, scope)
        self.volumes = with_volumes(self.volumes, caps)
        return placements

    def memberships(self) -> pl.DataFrame:
        """All rows of core.bucket_memberships."""
        return table("core.bucket_memberships").stacked(known.rows() for known in self.intervals.values())

    def seat_rows(self) -> pl.DataFrame:
        """All rows of ops.scheme_seats."""
        held = [seats.with_columns(scheme_id=pl.lit(name)) for name, seats in self.seats.items() if seats is not None]
        return table("ops.scheme_seats").stacked(held)

    def market_rows(self) -> pl.DataFrame:
        """All rows of ops.scheme_markets."""
        contract = table("ops.scheme_markets")
        return contract.conform(pl.concat([pl.DataFrame(schema=MARKET), *self.markets.values()]))

    def window_rows(self) -> pl.DataFrame:
        """All rows of ops.scheme_windows."""
        return table("ops.scheme_windows").conform(self.windows)

    def breakpoints(self) -> pl.DataFrame:
        """The rows of marts.scheme_breakpoints of this run."""
        return table("marts.scheme_breakpoints").conform(pl.concat(self.limits))


class ChunkMarkets:
    """What schemes may rank in a chunk: any of its sessions, and the ends of the last months."""

    def __init__(
        self,
        bucketing: Bucketing,
        judged: Judged,
        caps: pl.DataFrame,
        known_of: KnownOf,
        securities: pl.DataFrame,
    ) -> None:
        self._bucketing, self._judged, self._caps, self._known_of = bucketing, judged, caps, known_of
        self._securities = securities
        self._made: dict[date, pl.DataFrame] = {}

    def at(self, session: date) -> pl.DataFrame:
        """MARKET of an admitted session of the chunk."""
        if session not in self._made:
            self._made[session] = self._market(session, for_additions=True)
        return self._made[session]

    def ranked_on(self, session: date) -> pl.DataFrame | None:
        """MARKET of the last session of a month, or the last admitted one shortly before."""
        market = self._bucketing.markets.get(session.replace(day=1))
        if market is None or market.is_empty():
            return None
        seen: date = market["session_date"][0]
        return market if is_near(seen, session) else None

    def keep_ends_of_months(self) -> None:
        """Keep the market of each month's last admitted session so far."""
        for month, sessions in groupby(self._judged.admitted, key=lambda session: session.replace(day=1)):
            self._bucketing.markets[month] = self.at(list(sessions)[-1])

    def keep_windows(self) -> None:
        """Keep the limits of each session on which a provider may rank unsaid."""
        kept = [self._bucketing.windows]
        for name in self._bucketing.seats:
            scheme = self._bucketing.schemes[name]
            for session in self._judged.admitted:
                if is_in_window(scheme, all_sessions(), session):
                    rate = self._bucketing.rates.of(scheme.currency, session)
                    kept.append(window_limits(scheme, session, self._market(session, for_additions=False), rate))
        self._bucketing.windows = pl.concat(kept)

    def window(self, scheme: Scheme, session: date) -> pl.DataFrame:
        """WINDOWS of a scheme in the month of a session."""
        of_month = pl.col("session_date").dt.truncate("1mo") == session.replace(day=1)
        return self._bucketing.windows.filter((pl.col("scheme_id") == scheme.id) & of_month)

    def forget(self) -> None:
        """Keep no more months than a review may look back."""
        markets = self._bucketing.markets
        self._bucketing.markets = {month: markets[month] for month in sorted(markets)[-MONTHS_KEPT:]}
        of_kept = pl.col("session_date").dt.truncate("1mo").is_in(list(self._bucketing.markets))
        self._bucketing.windows = self._bucketing.windows.filter(of_kept)

    def _market(self, session: date, *, for_additions: bool) -> pl.DataFrame:
        """``for_additions``: with earnings and volumes, which no limit hangs on."""
        on = pl.col("session_date") == session
        usd_per_unit = self._judged.usd_per_unit
        lines = self._judged.lines.filter(on & pl.col("class_convention").is_not_null())
        priced = lines.with_columns(price_usd=price_in_usd(lines, usd_per_unit))
        held = as_quoted(_at_last_cap(self._judged.held.filter(on)), lines, usd_per_unit)
        caps = pl.concat([self._caps.filter(on).select(RANKED_CAP), held.select(RANKED_CAP)])
        floats = self._bucketing.floats.shares_on(session, self._securities.filter(pl.col("valid_from") <= session))
        told = [floats, *(self._of_additions(session, caps) if for_additions else [])]
        return market_of(session, caps, priced, self._securities, told)

    def _of_additions(self, session: date, caps: pl.DataFrame) -> list[pl.DataFrame]:
        known = self._known_of(caps.with_columns(session_date=pl.lit(session, pl.Date)))
        months = with_volumes(self._bucketing.volumes, self._caps.filter(pl.col("session_date") <= session))
        return [
            known.select("company_id", earns=earns()),
            volumes_of_a_year(months, session),
        ]


def _at_last_cap(held: pl.DataFrame) -> pl.DataFrame:
    """Companies held back, ranked by the cap that stood before: a doubt of one day must not cost anybody a seat."""
    known = held.filter(pl.col("anchor_cap_usd").is_not_null())
    nothing = pl.lit(None, pl.Float64)
    return known.select("session_date", "company_id", "ticker", cap_usd="anchor_cap_usd", price=nothing, shares=nothing)
