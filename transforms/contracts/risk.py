"""marts: risk of the segments' returns, the regime they are in, and what followed deep drawdowns."""

from transforms.contracts.fields import SCHEME, SEGMENT, SESSION, ratio
from transforms.contracts.measures import Measure, measures_table
from transforms.contracts.model import Column, Table

REGIMES = ("high", "pullback", "bear", "recovery", "sideways", "unknown")
HORIZONS = (63, 126, 252)
"""Sessions of a forward return."""
STARTS = ("after_drawdown_20", "unconditional")

_TOTAL = "m the return of the scheme's total segment, which holds the segment itself"
_THREE = f"{_TOTAL}; on the 252 sessions that end one session before, since m+1 of the last is the session's own"
_MOMENTS = "sample moment, textbook"
_LEVELS = "the whole history of levels: returns chained from 1"


def _fraction(name: str, formula: str, source: str, least: int, unit: str = "fraction") -> Measure:
    return Measure(name, formula, unit, source, "sessions", least)


RISK_MEASURES: tuple[Measure, ...] = (
    *(
        _fraction(
            f"volatility_{sessions}",
            f"sqrt(252) x sample standard deviation (n - 1) of the returns of the last {sessions} sessions",
            f"{_MOMENTS}; least observations: {source}",
            least,
            "fraction a year",
        )
        for sessions, least, source in (
            (21, 15, "jkp-data, rolling daily, 21 days"),
            (63, 45, "our own, as many of the window as with 21"),
            (252, 120, "jkp-data, rolling daily, 252 days"),
        )
    ),
    _fraction("beta_252", f"cov(r, m) / var(m), {_TOTAL}; last 252 sessions", "Sharpe 1964; least: jkp-data", 120, ""),
    _fraction(
        "beta_dimson_252",
        f"b1 + b2 + b3 of the one regression r = a + b1 m-1 + b2 m + b3 m+1, {_THREE}",
        "Dimson 1979, closed form and its guard as in jkp-data; least: jkp-data",
        120,
        "",
    ),
    _fraction(
        "beta_scholes_williams_252",
        f"(b- + b0 + b+) / (1 + 2 rho): three regressions of r on m-1, m, m+1 each alone, rho = corr(m, m-1), {_THREE}",
        "Scholes and Williams 1977; least: jkp-data",
        120,
        "",
    ),
    _fraction(
        "downside_beta_252",
        f"cov(r, m) / var(m) of those of the last 252 sessions with m < 0, with their own means, {_TOTAL}; "
        "observations are those sessions",
        "Ang, Chen and Xing 2006, with 0 in place of the mean of m as the cut; least: half of beta_252's, our own",
        60,
        "",
    ),
    _fraction("correlation_63", "corr(r, return of large); last 63 sessions", f"{_MOMENTS} (Pearson); least: own", 45),
    *(
        _fraction(
            f"correlation_{other}_252",
            f"corr(r, return of {other} in the same scheme); last 252 sessions",
            f"{_MOMENTS} (Pearson); least: jkp-data",
            120,
        )
        for other in ("large", "total")
    ),
    _fraction(
        "drawdown", "level / highest level so far - 1; a session without a return has none", f"{_LEVELS}; textbook", 1
    ),
    _fraction(
        "sessions_under_water",
        "sessions since the last one at the highest level so far; 0 on it",
        f"{_LEVELS}; textbook",
        1,
        "sessions",
    ),
    _fraction(
        "recovery_sessions",
        "of the last drawdown deeper than 10 % that is over: sessions from its first lowest level to the old high",
        f"{_LEVELS}; textbook; the 10 % are our own",
        1,
        "sessions",
    ),
    _fraction(
        "range_1008",
        "(highest - lowest) / lowest level of the last 1008 sessions, all of which need a level",
        "our own, for four sideways years",
        1008,
    ),
)

RISK_DAILY = measures_table(
    "risk_daily",
    "risk",
    "1008 sessions; all since the first for drawdowns",
    RISK_MEASURES,
    notes="From return_price_vw of marts.segment_daily: price returns, no dividends. A window is the last N admitted "
    "sessions; those without a return in it do not count. null_reason: too_few; no_return (of the session); "
    "no_variance (of one side); collinear (the lags of the market); negative_denominator (1 + 2 rho is not above 0); "
    "none_completed (no drawdown deeper than 10 % is over); zero_level.",
)

REGIME_DAILY = Table(
    schema="marts",
    name="regime_daily",
    grain="one row per admitted session, scheme and segment",
    key=("session_date", "scheme_id", "segment"),
    policy="replace_sessions",
    session_column="session_date",
    owner="risk",
    lookback="all sessions since the first",
    notes="The first that holds, by levels up to the session alone. unknown: no level, or fewer than 200 among the "
    "last 252 sessions. high: not more than 5 % under the highest level so far, and since that never more than 20 %. "
    "sideways: highest over lowest level of the last 252 sessions at most 1.20, and the level within 5 % of the first "
    "of them. bear: has been more than 20 % under since the high, and stands less than 20 % above the lowest since. "
    "recovery: has been that deep, and stands at least 20 % above the lowest. pullback: all else. Thresholds are our "
    "own; 20 % each way is the usual line of bear and bull markets.",
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        Column("regime", "VARCHAR", "Where the level stands.", nullable=False, values=REGIMES),
        Column("since", "DATE", "First session of this unbroken run of the regime; unknown breaks it.", nullable=False),
        ratio("drawdown", "Level over the highest so far, less 1.", minimum=-1, maximum=0),
    ),
)

FORWARD_RETURNS = Table(
    schema="marts",
    name="forward_returns",
    grain="one row per admitted session, scheme, segment, horizon and kind of start",
    key=("session_date", "scheme_id", "segment", "horizon_sessions", "start"),
    policy="replace_sessions",
    session_column="session_date",
    owner="risk",
    lookback="all sessions since the first",
    notes="level(start + horizon) / level(start) - 1, for all starts whose end is not after session_date, and without "
    "a session that lacks a return from start to end. They overlap: starts are not independent. Price returns. "
    "Below 3 starts there is no value: too_few.",
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        Column("horizon_sessions", "INTEGER", "From start to end.", "sessions", nullable=False, minimum=1),
        Column(
            "start",
            "VARCHAR",
            "after_drawdown_20: the session on which a drawdown first is deeper than 20 %, one per drawdown. "
            "unconditional: every session.",
            nullable=False,
            values=STARTS,
        ),
        Column("start_count", "INTEGER", "Starts that count.", "starts", nullable=False, minimum=0),
        ratio("mean_return", "Mean of their returns.", minimum=-1),
        ratio("median_return", "Median of their returns.", minimum=-1),
        ratio("positive_share", "Share of them above 0.", minimum=0, maximum=1),
        Column("null_reason", "VARCHAR", "Why there is no value: too_few."),
    ),
)
