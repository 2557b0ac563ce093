"""Drawdowns of any returns: within their range, blind to the order of rows and to the future."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms.measures.drawdown import drawdown_daily

START = date(2024, 1, 2)
series = st.lists(st.none() | st.floats(-1, 2), min_size=1, max_size=20)


def frame(values: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "session_date": [START + timedelta(days=number) for number in range(len(values))],
            "scheme_id": "fixed_usd",
            "segment": "small",
            "return_price_vw": values,
        },
        schema_overrides={"return_price_vw": pl.Float64},
    )


@given(values=series, cut=st.integers(1, 20), seed=st.integers(0, 9))
def test_drawdowns_hold_their_range_and_know_no_future(values: list[float | None], cut: int, seed: int) -> None:
    found = drawdown_daily(frame(values))

    assert_frame_equal(drawdown_daily(frame(values[:cut])), found.head(cut))
    assert_frame_equal(drawdown_daily(frame(values).sample(fraction=1, shuffle=True, seed=seed)), found)
    known = found.drop_nulls("drawdown")
    assert known["drawdown"].is_between(-1, 0).all()
    assert found.height - known.height == found["gaps"].max()
    assert (found["peak_session"] <= found["session_date"]).all()
    assert (
        known.filter(pl.col("drawdown") == 0)["peak_session"] == known.filter(pl.col("drawdown") == 0)["session_date"]
    ).all()
