"""core and marts: prices of funds, and how far segments went from reference price series."""

from transforms.contracts.fields import KNOWN_AT, SCHEME, SEGMENT, SEGMENTS, SESSION, SOURCE, ratio
from transforms.contracts.model import Column, Table

KINDS = ("index", "fund")
BASES = ("price", "total")
ALL_SESSIONS = "all"
WINDOWS: dict[str, tuple[int | None, int]] = {
    "21": (21, 15),
    "63": (63, 45),
    "252": (252, 120),
    ALL_SESSIONS: (None, 60),
}
"""Window to its sessions, none for all of them, and its least observations: those of volatility, and a quarter."""
TOO_FEW, NO_DATA, NO_VARIANCE = "too_few", "no_data", "no_variance"

_BENCHMARK = Column("benchmark", "VARCHAR", "Series of core.macro, or ticker of a fund.", nullable=False)

FUND_PRICES = Table(
    schema="core",
    name="fund_prices",
    grain="one row per fund, session, source and vintage that changed the close",
    key=("fund", "session_date", "source", "vintage_date"),
    policy="replace_all",
    owner="benchmarks",
    may_be_empty=True,
    notes="A vintage that repeats a close adds no row. Closes of days without a session are set aside.",
    columns=(
        Column("fund", "VARCHAR", "Ticker of the fund.", nullable=False),
        Column("session_date", "DATE", "Session of the close.", nullable=False),
        Column("close", "DOUBLE", "Close of a share as the source prints it.", "USD", nullable=False, minimum=0),
        Column("segment", "VARCHAR", "Segment that the operator sets the fund against.", values=SEGMENTS),
        SOURCE,
        Column(
            "vintage_date",
            "DATE",
            "Day of the download; where nobody noted it the newest day in the file.",
            nullable=False,
        ),
        KNOWN_AT,
        Column("file_sha256", "VARCHAR", "Content hash of the landed file that brought the close.", nullable=False),
    ),
)

BENCHMARKS = Table(
    schema="marts",
    name="benchmarks",
    grain="one row per segment and benchmark that it is set against",
    key=("segment", "benchmark"),
    policy="replace_all",
    owner="benchmarks",
    columns=(
        SEGMENT,
        _BENCHMARK,
        Column("kind", "VARCHAR", "index or fund.", nullable=False, values=KINDS),
        Column(
            "return_basis",
            "VARCHAR",
            "Of both sides. price: without dividends. total: with them.",
            nullable=False,
            values=BASES,
        ),
        Column("differences", "VARCHAR", "Why the two would differ even if all data were right.", nullable=False),
    ),
)

BENCHMARK_DAILY = Table(
    schema="marts",
    name="benchmark_daily",
    grain="one row per admitted session, scheme in USD, segment, benchmark and window",
    key=("session_date", "scheme_id", "segment", "benchmark", "window_sessions"),
    policy="replace_all",
    session_column="session_date",
    owner="benchmarks",
    lookback="all sessions since the first",
    may_be_empty=True,
    notes="An observation is a session on which both have a return over the one session before it in the calendar; a "
    "session after a refused or missing one is none, on either side. Returns of both sides are those of the same "
    "observations, compounded. Closes count as first published. A fund's close that moves by more than 25 %, and that "
    "no declared split explains, gives no return. null_reason: no_data (the benchmark has no return in the window), "
    "too_few (observations below least_observations), no_variance (of one side: the correlation alone is null).",
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        _BENCHMARK,
        Column(
            "window_sessions",
            "VARCHAR",
            "Last admitted sessions that are looked at, or all since the first.",
            "sessions",
            nullable=False,
            values=tuple(WINDOWS),
        ),
        ratio("segment_return", "Compounded cap-weighted price return of the segment.", minimum=-1),
        ratio("benchmark_return", "Compounded price return of the benchmark.", minimum=-1),
        ratio("tracking_difference", "segment_return less benchmark_return."),
        ratio(
            "tracking_error",
            "sqrt(252) x sample standard deviation of the segment's daily return less the benchmark's.",
            "fraction a year",
            minimum=0,
        ),
        ratio("correlation", "Correlation (Pearson) of the daily returns.", "none", minimum=-1, maximum=1),
        Column("observations", "INTEGER", "Sessions with both returns.", "sessions", nullable=False, minimum=0),
        Column("least_observations", "INTEGER", "With fewer there is no value.", "sessions", nullable=False, minimum=0),
        Column("null_reason", "VARCHAR", "Why there is no value.", values=(NO_DATA, TOO_FEW, NO_VARIANCE)),
    ),
)
