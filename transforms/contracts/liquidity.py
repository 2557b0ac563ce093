"""marts.liquidity_daily: how easily the companies of a segment trade, and what that costs."""

from dataclasses import replace

from transforms.contracts.measures import Measure, measures_table

WINDOW = 21
"""Sessions up to and including the session: a month of trading."""
LEAST_SESSIONS = 10
"""A company with fewer of them known has no figure."""
LEAST_COMPANIES = 10

_USD_PER_MILLION = "1 / million USD"
_SPREAD = Measure(
    "",
    "",
    "fraction of the price",
    "",
    least=LEAST_COMPANIES,
)

LIQUIDITY_MEASURES = (
    Measure(
        "amihud_21",
        "median over companies of mean(|return_price| / dollar_volume_usd) x 1e6 over 21 sessions, sessions of zero "
        "volume left out",
        _USD_PER_MILLION,
        "Amihud (Journal of Financial Markets 2002); zero volume as Jensen, Kelly, Pedersen (Journal of Finance 2023)",
        least=LEAST_COMPANIES,
    ),
    Measure(
        "turnover_21",
        "median over companies of mean(dollar_volume_usd) over 21 sessions / cap_usd of the session",
        "fraction of the cap a session",
        "Datar, Naik, Radcliffe (Journal of Financial Markets 1998), by value in place of shares",
        least=LEAST_COMPANIES,
    ),
    Measure(
        "turnover_vw_21",
        "sum over companies of mean(dollar_volume_usd) over 21 sessions / sum of their cap_usd of the session",
        "fraction of the cap a session",
        "Datar, Naik, Radcliffe (Journal of Financial Markets 1998), weighted by cap",
        least=LEAST_COMPANIES,
    ),
    Measure(
        "dollar_volume_21",
        "median over companies of mean(dollar_volume_usd) over 21 sessions",
        "USD a session",
        "Brennan, Chordia, Subrahmanyam (Journal of Financial Economics 1998)",
        least=LEAST_COMPANIES,
    ),
    Measure(
        "zero_volume_share_21",
        "of the sessions of all companies in 21 sessions with a known volume, the share in which nothing traded",
        "fraction of company-sessions",
        "Liu (Journal of Financial Economics 2006), without his tie-break by turnover",
        least=LEAST_COMPANIES,
    ),
    Measure(
        "zero_return_share_21",
        "of the sessions of all companies in 21 sessions with a known return_price, the share in which it is zero",
        "fraction of company-sessions",
        "Lesmond, Ogden, Trzcinka (Review of Financial Studies 1999)",
        least=LEAST_COMPANIES,
    ),
    replace(
        _SPREAD,
        name="spread_corwin_schultz_21",
        formula="median over companies of the mean over pairs of sessions of 2 (exp(a) - 1) / (1 + exp(a)), negative "
        "ones zero, a = (sqrt(2 b) - sqrt(b)) / (3 - 2 sqrt 2) - sqrt(g / (3 - 2 sqrt 2)), b the sum of the two days' "
        "squared log ranges, g the squared log range of both, the later day moved to the close before if outside",
        source="Corwin, Schultz (Journal of Finance 2012), equations 14 and 18 with overnight adjustment; days without "
        "a range left out",
    ),
    replace(
        _SPREAD,
        name="spread_abdi_ranaldo_21",
        formula="median over companies of the mean over pairs of sessions of sqrt(max(4 (c - m) (c - m of the later "
        "day), 0)), c the earlier day's log close, m the mean of log high and log low",
        source="Abdi, Ranaldo (Review of Financial Studies 2017), two-day corrected version",
    ),
    replace(
        _SPREAD,
        name="spread_edge_21",
        formula="median over companies of sqrt(|s2|), s2 two covariances of returns between open, close and the mid of "
        "high and low, corrected for opens and closes at the high or low, weighted by each other's variance",
        source="EDGE of Ardia, Guidotti, Kroencke (Journal of Financial Economics 2024); sign dropped as by its "
        "authors, which overstates spreads near zero",
    ),
)

LIQUIDITY_DAILY = measures_table(
    "liquidity_daily",
    "liquidity",
    "21 sessions",
    LIQUIDITY_MEASURES,
    "A company's figure needs 10 of the 21 sessions (a spread 10 pairs of neighbouring ones), a segment's 10 "
    "companies. null_reason no_ohlc: no company of the segment has opens, highs and lows in the window.",
)
