"""Split-proof returns: next day, across a gap, through splits."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.core.returns import with_returns
from transforms.core.splits import with_splits

MON, TUE, WED = date(2024, 1, 8), date(2024, 1, 9), date(2024, 1, 10)


def one(**values: Any) -> dict[str, Any]:
    row = {
        "last_session": TUE,
        "vendor_cap_usd": 1_000,
        "last_cap_usd": 1_000,
        "declared_ratio": None,
        "declared_age": None,
        **values,
    }
    row["last_shares"] = row["last_cap_usd"] / row["last_close"] if row["last_close"] else None
    prices = ("last_close", "previous_close", "last_shares", "declared_ratio", "declared_age")
    frame = pl.DataFrame([row], schema_overrides={"last_session": pl.Date, **dict.fromkeys(prices, pl.Float64)})
    near_from = date(2024, 1, 3)
    return with_returns(with_splits(frame, TUE, near_from), TUE, near_from).row(0, named=True)


def test_the_next_session_runs_from_the_admitted_close() -> None:
    row = one(close=11.0, previous_close=10.0, last_close=10.0)
    assert row["return_price"] == pytest.approx(0.1)
    assert row["is_multi_day"] is False


def test_a_late_print_is_chained_to_the_close_we_admitted() -> None:
    """The file of the day before was taken early: 10.0 admitted, 10.2 was the close. The chain must not lose 2 %."""
    assert one(close=10.5, previous_close=10.2, last_close=10.0)["return_price"] == pytest.approx(0.05)


@pytest.mark.parametrize("ratio", [10.0, 1 / 5, 1.1])
def test_a_split_is_no_return(ratio: float) -> None:
    row = one(close=101.0 / ratio, previous_close=100.0 / ratio, last_close=100.0)
    assert row["return_price"] == pytest.approx(0.01)


def test_without_an_admitted_close_there_is_no_return() -> None:
    assert one(close=10.0, previous_close=9.0, last_close=None, last_session=None)["return_price"] is None


def test_beyond_the_horizon_there_is_no_return() -> None:
    assert one(close=10.0, previous_close=9.0, last_close=8.0, last_session=date(2023, 12, 1))["return_price"] is None


def test_across_a_missing_session_the_whole_move_counts_and_is_flagged() -> None:
    row = one(
        close=12.0, previous_close=11.0, last_close=10.0, last_session=MON, last_cap_usd=1_000, vendor_cap_usd=1_200
    )
    assert (row["return_price"], row["is_multi_day"]) == (pytest.approx(0.2), True)


def test_a_split_across_a_gap_is_told_by_the_count() -> None:
    """1:10 in the gap: price 100 to 10.2, count times ten."""
    row = one(
        close=10.3,
        previous_close=10.2,
        last_close=100.0,
        last_session=MON,
        last_cap_usd=100_000,
        vendor_cap_usd=103_000,
    )
    assert row["return_price"] == pytest.approx(0.03)


def test_a_crash_across_a_gap_is_a_return() -> None:
    """A fall by 45 % that no split ratio explains, count unchanged."""
    row = one(close=5.5, previous_close=5.6, last_close=10.0, last_session=MON, last_cap_usd=1_000, vendor_cap_usd=550)
    assert row["return_price"] == pytest.approx(-0.45)


def test_a_lagging_count_across_a_gap_leaves_the_jump_to_admission() -> None:
    """Reverse 1:5 in the gap, count not yet: only the last day counts, so the cap's jump shows."""
    row = one(
        close=50.5, previous_close=50.0, last_close=10.0, last_session=MON, last_cap_usd=1_000, vendor_cap_usd=5_050
    )
    assert row["return_price"] == pytest.approx(0.01)
