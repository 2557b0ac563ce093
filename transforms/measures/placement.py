"""Rows of companies by session, placed into the buckets that a scheme has them in: what every measure starts from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from transforms.schemes.by_cap import Buckets, bucket, distance
from transforms.schemes.model import Money, Scheme
from transforms.schemes.review import HALF
from transforms.schemes.seats import NO_SEATS
from transforms.schemes.terms import Term

_WHOLE = {"is_half": pl.lit(value=False), "is_counted": pl.lit(value=True)}


class Placement(Protocol):
    """Which bucket of a scheme a company is in on each session of a run."""

    def place(self, rows: pl.DataFrame, session: str, cap: str) -> pl.DataFrame:
        """The rows of companies with a bucket: adds ``bucket`` (Enum Buckets), ``is_half`` and ``is_counted``.

        ``rows``: company_id, and the columns named ``session`` and ``cap``, the company's cap of that session in USD.
        A company that is in two buckets by halves has two rows, and is counted in one.
        """
        ...


def portion(amount: pl.Expr) -> pl.Expr:
    """A company's whole amount, or the half of it that its row of `Placement.place` stands for: together the whole."""
    half = amount // 2
    return pl.when(~pl.col("is_half")).then(amount).when("is_counted").then(amount - half).otherwise(half)


def as_whole(members: pl.DataFrame) -> pl.DataFrame:
    """Members of whom nobody said so are in their buckets as a whole."""
    return members.with_columns(told.alias(name) for name, told in _WHOLE.items() if name not in members.columns)


@dataclass(frozen=True)
class ByCap:
    """Placement by the cap of the session alone (`transforms.schemes.by_cap`)."""

    scheme: Scheme
    rate: Callable[[str, date], float | None]
    """Dollars for one unit of a currency on a day."""

    def place(self, rows: pl.DataFrame, session: str, cap: str) -> pl.DataFrame:
        """See `Placement`; a cap in the scheme's own currency (``cap_local``) is taken as it is."""
        rates = self._rates(rows, session)
        told = [
            pl.when(pl.col(session).is_in(during)).then(
                bucket(version.rule, self._in_currency(rows, session, cap, rates))
            )
            for version in self.scheme.versions
            if isinstance(version.rule, Money)
            and (during := [day for day in rates if self.scheme.version(day) is version])
        ]
        nobody = pl.lit(None, Buckets)
        return rows.with_columns(bucket=pl.coalesce(*told, nobody), **_WHOLE).filter(pl.col("bucket").is_not_null())

    def distances(self, caps: pl.DataFrame) -> pl.DataFrame:
        """session_date, company_id, bucket and distance of the companies with a bucket (rows of core.market_caps)."""
        placed = self.place(caps, "session_date", "cap_usd")
        cap = self._in_currency(placed, "session_date", "cap_usd", self._rates(placed, "session_date"))
        gap = pl.lit(None, pl.Float64)
        for version in self.scheme.versions:
            if isinstance(version.rule, Money):
                is_since = pl.col("session_date") >= pl.lit(version.effective_from, pl.Date)
                gap = pl.when(is_since).then(distance(version.rule, cap)).otherwise(gap)
        return placed.select("session_date", "company_id", pl.col("bucket").cast(pl.String), distance=gap)

    def _rates(self, rows: pl.DataFrame, session: str) -> dict[date, float]:
        days = rows[session].drop_nulls().unique().to_list()
        return {day: rate for day in days if (rate := self.rate(self.scheme.currency, day)) is not None}

    def _in_currency(self, rows: pl.DataFrame, session: str, cap: str, rates: dict[date, float]) -> pl.Expr:
        if self.scheme.currency == "USD":
            return pl.col(cap)
        rate = pl.col(session).replace_strict(list(rates), list(rates.values()), default=None, return_dtype=pl.Float64)
        if cap != "cap_usd" or "cap_local" not in rows.columns:
            return pl.col(cap) / rate
        is_own = pl.col("currency") == self.scheme.currency
        return pl.when(is_own).then(pl.col("cap_local").cast(pl.Float64)).otherwise(pl.col(cap) / rate)


class BySeat:
    """Placement by the seats of a scheme's terms, the last of which goes on to the end."""

    def __init__(self, terms: Sequence[Term], companies: pl.Series, before: pl.DataFrame | None) -> None:
        """``companies``: those whose rows are placed; ``before``: SEATS on the session before the first term."""
        self._starts = [term.first for term in terms]
        self._companies = pl.Enum(companies.sort())
        by_term = [NO_SEATS if before is None else before, *(term.seats for term in terms)]
        seats = [
            held.select(
                self._key(pl.lit(number)),
                pl.col("bucket").cast(Buckets),
                "is_counted",
                is_half=pl.col("weight") == HALF,
            )
            for number, held in enumerate(by_term)
        ]
        self._seats = pl.concat(seats).filter(pl.col("_seat").is_not_null())

    def place(self, rows: pl.DataFrame, session: str, cap: str) -> pl.DataFrame:
        """See `Placement`; the cap of the session plays no part between reviews."""
        del cap
        term = pl.lit(0)
        for number, start in enumerate(self._starts, start=1):
            term = pl.when(pl.col(session) >= pl.lit(start, pl.Date)).then(pl.lit(number)).otherwise(term)
        return rows.with_columns(self._key(term)).join(self._seats, on="_seat").drop("_seat")

    def _key(self, term: pl.Expr) -> pl.Expr:
        """Company and term in one number: over millions of rows such a join is several times faster."""
        code = pl.col("company_id").cast(self._companies, strict=False).to_physical().cast(pl.Int64)
        return (term.cast(pl.Int64) * max(len(self._companies.categories), 1) + code).alias("_seat")
