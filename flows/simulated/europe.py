"""European listings that never were, as an operator's own files hold them, and rates as the ECB publishes them.

Lines of Xetra and London, some of Paris, Zurich and Stockholm, on the sessions of New York. On a holiday of its own
exchange a line repeats its last close without a volume, as docs/schemes.md asks for, or is absent. Counts of shares
stand still, so that a cap is price times count on every day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import exchange_calendars
import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.edge.encoded import zipped
from flows.market_calendar import FIRST_DAY, sessions_between
from flows.simulated.formats import csv

PENCE = "GBp"
LARGEST, SMALLEST = 190e9, 4e6
"""Caps before the first session lie evenly between them in logs, in units of the currency."""
_SYLLABLES = ("bel", "cor", "dan", "fer", "gol", "hav", "jun", "kel", "lor", "mav", "nor", "pel", "rud", "sol", "vin")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NOISE = 0.014
_UNTOLD = 9
"""Of every ninth company nobody tells the free float."""
_START, _SPREAD = {"USD": 1.08, "GBP": 0.85, "CHF": 0.95, "SEK": 11.3}, 0.004


@dataclass(frozen=True)
class Place:
    """An exchange: how the operator calls it, its calendar, the currency it quotes in, and how companies are named."""

    exchange: str
    calendar: str
    currency: str
    country: str
    letter: str
    ending: str


XETRA = Place("xetra", "XETR", "EUR", "Germany", "G", "AG O.N.")
LONDON = Place("lse", "XLON", PENCE, "United Kingdom", "L", "PLC ORD 1P")
ELSEWHERE = (
    Place("paris", "XPAR", "EUR", "France", "F", "SA"),
    Place("zurich", "XSWX", "CHF", "Switzerland", "Z", "N"),
    Place("stockholm", "XSTO", "SEK", "Sweden", "S", "AB"),
)


@dataclass(frozen=True)
class Listing:
    """A company's one line. ``price`` is quoted before the first session (London: pence); it stays if not `moves`."""

    place: Place
    symbol: str
    name: str
    price: float
    shares: int
    float_share: float | None = None
    moves: bool = True


@dataclass(frozen=True)
class Jump:
    """From that session on a line's price is so many times what it would have been."""

    symbol: str
    on: date
    factor: float


