from datetime import date, timedelta
from statistics import mean, stdev

import polars as pl
import pytest

from transforms.contracts.valuation import VALUATION_DAILY, VALUATION_SPREAD_DAILY
from transforms.measures.discount_history import LEAST_SESSIONS
from transforms.measures.spreads import valuation_spread_daily

START = date(2022, 1, 3)


def valuation(*values: tuple[float | None, float | None], start: date = START, measure: str = "pe") -> pl.DataFrame:
    """Sessions with the value of small and of large caps."""
    rows = []
    for number, (small, large) in enumerate(values):
        rows += [
            {"session_date": start + timedelta(days=number), "segment": "small", "value": small},
            {"session_date": start + timedelta(days=number), "segment": "large", "value": large},
        ]
    schema = {"session_date": pl.Date, "segment": pl.String, "value": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema).with_columns(
        pl.lit("fixed_usd").alias("scheme_id"),
        pl.lit(measure).alias("measure"),
        pl.lit("median").alias("convention"),
        pl.lit(0).alias("company_count"),
        pl.lit("all").alias("universe"),
    )
    missing = [name for name in VALUATION_DAILY.column_names if name not in frame.columns]
    return VALUATION_DAILY.conform(frame.with_columns(pl.lit(None).alias(name) for name in missing))


def test_discount_and_percentile_by_hand() -> None:
    spreads = valuation_spread_daily(valuation((14, 20), (12, 20), (16, 20), (12, 20)))

    assert spreads["discount"].to_list() == [-0.3, -0.4, -0.2, -0.4]
    assert spreads["percentile"].to_list() == [1.0, 0.5, 1.0, 0.5]
    assert spreads["history_sessions"].to_list() == [1, 2, 3, 4]
    assert spreads["history_start"].unique().to_list() == [START]
    assert spreads["segment"].unique().to_list() == ["small"]


def test_an_undefined_session_has_no_discount_and_leaves_the_history_alone() -> None:
    spreads = valuation_spread_daily(valuation((None, 20), (14, 20), (14, None), (14, -2), (10, 20)))

    assert spreads["discount"].to_list() == [None, -0.3, None, None, -0.5]
    assert spreads["percentile"].to_list() == [None, 1.0, None, None, 0.5]
    assert spreads["history_sessions"].to_list() == [0, 1, 1, 1, 2]
    second = START + timedelta(days=1)
    assert spreads["history_start"].to_list() == [None, second, second, second, second]


def test_a_negative_yield_is_a_discount_of_more_than_all() -> None:
    spreads = valuation_spread_daily(valuation((-0.6, 0.03), measure="earnings_yield"))
    assert spreads["discount"].to_list() == [-21.0]


def test_the_past_never_changes_with_later_sessions() -> None:
    values = ((14.0, 20.0), (12.0, 20.0), (16.0, 20.0))
    whole = valuation_spread_daily(valuation(*values))
    assert valuation_spread_daily(valuation(*values[:2])).equals(whole.head(2))


def test_history_from_the_session_on_is_ignored() -> None:
    whole = valuation_spread_daily(valuation((14, 20), (12, 20), (16, 20)))
    again = valuation_spread_daily(valuation((12, 20), start=START + timedelta(days=1)), whole)
    assert again.equals(whole.slice(1, 1))


def test_a_session_without_rows_gives_none() -> None:
    assert valuation_spread_daily(VALUATION_DAILY.empty()).equals(VALUATION_SPREAD_DAILY.empty())


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_the_last_session_as_wide_and_the_premiums_by_hand() -> None:
    values = (18, 14, 16, 22, None, 15, 21, 14, 13)
    spreads = valuation_spread_daily(valuation(*((value, 20.0) for value in values)))

    assert spreads["discount"].to_list() == [-0.1, -0.3, -0.2, 0.1, None, -0.25, 0.05, -0.3, -0.35]
    # -0.25 was last reached by the -0.3 of the second session, 0.05 by the 0.1 of the fourth.
    assert spreads["as_wide_date"].to_list() == [None, None, day(1), None, None, day(1), day(3), day(1), None]
    assert spreads["premium_date"].to_list() == [None] * 3 + [day(3)] * 3 + [day(6)] * 3
    assert spreads["premium_sessions"].to_list() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_yield_above_that_of_large_caps_is_no_premium() -> None:
    spreads = valuation_spread_daily(valuation((0.06, 0.05), (0.04, 0.05), measure="earnings_yield"))
    assert spreads["premium_sessions"].to_list() == [0, 1]
    assert spreads["premium_date"].to_list() == [None, day(1)]


def test_the_z_score_is_of_the_history_so_far_and_needs_a_year_of_it() -> None:
    values = [20.0 * (0.7 + 0.1 * ((7 * number) % 11) / 11) for number in range(LEAST_SESSIONS + 1)]
    spreads = valuation_spread_daily(valuation(*((value, 20.0) for value in values)))

    told, discounts = spreads["z_score"].to_list(), spreads["discount"].to_list()
    assert told[: LEAST_SESSIONS - 1] == [None] * (LEAST_SESSIONS - 1)
    for number in (LEAST_SESSIONS - 1, LEAST_SESSIONS):
        known = discounts[: number + 1]
        assert told[number] == pytest.approx((known[-1] - mean(known)) / stdev(known), abs=1e-6)


def test_a_history_without_any_change_has_no_z_score() -> None:
    spreads = valuation_spread_daily(valuation(*(((14.0, 20.0),) * (LEAST_SESSIONS + 1))))
    assert spreads["z_score"].to_list() == [None] * (LEAST_SESSIONS + 1)
