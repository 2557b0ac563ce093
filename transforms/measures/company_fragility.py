"""How fragile, how mature and how well known each company is, and what that comes to in every segment."""

from datetime import date

import polars as pl

from transforms.contracts.fragility import LEAST_COMPANIES, NO_CASH_FLOW, NO_COVERAGE_SOURCE, TOO_SHORT
from transforms.measures.segment_figures import SegmentFigure, Statistic, segment_figures

DISTRESS_BELOW = 1.81
"""Altman (1968): the lower limit of the grey zone."""
ZOMBIE_BELOW = 1.5
MIDDLE_OF_YEAR = 7
"""Month: half a year is the least that a year alone can be off by."""
LEAST_AGES_KNOWN = 0.5
RECENT_DAYS = 200
"""Two quarters, 182 or 184 days, and some for the report; an annual report is due after 60 to 90 days."""
NEW_FOR_DAYS = 365
_DAYS_OF_YEAR = 365.25
_KEY = ("session_date", "segment")

FRAGILITY: dict[str, pl.DataType] = {
    "is_unprofitable": pl.Boolean(),
    "is_unprofitable_excl_financials": pl.Boolean(),
    "is_coverage_below_1": pl.Boolean(),
    "is_zombie": pl.Boolean(),
    "net_debt_to_ebit": pl.Float64(),
    "has_net_debt_and_losses": pl.Boolean(),
    "altman_z": pl.Float64(),
    "is_distressed": pl.Boolean(),
    "cash_runway_months": pl.Float64(),
    "is_burning_cash": pl.Boolean(),
    "fcf_yield": pl.Float64(),
    "sales_growth": pl.Float64(),
    "age_years": pl.Float64(),
    "is_new_listing": pl.Boolean(),
    "report_age_days": pl.Int64(),
    "filing_lag_days": pl.Int64(),
    "has_fundamentals": pl.Boolean(),
    "has_recent_report": pl.Boolean(),
    "return_delay": pl.Float64(),
    "analyst_coverage": pl.Float64(),
    "has_no_analyst": pl.Boolean(),
    "has_analyst_source": pl.Boolean(),
}
"""Columns of a company on a session; null where what they are made of is not known or does not apply."""

INFORMED: dict[str, pl.DataType] = {
    "has_analyst_source": pl.Boolean(),
    "analysts": pl.Int64(),
    "return_delay": pl.Float64(),
}
"""Whether the operator supplies counts of analysts (null where not), a company's, and its `return_delay`."""


def _figure(measure: str, column: str, statistic: Statistic) -> SegmentFigure:
    return SegmentFigure(measure, column, statistic, least=LEAST_COMPANIES)


def _licensed(measure: str, column: str, statistic: Statistic) -> SegmentFigure:
    return SegmentFigure(measure, column, statistic, LEAST_COMPANIES, "", "has_analyst_source", NO_COVERAGE_SOURCE)


def _of_cash_flow(measure: str, column: str, statistic: Statistic) -> SegmentFigure:
    """``is_burning_cash`` is known wherever the cash flow is."""
    return SegmentFigure(measure, column, statistic, LEAST_COMPANIES, "", "is_burning_cash", NO_CASH_FLOW)


FRAGILITY_FIGURES = (
    _figure("unprofitable_share", "is_unprofitable", "share"),
    _figure("unprofitable_cap_share", "is_unprofitable", "cap_share"),
    _figure("unprofitable_excl_financials_share", "is_unprofitable_excl_financials", "share"),
    _figure("interest_coverage_below_1_share", "is_coverage_below_1", "share"),
    _figure("zombie_share", "is_zombie", "share"),
    _figure("net_debt_to_ebit", "net_debt_to_ebit", "median"),
    _figure("net_debt_with_losses_share", "has_net_debt_and_losses", "share"),
    _figure("altman_z", "altman_z", "median"),
    _figure("altman_distress_share", "is_distressed", "share"),
    _of_cash_flow("cash_runway_months", "cash_runway_months", "median"),
    _of_cash_flow("burning_cash_share", "is_burning_cash", "share"),
    _of_cash_flow("fcf_yield", "fcf_yield", "median"),
    _figure("sales_growth", "sales_growth", "median"),
    _figure("age_years", "age_years", "median"),
    SegmentFigure(
        "new_listing_share",
        "is_new_listing",
        "share",
        least=LEAST_COMPANIES,
        basis="is_new_listing",
        without_basis=TOO_SHORT,
    ),
)
INFORMATION_FIGURES = (
    _figure("report_age_days", "report_age_days", "median"),
    _figure("filing_lag_days", "filing_lag_days", "median"),
    _figure("with_fundamentals_share", "has_fundamentals", "share"),
    _figure("with_recent_report_share", "has_recent_report", "share"),
    _figure("return_delay", "return_delay", "median"),
    _licensed("analyst_coverage", "analyst_coverage", "median"),
    _licensed("without_analysts_share", "has_no_analyst", "share"),
)


