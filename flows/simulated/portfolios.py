"""The simulated market's portfolios formed on size, in the form of Kenneth French's library."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from flows.edge.encoded import zipped
from flows.simulated.market import Market

FILE = "Portfolios_Formed_on_ME_daily_CSV.zip"
OUT_AFTER = timedelta(days=20)
"""Days after its end until a month is in the file."""
_MEMBER = "Portfolios_Formed_on_ME_Daily.csv"
_CUTS = ((0, 30), (30, 70), (70, 100), *pairwise(range(0, 101, 20)), *pairwise(range(0, 101, 10)))
"""Percentiles of the NYSE's companies between which the portfolios lie, in the order of the file's columns."""
_HEADER = (
    ",<= 0,Lo 30,Med 40,Hi 30,Lo 20,Qnt 2,Qnt 3,Qnt 4,Hi 20,Lo 10,Dec 2,Dec 3,Dec 4,Dec 5,Dec 6,Dec 7,Dec 8,Dec 9,Hi 10"
)
_PREAMBLE = """This file was created using the simulated market of smallcaps.  It contains
value- and equal-weighted returns for size portfolios.  Each record contains returns for:

Negative (not used)  30%  40%  30%     5 Quintiles    10 Deciles

The portfolios are constructed at the end of Jun.

Missing data are indicated by -99.99 or -999.

"""
_JUNE = 6


def portfolios_zip(market: Market, day: date) -> bytes:
    """The library's file as it is on a day; nothing before the market's first whole month is out."""
    last = max((end for end in _month_ends(market.first, day) if end + OUT_AFTER <= day), default=None)
    returns = _returns(market, last) if last else None
    if returns is None or returns.is_empty():
        return b""
    tables = [_table(title, returns, column) for title, column in (("Value", "vw"), ("Equal", "ew"))]
    text = "\n\n".join([_PREAMBLE, *tables, "Copyright: nobody, no figure is real"])
    return zipped(_MEMBER, f"{text}\n".encode())


def _month_ends(first: date, last: date) -> Iterable[date]:
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) - timedelta(days=1) for month in months]


def _returns(market: Market, last: date) -> pl.DataFrame:
    """One row per session and portfolio (its place among `_CUTS`): vw and ew in percent."""
    known = pl.col("session_date") <= last
    lines = market.quotes.filter(known & (pl.col("company") != "")).with_columns(
        worth=pl.col("close") * pl.col("shares"), gain=100 * (pl.col("close") / pl.col("previous_close") - 1)
    )
    companies = (
        lines.sort("session_date", "company", "worth")
        .group_by("session_date", "company", maintain_order=True)
        .agg(pl.col("worth").sum(), pl.col("gain", "exchange").last())
        .with_columns(before=pl.col("worth").shift(1).over("company"))
    )
    parts = [_held(companies, formed, until) for formed, until in pairwise([*_formations(market, last), last])]
    return pl.concat([pl.DataFrame(schema=_RETURNS), *parts]).sort("session_date", "cut")


_RETURNS = {"session_date": pl.Date, "cut": pl.Int64, "vw": pl.Float64, "ew": pl.Float64}


def _formations(market: Market, last: date) -> list[date]:
    """The first session, and the last one of each June before the last day."""
    junes = {day.year: day for day in market.sessions if day.month == _JUNE and day < last}
    return sorted({market.sessions[0], *junes.values()})


def _held(companies: pl.DataFrame, formed: date, until: date) -> pl.DataFrame:
    """Returns of the portfolios formed on one day, until another."""
    caps = companies.filter(pl.col("session_date") == formed)
    limits = np.percentile(caps.filter(pl.col("exchange") == "nyse")["worth"].to_numpy(), range(10, 100, 10))
    decile = pl.Series("decile", np.searchsorted(limits, caps["worth"].to_numpy()), pl.Int64)
    held = caps.select("company", decile).join(companies, on="company")
    days = held.filter(
        (pl.col("session_date") > formed) & (pl.col("session_date") <= until),
        pl.col("gain").is_not_null() & pl.col("before").is_not_null(),
    )
    weighted = (pl.col("gain") * pl.col("before")).sum() / pl.col("before").sum()
    parts = [
        days.filter(pl.col("decile") * 10 >= low, pl.col("decile") * 10 < high)
        .group_by("session_date")
        .agg(cut=pl.lit(cut, pl.Int64), vw=weighted, ew=pl.col("gain").mean())
        for cut, (low, high) in enumerate(_CUTS)
    ]
    return pl.concat(parts).select(list(_RETURNS))


def _table(title: str, returns: pl.DataFrame, column: str) -> str:
    """One table of the file; a portfolio that nobody is in has -99.99 all along."""
    cuts = list(range(len(_CUTS)))
    wide = returns.pivot("cut", on_columns=cuts, index="session_date", values=column).sort("session_date")
    lines = [f"  Average {title} Weighted Returns -- Daily", _HEADER]
    for row in wide.select("session_date", *map(str, cuts)).iter_rows():
        cells = ("  -99.99" if value is None else f"{value:8.2f}" for value in row[1:])
        lines.append(",".join([f"{row[0]:%Y%m%d}", "  -99.99", *cells]))
    return "\n".join(lines)
