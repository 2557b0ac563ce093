"""What the simulated companies report: quarters of revenue and earnings, and balances, with the day of publication."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from flows.simulated.market import Floats, Market
from flows.simulated.securities import Line

PUBLISHED_AFTER = timedelta(days=40)
LATE_BY = timedelta(days=75)
_PRICE_TO_EARNINGS = {"mega": 27.0, "large": 24.0, "mid": 18.0, "small": 16.0, "micro": 14.0, "nano": 13.0}
_LOSS_MAKERS = {"mega": 0.0, "large": 0.08, "mid": 0.2, "small": 0.4, "micro": 0.5, "nano": 0.6}
_SALES_TO_CAP = {"mega": 0.22, "large": 0.35, "mid": 0.7, "small": 1.0, "micro": 1.2, "nano": 1.1}
_FIRST_ID = 9000
LATE, RESTATED = "mid9", "small9"
"""One publishes its third quarter of the first year late; of the other one later downloads restate the first."""


@cache
def reports(market: Market, vintage: date) -> pl.DataFrame:
    """One row per reporting company and quarter that was published by the day of the download.

    company, ticker, entity, fiscal_year, quarter, end, published, shares, revenue, earnings, assets, liabilities,
    equity; money in whole USD. Four in five companies report: banks and some others are not in the vendor's files. The
    restated quarter is a loss in downloads of later years.
    """
    rng = np.random.default_rng([market.seed, 5])
    counts = _counts(market)
    rows = []
    for number, line in enumerate(_with_fundamentals(market)):
        noise = rng.normal(1, 0.04, (len(_quarters(market)), 2))
        makes_losses = bool(rng.uniform() < _LOSS_MAKERS[_size(line)])
        for at, end in enumerate(_quarters(market)):
            published = end + PUBLISHED_AFTER + (LATE_BY if _is_late(line, end, market) else timedelta(0))
            if published <= vintage and (line.last is None or published <= market.sessions[line.last]):
                row = _report(line, number, end, noise[at], makes_losses=makes_losses) | {
                    "shares": counts[line.key, end]
                }
                rows.append(row | {"published": published} | _restated(row, line, end, vintage, market))
    return pl.DataFrame(rows)


def _quarters(market: Market) -> list[date]:
    """Ends of the quarters from six before the first session's to the one before the last session's."""
    first = market.first.year * 4 + (market.first.month - 1) // 3 - 6
    last = market.last.year * 4 + (market.last.month - 1) // 3
    return [_end(number) for number in range(first, last)]


def _counts(market: Market) -> dict[tuple[str, date], int]:
    """Shares of each company at each quarter's end, all classes; before the first session those of that one."""
    ends = pl.DataFrame({"end": _quarters(market)}, schema={"end": pl.Date})
    told = market.caps.select("session_date", "company", "shares").sort("session_date")
    first = told.unique("company", keep="first", maintain_order=True).rename({"shares": "first_shares"})
    each = ends.join(first.select("company", "first_shares"), how="cross").sort("end")
    known = each.join_asof(told, left_on="end", right_on="session_date", by="company", check_sortedness=False)
    counted = known.select("company", "end", pl.coalesce("shares", "first_shares").round(0).cast(pl.Int64))
    return {(company, end): shares for company, end, shares in counted.iter_rows()}


def _end(number: int) -> date:
    year, quarter = divmod(number, 4)
    following = date(year + quarter // 3, quarter % 4 * 3 + 4 if quarter < 3 else 1, 1)
    return following - timedelta(days=1)


def _with_fundamentals(market: Market) -> list[Line]:
    whole = [line for line in market.lines if line.company == line.key and not line.first]
    always = {LATE, RESTATED, *market.listings.cast.values()}
    return [line for number, line in enumerate(whole) if number % 5 != 2 or line.key in always]


def _size(line: Line) -> str:
    return line.key.rstrip("0123456789")


def _report(line: Line, number: int, end: date, noise: Floats, *, makes_losses: bool) -> dict[str, object]:
    size, cap = _size(line), line.price * line.shares
    growth = 1.015 ** ((end.year - 2023) * 4 + end.month / 3)
    margin = -0.02 if makes_losses else 1 / _PRICE_TO_EARNINGS[size]
    return {
        "company": line.company,
        "ticker": line.symbol,
        "entity": _FIRST_ID + number,
        "fiscal_year": end.year,
        "quarter": end.month // 3,
        "end": end,
        "revenue": round(cap * _SALES_TO_CAP[size] / 4 * growth * float(noise[0])),
        "earnings": round(cap * margin / 4 * growth * float(noise[1])),
        "assets": round(cap * 0.9 * growth),
        "liabilities": round(cap * 0.5 * growth),
        "equity": round(cap * 0.9 * growth) - round(cap * 0.5 * growth),
    }


def _is_late(line: Line, end: date, market: Market) -> bool:
    return line.key == LATE and end == date(market.first.year, 9, 30)


def _restated(row: dict[str, object], line: Line, end: date, vintage: date, market: Market) -> dict[str, object]:
    is_restated = line.key == RESTATED and end == date(market.first.year, 3, 31) and vintage.year > market.first.year
    return {"earnings": -abs(int(str(row["earnings"])))} if is_restated else {}
