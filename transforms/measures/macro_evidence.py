"""Claims that rest on what others publish (EVIDENCE): credit spreads, liquidity, real yields, traders' positions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl

from transforms.contracts.positions import RUSSELL_2000
from transforms.exact import ratio_of_totals
from transforms.measures.evidence import of_claim
from transforms.measures.thesis import EVIDENCE

STALE_AFTER_DAYS: Final = 45
"""A macro value that is older than this says nothing about today: a month and what it takes to publish one."""
STALE_OF_MONTHS_DAYS: Final = 75
"""One that is about a month: until the next month's is out it ages by a month and the time to publish."""
POSITIONS_STALE_AFTER_DAYS: Final = 21
"""A report is three days old when it is out and ten, over holidays fourteen, when the next one is: then two failed."""
FIFTH: Final = 5


@dataclass(frozen=True)
class MacroSeries:
    """A series that a claim may rest on.

    ``measure``: what it is, where that is not what the claim names. ``fewest``: of a series that has a threshold of
    its own, the lowest fifth of its values, how many there must be.
    """

    series: str
    source: str
    measure: str | None = None
    stale_after_days: int = STALE_AFTER_DAYS
    fewest: int = 0


_LOWEST = "threshold: the lowest fifth of its values so far"
SERIES: Final[dict[str, tuple[MacroSeries, ...]]] = {
    "08_low_spreads": (
        MacroSeries("BAMLH0A0HYM2", "fred", "option-adjusted spread of US high-yield bonds"),
        MacroSeries(
            "OFR_FSI_CREDIT", "ofr", f"credit part of the OFR's stress index; {_LOWEST} since 2000", fewest=1250
        ),
        MacroSeries(
            "GZ_SPREAD",
            "fed_ebp",
            f"spread of corporate bonds by Gilchrist and Zakrajsek, percent; {_LOWEST} since 1973",
            STALE_OF_MONTHS_DAYS,
            fewest=60,
        ),
    ),
    "09_liquidity": (
        MacroSeries("NFCI", "chicago_fed", "Chicago Fed national financial conditions index"),
        MacroSeries("NFCI", "fred", "Chicago Fed national financial conditions index"),
        MacroSeries("ANFCI", "fred", "Chicago Fed adjusted national financial conditions index"),
    ),
    "12_negative_real_yield": (MacroSeries("UST_REAL_10Y", "treasury"), MacroSeries("DFII10", "fred")),
}
"""Claim to its series; of several the first that has a fresh value counts. Five years at least make a lowest fifth."""
_NET: Final = ("asset_manager", "leveraged")


def of_macro(macro: pl.DataFrame, closes: pl.DataFrame) -> pl.DataFrame:
    """Claims 8, 9 and 12: of each claim's first series that has one, the newest value known by the session's close.

    ``macro``: core.macro. ``closes``: session_date and known_at. Of several vintages the newest known one counts.
    """
    found = [
        _of_series(claim, rank, one, macro, closes) for claim, many in SERIES.items() for rank, one in enumerate(many)
    ]
    first = pl.concat(found).sort("rank").unique(["session_date", "claim"], keep="first", maintain_order=True)
    return first.select(pl.col(name).cast(dtype) for name, dtype in EVIDENCE.items())


def of_positions(positions: pl.DataFrame, closes: pl.DataFrame) -> pl.DataFrame:
    """Claim 5: net position of asset managers and leveraged funds in Russell 2000 futures, of open interest.

    ``positions``: core.positions. ``closes``: session_date and known_at. A report that is too old gives no value.
    """
    russell = positions.filter(pl.col("contract") == RUSSELL_2000)
    managers, leveraged = (
        newest_known(
            russell.filter(pl.col("category") == category).with_columns(
                net=pl.col("long_contracts") - pl.col("short_contracts")
            ),
            closes,
            ("net", "open_interest"),
        )
        for category in _NET
    )
    both = managers.join(leveraged, on=["session_date", "as_of"], suffix="_leveraged")
    is_stale = _age_days() > POSITIONS_STALE_AFTER_DAYS
    share = ratio_of_totals(pl.col("net") + pl.col("net_leveraged"), pl.col("open_interest"))
    told = both.with_columns(value=pl.when(~is_stale).then(share), null_reason=pl.when(is_stale).then(pl.lit("stale")))
    return of_claim("05_underweight", told.select("session_date", "as_of", "value", "null_reason"))


def newest_known(rows: pl.DataFrame, closes: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """session_date, as_of and ``columns`` of the newest row known by each session's close.

    ``rows``: as_of, known_at, vintage_date. Newest is what is about the latest day; of that the latest known. A
    revision of an older day is news, and not the newest.
    """
    ordered = rows.sort("known_at", "as_of", "vintage_date")
    news = ordered.filter(pl.col("as_of") >= pl.col("as_of").cum_max())
    found = closes.sort("known_at").join_asof(
        news.select("known_at", "as_of", *columns), on="known_at", check_sortedness=False
    )
    return found.filter(pl.col("as_of").is_not_null()).drop("known_at")


def _of_series(claim: str, rank: int, one: MacroSeries, macro: pl.DataFrame, closes: pl.DataFrame) -> pl.DataFrame:
    values = macro.filter((pl.col("series") == one.series) & (pl.col("source") == one.source))
    newest = newest_known(values, closes, ("value",)).filter(_age_days() <= one.stale_after_days)
    limits = _lowest_fifths(values, closes, one.fewest) if one.fewest else _no_limits(closes)
    told = newest.join(limits, on="session_date").with_columns(
        claim=pl.lit(claim),
        rank=pl.lit(rank),
        source=pl.lit(f"core.macro: {one.series}, {one.source}"),
        null_reason=pl.lit(None, pl.String),
        own_measure=pl.lit(one.measure, pl.String),
    )
    return told.select("rank", *EVIDENCE)


def _no_limits(closes: pl.DataFrame) -> pl.DataFrame:
    return closes.select("session_date", own_threshold=pl.lit(None, pl.Float64))


def _lowest_fifths(values: pl.DataFrame, closes: pl.DataFrame, fewest: int) -> pl.DataFrame:
    """session_date and the value that a fifth of all known by its close do not exceed; only where there are enough.

    A value that was restated counts as it was known: once, and as the newest vintage had it.
    """
    told: list[tuple[date, float]] = []
    known = pl.DataFrame(schema={"as_of": pl.Date, "value": pl.Float64})
    ordered = values.sort("known_at", "as_of", "vintage_date").select("known_at", "as_of", "value")
    before: datetime | None = None
    for session, close in closes.sort("known_at").select("session_date", "known_at").iter_rows():
        news = pl.col("known_at") <= close
        new = ordered.filter(news if before is None else news & (pl.col("known_at") > before))
        before = close
        if new.height:
            both = pl.concat([known, new.select("as_of", "value")])
            known = both.unique("as_of", keep="last", maintain_order=True)
        if known.height >= fewest:
            fifth = -(-known.height // FIFTH)
            told.append((session, known["value"].sort()[fifth - 1]))
    return pl.DataFrame(told, {"session_date": pl.Date, "own_threshold": pl.Float64}, orient="row")


def _age_days() -> pl.Expr:
    return (pl.col("session_date") - pl.col("as_of")).dt.total_days()
