"""Which segment is set against which reference price series, and why they differ even if all data are right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from transforms.measures.fund_registry import FUND_SEGMENTS

Kind = Literal["index", "fund"]


@dataclass(frozen=True)
class Comparison:
    """One segment of every scheme in USD against one series; ``differences``: what is known of why they differ."""

    segment: str
    benchmark: str
    kind: Kind
    differences: str
    return_basis: Literal["price", "total"] = "price"
    """Segments' returns are price returns, so only series of prices may stand here."""


_INDEX = "price index, free-float weights, 500 large US companies that a committee chooses for earnings"
_FUND = "price of a share: dividends leave it on the fund's ex-dates four times a year, fees every day"

COMPARISONS: Final = (
    Comparison("total", "SP500", "index", f"{_INDEX}; the segment holds all companies, by full caps"),
    Comparison("large", "SP500", "index", f"{_INDEX}; mega caps are about half of it and none of the segment"),
    Comparison("mega", "SP500", "index", f"{_INDEX}; the segment holds its largest companies alone"),
    Comparison("small", "SP500", "index", f"{_INDEX}; another universe by intent: small beside the market"),
    Comparison("micro", "SP500", "index", f"{_INDEX}; another universe by intent: micro beside the market"),
    Comparison("total", "SPY", "fund", f"{_FUND}; {_INDEX.removeprefix('price index, ')}"),
    Comparison("large", "SPY", "fund", f"{_FUND}; mega caps are about half of it and none of the segment"),
    Comparison("small", "IWM", "fund", f"{_FUND}; the 2,000 companies after the 1,000 largest, micro caps among them"),
    Comparison("small", "IJR", "fund", f"{_FUND}; 600 companies that must earn money, chosen by a committee"),
    Comparison("smid", "IWM", "fund", f"{_FUND}; the segment reaches into larger companies than the fund"),
    Comparison("micro", "IWC", "fund", f"{_FUND}; another cut between micro and small caps than the scheme's"),
    Comparison("mid", "MDY", "fund", f"{_FUND}; 400 companies that a committee chooses for earnings"),
)
INDICES: Final = tuple(dict.fromkeys(entry.benchmark for entry in COMPARISONS if entry.kind == "index"))
FUNDS: Final = tuple(dict.fromkeys(entry.benchmark for entry in COMPARISONS if entry.kind == "fund"))


def comparisons(priced: Mapping[str, str | None]) -> tuple[Comparison, ...]:
    """COMPARISONS, and one for each further fund with prices whose segment is known.

    ``priced``: fund to the segment that the operator sets it against, if any. That goes before the segment that
    FUND_SEGMENTS gives; a fund with neither is set against nothing.
    """
    known = {entry.fund: entry for entry in FUND_SEGMENTS}
    registered = {(entry.segment, entry.benchmark) for entry in COMPARISONS}
    added = []
    for fund, told in sorted(priced.items()):
        if told and (told, fund) not in registered:
            added.append(Comparison(told, fund, "fund", f"{_FUND}; set against the segment by the operator"))
        elif not told and fund not in FUNDS and fund in known:
            added.append(Comparison(known[fund].segment, fund, "fund", f"{_FUND}; {known[fund].reason}"))
    return (*COMPARISONS, *added)
