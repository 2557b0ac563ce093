"""Schemes and markets small enough to review by hand."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.schemes.market import MARKET
from transforms.schemes.model import Origin, Reviews, Rule, Scheme, Version

D = date
OWN = Origin("our paper", D(2026, 1, 2), "own")
IN_DECEMBER = Reviews((12,), 1, "third_friday")
"""Ranks the last session of November; of 2024 it is the 29th, and the review counts from 23 December."""
LONG_AGO = D(2000, 1, 1)


def scheme(*versions: Version, **more: Any) -> Scheme:
    plain = {"title": "Ours", "provider": "us", "region": "US", "currency": "USD", "basis": "full"}
    return Scheme(**{"id": "ours", **plain, **more}, versions=versions)


def version(rule: Rule, reviews: Reviews = IN_DECEMBER, since: date = LONG_AGO) -> Version:
    return Version(since, OWN, rule, reviews)


def company(day: date, company_id: str, cap_usd: int, **told: Any) -> dict[str, Any]:
    """A row of MARKET: a common share of the NYSE, quoted in USD, with what is told of it instead."""
    plain = {"currency": "USD", "cap_local": cap_usd, "line_cap_usd": cap_usd, "price_usd": 10.0, "exchange": "nyse",
             "security_type": "common", "country": "United States"}  # fmt: skip
    return {"session_date": day, "company_id": company_id, "cap_usd": cap_usd, **plain, **told}


def market(day: date, caps: Mapping[str, int]) -> pl.DataFrame:
    """MARKET of a day with these caps."""
    return rows(company(day, name, cap) for name, cap in sorted(caps.items()))


def rows(companies: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{name: one.get(name) for name in MARKET} for one in companies], MARKET)


class Days:
    """The markets of some sessions, as `transforms.schemes.terms.Markets` gives them."""

    def __init__(self, caps: Mapping[date, Mapping[str, int]]) -> None:
        self._caps = caps

    def at(self, session: date) -> pl.DataFrame:
        return market(session, self._caps[session])

    def ranked_on(self, session: date) -> pl.DataFrame | None:
        seen = [day for day in self._caps if session - timedelta(days=9) <= day <= session]
        return self.at(max(seen)) if seen and max(seen).month == session.month else None
