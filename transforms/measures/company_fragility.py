"""How fragile, how mature and how well known each company is, and what that comes to in every segment."""

from datetime import date

import polars as pl

from transforms.contracts.fragility import LEAST_COMPANIES, NO_CASH_FLOW, NO_COVERAGE_SOURCE, TOO_SHORT
from transforms.core.security_types import EQUITY_TYPES
from transforms.measures.segment_figures import SegmentFigure, Statistic, segment_figures

FINANCIAL_SECTORS = ("Finance", "Real Estate")
"""Sectors of Nasdaq's screener: division H of the SIC, finance, insurance and real estate. Altman's Z and coverage of
interest mean nothing where debt is the trade."""
DISTRESS_BELOW = 1.81
"""Altman (1968): the lower limit of the grey zone."""
ZOMBIE_BELOW = 1.5
RECENT_DAYS = 200
"""Two quarters, 182 or 184 days, and some for the report; an annual report is due after 60 to 90 days."""
NEW_FOR_DAYS = 365
_DAYS_OF_YEAR = 365.25

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
    "fcf_yield": pl.Float64(),
    "sales_growth": pl.Float64(),
    "age_years": pl.Float64(),
    "is_new_listing": pl.Boolean(),
    "report_age_days": pl.Int64(),
    "filing_lag_days": pl.Int64(),
    "has_fundamentals": pl.Boolean(),
    "has_recent_report": pl.Boolean(),
    "analyst_coverage": pl.Float64(),
}
"""Columns of a company on a session; null where what they are made of is not known or does not apply."""


def _figure(measure: str, column: str, statistic: Statistic) -> SegmentFigure:
    return SegmentFigure(measure, column, statistic, least=LEAST_COMPANIES)


def _never(measure: str, reason: str) -> SegmentFigure:
    return SegmentFigure(measure, measure, "median", least=LEAST_COMPANIES, basis=measure, without_basis=reason)


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
    _never("cash_runway_months", NO_CASH_FLOW),
    _never("fcf_yield", NO_CASH_FLOW),
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
    # Counts of estimates by company and session would be joined in `company_fragility`.
    _never("analyst_coverage", NO_COVERAGE_SOURCE),
)


def fragility_and_information(
    members: pl.DataFrame, scheme_id: str, history_start: date, sessions: pl.Series | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per session, segment (every one of them) and measure: marts.fragility_daily and information_daily.

    ``members``: rows with FRAGILITY in their buckets, and ``sessions``: see `segment_figures`. ``history_start``: first
    admitted session of all. Ages of companies that were there on it are lower limits: where the median is one of them,
    it is not known how old they are.
    """
    # In one pass: most of the time goes into what both share.
    rows = segment_figures(members, scheme_id, (*FRAGILITY_FIGURES, *INFORMATION_FIGURES), sessions)
    # Ages are whole or half days, so a quarter of one keeps the last bits of the division out of it.
    days = (pl.col("session_date") - pl.lit(history_start, pl.Date)).dt.total_days()
    is_limit = (pl.col("measure") == "age_years") & (pl.col("value") * _DAYS_OF_YEAR > days - 0.25)
    told = rows.with_columns(
        value=pl.when(is_limit).then(None).otherwise("value"),
        null_reason=pl.when(is_limit).then(pl.lit(TOO_SHORT)).otherwise("null_reason"),
    )
    is_information = pl.col("measure").is_in([figure.measure for figure in INFORMATION_FIGURES])
    return told.filter(~is_information), told.filter(is_information)


def company_fragility(known: pl.DataFrame, securities: pl.DataFrame, history_start: date) -> pl.DataFrame:
    """One row per row of ``known``, in its order: session_date, company_id, FRAGILITY.

    ``known``: companies' caps with what was known of their statements (session_date, company_id, cap_usd, KNOWN, LINES;
    null where nothing was). ``securities``: core.securities, of which what is younger than a session plays no part.
    ``history_start``: first admitted session of all. Formulas and their sources: transforms/contracts/fragility.py.
    Ratios are of whole USD, so a company in another unit of money has the same ones.
    """
    rows = _with_traits(known, securities)
    balance_known = pl.col("balance_period_end").is_not_null()
    income_known = pl.col("income_period_end").is_not_null()
    return rows.with_columns(_altman_z().alias("altman_z")).select(
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
        cash_runway_months=pl.lit(None, pl.Float64),
        fcf_yield=pl.lit(None, pl.Float64),
        sales_growth=_sales_growth(),
        age_years=_years_since(pl.col("first_session")),
        is_new_listing=_is_new_listing(history_start),
        report_age_days=(pl.col("session_date") - pl.col("income_period_end")).dt.total_days(),
        filing_lag_days=(pl.col("income_publish_date") - pl.col("income_period_end")).dt.total_days(),
        has_fundamentals=balance_known | income_known,
        has_recent_report=pl.col("session_date") <= pl.col("income_period_end") + pl.duration(days=RECENT_DAYS),
        analyst_coverage=pl.lit(None, pl.Float64),
    )


def _with_traits(known: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """`known` in its order, with is_financial, as told by the session, and first_session."""
    equities = securities.filter(pl.col("security_type").is_in(EQUITY_TYPES))
    companies = pl.Enum(pl.concat([known["company_id"], equities["company_id"]]).unique().sort())
    # Ids as numbers: over millions of rows joins are several times faster.
    code = pl.col("company_id").cast(companies).to_physical().alias("_company")
    sectors = (
        equities.group_by(code, "valid_from")
        .agg(is_financial=pl.col("sector").is_in(FINANCIAL_SECTORS).any())
        .sort("valid_from")
    )
    firsts = equities.group_by(code).agg(pl.col("first_session").min())
    return (
        known.with_columns(code)
        .with_row_index("_row")
        .sort("session_date")
        .join_asof(sectors, left_on="session_date", right_on="valid_from", by="_company", check_sortedness=False)
        .join(firsts, on="_company", how="left")
        .sort("_row")
        .with_columns(pl.col("is_financial").fill_null(value=False))
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


def _sales_growth() -> pl.Expr:
    before = pl.col("revenue_year_before_usd")
    return pl.when(before > 0).then((pl.col("revenue_ttm_usd") - before) / before)


def _years_since(day: pl.Expr) -> pl.Expr:
    return (pl.col("session_date") - day).dt.total_days() / _DAYS_OF_YEAR


def _is_new_listing(history_start: date) -> pl.Expr:
    """Null in the first year: who was there at its start may have come the day before."""
    a_year_ago = pl.col("session_date") - pl.duration(days=NEW_FOR_DAYS)
    return pl.when(a_year_ago > pl.lit(history_start, pl.Date)).then(pl.col("first_session") > a_year_ago)