@dataclass(frozen=True)
class EuropeanMarket:
    """So many companies of each place, and those ``beside`` them; the same for the same arguments."""

    first: date
    last: date
    german: int = 180
    british: int = 420
    elsewhere: int = 30
    beside: tuple[Listing, ...] = ()
    jumps: tuple[Jump, ...] = ()
    repeats_closes: bool = True
    """Whether lines have a row on the holidays of their exchange."""
    seed: int = 11

    @cached_property
    def sessions(self) -> list[date]:
        """Sessions of New York."""
        return sessions_between(self.first, self.last)

    @cached_property
    def listings(self) -> list[Listing]:
        """All lines, of each place the largest first."""
        rng = np.random.default_rng([self.seed, 1])
        counts = ((XETRA, self.german), (LONDON, self.british), *((place, self.elsewhere // 3) for place in ELSEWHERE))
        return [*(line for place, count in counts for line in _of_place(place, count, rng)), *self.beside]

    @cached_property
    def quotes(self) -> pl.DataFrame:
        """One row per session and line; where closes are not repeated, those whose exchange is open.

        session_date, symbol, exchange, currency, country, name, close and net_change (null on the first session) as
        quoted, volume (null on a holiday), shares, float_share, and the true cap_local in whole currencies (pounds).
        """
        lines = zip(self.listings, self._closes.T, strict=True)
        return pl.concat([self._quoted(line, closes) for line, closes in lines])

    def _quoted(self, line: Listing, closes: NDArray[np.float64]) -> pl.DataFrame:
        place, units = line.place, 100 if line.place.currency == PENCE else 1
        is_open = pl.col("session_date").is_in(self._open_days[place.calendar])
        rows = pl.DataFrame({"session_date": self.sessions, "close": closes})
        return rows.filter(is_open | pl.lit(self.repeats_closes)).select(
            "session_date",
            "close",
            net_change=(pl.col("close") - pl.col("close").shift()).round(2),
            volume=pl.when(is_open).then(pl.lit(line.shares // 300 + 1, pl.Int64)),
            shares=pl.lit(line.shares, pl.Int64),
            float_share=pl.lit(line.float_share, pl.Float64),
            cap_local=pl.col("close") * line.shares / units,
            **{name: pl.lit(getattr(place, name)) for name in ("exchange", "currency", "country")},
            **{name: pl.lit(getattr(line, name)) for name in ("symbol", "name")},
        )

    @cached_property
    def rates(self) -> pl.DataFrame:
        """One row per weekday: day, and units of each currency for one euro, as published."""
        days = [self.first + timedelta(at) for at in range(-7, (self.last - self.first).days + 1)]
        weekdays = [day for day in days if day.weekday() < 5]
        steps = np.random.default_rng([self.seed, 3]).normal(0, _SPREAD, (len(weekdays), len(_START)))
        levels = np.array(list(_START.values())) * np.exp(np.cumsum(steps, axis=0))
        return pl.DataFrame({"day": weekdays, **dict(zip(_START, levels.round(4).T, strict=True))})

    def files(self, last: date) -> Iterator[tuple[str, bytes]]:
        """Relative path and bytes of all that is there by the evening of a session, as an archive holds it."""
        columns = ("session_date", "exchange", "symbol", "close", "net_change", "currency", "name", "country", "volume")
        told = self.quotes.filter(pl.col("session_date") <= last).select(columns)
        yield "files/quotes.csv", csv(",".join(columns), told.iter_rows())
        known = self.first - timedelta(days=30)
        shares = ((line.symbol, known, line.shares) for line in self.listings)
        yield "files/share_counts.csv", csv("symbol,as_of,shares", shares)
        floats = ((line.symbol, known, line.float_share) for line in self.listings if line.float_share is not None)
        yield "files/free_float.csv", csv("symbol,as_of,float_share", floats)
        yield "ecb_fx/eurofxref-hist.zip", self._rates_zip(last)

    def _rates_zip(self, last: date) -> bytes:
        known = self.rates.filter(pl.col("day") <= last).sort("day", descending=True)
        header = f"Date,{','.join(_START)},"
        return zipped("eurofxref-hist.csv", csv(header, ((*row, None) for row in known.iter_rows())))

    @cached_property
    def _open_days(self) -> dict[str, list[date]]:
        names = {line.place.calendar for line in self.listings}
        return {name: _open_days(name, self.first, self.last) for name in sorted(names)}

    @cached_property
    def _closes(self) -> NDArray[np.float64]:
        """Session by line, as printed: two decimals; a line stands still while its exchange is closed."""
        rng = np.random.default_rng([self.seed, 2])
        steps = rng.normal(0.0002, _NOISE, (len(self.sessions), len(self.listings)))
        steps[:, [not line.moves for line in self.listings]] = 0
        for calendar, days in self._open_days.items():
            closed = [session not in days for session in self.sessions]
            steps[np.ix_(closed, [line.place.calendar == calendar for line in self.listings])] = 0
        at = {line.symbol: number for number, line in enumerate(self.listings)}
        for jump in self.jumps:
            steps[self.sessions.index(jump.on), at[jump.symbol]] += np.log(jump.factor)
        prices = np.array([line.price for line in self.listings]) * np.exp(np.cumsum(steps, axis=0))
        return np.maximum(np.round(prices, 2), 0.01)


def _of_place(place: Place, count: int, rng: np.random.Generator) -> Iterator[Listing]:
    low, high = (40.0, 4000.0) if place.currency == PENCE else (4.0, 240.0)
    units = 100 if place.currency == PENCE else 1
    for number, cap in enumerate(np.geomspace(LARGEST, SMALLEST, count)):
        price = round(float(rng.uniform(low, high)), 2)
        share = round(float(rng.uniform(0.35, 1.0)), 3)
        yield Listing(
            place,
            symbol=f"{place.letter}{_letters(number)}",
            name=f"{_name(number)}{place.letter.lower()}ar {place.ending}",
            price=price,
            shares=round(cap * units / price),
            float_share=share if number % _UNTOLD else None,
        )


def _letters(number: int) -> str:
    return "".join(_LETTERS[number // 26**power % 26] for power in (2, 1, 0))


def _name(number: int) -> str:
    base = len(_SYLLABLES)
    return "".join(_SYLLABLES[number // base**power % base] for power in (2, 1, 0)).capitalize()


def _open_days(calendar: str, first: date, last: date) -> list[date]:
    sessions = exchange_calendars.get_calendar(calendar, start=FIRST_DAY).sessions_in_range(str(first), str(last))
    return [stamp.date() for stamp in sessions]
