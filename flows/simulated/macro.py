"""What others publish about the simulated economy: positions of traders, indexes, the budget; and when they do."""

from bisect import bisect_right
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
from pandas.tseries.holiday import USFederalHolidayCalendar

from flows.simulated.market import Market

CONTRACTS = {"239742": ("RUSSELL E-MINI", 450_000), "13874A": ("E-MINI S&P 500", 2_100_000)}
"""Code, name and usual open interest of the contracts; the consolidated one holds the second and a little more."""
CONSOLIDATED, OF_IT = "13874+", 1.03
CATEGORIES = ("Dealer", "Asset_Mgr", "Lev_Money", "Other_Rept", "NonRept")
REVISED_WEEKS = 4
"""How many of the newest weeks an index restates with each release."""
_WEDNESDAY, _FRIDAY = 3, 4
_FIRST_POSITIONS, _FIRST_NFCI = date(2010, 1, 5), date(1971, 1, 8)
_FIRST_STRESS, _FIRST_EBP, _FIRST_BUDGET = date(2000, 1, 3), date(1973, 1, 1), date(2015, 1, 1)
_EBP_OUT_ON = 12
"""Day of the month after."""
_STATEMENT_WORKING_DAYS = 8


@cache
def _working_days() -> list[date]:
    holidays = USFederalHolidayCalendar().holidays("1970-01-01", "2040-12-31")
    days = pd.bdate_range("1970-01-01", "2040-12-31", freq="C", holidays=list(holidays))
    return [day.date() for day in days]


def _after(day: date, count: int) -> date:
    """The count-th working day after a day."""
    days = _working_days()
    return days[bisect_right(days, day) + count - 1]


@cache
def positions(market: Market) -> pl.DataFrame:
    """One row per contract, report and category: contract, name, report, released, category, long, short, spread, open.

    Long and short with spreads add up to the open interest, as they do in the CFTC's reports.
    """
    reports = [_report(day) for day in pl.date_range(_FIRST_POSITIONS, market.last, "7d", eager=True)]
    rows = []
    for at, (code, (name, usual)) in enumerate(CONTRACTS.items()):
        rng = np.random.default_rng([market.seed, 20 + at])
        drift = np.clip(np.cumsum(rng.normal(0, 0.02, (len(reports), 4)), axis=0), -0.05, 0.05)
        for week, report in enumerate(reports):
            total = int(usual * (1 + 0.15 * np.sin(week / 26) + 0.01 * drift[week, 0]))
            for code_told, open_interest in _contracts(code, total):
                found = _traders(open_interest, drift[week])
                rows += [(code_told, name, report, _after(report, 3), *one, open_interest) for one in found]
    columns = ("contract", "name", "report", "released", "category", "long", "short", "spread", "open")
    return pl.DataFrame(rows, list(columns), orient="row")


def _contracts(code: str, total: int) -> list[tuple[str, int]]:
    """A contract, and the consolidated one after that which it is made of."""
    return [(code, total), (CONSOLIDATED, int(total * OF_IT))] if code == "13874A" else [(code, total)]


def _traders(total: int, drift: np.ndarray) -> list[tuple[str, int, int, int]]:
    spreads = [int(total * share) for share in (0.01, 0.02, 0.04, 0.005)]
    held = total - sum(spreads)
    long = [int(held * share) for share in (0.30 + drift[0], 0.34 + drift[1], 0.12 + drift[2], 0.05)]
    short = [int(held * share) for share in (0.14 - drift[0] / 2, 0.16 - drift[1] / 2, 0.38 + drift[3], 0.06)]
    all_long, all_short = [*long, held - sum(long)], [*short, held - sum(short)]
    return list(zip(CATEGORIES, all_long, all_short, [*spreads, 0], strict=True))


def _report(tuesday: date) -> date:
    """The Tuesday, or the Monday before where federal offices are closed."""
    days = _working_days()
    return days[bisect_right(days, tuesday) - 1]


