from datetime import date, timedelta

import polars as pl
import pytest

from transforms.measures.drawdown import drawdown_daily

START = date(2024, 1, 2)


def returns(*values: float | None, segment: str = "small") -> pl.DataFrame:
    """One row per day."""
    return pl.DataFrame(
        {
            "session_date": [START + timedelta(days=number) for number in range(len(values))],
            "scheme_id": "fixed_usd",
            "segment": segment,
            "return_price_vw": values,
        },
        schema_overrides={"return_price_vw": pl.Float64},
    )


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_levels_and_drawdowns_by_hand() -> None:
    found = drawdown_daily(returns(None, 0.10, -0.20, 0.25, 0.10))

    assert found["level"].to_list() == pytest.approx([1.0, 1.1, 0.88, 1.1, 1.21])
    assert found["drawdown"].to_list() == pytest.approx([0.0, 0.0, -0.2, 0.0, 0.0], abs=1e-12)
    assert found["peak_session"].to_list()[:3] == [day(0), day(1), day(1)]
    assert found["peak_session"].to_list()[4] == day(4)
    assert found["gaps"].to_list() == [0, 0, 0, 0, 0]


def test_return_of_the_first_session_does_not_count() -> None:
    assert drawdown_daily(returns(-0.5, 0.0))["level"].to_list() == [1.0, 1.0]


def test_a_session_without_a_return_is_unknown_and_the_chain_goes_on() -> None:
    found = drawdown_daily(returns(None, -0.10, None, -0.50))

    assert found["level"].to_list() == pytest.approx([1.0, 0.9, None, 0.45])
    assert found["drawdown"].to_list() == pytest.approx([0.0, -0.1, None, -0.55])
    assert found["peak_session"].to_list() == [day(0)] * 4
    assert found["gaps"].to_list() == [0, 0, 1, 1]


def test_a_level_held_is_a_high_of_its_last_session() -> None:
    assert drawdown_daily(returns(None, 0.1, 0.0, -0.1))["peak_session"].to_list()[2:] == [day(2), day(2)]


def test_segments_know_nothing_of_each_other() -> None:
    both = pl.concat([returns(None, -0.5), returns(None, 0.5, segment="large")])
    found = drawdown_daily(both)
    assert dict(found.filter(session_date=day(1)).select("segment", "drawdown").iter_rows()) == {
        "small": -0.5,
        "large": 0.0,
    }


def test_no_rows_give_no_rows() -> None:
    assert drawdown_daily(returns(0.1).clear()).is_empty()
