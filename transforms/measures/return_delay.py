"""How late each company's price takes in what moves the market: weekly returns on four weeks of the market's past."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from transforms.core.rows import Floats
from transforms.exact import ratio_of_totals, round_significant, weighted_total

WEEKS = 52
LAGS = 4
LEAST_WEEKS = 40
LOOKBACK = timedelta(weeks=WEEKS + LAGS)
RETURNS: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "return_price": pl.Float64(),
    "previous_cap_usd": pl.Int64(),
}
"""A company's return on a session, and its cap on the session before."""
DELAY: dict[str, pl.DataType] = {"week": pl.Date(), "company_id": pl.String(), "return_delay": pl.Float64()}
_DIGITS = 9
_SINGULAR = 1e-12
"""Of a determinant against the product of its diagonal: the market's weeks say nothing apart."""


def return_delay(returns: pl.DataFrame, sessions: pl.Series) -> pl.DataFrame:
    """DELAY: one row per week (its Monday) of ``sessions`` and company with LEAST_WEEKS of the WEEKS before it.

    ``returns``: RETURNS, in any order, from LOOKBACK before the first of the weeks on. Weekly returns are compounded
    from those of the week's sessions that are known. Over the 52 whole weeks before the session's own, r = a + b0 m +
    b1 m[-1] + ... + b4 m[-4], m the market (all companies by the caps of the session before), and the delay is 1 - R2
    with b1 to b4 zero over R2: 0 where the past weeks add nothing, 1 where the price follows them alone. Null where the
    market explains nothing. Source: Hou and Moskowitz (2005), Review of Financial Studies 18(3), their D1, which they
    take of portfolios, as that of one company is noisy. A week's figure is made of its own weeks alone.
    """
    weeks = sessions.dt.truncate("1w").unique().sort().to_list()
    market = _compounded(_market(returns), [])
    if not weeks or market.is_empty():
        return pl.DataFrame(schema=DELAY)
    companies = returns["company_id"].unique().sort()
    weekly = _compounded(returns, ["company_id"])
    days = pl.date_range(min(weeks) - LOOKBACK, max(weeks), interval="1w", eager=True)
    moves = days.to_frame("week").join(market, on="week", how="left").sort("week")["growth"].to_numpy()
    matrix = _matrix(weekly, days, companies)
    parts = [_of_week(week, days, moves, matrix, companies) for week in weeks]
    return pl.concat([pl.DataFrame(schema=DELAY), *parts])


def _market(returns: pl.DataFrame) -> pl.DataFrame:
    """session_date and return_price of all companies together."""
    known = returns.filter(pl.col("return_price").is_not_null() & pl.col("previous_cap_usd").is_not_null())
    cap = pl.col("previous_cap_usd")
    return known.group_by("session_date").agg(
        return_price=ratio_of_totals(weighted_total(pl.col("return_price"), cap), cap.cast(pl.Int128).sum(), 10**12)
    )


def _compounded(returns: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """week, keys and growth: the week's return, of the sessions that are known."""
    return (
        returns.filter(pl.col("return_price").is_not_null())
        .sort("session_date")
        .group_by(pl.col("session_date").dt.truncate("1w").alias("week"), *keys)
        .agg(growth=round_significant((pl.col("return_price") + 1).product() - 1))
    )


def _matrix(weekly: pl.DataFrame, weeks: pl.Series, companies: pl.Series) -> Floats:
    """Weeks by companies, NaN where nothing is known."""
    kept = weekly.filter(pl.col("week").is_in(weeks.implode()))
    values = np.full((weeks.len(), companies.len()), np.nan)
    week = weeks.search_sorted(kept["week"]).to_numpy()
    company = kept["company_id"].cast(pl.Enum(companies)).to_physical().to_numpy()
    values[week, company] = kept["growth"].to_numpy()
    return values


def _of_week(week: date, weeks: pl.Series, moves: Floats, matrix: Floats, companies: pl.Series) -> pl.DataFrame:
    last = int(weeks.search_sorted(week))
    past = np.stack([moves[last - WEEKS - lag : last - lag] for lag in range(LAGS + 1)], axis=1)
    is_known = ~np.isnan(past).any(axis=1)
    own = matrix[last - WEEKS : last][is_known]
    regressors = np.hstack([np.ones((int(is_known.sum()), 1)), past[is_known]])
    at = np.flatnonzero((~np.isnan(own)).sum(axis=0) >= LEAST_WEEKS)
    full = _explained(own[:, at], regressors)
    restricted = _explained(own[:, at], regressors[:, :2])
    with np.errstate(divide="ignore", invalid="ignore"):
        delay = np.clip(1 - restricted / np.where(full > 0, full, np.nan), 0, 1)
    return pl.DataFrame(
        {
            "week": pl.repeat(week, len(at), dtype=pl.Date, eager=True),
            "company_id": companies[at],
            "return_delay": pl.Series(np.round(delay, _DIGITS), nan_to_null=True),
        },
        schema=DELAY,
    )


def _explained(own: Floats, regressors: Floats) -> Floats:
    """R2 of each column of ``own`` on the regressors, over the weeks that it has; NaN where they do not tell it.

    Sums are taken week by week, so that other companies do not change the last bit of one.
    """
    weights = np.where(np.isnan(own), 0.0, 1.0)
    values = np.nan_to_num(own)
    count, width = own.shape[1], regressors.shape[1]
    products, moments = np.zeros((count, width, width)), np.zeros((count, width))
    squares = np.zeros(count)
    for row, weight, value in zip(regressors, weights, values, strict=True):
        products += weight[:, None, None] * np.multiply.outer(row, row)
        moments += value[:, None] * row
        squares += value * value
    diagonal = np.prod(np.diagonal(products, axis1=1, axis2=2), axis=1)
    is_told = np.abs(np.linalg.det(products)) > _SINGULAR * diagonal
    explained = np.full(count, np.nan)
    if is_told.any():
        betas = np.linalg.solve(products[is_told], moments[is_told][:, :, None])[:, :, 0]
        mean = moments[is_told, 0] ** 2 / products[is_told, 0, 0]
        total = squares[is_told] - mean
        fitted = (betas * moments[is_told]).sum(axis=1) - mean
        with np.errstate(divide="ignore", invalid="ignore"):
            explained[is_told] = np.where(total > 0, fitted / total, np.nan)
    return explained