@cache
def conditions(market: Market, last: date) -> pl.DataFrame:
    """The financial conditions index as of a day: week, and its six columns; the newest are restated each time."""
    weeks = list(pl.date_range(_FIRST_NFCI, last, "7d", eager=True))
    out = [week for week in weeks if _after(week, 3) <= last]
    rng = np.random.default_rng([market.seed, 30])
    every = np.cumsum(rng.normal(0, 0.02, (5000, 6)), axis=0)
    level = np.array([-0.45, -0.4, -0.5, -0.1, 0.3, -0.3]) + 0.3 * np.tanh(every[: len(out)])
    age = np.arange(len(out))[::-1]
    level += np.where(age < REVISED_WEEKS, 0.01 * (REVISED_WEEKS - age), 0)[:, None]
    names = ("NFCI", "ANFCI", "Risk", "Credit", "Leverage", "Nonfinancial_Leverage")
    return pl.DataFrame({"week": out, **{name: np.round(level[:, at], 3) for at, name in enumerate(names)}})


@cache
def stress(market: Market) -> pl.DataFrame:
    """The stress index: day, released, total, its five parts, which add up to it, and three regions, which do too."""
    days = [day for day in _working_days() if _FIRST_STRESS <= day <= market.last]
    rng = np.random.default_rng([market.seed, 40])
    parts = np.round(
        np.array([-0.6, -0.3, -0.2, -0.2, -0.3]) + 0.8 * np.sin(np.arange(len(days))[:, None] / 400 + np.arange(5)), 3
    )
    parts = np.round(parts + rng.normal(0, 0.02, parts.shape), 3)
    total = np.round(parts.sum(axis=1), 3)
    america, others = np.round(total * 0.5, 3), np.round(total * 0.3, 3)
    names = ("Credit", "Equity valuation", "Safe assets", "Funding", "Volatility")
    return pl.DataFrame(
        {
            "day": days,
            "released": [_after(day, 2) for day in days],
            "OFR FSI": total,
            **{name: parts[:, at] for at, name in enumerate(names)},
            "United States": america,
            "Other advanced economies": others,
            "Emerging markets": np.round(total - america - others, 3),
        }
    )


@cache
def bond_premium(market: Market) -> pl.DataFrame:
    """Spread and premium of corporate bonds: month (its first day), released, gz_spread, ebp, est_prob."""
    months = list(pl.date_range(_FIRST_EBP, market.last, "1mo", eager=True))
    rng = np.random.default_rng([market.seed, 50])
    premium = np.round(0.4 * np.sin(np.arange(len(months)) / 18) + rng.normal(0, 0.1, len(months)), 4)
    return pl.DataFrame(
        {
            "month": months,
            "released": [_next_month(month) + timedelta(days=_EBP_OUT_ON - 1) for month in months],
            "gz_spread": np.round(1.6 + premium, 4),
            "ebp": premium,
            "est_prob": np.round(0.15 + 0.1 * np.tanh(premium), 4),
        }
    )


@cache
def budget(market: Market) -> pl.DataFrame:
    """The government's month: month_end, released, receipts, outlays in US dollars."""
    months = list(pl.date_range(_FIRST_BUDGET, market.last, "1mo", eager=True))
    ends = [_next_month(month) - timedelta(days=1) for month in months]
    rng = np.random.default_rng([market.seed, 60])
    receipts = 3.6e11 + 1.2e11 * np.isin([end.month for end in ends], (4, 9)) + rng.normal(0, 2e10, len(ends))
    outlays = 5.2e11 + rng.normal(0, 4e10, len(ends))
    return pl.DataFrame(
        {
            "month_end": ends,
            "released": [_after(end, _STATEMENT_WORKING_DAYS) for end in ends],
            "receipts": np.round(receipts, 2),
            "outlays": np.round(outlays, 2),
        }
    )


def _next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
