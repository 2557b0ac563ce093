"""What a fund's flow may be beside an investor's choice: a change of the index, a way out and back, a bad count."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.measures.fund_registry import Family, FundSegment
from transforms.measures.index_reviews import review_places

LARGE_MULTIPLE = 3.0
"""Large is three times the median size of the fund's known flows of the last 60 sessions, of at least 20."""
USUAL_SESSIONS, USUAL_LEAST = 60, 20
RETURN_SESSIONS = 10
"""A flow that comes within two weeks after one of the opposite sign ..."""
RETURN_LEAST, RETURN_MOST = 2 / 3, 3 / 2
"""... and of about its size takes back what that one did: heartbeats, dividend trades, shares lent for a vote."""
LOOKBACK_SESSIONS = USUAL_SESSIONS + RETURN_SESSIONS


def with_marks(flows: pl.DataFrame, days: Sequence[date], registry: Sequence[FundSegment]) -> pl.DataFrame:
    """Adds marks (see `transforms.contracts.fund_flows.MARKS`) and is_reconstitution to rows of funds without gaps.

    ``flows``: fund, position, flow_usd, is_frozen, is_odd, in order. A mark looks back only, so a round trip is
    marked on its way back: on the way out nobody knows.
    """
    sized = flows.with_columns(
        is_large=pl.col("flow_usd").abs()
        >= LARGE_MULTIPLE
        * pl.col("flow_usd").abs().rolling_median(USUAL_SESSIONS, min_samples=USUAL_LEAST).over("fund"),
        is_reconstitution=_around_reviews(days, registry),
    )
    named = {
        "frozen_feed": pl.col("is_frozen"),
        "odd_units": pl.col("is_odd"),
        "reconstitution": pl.col("is_reconstitution"),
        "round_trip": _is_return(),
    }
    told = [pl.when(holds.fill_null(value=False)).then(pl.lit(name)) for name, holds in named.items()]
    marks = pl.concat_str(told, separator=", ", ignore_nulls=True)
    return sized.with_columns(marks=pl.when(marks != "").then(marks)).drop("is_large", "is_frozen", "is_odd")


def _is_return() -> pl.Expr:
    """Whether a large flow takes back a large one of the sessions before."""
    found = pl.lit(value=False)
    for sessions in range(1, RETURN_SESSIONS + 1):
        earlier = pl.col("flow_usd").shift(sessions).over("fund")
        size = -pl.col("flow_usd") / earlier
        was_large = pl.col("is_large").shift(sessions).over("fund")
        found = found | (was_large & size.is_between(RETURN_LEAST, RETURN_MOST)).fill_null(value=False)
    return pl.col("is_large").fill_null(value=False) & found


def _around_reviews(days: Sequence[date], registry: Sequence[FundSegment]) -> pl.Expr:
    families: dict[Family, list[str]] = {}
    for entry in registry:
        families.setdefault(entry.family, []).append(entry.fund)
    found = pl.lit(value=False)
    for family, places in review_places(days, families).items():
        found = found | (pl.col("fund").is_in(families[family]) & pl.col("position").is_in(places))
    return found
