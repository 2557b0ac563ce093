"""marts: how fragile, how mature and how well known the companies of each segment are, in rows of measures."""

from transforms.contracts.measures import Measure, measures_table

LEAST_COMPANIES = 10
"""With fewer, one company moves a share by more than ten points and a median rests on two."""
NO_CASH_FLOW = "no_cash_flow_source"
NO_COVERAGE_SOURCE = "no_licensed_source"
TOO_SHORT = "history_too_short"

_OURS = "smallcaps, of core.fundamentals and core.market_caps"
_ALTMAN = "Altman (1968), Journal of Finance 23(4), for listed manufacturers"
_BIS = "Banerjee and Hofmann (2018), BIS Quarterly Review, September"


def _measure(name: str, formula: str, unit: str = "fraction", source: str = _OURS) -> Measure:
    return Measure(name, formula, unit, source, counted="companies known", least=LEAST_COMPANIES)


FRAGILITY_MEASURES = (
    _measure(
        "unprofitable_share",
        "Companies with net income of the trailing year of zero or less over those where it is known, financials among "
        "them as far as a source has them.",
    ),
    _measure("unprofitable_cap_share", "Their cap over the cap of all companies whose net income is known."),
    _measure("unprofitable_excl_financials_share", "unprofitable_share without financials."),
    _measure(
        "interest_coverage_below_1_share",
        "Companies with operating income below net interest expense (trailing year) over those with a net interest "
        "expense above zero, without financials. Companies that receive more interest than they pay have nothing to "
        "cover and are not counted.",
    ),
    _measure(
        "zombie_share",
        "Companies that paid net interest in each of three trailing years, in none of which operating income was 1.5 "
        "times as much, over those where all three years are known, without financials. The source uses 1 and asks for "
        "ten years of age, which our history does not reach.",
        source=_BIS,
    ),
    _measure(
        "net_debt_to_ebit",
        "Median of (debt - cash and short-term investments) over operating income of the trailing year, of companies "
        "with operating income above zero, without financials; below zero where cash exceeds debt.",
        "years of operating income",
    ),
    _measure(
        "net_debt_with_losses_share",
        "Companies with more debt than cash and operating income of zero or less, over those where both are known, "
        "without financials: those that net_debt_to_ebit leaves out.",
    ),
    _measure(
        "altman_z",
        "Median of 1.2 (current assets - current liabilities) / assets + 1.4 retained earnings / assets + 3.3 "
        "operating income / assets + 0.6 cap / liabilities + revenue / assets, without financials; the trailing year. "
        "Jensen, Kelly and Pedersen (2023) have EBITDA in the place of operating income.",
        "score",
        _ALTMAN,
    ),
    _measure(
        "altman_distress_share", "Companies with an altman_z below 1.81 over those where it is known.", source=_ALTMAN
    ),
    _measure(
        "cash_runway_months",
        "Median of cash and short-term investments over a month's outflow of operations (trailing year), of companies "
        f"whose operations burn cash, without financials. {NO_CASH_FLOW} where no statement of cash flows is known: "
        "the SEC's filings have it, SimFin's files of income and balance do not.",
        "months",
    ),
    _measure(
        "burning_cash_share",
        "Companies with a cash flow of operations below zero (trailing year) over those where it is known, without "
        f"financials; {NO_CASH_FLOW} as above.",
    ),
    _measure(
        "fcf_yield",
        "Median of (cash flow of operations - payments for plant, trailing year) over cap, without financials; "
        f"{NO_CASH_FLOW} as above.",
    ),
    _measure(
        "sales_growth",
        "Median of revenue of the trailing year over revenue of the year that ended a year before, less 1, of "
        "companies with revenue above zero then, financials among them.",
    ),
    _measure(
        "age_years",
        "Median of days since the listing over 365.25, of companies whose listing is known: the middle of the year "
        "that the quotes' source tells, if that is before the year of the first admitted session, else that "
        "session. Of companies that were there when our history begins and have no such year nothing is known; where "
        f"they are more than half, {TOO_SHORT}. Years are missing for old companies more than for young ones.",
        "years",
    ),
    _measure(
        "new_listing_share",
        f"Companies first quoted within the last 365 days over all; null, {TOO_SHORT}, in the first year of our "
        "history. Listings after a gap or a change of identity that nobody told count as new.",
    ),
)

INFORMATION_MEASURES = (
    _measure(
        "report_age_days",
        "Proxy. Median of days from the end of the newest trailing year known to the session.",
        "days",
    ),
    _measure(
        "filing_lag_days",
        "Proxy. Median of days from the end of that trailing year to its first publication, as the source dates it: "
        "SimFin may give the day of the report instead of that of the press release.",
        "days",
    ),
    _measure(
        "with_fundamentals_share",
        "Proxy. Companies with a trailing year or a balance at most 15 months old over all: what our sources cover, "
        "which have no banks and insurers, more than what investors know.",
    ),
    _measure(
        "with_recent_report_share",
        "Proxy. Companies whose newest trailing year ended at most 200 days ago, over those with a trailing year: two "
        "quarters and what a filer has to report the second.",
    ),
    _measure(
        "return_delay",
        "Proxy. Median over companies of 1 - R2(0) / R2(4): weekly returns of the 52 whole weeks before the session's, "
        "on the market's of the same week, and on those of the four weeks before as well; companies with 40 weeks or "
        "more. 0: the price takes in the market's moves at once; 1: late.",
        source="Hou and Moskowitz (2005), Review of Financial Studies 18(3), D1, there of portfolios",
    ),
    _measure(
        "analyst_coverage",
        "Median of analysts with an estimate of earnings, over the companies of which a count is known, at most 100 "
        f"days old. {NO_COVERAGE_SOURCE} where the operator supplies none (docs/sources/files.md): they are licensed.",
        "analysts",
        "the operator's own file, from a licensed consensus (I/B/E/S, FactSet)",
    ),
    _measure(
        "without_analysts_share",
        f"Companies with a count of zero over those of which one is known; {NO_COVERAGE_SOURCE} as above.",
        source="the operator's own file, from a licensed consensus (I/B/E/S, FactSet)",
    ),
)

_LOOKBACK = "fundamentals published up to the session, at most 15 months old"
_NOTES = (
    "Financials are companies whose sector the quotes' source calls Finance or Real Estate, as division H of the SIC "
    "does; where no sector is told, a company is none."
)

FRAGILITY_DAILY = measures_table(
    "fragility_daily", "fragility", f"{_LOOKBACK}; first sessions since the start", FRAGILITY_MEASURES, _NOTES
)
INFORMATION_DAILY = measures_table("information_daily", "fragility", _LOOKBACK, INFORMATION_MEASURES)
