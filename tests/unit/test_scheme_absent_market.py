"""A review on a day on which a scheme's whole market is absent, as London's on 2026-08-31: nobody loses a seat."""

from datetime import date

import polars as pl
import pytest

from flows.edge.scheme_files import SHIPPED, load_schemes
from transforms.schemes.market import MARKET
from transforms.schemes.seats import begin, hold

SCHEMES = load_schemes([SHIPPED])
HOLIDAY = date(2026, 8, 31)


def market(country: str) -> pl.DataFrame:
    """Three companies of a country, quoted in USD."""
    told = {
        "session_date": HOLIDAY,
        "company_id": [f"{country}{number}" for number in range(3)],
        "cap_usd": [3_000, 2_000, 1_000],
        "currency": "USD",
        "cap_local": [3_000, 2_000, 1_000],
        "line_cap_usd": [3_000, 2_000, 1_000],
        "price_usd": 1.0,
        "exchange": "somewhere",
        "security_type": "common",
        "country": country,
        "float_share": None,
        "earns": None,
        "dollar_volume_year_usd": None,
    }
    return pl.DataFrame(told, schema=MARKET)


@pytest.mark.parametrize(("scheme_id", "country"), [("ftse_like", "United Kingdom"), ("dax_like", "Germany")])
def test_seats_are_kept(scheme_id: str, country: str) -> None:
    scheme = SCHEMES[scheme_id]
    version = scheme.versions[-1]
    seats = begin(scheme, version, market(country), 1.25).seats
    assert seats.height == 3
    held = hold(scheme, version, market("France"), seats, 1.25)
    assert held.seats.equals(seats)
    assert held.limits.is_empty()
