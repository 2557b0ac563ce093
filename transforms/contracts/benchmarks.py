"""marts: what segments returned against indexes and funds that others publish, and which these are."""

from dataclasses import dataclass
from typing import Literal

from transforms.contracts.fields import SCHEME, SEGMENT, SESSION
from transforms.contracts.measures import Measure
from transforms.contracts.model import Column, Table


@dataclass(frozen=True)
class Benchmark:
    """A series that segments are set against.

    ``id``: the series of core.macro, or the ticker of the fund. ``segments``: those that are compared.
    """

    id: str
    kind: Literal["index", "fund"]
    segments: tuple[str, ...]
    differs: str
    """What is known to differ, beside its members."""


_OF_A_FUND = "a fund's value, from which dividends leave and a fee is taken"
BENCHMARKS = (
    Benchmark("SP500", "index", ("large", "total"), "price index, without dividends, as our returns are"),
    Benchmark("SPY", "fund", ("large", "total"), _OF_A_FUND),
    Benchmark("IVV", "fund", ("large", "total"), _OF_A_FUND),
    Benchmark("IWM", "fund", ("small",), _OF_A_FUND),
    Benchmark("IJR", "fund", ("small",), f"{_OF_A_FUND}; its members must have earned"),
    Benchmark("MDY", "fund", ("mid",), _OF_A_FUND),
    Benchmark("IWC", "fund", ("micro",), _OF_A_FUND),
)
WINDOWS = {21: 15, 63: 45, 252: 120}
"""Sessions of a window, and the least on which both returns are known, as for volatility."""
_OURS = "textbook; least observations as for volatility"
BENCHMARK_MEASURES: tuple[Measure, ...] = tuple(
    measure
    for sessions, least in WINDOWS.items()
    for measure in (
        Measure(
            f"tracking_difference_{sessions}",
            f"Chained return of the segment less that of the benchmark, over those of the last {sessions} sessions on "
            "which both are known.",
            "fraction",
            _OURS,
            "sessions",
            least,
        ),
        Measure(
            f"tracking_error_{sessions}",
            "sqrt(252) x sample standard deviation (n - 1) of the differences of both returns, over the same sessions.",
            "fraction a year",
            _OURS,
            "sessions",
            least,
        ),
        Measure(
            f"correlation_{sessions}",
            "corr(return of the segment, return of the benchmark), over the same sessions.",
            "fraction",
            "Pearson; least observations as for volatility",
            "sessions",
            least,
        ),
    )
)

BENCHMARK_DAILY = Table(
    schema="marts",
    name="benchmark_daily",
    grain="one row per admitted session, scheme, segment, benchmark that it is set against, and measure",
    key=("session_date", "scheme_id", "segment", "benchmark", "measure"),
    policy="replace_sessions",
    session_column="session_date",
    owner="benchmarks",
    lookback="252 sessions",
    notes="Returns are price returns of the segments as their members changed, between admitted sessions; the "
    "benchmark's are between the same ones. A value of a benchmark counts from the session by whose close it was "
    "known, so the newest session or two are mostly not in the windows. Differences in members, dividends and fees are "
    "meant to show.",
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        Column(
            "benchmark",
            "VARCHAR",
            "Series of core.macro (SP500), or ticker of a fund.",
            nullable=False,
            values=tuple(benchmark.id for benchmark in BENCHMARKS),
        ),
        Column(
            "measure",
            "VARCHAR",
            "Which measure; marts.measures has its formula, unit and source.",
            nullable=False,
            values=tuple(measure.name for measure in BENCHMARK_MEASURES),
        ),
        Column("value", "DOUBLE", "Its value.", "as marts.measures states", is_ratio=True),
        Column(
            "observations",
            "INTEGER",
            "Sessions on which both returns are known.",
            "sessions",
            nullable=False,
            minimum=0,
        ),
        Column(
            "null_reason",
            "VARCHAR",
            "Why there is no value: no_data (no value of the benchmark in the window), too_few, no_variance.",
        ),
    ),
)
