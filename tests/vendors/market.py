"""A tiny stock market that never was, written as the vendors' own files.

Everything follows from one seed: listings, prices, volumes and caps. A session looks the same whichever other
sessions are written. Corporate actions belong to the market; errors of the vendor are edits of one night
(see `tests.vendors.market_faults`).
"""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

from flows.market_calendar import sessions_between
from flows.simulated.securities import INDUSTRIES

FIRST = date(2024, 12, 23)
"""A short first week with a half day (24th), two holidays, a change of year and a day of mourning (9 January)."""
LAST = date(2025, 3, 31)
SESSIONS: tuple[date, ...] = tuple(sessions_between(FIRST, LAST))
EXCHANGES = ("nasdaq", "nyse", "amex")

# bucket: companies, smallest and largest cap in USD. The largest company is far below 5 % of the total, so that
# one wrong cap is quarantined and does not refuse its session.
SIZES = {
    "mega": (30, 205e9, 290e9),
    "large": (28, 12e9, 150e9),
    "mid": (28, 2.3e9, 8e9),
    "small": (44, 0.35e9, 1.7e9),
    "micro": (30, 0.06e9, 0.26e9),
    "nano": (20, 0.004e9, 0.04e9),
}
_INDUSTRIES = INDUSTRIES[:6]
_SYLLABLES = (
    "bel",
    "cor",
    "dan",
    "fer",
    "gol",
    "hav",
    "jun",
    "kel",
    "lor",
    "mav",
    "nor",
    "pel",
    "rud",
    "sol",
    "tar",
    "vin",
)

Row = dict[str, object]


@dataclass(frozen=True)
class Listing:
    """One quoted line. `cap_shares` is the count behind the vendor's cap; None prints blank, zero prints 0.00."""

    symbol: str
    name: str
    exchange: str
    price: float
    cap_shares: int | None
    traded_shares: int
    walk: str
    country: str = "United States"
    industry: str = ""
    sector: str = ""
    ipo_year: str = ""


@dataclass(frozen=True)
class Split:
    """`ratio` new shares for one old from session `on`; the vendor's count follows `lag` sessions later."""

    symbol: str
    on: date
    ratio: float
    lag: int = 0


@dataclass(frozen=True)
class Rename:
    """From session `on` the line is quoted under another symbol and name."""

    symbol: str
    on: date
    new_symbol: str
    new_name: str


@dataclass
class Night:
    """What the vendor serves after one session; edits change it before it is written."""

    market: "Market"
    session: date
    rows: dict[str, list[Row]]
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Bytes that replace an exchange's file."""

    def body(self, exchange: str) -> bytes:
        """The file of one exchange, packed as in the archive."""
        return self.bodies.get(exchange) or packed(json.dumps(self.rows[exchange]).encode())

    def row(self, symbol: str) -> Row:
        """The line of that symbol."""
        return next(row for rows in self.rows.values() for row in rows if row["symbol"] == symbol)


Edit = Callable[[Night], None]


def packed(content: bytes) -> bytes:
    """The same gzip for the same content on every day."""
    return gzip.compress(content, mtime=0)


