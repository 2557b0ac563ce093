"""Return delay against statsmodels, and what it must not depend on."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from transforms.measures.return_delay import LAGS, LEAST_WEEKS, RETURNS, WEEKS, return_delay

MONDAY = date(2022, 1, 3)
WEEK = MONDAY + timedelta(weeks=WEEKS + LAGS)


def drawn(companies: int = 6, weeks: int = WEEKS + LAGS + 3) -> pl.DataFrame:
    """Daily returns of companies of which the later follow the market later; one giant is nearly all of it."""
    rng = np.random.default_rng(5)
    days = [MONDAY + timedelta(weeks=week, days=day) for week in range(weeks) for day in range(5)]
    market = rng.normal(0, 0.01, len(days))
    rows = []
    for number in range(companies):
        late = np.roll(market, 5 * number)
        own = market if number == 0 else 0.6 * late + 0.4 * market + rng.normal(0, 0.006, len(days))
        cap = 10**12 if number == 0 else 10**3
        rows += [(day, f"C{number}", float(value), cap) for day, value in zip(days, own, strict=True)]
    return pl.DataFrame(rows, RETURNS, orient="row")


def weekly(returns: pl.DataFrame, company: str) -> np.ndarray:
    own = returns.filter(company_id=company).sort("session_date")["return_price"].to_numpy()
    return np.prod(1 + own.reshape(-1, 5), axis=1) - 1


def by_statsmodels(returns: pl.DataFrame, company: str, missing: tuple[int, ...] = ()) -> float:
    market, own = weekly(returns, "C0"), weekly(returns, company)
    weeks = [week for week in range(LAGS, LAGS + WEEKS) if week not in missing]
    past = np.array([[market[week - lag] for lag in range(LAGS + 1)] for week in weeks])
    y = own[weeks]
    full = sm.OLS(y, sm.add_constant(past)).fit().rsquared
    restricted = sm.OLS(y, sm.add_constant(past[:, :1])).fit().rsquared
    return float(1 - restricted / full)


def delays(returns: pl.DataFrame, day: date = WEEK) -> dict[str, float | None]:
    found = return_delay(returns, pl.Series([day]))
    return dict(found.select("company_id", "return_delay").iter_rows())


def test_it_is_that_of_two_regressions() -> None:
    returns = drawn()
    found = delays(returns)
    assert found["C0"] == 0.0
    for company in ("C1", "C2", "C3", "C4", "C5"):
        assert found[company] == pytest.approx(by_statsmodels(returns, company), abs=1e-6)
    assert (found["C3"] or 0) > 0.3


def test_a_company_that_was_away_has_the_weeks_that_it_has() -> None:
    returns = drawn()
    away = returns.filter(
        ~((pl.col("company_id") == "C2") & (pl.col("session_date") < MONDAY + timedelta(weeks=LAGS + 8)))
    )
    assert delays(away)["C2"] == pytest.approx(by_statsmodels(returns, "C2", tuple(range(LAGS, LAGS + 8))), abs=1e-6)


def test_fewer_weeks_than_forty_give_no_value() -> None:
    least = MONDAY + timedelta(weeks=LAGS + WEEKS - LEAST_WEEKS)
    for start, is_there in ((least, True), (least + timedelta(weeks=1), False)):
        young = drawn().filter((pl.col("company_id") != "C2") | (pl.col("session_date") >= start))
        assert ("C2" in delays(young)) is is_there


def test_the_session_s_own_week_and_later_ones_play_no_part() -> None:
    returns = drawn()
    known = delays(returns)
    assert delays(returns.filter(pl.col("session_date") < WEEK)) == known
    assert delays(returns, WEEK + timedelta(days=4)) == known
    assert delays(returns, WEEK + timedelta(days=7)) != known


def test_a_week_is_the_same_alone_and_among_others_in_any_order() -> None:
    returns = drawn()
    several = return_delay(
        returns.sample(fraction=1, shuffle=True, seed=2), pl.Series([WEEK, WEEK + timedelta(weeks=1)])
    )
    assert several.filter(week=WEEK).equals(return_delay(returns, pl.Series([WEEK])))
    fewer = returns.filter(pl.col("company_id").is_in(["C0", "C1", "C2"]))
    one = {company: delay for company, delay in delays(returns).items() if company in ("C0", "C1", "C2")}
    assert delays(fewer) == pytest.approx(one, abs=1e-6)


def test_of_no_sessions_there_is_nothing() -> None:
    assert return_delay(drawn(), pl.Series([], dtype=pl.Date)).is_empty()
    assert return_delay(drawn().clear(), pl.Series([WEEK])).is_empty()
