"""What is known of funds beside their figures: which segment they stand for, how counts are booked, their splits."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Family = Literal["russell", "sp", "crsp", "dow_jones"]
Confidence = Literal["measured", "documented", "assumed"]


@dataclass(frozen=True)
class FundSegment:
    """One fund, the segment that its flows are counted for, why, and whose index it follows."""

    fund: str
    segment: str
    reason: str
    family: Family


_S_AND_P_600 = "tracks 600 US small companies with an earnings screen"
_S_AND_P_400 = "tracks 400 US mid-sized companies"
_S_AND_P_500 = "tracks 500 large US companies, mega caps among them"
_RUSSELL_2000 = "tracks the 2,000 companies after the 1,000 largest in the US"

FUND_SEGMENTS = (
    FundSegment("IWM", "small", _RUSSELL_2000, "russell"),
    FundSegment("IJR", "small", _S_AND_P_600, "sp"),
    FundSegment("SPSM", "small", _S_AND_P_600, "sp"),
    FundSegment("VB", "small", "tracks US companies between the 85th and 98th percent of cumulative cap", "crsp"),
    FundSegment("VTWO", "small", _RUSSELL_2000, "russell"),
    FundSegment("SCHA", "small", "tracks US companies ranked 751 to 2,500 by cap", "dow_jones"),
    FundSegment("IWC", "micro", "tracks the smallest listed US companies", "russell"),
    FundSegment("MDY", "mid", _S_AND_P_400, "sp"),
    FundSegment("IJH", "mid", _S_AND_P_400, "sp"),
    FundSegment("SPMD", "mid", _S_AND_P_400, "sp"),
    FundSegment("VO", "mid", "tracks US companies between the 70th and 85th percent of cumulative cap", "crsp"),
    FundSegment("IWR", "mid", "tracks the 800 smaller ones of the 1,000 largest US companies", "russell"),
    FundSegment("SPY", "large", _S_AND_P_500, "sp"),
    FundSegment("IVV", "large", _S_AND_P_500, "sp"),
    FundSegment("VOO", "large", _S_AND_P_500, "sp"),
    FundSegment("IWB", "large", "tracks the 1,000 largest US companies, mega caps most of their value", "russell"),
    FundSegment("VTI", "total", "tracks the whole US market", "crsp"),
    FundSegment("ITOT", "total", "tracks the whole US market", "sp"),
)
"""No QQQ (chosen by exchange, without financials), no DIA (30 hand-picked, price-weighted), no sector, bond,
commodity or foreign fund: they are not chosen by size. A fund of which nothing is reported adds nothing."""


@dataclass(frozen=True)
class Booking:
    """How a source's count of shares lies in time, from a day on.

    ``lag_sessions``: the count of a session holds the creations up to so many sessions earlier (0 or 1).
    ``publication_sessions``: it is out by the evening so many sessions after its own.
    """

    source: str
    valid_from: date
    lag_sessions: int
    publication_sessions: int
    is_issuer: bool
    evidence: str
    confidence: Confidence


_SINCE = date(1993, 1, 22)
"""The first day of the first US exchange-traded fund."""
BOOKINGS = (
    Booking(
        "ssga",
        _SINCE,
        1,
        1,
        is_issuer=True,
        evidence="Creations settle and are booked on the session after the order, and the day's line of the history "
        "is there the next evening at the latest. General knowledge; no file at hand shows the hour.",
        confidence="assumed",
    ),
    Booking(
        "ishares",
        _SINCE,
        1,
        1,
        is_issuer=True,
        evidence="As of SSGA. In the archive the count of a relay is that of the issuer's history a session earlier, "
        "which shows how late relays are, not how early orders were.",
        confidence="assumed",
    ),
    Booking(
        "etf_flows",
        _SINCE,
        0,
        0,
        is_issuer=False,
        evidence="Published flows and counts of the same files lie on the same days: all pairs of the archive agree.",
        confidence="measured",
    ),
)
"""In order of precedence: an issuer's own count goes before a relayed one."""
PUBLICATION_SESSIONS = {booking.source: booking.publication_sessions for booking in BOOKINGS}
"""How many sessions after its own a source's figure is out."""


@dataclass(frozen=True)
class FundSplit:
    """Shares after for one share before, from a date on."""

    fund: str
    ex_date: date
    ratio: float
    confidence: Confidence


FUND_SPLITS = (
    FundSplit("IJR", date(2017, 1, 18), 2.0, "documented"),
    FundSplit("IWR", date(2018, 10, 25), 4.0, "documented"),
    FundSplit("IJH", date(2024, 2, 22), 5.0, "assumed"),
    FundSplit("SCHA", date(2024, 10, 11), 2.0, "assumed"),
)
"""Counts change by the ratio some sessions around the date, as the issuer books it. A split that is not here looks
like a flow of more than 15 % of the assets, and is held back as implausible."""

CREATION_UNITS = {
    **dict.fromkeys(("SPY", "IVV", "IWM", "IJR", "IJH", "IWC", "IWR", "IWB", "ITOT", "MDY", "SPSM", "SPMD"), 50_000),
}
"""Shares that are created or redeemed at once; in the archive's counts of SPY, IVV and IWM no change is another."""