def fragility_and_information(
    members: pl.DataFrame, scheme_id: str, sessions: pl.Series | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per session, segment (every one of them) and measure: marts.fragility_daily and information_daily.

    ``members``: rows with FRAGILITY in their buckets, and ``sessions``: see `segment_figures`. Where the age of less
    than half of a segment's companies is known, its median is not told.
    """
    # In one pass: most of the time goes into what both share.
    rows = segment_figures(members, scheme_id, (*FRAGILITY_FIGURES, *INFORMATION_FIGURES), sessions)
    counted = rows.filter(pl.col("measure") == "with_fundamentals_share").select(*_KEY, companies="observations")
    is_age = pl.col("measure") == "age_years"
    too_few_ages = is_age & (pl.col("observations") < LEAST_AGES_KNOWN * pl.col("companies"))
    told = (
        rows.join(counted, on=_KEY, how="left", maintain_order="left")
        .with_columns(
            value=pl.when(too_few_ages).then(None).otherwise("value"),
            null_reason=pl.when(too_few_ages).then(pl.lit(TOO_SHORT)).otherwise("null_reason"),
        )
        .drop("companies")
    )
    is_information = pl.col("measure").is_in([figure.measure for figure in INFORMATION_FIGURES])
    return told.filter(~is_information), told.filter(is_information)


def company_fragility(known: pl.DataFrame, history_start: date) -> pl.DataFrame:
    """One row per row of ``known``, in its order: session_date, company_id, FRAGILITY.

    ``known``: companies' caps with what was known of them and their statements (session_date, company_id, cap_usd,
    TRAITS, INFORMED, KNOWN, LINES; null where nothing was). ``history_start``: first admitted session of all. Formulas
    and their sources: transforms/contracts/fragility.py. Ratios are of whole USD, so a
    company in another unit of money has the same ones.
    """
    balance_known = pl.col("balance_period_end").is_not_null()
    income_known = pl.col("income_period_end").is_not_null()
    return known.with_columns(_altman_z().alias("altman_z")).select(
        "session_date",
        "company_id",
        is_unprofitable=_is_unprofitable(),
        is_unprofitable_excl_financials=_outside_finance(_is_unprofitable()),
        is_coverage_below_1=_outside_finance(_is_coverage_below_1()),
        is_zombie=_outside_finance(_is_zombie()),
        net_debt_to_ebit=_outside_finance(_net_debt_to_ebit()),
        has_net_debt_and_losses=_outside_finance((_net_debt() > 0) & (pl.col("operating_income_ttm_usd") <= 0)),
        altman_z="altman_z",
        is_distressed=pl.col("altman_z") < DISTRESS_BELOW,
        cash_runway_months=_outside_finance(_cash_runway_months()),
        is_burning_cash=_outside_finance(pl.col("operating_cash_flow_ttm_usd") < 0),
        fcf_yield=_outside_finance(_free_cash_flow() / pl.col("cap_usd")),
        sales_growth=_sales_growth(),
        age_years=_years_since(_listed_on(history_start)),
        is_new_listing=_is_new_listing(history_start),
        report_age_days=(pl.col("session_date") - pl.col("income_period_end")).dt.total_days(),
        filing_lag_days=(pl.col("income_publish_date") - pl.col("income_period_end")).dt.total_days(),
        has_fundamentals=balance_known | income_known,
        has_recent_report=pl.col("session_date") <= pl.col("income_period_end") + pl.duration(days=RECENT_DAYS),
        return_delay="return_delay",
        analyst_coverage=pl.col("analysts").cast(pl.Float64),
        has_no_analyst=pl.col("analysts") == 0,
        has_analyst_source="has_analyst_source",
    )


def _outside_finance(value: pl.Expr) -> pl.Expr:
    return pl.when(~pl.col("is_financial")).then(value)


def _is_unprofitable() -> pl.Expr:
    return pl.col("net_income_ttm_usd") <= 0


def _covered(year: str) -> tuple[pl.Expr, pl.Expr]:
    return pl.col(f"operating_income_{year}_usd"), pl.col(f"interest_expense_net_{year}_usd")


def _is_coverage_below_1() -> pl.Expr:
    income, expense = _covered("ttm")
    return pl.when(expense > 0).then(income < expense)


def _is_zombie() -> pl.Expr:
    """Null unless all three years are known: one good year would not make up for one that nobody knows."""
    years = [_covered(year) for year in ("ttm", "year_before", "two_years_before")]
    are_known = pl.all_horizontal(line.is_not_null() for year in years for line in year)
    are_bad = pl.all_horizontal((expense > 0) & (income < ZOMBIE_BELOW * expense) for income, expense in years)
    return pl.when(are_known).then(are_bad)


def _net_debt() -> pl.Expr:
    return pl.col("debt_usd") - pl.col("cash_usd")


def _net_debt_to_ebit() -> pl.Expr:
    income = pl.col("operating_income_ttm_usd")
    return pl.when(income > 0).then(_net_debt() / income)


def _altman_z() -> pl.Expr:
    assets, liabilities = pl.col("total_assets_usd"), pl.col("total_liabilities_usd")
    working_capital = pl.col("current_assets_usd") - pl.col("current_liabilities_usd")
    score = (
        1.2 * working_capital / assets
        + 1.4 * pl.col("retained_earnings_usd") / assets
        + 3.3 * pl.col("operating_income_ttm_usd") / assets
        + 0.6 * pl.col("cap_usd") / liabilities
        + pl.col("revenue_ttm_usd") / assets
    )
    return _outside_finance(pl.when((assets > 0) & (liabilities > 0)).then(score))


def _free_cash_flow() -> pl.Expr:
    return pl.col("operating_cash_flow_ttm_usd") - pl.col("capital_expenditure_ttm_usd")


def _cash_runway_months() -> pl.Expr:
    """Of companies whose operations burn cash; the others have no end in sight."""
    burnt = -pl.col("operating_cash_flow_ttm_usd")
    return pl.when(burnt > 0).then(12 * pl.col("cash_usd") / burnt)


def _sales_growth() -> pl.Expr:
    before = pl.col("revenue_year_before_usd")
    return pl.when(before > 0).then((pl.col("revenue_ttm_usd") - before) / before)


def _listed_on(history_start: date) -> pl.Expr:
    """The day from which a company is listed, as far as it is known.

    The middle of the year that the vendor tells, if that is before the year of its first session here; else that
    session. A company that was there when our history begins, and of which no year is told, may be of any age.
    """
    first, year = pl.col("first_session"), pl.col("listing_year")
    is_told, came = year.is_not_null(), first > pl.lit(history_start, pl.Date)
    return pl.when(year < first.dt.year()).then(pl.date(year, MIDDLE_OF_YEAR, 1)).when(is_told | came).then(first)


def _years_since(day: pl.Expr) -> pl.Expr:
    return (pl.col("session_date") - day).dt.total_days() / _DAYS_OF_YEAR


def _is_new_listing(history_start: date) -> pl.Expr:
    """Null in the first year: who was there at its start may have come the day before."""
    a_year_ago = pl.col("session_date") - pl.duration(days=NEW_FOR_DAYS)
    return pl.when(a_year_ago > pl.lit(history_start, pl.Date)).then(pl.col("first_session") > a_year_ago)
