"""Which funds stand for which segment, declared with reasons; a fund that is not here stands for none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FundSegment:
    """One fund, the segment that its flows are counted for, and why."""

    fund: str
    segment: str
    reason: str


FUND_SEGMENTS = (
    FundSegment("IWM", "small", "tracks the 2,000 companies after the 1,000 largest in the US"),
    FundSegment("IJR", "small", "tracks 600 US small companies with an earnings screen"),
    FundSegment("SPSM", "small", "tracks 600 US small companies with an earnings screen"),
    FundSegment("VB", "small", "tracks US companies between the 85th and 98th percent of cumulative cap"),
    FundSegment("VTWO", "small", "tracks the 2,000 companies after the 1,000 largest in the US"),
    FundSegment("IWC", "micro", "tracks the smallest listed US companies"),
    FundSegment("MDY", "mid", "tracks 400 US mid-sized companies"),
    FundSegment("IJH", "mid", "tracks 400 US mid-sized companies"),
    FundSegment("SPMD", "mid", "tracks 400 US mid-sized companies"),
    FundSegment("VO", "mid", "tracks US companies between the 70th and 85th percent of cumulative cap"),
    FundSegment("SPY", "large", "tracks 500 large US companies, mega caps among them"),
    FundSegment("IVV", "large", "tracks 500 large US companies, mega caps among them"),
    FundSegment("VOO", "large", "tracks 500 large US companies, mega caps among them"),
    FundSegment("VTI", "total", "tracks the whole US market"),
)
"""No QQQ (chosen by exchange, without financials), no DIA (30 hand-picked, price-weighted), no sector, bond,
commodity or foreign fund: they are not chosen by size. A fund of which nothing is reported adds nothing."""
