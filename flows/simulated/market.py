"""The simulated market's truth: what every line closed at, how many shares there were, what companies are worth."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.market_calendar import early_closes, sessions_between
from flows.simulated.securities import Line, Listings, listings

Floats = NDArray[np.float64]
_MARKET_DRIFT, _MARKET_NOISE, _OWN_NOISE = 0.00035, 0.0085, 0.013
HALF_DAY = 0.55
"""Shares traded on a half day, against those of a whole one."""
_LARGEST_MOVE = 0.09
"""Own moves are cut here: a step of 0.3 in logs in one session is what admission takes for an error."""


@dataclass(frozen=True)
class Market:
    """A market of `companies` companies over the exchange's real sessions, the same for the same arguments.

    Its frames are the truth; what vendors make of it is in `flows.simulated.served`.
    """

    first: date
    last: date
    companies: int = 400
    seed: int = 7

    @cached_property
    def sessions(self) -> list[date]:
        """The sessions, holidays left out."""
        return sessions_between(self.first, self.last)

    @cached_property
    def listings(self) -> Listings:
        """Lines, events and the cast of awkward cases."""
        return listings(self.seed, self.companies, len(self.sessions))

    @property
    def lines(self) -> list[Line]:
        """Every line that is ever quoted."""
        return self.listings.lines

    def position(self, session: date) -> int:
        """Where a session stands among all.

        Raises:
            ValueError: the market has no such session.
        """
        return self.sessions.index(session)

    @cached_property
    def quotes(self) -> pl.DataFrame:
        """One row per session and quoted line, by session and line.

        session_date, key, company, symbol, name, exchange, close, previous_close (split-adjusted; null on the line's
        first session), volume, shares (of the class, true), printed_shares (behind the vendor's cap), printed.
        """
        count, days = len(self.lines), len(self.sessions)
        at = np.tile(np.arange(count), days)
        frame = pl.DataFrame(
            {
                "session_date": np.repeat(np.array(self.sessions, dtype="datetime64[D]"), count),
                "position": np.repeat(np.arange(days), count),
                "line": at,
                "close": self._closes.ravel(),
                "previous_close": self._previous_closes.ravel(),
                "volume": self._volumes.ravel(),
                "shares": self._shares(lagging=False).ravel(),
                "printed_shares": self._shares(lagging=True).ravel(),
            }
        )
        quoted = frame.join(self._line_frame, on="line", how="left", maintain_order="left").filter(
            pl.col("position").is_between("first", "last")
        )
        return self._renamed(quoted).with_columns(
            pl.when(pl.col("position") > pl.col("first")).then("previous_close"), printed=self._printed()
        )

    @cached_property
    def caps(self) -> pl.DataFrame:
        """One row per session and company: session_date, company, cap_usd (float), shares, and its lines' symbols."""
        worth = pl.col("close") * pl.col("shares")
        return (
            self.quotes.filter(pl.col("company") != "")
            .group_by("session_date", "company", maintain_order=True)
            .agg(cap_usd=worth.sum(), shares=pl.col("shares").sum(), symbols="symbol")
        )

    @cached_property
    def _line_frame(self) -> pl.DataFrame:
        rows = [
            {
                "line": number,
                "key": line.key,
                "company": line.company,
                "symbol": line.symbol,
                "name": line.name,
                "exchange": line.exchange,
                "line_printed": line.printed,
                "first": line.first,
                "last": len(self.sessions) - 1 if line.last is None else line.last,
            }
            for number, line in enumerate(self.lines)
        ]
        return pl.DataFrame(rows)

    @cached_property
    def _closes(self) -> Floats:
        """Session by line, as printed: cents, below a dollar hundredths of a cent."""
        walks = list(dict.fromkeys(line.walk for line in self.lines))
        days = len(self.sessions)
        rng = np.random.default_rng([self.seed, 2])
        market = rng.normal(_MARKET_DRIFT, _MARKET_NOISE, (days, 1))
        own = np.clip(rng.normal(0, _OWN_NOISE, (days, len(walks))), -_LARGEST_MOVE, _LARGEST_MOVE)
        grown = np.exp(np.cumsum(market + own, axis=0))
        column = [walks.index(line.walk) for line in self.lines]
        start = np.array([line.price for line in self.lines])
        return _printed_price(start * grown[:, column] / self._factors(lagging=False))

    @cached_property
    def _previous_closes(self) -> Floats:
        factors = self._factors(lagging=False)
        before = np.vstack([self._closes[:1], self._closes[:-1]])
        change = factors / np.vstack([factors[:1], factors[:-1]])
        return np.round(before / change, 4)

    @cached_property
    def _volumes(self) -> NDArray[np.int64]:
        rng = np.random.default_rng([self.seed, 3])
        hours = np.where([day in early_closes() for day in self.sessions], HALF_DAY, 1.0)[:, None]
        turnover = rng.uniform(0.002, 0.009, self._closes.shape) * hours
        volumes: NDArray[np.int64] = np.round(self._shares(lagging=False) * turnover).astype(np.int64) + 1
        return volumes

    def _shares(self, *, lagging: bool) -> Floats:
        """Session by line; counts drift by buybacks and issues, four times a year."""
        start = np.array([line.shares for line in self.lines])
        quarter = np.array([(day.year * 12 + day.month - 1) // 3 for day in self.sessions])
        rng = np.random.default_rng([self.seed, 4])
        steps = 1 + rng.uniform(-0.004, 0.004, (quarter[-1] - quarter[0] + 1, len(start)))
        drift = np.cumprod(steps, axis=0)[quarter - quarter[0]]
        shares: Floats = np.round(start * drift * self._factors(lagging=lagging))
        return shares

    def _factors(self, *, lagging: bool) -> Floats:
        """Session by line: shares for one share of the first session, or what the vendor takes for that."""
        factors = np.ones((len(self.sessions), len(self.lines)))
        keys = [line.key for line in self.lines]
        for split in self.listings.splits:
            factors[split.at + (split.lag if lagging else 0) :, keys.index(split.key)] *= split.ratio
        return factors

    def _renamed(self, quoted: pl.DataFrame) -> pl.DataFrame:
        for rename in self.listings.renames:
            is_it = (pl.col("key") == rename.key) & (pl.col("position") >= rename.at)
            quoted = quoted.with_columns(
                symbol=pl.when(is_it).then(pl.lit(rename.symbol)).otherwise("symbol"),
                name=pl.when(is_it).then(pl.lit(rename.name)).otherwise("name"),
            )
        return quoted

    def _printed(self) -> pl.Expr:
        printed = pl.col("line_printed")
        for gap in self.listings.unpriced:
            is_it = (pl.col("key") == gap.key) & pl.col("position").is_between(gap.at, gap.until - 1)
            printed = pl.when(is_it).then(pl.lit(gap.printed)).otherwise(printed)
        return printed


def _printed_price(prices: Floats) -> Floats:
    return np.where(prices >= 1, np.round(prices, 2), np.maximum(np.round(prices, 4), 0.0001))
