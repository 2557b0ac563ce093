from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.measures import discount_history
from transforms.measures.discount_history import DiscountHistory, Standing

START = date(2022, 1, 3)
DISCOUNTS = st.lists(st.none() | st.integers(-5, 5).map(lambda tenths: tenths / 10), min_size=1, max_size=30)


def days(discounts: Sequence[object]) -> list[date]:
    return [START + timedelta(days=number) for number in range(len(discounts))]


def told(history: DiscountHistory, discounts: Sequence[float | None], first: int = 0) -> list[Standing]:
    return [history.next(day, value) for day, value in zip(days(discounts)[first:], discounts[first:], strict=True)]


@given(DISCOUNTS, st.integers(0, 30), st.sampled_from([1, -1]))
def test_a_night_tells_what_one_run_over_all_sessions_tells(
    discounts: list[float | None], split: int, dearer: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discount_history, "LEAST_SESSIONS", 2)
        whole = told(DiscountHistory(dearer), discounts)
        known = [
            (day, value) for day, value in zip(days(discounts), discounts[:split], strict=False) if value is not None
        ]
        later = DiscountHistory(dearer, [day for day, _ in known], [value for _, value in known])
        assert told(later, discounts, split) == whole[split:]


@given(DISCOUNTS)
def test_the_last_session_as_wide_is_the_newest_of_all_before(discounts: list[float | None]) -> None:
    for number, standing in enumerate(told(DiscountHistory(1), discounts)):
        value = discounts[number]
        if value is None:
            continue
        before = [
            day
            for day, other in zip(days(discounts), discounts[:number], strict=False)
            if other is not None and (other >= value if value > 0 else other <= value)
        ]
        assert standing.as_wide_on == (before[-1] if before else None)