@dataclass
class Market:
    """All listings and what happens to them."""

    seed: int = 7
    splits: tuple[Split, ...] = ()
    renames: tuple[Rename, ...] = ()

    def night(self, session: date) -> Night:
        """The vendor's rows of one session, without errors."""
        rows: dict[str, list[Row]] = {exchange: [] for exchange in EXCHANGES}
        for listing in listings(self.seed):
            rows[listing.exchange].append(self._row(listing, session))
        return Night(self, session, rows)

    def write(
        self, archive: Path, sessions: Iterable[date], edits: Mapping[date, Iterable[Edit]] | None = None
    ) -> Path:
        """Write the sessions' files below `archive`, in the archive's layout; returns the archive."""
        for session in sessions:
            night = self.night(session)
            for edit in (edits or {}).get(session, ()):
                edit(night)
            folder = archive / "nasdaq_screener" / "daily" / session.isoformat()
            folder.mkdir(parents=True, exist_ok=True)
            for exchange in night.rows:
                (folder / f"{exchange}_full_tickers.json.gz").write_bytes(night.body(exchange))
        return archive

    def close(self, listing: Listing, session: date) -> float:
        """The closing price in USD, as printed."""
        raw = listing.price * _grown(self.seed, listing.walk, session) / self._split_factor(listing, session)
        return round(raw, 2 if raw >= 1 else 4)

    def _split_factor(self, listing: Listing, session: date, *, of_count: bool = False) -> float:
        factor = 1.0
        for split in self.splits:
            since = SESSIONS[SESSIONS.index(split.on) + (split.lag if of_count else 0)]
            if split.symbol == listing.symbol and session >= since:
                factor *= split.ratio
        return factor

    def _row(self, listing: Listing, session: date) -> Row:
        close = self.close(listing, session)
        before = self._previous_close(listing, session)
        change = round(close - before, 4)
        named = next((r for r in self.renames if r.symbol == listing.symbol and session >= r.on), None)
        symbol = named.new_symbol if named else listing.symbol
        traded = _random(self.seed, "volume", listing.symbol, session).uniform(0.003, 0.009)
        factor = self._split_factor(listing, session)
        return {
            "symbol": symbol,
            "name": named.new_name if named else listing.name,
            "lastsale": f"${close:.4f}" if close < 1 else f"${close:.2f}",
            "netchange": f"{change:.4f}" if close < 1 else f"{change:.2f}",
            "pctchange": f"{100 * change / before:.3f}%",
            "volume": str(round(listing.traded_shares * factor * traded) + 1),
            "marketCap": self._cap(listing, session, close),
            "country": listing.country,
            "ipoyear": listing.ipo_year,
            "industry": listing.industry,
            "sector": listing.sector,
            "url": f"/market-activity/stocks/{symbol.lower()}",
        }

    def _previous_close(self, listing: Listing, session: date) -> float:
        """As the vendor prints it: adjusted for a split of the day."""
        at = SESSIONS.index(session)
        if at == 0:
            return listing.price
        before = self.close(listing, SESSIONS[at - 1])
        change = self._split_factor(listing, session) / self._split_factor(listing, SESSIONS[at - 1])
        return round(before / change, 4)

    def _cap(self, listing: Listing, session: date, close: float) -> str:
        if listing.cap_shares is None:
            return ""
        shares = listing.cap_shares * self._split_factor(listing, session, of_count=True)
        return f"{round(shares * close)}.00"


@cache
def listings(seed: int) -> tuple[Listing, ...]:
    """180 companies from nano to mega on three exchanges, and the lines around them that are no companies."""
    random = _random(seed)
    found: list[Listing] = []
    for size, (count, smallest, largest) in SIZES.items():
        for number in range(count):
            cap = smallest * (largest / smallest) ** random.random()
            found.append(_company(random, size, number, cap))
    return (*found, *_second_classes(found), *_not_companies(found))


def companies(seed: int, size: str) -> list[Listing]:
    """The plain companies of one size, in a fixed order."""
    return [listing for listing in listings(seed) if listing.walk.startswith(f"{size} ")][: SIZES[size][0]]


def _company(random: Random, size: str, number: int, cap: float) -> Listing:
    root = f"{''.join(random.choice(_SYLLABLES) for _ in range(3))}{_symbol(size, number)}".capitalize()
    small = size in ("nano", "micro")
    exchange = "amex" if small and number % 2 else ("nyse" if number % 5 in (1, 3) else "nasdaq")
    price = round(random.uniform(0.6, 9) if size == "nano" else random.uniform(12, 240), 2)
    industry, sector = _INDUSTRIES[number % len(_INDUSTRIES)]
    kind, country = "Common Stock", "United States"
    if size != "nano" and number % 10 == 7:
        kind, country = "American Depositary Shares", "Ireland"
    return Listing(
        symbol=_symbol(size, number),
        name=f"{root} {'plc' if country == 'Ireland' else 'Corporation'} {kind}",
        exchange=exchange,
        price=price,
        cap_shares=round(cap / price),
        traded_shares=round(cap / price),
        walk=f"{size} {number:02}",
        country=country,
        industry=industry,
        sector=sector,
        ipo_year=str(1985 + number),
    )


_LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")
_PREFIX = {"mega": "ME", "large": "LA", "mid": "MD", "small": "SM", "micro": "MC", "nano": "NA"}


def _symbol(size: str, number: int) -> str:
    """Four letters, unique: two for the size, then the number as letters."""
    return f"{_PREFIX[size]}{number:02}".translate(_LETTERS)


def _second_classes(found: list[Listing]) -> list[Listing]:
    """One class pair where each line prints the whole company's cap, and one where each prints its own."""
    whole, own = found[3], found[SIZES["mega"][0] + 4]
    both = [
        _beside(whole, f"{whole.symbol}L", "Class B Common Stock", price=round(whole.price * 0.98, 2)),
        _beside(own, f"{own.symbol[:3]}/B", "Class B Common Stock", price=own.price),
    ]
    return [
        _with_count(both[0], round((whole.cap_shares or 0) * 1.0)),
        _with_count(both[1], round((own.cap_shares or 0) * 0.35)),
    ]


def _beside(company: Listing, symbol: str, kind: str, *, price: float, cap_shares: int | None = None) -> Listing:
    root = company.name.removesuffix(" Common Stock").removesuffix(" American Depositary Shares")
    return Listing(
        symbol=symbol,
        name=f"{root} {kind}",
        exchange=company.exchange,
        price=price,
        cap_shares=cap_shares,
        traded_shares=max(company.traded_shares // 20, 1),
        walk=company.walk if "Class" in kind else f"line {symbol}",
        industry=company.industry,
        sector=company.sector,
    )


def _with_count(line: Listing, shares: int) -> Listing:
    return Listing(**{**line.__dict__, "cap_shares": shares, "traded_shares": max(shares // 3, 1)})


def _not_companies(found: list[Listing]) -> list[Listing]:
    """Preferreds print no cap; warrants, units, rights and fresh shells print zero."""
    large = [listing for listing in found if listing.walk.startswith("large") and listing.exchange == "nyse"]
    small = [listing for listing in found if listing.walk.startswith("small") and listing.exchange == "nasdaq"]
    preferred = [
        _beside(company, f"{company.symbol}^A", "5.25% Series A Cumulative Preferred Stock", price=24.5)
        for company in large[:4]
    ]
    warrants = [_beside(company, f"{company.symbol}W", "Warrants", price=0.85, cap_shares=0) for company in small[:4]]
    notes = [_beside(large[4], f"{large[4].symbol[:3]}N", "6.50% Senior Notes due 2061", price=25.1)]
    shells = [
        Listing(
            f"SPQ{letter}{suffix}",
            f"Quiet Harbor {letter} Acquisition Corp. {kind}",
            "nasdaq",
            price,
            0,
            9_000_000,
            f"shell {letter}",
        )
        for letter in "AB"
        for suffix, kind, price in (("", "Class A Ordinary Shares", 10.2), ("U", "Units", 10.3), ("R", "Rights", 0.2))
    ]
    fund = Listing("QFD", "Quiet Harbor Municipal Income Fund", "amex", 11.8, 0, 4_000_000, "fund")
    partnership = Listing(
        "QLP",
        "Tollgate Midstream L.P. Common Units",
        "nyse",
        38.0,
        60_000_000,
        60_000_000,
        "partnership",
        industry="Oil & Gas Production",
    )
    return [*preferred, *warrants, *notes, *shells, fund, partnership]


@cache
def _grown(seed: int, walk: str, session: date) -> float:
    """The product of all daily returns up to a session."""
    at = SESSIONS.index(session)
    before = _grown(seed, walk, SESSIONS[at - 1]) if at else 1.0
    market = _random(seed, "market", session).gauss(0.0004, 0.007)
    own = max(-0.06, min(0.06, _random(seed, walk, session).gauss(0, 0.014)))
    return before * (1 + market + own)


def _random(*about: object) -> Random:
    """The same numbers about the same thing, whatever else was asked before."""
    return Random(" ".join(map(str, about)))  # noqa: S311 (a market, no secret)
