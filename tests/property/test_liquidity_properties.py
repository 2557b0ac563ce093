"""What must hold for any prices: nights equal one run, order and units do not matter, spreads are not negative."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.measures.company_liquidity import company_liquidity

START = date(2024, 1, 1)
SESSIONS = 34
SINCE = START + timedelta(days=20)
SPREADS = ["spread_corwin_schultz_21", "spread_abdi_ranaldo_21", "spread_edge_21"]


def market(seed: int, companies: int, missing: float) -> pl.DataFrame:
    """A random market with splits, sessions missing and prices missing."""
    chance = np.random.default_rng(seed)
    shape = (SESSIONS, companies)
    moves = np.where(chance.random(shape) < 0.2, 0.0, chance.normal(0, 0.03, shape))
    split = np.where(chance.random(shape) < 0.03, 2.0, 1.0)
    level = 20 * np.exp(np.cumsum(moves, axis=0))
    close = level / np.cumprod(split, axis=0)
    opened = close * np.exp(chance.normal(0, 0.01, shape))
    high = np.maximum(opened, close) * np.exp(chance.choice([0.0, 0.01], shape))
    low = np.minimum(opened, close) * np.exp(-chance.choice([0.0, 0.02], shape))
    returns = np.vstack([np.full((1, companies), np.nan), np.expm1(moves[1:])])
    columns = {"return_price": returns, "line_return": returns, "open": opened, "high": high, "low": low}
    frame = pl.DataFrame(
        {
            "session_date": [START + timedelta(days=n) for n in range(SESSIONS) for _ in range(companies)],
            "company_id": [f"C{n}" for _ in range(SESSIONS) for n in range(companies)],
            "dollar_volume_usd": chance.integers(0, 4, shape).ravel() * chance.integers(1, 10**8, shape).ravel(),
            "cap_usd": chance.integers(10**6, 10**11, shape).ravel(),
            "close": close.ravel(),
            **{
                name: np.where(chance.random(shape) < missing / 3, np.nan, values).ravel()
                for name, values in columns.items()
            },
        }
    ).with_columns(pl.col(*columns).fill_nan(None))
    return frame.filter(pl.Series(chance.random(frame.height) >= missing))


markets = st.builds(market, st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 0.1, 0.4]))


@settings(deadline=None, max_examples=25)
@given(rows=markets, width=st.integers(1, 14))
def test_night_by_night_gives_the_bits_of_one_run(rows: pl.DataFrame, width: int) -> None:
    whole = company_liquidity(rows, SINCE)
    sessions = rows["session_date"].unique().sort().to_list()
    later = [day for day in sessions if day >= SINCE]
    parts = []
    for first in range(0, len(later), width):
        chunk = later[first : first + width]
        earliest = sessions[max(sessions.index(chunk[0]) - 20, 0)]
        parts.append(company_liquidity(rows.filter(pl.col("session_date").is_between(earliest, chunk[-1])), chunk[0]))
    assert pl.concat(parts).equals(whole)


@settings(deadline=None, max_examples=25)
@given(rows=markets, seed=st.integers(0, 1000))
def test_neither_the_order_of_rows_nor_other_companies_matter(rows: pl.DataFrame, seed: int) -> None:
    whole = company_liquidity(rows, SINCE)
    assert company_liquidity(rows.sample(fraction=1.0, shuffle=True, seed=seed), SINCE).equals(whole)
    alone = rows.filter(company_id="C0")
    of_the_sessions = rows["session_date"].unique()
    if alone["session_date"].n_unique() == len(of_the_sessions):
        assert company_liquidity(alone, SINCE).equals(whole.filter(company_id="C0"))


@settings(deadline=None, max_examples=25)
@given(rows=markets)
def test_units_of_price_and_of_money_do_not_matter(rows: pl.DataFrame) -> None:
    whole = company_liquidity(rows, SINCE)
    pence = company_liquidity(rows.with_columns(pl.col("open", "high", "low", "close") * 128), SINCE)
    for name in SPREADS:
        assert_near(pence[name], whole[name], 1e-6)
    cents = company_liquidity(rows.with_columns(pl.col("dollar_volume_usd", "cap_usd") * 100), SINCE)
    assert_near(cents["turnover_21"], whole["turnover_21"], 1e-12)
    assert_near(cents["amihud_21"] * 100, whole["amihud_21"], 1e-12)
    counted = ["zero_volume_sessions", "volume_sessions", "zero_return_sessions", "return_sessions"]
    assert cents.select(counted).equals(whole.select(counted))


def assert_near(ours: pl.Series, theirs: pl.Series, tolerance: float) -> None:
    assert ours.is_null().equals(theirs.is_null())
    assert ours.drop_nulls().to_list() == pytest.approx(theirs.drop_nulls().to_list(), rel=tolerance, abs=tolerance)


@settings(deadline=None, max_examples=25)
@given(rows=markets)
def test_figures_stay_within_their_bounds(rows: pl.DataFrame) -> None:
    found = company_liquidity(rows, SINCE)
    assert found.filter(pl.any_horizontal(pl.col(*SPREADS, "amihud_21", "turnover_21") < 0)).is_empty()
    assert found.filter(pl.any_horizontal(pl.col(pl.Float64).is_nan())).is_empty()
    assert found.filter(pl.col("zero_volume_sessions") > pl.col("volume_sessions")).is_empty()
    assert found.filter(pl.col("spread_corwin_schultz_21") >= 2).is_empty()
