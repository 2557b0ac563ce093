"""Splits seen in prices, and the vendor's counts around them, session by session as they really were."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.unit.vendor_days import START, Day, Seen, counts, walked
from transforms.core.count_conventions import MAX_SESSIONS
from transforms.core.count_memory import FACTOR_SCHEMA, FEW_DAYS, with_last_shares
from transforms.core.split_register import UNDONE_WITHIN_DAYS, no_splits, ratio_between, update_splits
from transforms.core.vendor_counts import Young, _judged_lines, followed


def test_a_count_that_lags_a_reverse_split_by_a_day() -> None:
    """Amcor, 2026-01-15, one for five: price times five with the old count; the count follows the next day."""
    seen, register = walked(
        Day(8.36, 2_305e6), Day(41.90, 2_305e6, previous=41.80), Day(42.00, 461e6), Day(42.10, 461e6)
    )
    assert counts(seen) == [2305.0, 461.0, 461.0, 461.0]
    assert seen[1] == Seen(461.0, 0.2, "price", "lags_split")
    assert seen[2].cause is None
    assert register.select("ex_date", "ratio", "confirmed_on").row(0) == (
        START + timedelta(days=1),
        0.2,
        START + timedelta(days=2),
    )


def test_a_count_that_lags_for_months_is_not_taken_for_as_long() -> None:
    """VEON, 2023-03-08: a depositary share stood for 25 shares instead of one, and the vendor never counted so."""
    days = [Day(0.7162, 1_749.1e6), Day(18.09, 1_749.1e6, previous=17.905)]
    seen, register = walked(*days, *[Day(18.0, 1_760e6)] * (MAX_SESSIONS + 20))
    assert counts(seen)[1] == pytest.approx(70.0, abs=0.1)
    assert counts(seen)[-1] == pytest.approx(70.4, abs=0.1)
    assert register["confirmed_on"].item() == START + timedelta(days=1 + UNDONE_WITHIN_DAYS + 1), "by the price alone"


def test_a_count_that_is_right_on_the_day_and_falls_back() -> None:
    """IVR, 2022-06-06, one for ten: 329.9, 33.0, 329.9 and 33.0 million again."""
    seen, _ = walked(
        Day(1.75, 329.918e6), Day(16.75, 32.9918e6, previous=17.5), Day(16.9, 329.918e6), Day(16.8, 32.992e6)
    )
    assert counts(seen) == [329.9, 33.0, 33.0, 33.0]
    assert [item.cause for item in seen] == [None, None, "lags_split", None]


def test_a_new_count_that_is_not_of_the_ratio_and_falls_back() -> None:
    """FLGC, 2023-06-09, one for twenty: 138.8, 6.8, 138.8 million for a while, 6.8 at last; 6.9 is a twentieth."""
    old, new = 138.84e6, 6.846905e6
    seen, _ = walked(
        Day(0.1849, old), Day(3.64, new, previous=3.698), *[Day(3.07, old)] * 6, Day(3.1, new), Day(3.1, new)
    )
    assert counts(seen) == [138.8, 6.8, *[6.9] * 6, 6.8, 6.8]
    assert [item.cause for item in seen] == [None, None, *["lags_split"] * 6, None, None]


def test_a_count_that_falls_back_three_weeks_later_to_an_older_one() -> None:
    """GTE, 2023-05-05, one for ten: 34.5, and from 2023-05-26 333.1 million. By then the new count is the newer one."""
    right, old = Day(5.7, 34.461e6), Day(5.27, 333.07e6)
    seen, _ = walked(Day(0.6044, 344.61e6), Day(6.23, 34.461e6, previous=6.044), *[right] * 14, old, Day(5.3, 346.15e6))
    assert counts(seen)[-2:] == [34.5, 35.8]
    assert seen[-1].cause == "lags_split"


@pytest.mark.parametrize(
    ("day", "back", "ratio", "why"),
    [
        (2.615806e6, 4.047717e6, 25, "AGLE, 2023-09-08: a wrong count on the ex-date, the old one, the right one"),
        (4.830895e6, 5.885228e6, 20, "CRIS, 2023-09-29, the same; AGLE's was held, this one was admitted"),
    ],
)
def test_a_count_that_is_right_only_after_a_wrong_and_an_old_one(day: float, back: float, ratio: int, why: str) -> None:
    old = back * ratio
    seen, _ = walked(
        Day(0.5, old), Day(0.5 * ratio, day, previous=0.5 * ratio), Day(10.0, old), Day(10.1, back), Day(10.2, back)
    )
    assert counts(seen) == [round(count / 1e6, 1) for count in (old, day, back, back, back)], why
    assert [item.cause for item in seen] == [None, None, "lags_split", None, None], why


def test_a_count_given_again_on_the_ex_date() -> None:
    """WGS, 2023-05-04, one for 33: no count for three sessions, then the new one; and where it comes a day late."""
    none = Day(0.25, None)
    start, split = Day(0.2736, 843.74e6), Day(7.76, 25.568e6, previous=8.25)
    seen, register = walked(start, none, none, none, split, Day(8.55, 25.568e6))
    assert counts(seen) == [843.7, None, None, None, 25.6, 25.6]
    assert seen[4] == Seen(25.6, round(1 / 33, 6), "price_and_count", None)
    assert register["confirmed_on"].to_list() == [START + timedelta(days=4)]
    late, _ = walked(start, none, Day(7.76, 843.74e6, previous=8.25), Day(8.55, 25.568e6))
    assert counts(late) == [843.7, None, 25.6, 25.6]
    silent, _ = walked(start, none, Day(7.76, None, previous=8.25), Day(8.55, 25.568e6))
    assert counts(silent) == [843.7, None, None, 25.6]


def test_a_count_first_given_on_the_ex_date_or_long_after_the_last_one() -> None:
    """There is nothing to tell whether it lags, so it stands as it is."""
    none, split = Day(0.25, None), Day(8.25, 25.568e6, previous=8.25)
    for days in ([none, split], [Day(0.25, 843.74e6), *[none] * (FEW_DAYS + 1), split]):
        seen, _ = walked(*days)
        assert (seen[-1].count, seen[-1].cause) == (25.6, None)


def test_a_count_that_led_its_split_does_not_fall_back_to_the_old_one_on_the_day() -> None:
    """Novo Nordisk's new count was there before its split: that it comes back to it after an error is no lag."""
    wrong = [Day(94.0, 9_300e6)] * 3
    seen, _ = walked(
        Day(190.0, 2_246e6), Day(190.4, 4_478e6 * 1.01), Day(187.0, 4_478e6), Day(94.7, 4_496e6, 93.5), *wrong,
        Day(94.0, 4_478e6),
    )  # fmt: skip
    assert (seen[-1].count, seen[-1].cause) == (4478.0, None)


@pytest.mark.parametrize(
    ("old", "updated", "ratio", "why"),
    [
        (223.446e6, 263.827e6, 5, "AEVA, 2024-03-20, the day after the split"),
        (153.141e6, 181.916e6, 10, "SHIP, 2023-02-17, the day after the split"),
    ],
)
def test_a_lagging_count_brought_up_to_date_in_old_shares(old: float, updated: float, ratio: int, why: str) -> None:
    seen, _ = walked(
        Day(1.0, old),
        Day(ratio, old, previous=ratio),
        Day(ratio, updated),
        Day(ratio, old),
        Day(ratio, updated / ratio),
    )
    new = [round(count / ratio / 1e6, 1) for count in (old, updated, old, updated)]
    assert counts(seen) == [round(old / 1e6, 1), *new], why
    assert [item.cause for item in seen] == [None, *["lags_split"] * 3, None], why


@pytest.mark.parametrize(
    ("old", "updated", "ratio", "why"),
    [
        (6.065e6, 46.222e6, 25, "LGMK, 2024-11-19: years of news on the ex-date, in old shares, the split a day later"),
        (16.868e6, 27.68e6, 48, "SGN, 2024-11-18, the same"),
    ],
)
def test_a_count_that_follows_its_split_after_news(old: float, updated: float, ratio: int, why: str) -> None:
    new = Day(ratio, updated / ratio)
    seen, register = walked(Day(1.0, old), Day(ratio, updated, previous=ratio), new, new)
    assert counts(seen)[-2:] == [round(updated / ratio / 1e6, 1)] * 2, why
    assert [item.cause for item in seen[-2:]] == [None, None], why
    assert register["confirmed_on"].to_list() == [START + timedelta(days=2)], why


@pytest.mark.parametrize(
    ("old", "new", "twice", "ratio", "why"),
    [
        (
            110.2e6,
            7.348e6,
            0.544e6,
            15,
            "MBIO, 2023-05-26: divided once more for some weeks, with news",
        ),
        (124.9e6, 8.33e6, 0.5594e6, 15, "AWH, on the same days"),
    ],
)
def test_a_count_that_had_the_split_twice_is_right_again(
    old: float, new: float, twice: float, ratio: int, why: str
) -> None:
    wrong, right = Day(ratio, twice), Day(ratio, new * 1.1)
    seen, _ = walked(Day(1.0, old), Day(ratio, new, previous=ratio), *[wrong] * 11, right, right)
    was, now, over = (round(count / 1e6, 1) for count in (new, new * 1.1, twice * ratio))
    assert counts(seen)[1:] == [was, *[over] * 11, now, now], why
    assert [item.cause for item in seen[-3:]] == ["jumped_without_split", None, None], why


def test_a_count_that_was_right_on_the_ex_date_give_or_take_news() -> None:
    """GENE, 2023-12-14, one for five: a sixth of it on the day, a fifth of that on the next, for some sessions."""
    wrong, right = Day(2.9, 0.769e6), Day(2.1, 3.847e6)
    seen, _ = walked(Day(0.6, 23.083e6), Day(3.1, 3.847e6, previous=3.0), *[wrong] * 4, right, right)
    assert counts(seen) == [23.1, *[3.8] * 7]
    assert [item.cause for item in seen[2:]] == [*["jumped_without_split"] * 4, None, None]


def test_a_split_while_the_vendor_multiplies_the_count() -> None:
    """DXCM, 2022-06-13, four for one: sixteenfold before it and on it, then fourfold, and right at last."""
    seen, _ = walked(
        Day(281.0, 98.126e6),
        Day(281.0, 1_570.015e6),
        Day(293.85, 98.126e6),
        Day(68.06, 6_280.06e6, previous=73.4625),
        Day(71.51, 1_570.015e6),
        Day(68.81, 392.504e6),
        Day(68.81, 392.504e6),
    )
    assert counts(seen) == [98.1, 98.1, 98.1, *[392.5] * 4]
    assert [item.cause for item in seen[-4:]] == ["jumped_without_split"] * 2 + [None] * 2


def test_a_count_that_comes_back_from_a_wrong_one() -> None:
    """NCTY, 2023-05-26: fortyfold for three sessions, then what it was; the way back happens to be a simple ratio."""
    right, wrong = Day(0.8, 25.36e6), Day(0.7, 1_021.36e6)
    seen, _ = walked(right, *[wrong] * 3, Day(0.67, 24.911e6), right)
    assert counts(seen) == [25.4, *[1021.4] * 3, 24.9, 25.4]
    assert [item.cause for item in seen] == [None] * 6


def test_a_count_that_comes_back_a_tenth_off_from_far_away() -> None:
    """BP, 2023-08-15 to 21: one for 177; the way back happens to be by 160 to a four hundredth."""
    seen, _ = walked(Day(36.0, 3_182.96e6), *[Day(36.0, 17.973e6)] * 5, Day(36.4, 2_874.88e6), Day(36.4, 2_874.88e6))
    assert counts(seen)[-2:] == [2874.9] * 2
    assert seen[-1].cause is None


def test_a_level_of_some_days_is_none_to_come_back_to() -> None:
    """FBP: 205.6 million, 11.1 for four sessions, 179.8; 11.1 again for seven months, 167.3."""
    wrong = Day(12.6, 11.08e6)
    days = Day(12.6, 205.64e6), *[wrong] * 4, *[Day(12.4, 179.79e6)] * 8, *[wrong] * 60, Day(17.4, 167.32e6)
    seen, _ = walked(*days)
    assert seen[-1].count == 167.3
    assert seen[-1].cause is None


def test_a_count_that_is_back_after_a_quarter_in_other_shares() -> None:
    """NGG: 736 million depositary shares, then 3,688 million ordinary ones until they were taken, then 738 again."""
    right, ordinary = Day(63.0, 736.4e6), Day(63.0, 3_682e6)
    seen, _ = walked(right, *[ordinary] * (MAX_SESSIONS + 20), right, right)
    assert counts(seen)[1] == 736.4
    assert counts(seen)[-3:] == [3682.0, 736.4, 736.4]
    assert seen[-1].cause is None


def test_a_jump_of_months_ago_has_led_no_split() -> None:
    """GDEV, 2024-08-29, one for ten: its count had fallen to a tenth in February, by an error that was mended."""
    right = Day(2.0, 197.31e6)
    seen, _ = walked(
        Day(2.0, 1_973.1e6), *[right] * (MAX_SESSIONS + 2), Day(20.0, 197.64e6, previous=20.0), Day(20.0, 19.764e6)
    )
    assert counts(seen)[-3:] == [197.3, 19.8, 19.8]


def test_a_count_renewed_a_quarter_after_the_split_near_the_old_one_lags_nothing() -> None:
    """NSSC, 2022-01-05, two for one: its count was right on the day, and nothing before it shows that."""
    first, later = Day(25.0, 36.71e6), Day(25.0, 36.73e6)
    seen, _ = walked(Day(50.0, 36.71e6), Day(25.0, 36.71e6, previous=25.0), later, *[first] * 92, later, later)
    assert [item.count for item in seen[1:3]] == [73.4, 73.5]
    assert [(item.count, item.cause) for item in seen[-3:]] == [(73.4, "lags_split"), *[(36.7, None)] * 2]


@pytest.mark.parametrize(
    ("issued", "count", "taken", "why"),
    [
        (1.0, 47.188e6, 1.9, "MINM, 2023-05-26: the old count, six weeks later"),
        (1.03, 46e6, 1.9, "about the old count, and little was issued since"),
        (6.0, 47.152e6, 11.3, "the old count itself, and much was issued since"),
        (6.0, 46e6, 46.0, "TTOO, 2023-08-11: as many shares as before, by issues"),
    ],
)
def test_the_old_count_weeks_after_a_split(issued: float, count: float, taken: float, why: str) -> None:
    old, new = 47.152e6, 47.152e6 / 25
    step = [Day(4.0, new * issued ** (part / 8)) for part in range(1, 9)]
    quiet = [Day(4.0, new * issued)] * FEW_DAYS
    seen, _ = walked(Day(0.16, old), Day(4.0, new, previous=4.0), *step, *quiet, Day(4.0, count))
    assert seen[-1].count == taken, why
    assert seen[-1].cause == (None if taken == 46.0 else "lags_split"), why


def test_a_count_given_again_after_a_split_that_the_vendor_half_adjusted() -> None:
    """LSB, 2024-10-04, one for ten: the previous close is any number, no count is given, then a tenth."""
    seen, _ = walked(Day(0.77, 190.81e6), Day(5.45, None, previous=6.82), Day(3.31, 19.081e6), Day(3.4, 19.081e6))
    assert counts(seen) == [190.8, None, 19.1, 19.1]
    assert [item.cause for item in seen] == [None] * 4


@pytest.mark.parametrize(
    ("old", "new", "updated", "ratio", "taken", "why"),
    [
        (8.066e6, 0.674e6, 10.211e6, 15, 0.7, "MEDS, 2023-06-23: with news on the ex-date, too"),
        (51.046e6, 5.105e6, 79.06e6, 10, 7.9, "SDIG, 2023-05-26: half as many again"),
        (16.327e6, 4.082e6, 12.9e6, 4, 12.9, "GAME, 2023-04-17: a merger, and a small split"),
        (5.38e6, 0.431e6, 3.745e6, 10, 3.7, "RETO, 2024-03-04: fewer than the old ones are new ones, and it had more"),
    ],
)
def test_a_count_that_falls_back_to_an_old_one_brought_up_to_date(
    old: float, new: float, updated: float, ratio: int, taken: float, why: str
) -> None:
    seen, _ = walked(Day(1.0, old), Day(ratio, new, previous=ratio), Day(ratio, updated), Day(ratio, updated))
    assert counts(seen)[-2:] == [taken, taken], why


def test_a_count_follows_a_split_once() -> None:
    """TRVN, 2022-11-11, one for 25: a twenty-fifth, and after some sessions a twenty-fifth of that."""
    right, wrong = Day(2.0, 6.947e6), Day(2.0, 0.2779e6)
    seen, _ = walked(Day(0.08, 173.68e6), Day(2.0, 173.68e6, previous=2.0), right, wrong, right, wrong)
    assert counts(seen) == [173.7, 6.9, 6.9, 6.9, 6.9, 6.9]
    assert [item.cause for item in seen[2:]] == [None, "jumped_without_split"] * 2


def test_a_count_that_follows_its_split_after_another_error() -> None:
    """JXJT, 2023-04-26, one for ten: in old shares, then a hundredth of that by mistake for three sessions, a tenth."""
    wrong = [Day(3.69, 0.60633e6)] * 3
    seen, _ = walked(Day(0.6299, 2.591e6), Day(4.72, 60.633e6, previous=6.299), *wrong, Day(3.42, 6.0633e6))
    assert counts(seen)[-2:] == [60.6, 6.1]
    assert [item.cause for item in seen[-2:]] == ["jumped_without_split", None]


def test_a_count_first_given_in_old_shares_weeks_after_its_split() -> None:
    """IMPP, 2023-04-28, one for 15: no count for months, 194.6 million from 2023-05-26, 16.3 some sessions later."""
    none, split = Day(0.21, None), Day(3.15, None, previous=3.15)
    seen, _ = walked(*[none] * 3, split, *[Day(3.5, None)] * 10, *[Day(3.5, 194.59e6)] * 3, *[Day(3.46, 16.26e6)] * 2)
    assert counts(seen)[-3:] == [194.6, 16.3, 16.3]
    assert [item.cause for item in seen[-2:]] == [None, None]


@pytest.mark.parametrize(
    ("old", "new", "ratio", "taken", "why"),
    [
        (14.06e6, 4.02e6, 20, 4.0, "KERN, 2022-11-10: issued on the ex-date; the vendor's next was 5.8"),
        (20.07e6, 3.14e6, 10, 3.1, "MTC, 2022-07-15: its next was 3.14"),
        (101.19e6, 2.6158e6, 25, 4.0, "AGLE: fewer shares than the split leaves were an error"),
    ],
)
def test_a_count_that_falls_back_within_days_of_an_issue(
    old: float, new: float, ratio: int, taken: float, why: str
) -> None:
    seen, _ = walked(Day(0.2, old), Day(0.2 * ratio, new, previous=0.2 * ratio), *[Day(0.2 * ratio, old)] * 3)
    assert counts(seen)[-3:] == [taken] * 3, why
    assert seen[-1].cause == "lags_split", why


def test_a_jumped_count_that_moves_by_a_tenth_is_alive() -> None:
    """ISPO, 2022-04-13: a third of its shares for weeks, then 52.4 for 46.9 million."""
    seen, _ = walked(Day(8.3, 140.24e6), *[Day(8.3, 46.93e6)] * 3, Day(6.7, 52.4e6))
    assert counts(seen) == [140.2, *[140.8] * 3, 52.4]


def test_a_count_given_again_right_long_after_the_split() -> None:
    """No count across the ex-date, and for more than a month."""
    none = [Day(0.2, None)] * 5, [Day(2.0, None)] * (40)
    seen, _ = walked(Day(0.2, 100e6), *none[0], Day(2.0, None, previous=2.0), *none[1], *[Day(2.0, 10e6)] * 3)
    assert [(item.count, item.cause) for item in seen[-3:]] == [(10.0, None)] * 3


def test_a_jump_during_a_long_lag_is_refused_for_a_quarter_of_its_own() -> None:
    lag = [Day(10.0, 100e6)] * 70
    seen, _ = walked(
        Day(1.0, 100e6), Day(10.0, 100e6, previous=10.0), *lag, *[Day(10.0, 100e6 * 40)] * 3, Day(10.0, 10e6)
    )
    assert counts(seen)[-4:] == [10.0] * 4


def test_a_step_before_a_split_is_forgotten_on_its_ex_date() -> None:
    """What the count was before that step is in old shares: where it is there again, it is no count that is right."""
    seen, _ = walked(Day(1.0, 71e6), Day(1.0, 48e6), Day(10.0, 4.8e6, previous=10.0), Day(10.0, 71e6))
    assert counts(seen) == [71.0, 48.0, 4.8, 7.1]


def test_a_count_is_a_year_away_from_its_split() -> None:
    """After that an old level says nothing: what jumps there is news."""
    quiet = [Day(10.0, 10e6)] * 366
    seen, _ = walked(Day(1.0, 103e6), Day(10.0, 10.3e6, previous=10.0), *quiet, Day(10.0, 103e6))
    assert (seen[-1].count, seen[-1].cause) == (103.0, None)


def test_a_jumped_count_a_quarter_after_a_split_is_not_renewed() -> None:
    quiet = [Day(10.0, 10e6)] * 95
    seen, _ = walked(Day(1.0, 100e6), Day(10.0, 10e6, previous=10.0), *quiet, Day(10.0, 30e6), Day(10.0, 30.1e6))
    assert [item.cause for item in seen[-2:]] == ["jumped_without_split"] * 2
    assert counts(seen)[-2:] == [10.0, 10.0]


def test_a_count_that_leads_its_split_by_days_with_news() -> None:
    """DPRO, 2024-09-05, one for 25: 63.4 million, and an eighteenth of that the day before."""
    seen, _ = walked(Day(0.1127, 63.393e6), Day(0.1033, 3.487e6), Day(2.31, 3.487e6, previous=2.5825))
    assert (seen[-1].count, seen[-1].cause) == (3.5, None)


def test_a_count_that_came_back_from_a_jump_has_led_nothing() -> None:
    """Amazon's count was twentyfold for a day, eleven sessions before its split of twenty for one (2022-06-06)."""
    seen, _ = walked(
        Day(2082.0, 508.7e6), Day(2135.5, 10_174e6), Day(2221.55, 508.7e6), Day(113.0, 508.7e6, previous=111.0775)
    )
    assert counts(seen)[-1] == 10174.0
    assert seen[-1].cause == "lags_split"


def test_a_count_that_came_back_from_an_old_one_has_led_nothing() -> None:
    """IMCC fell back to 74.6 million for months, then had 13.4; that was no lead of its split of one for six."""
    seen, _ = walked(
        Day(0.44, 75.695e6),
        Day(2.73, 7.57e6, previous=4.4),
        Day(1.26, 12.847e6),
        Day(1.19, 74.583e6),
        Day(0.65, 13.39e6),
        Day(2.47, 13.39e6, previous=3.9),
    )
    assert seen[-2].cause is None
    assert (seen[-1].count, seen[-1].cause) == (2.2, "lags_split")


def test_a_second_split_while_the_count_lags_the_first() -> None:
    """TANH, 2022-11-10: the count has the second split alone for a day, and then neither."""
    old = 28.889e6
    seen, _ = walked(
        Day(0.2, old), Day(2.0, old, previous=2.0), Day(2.25, old, previous=48.0), Day(2.39, 1.22e6), Day(2.32, old)
    )
    assert counts(seen) == [28.9, 2.9, 0.1, 1.2, 1.2]
    assert seen[-1].cause == "lags_split"


def test_a_count_that_leads_its_split() -> None:
    """Shopify: ten times the shares a week before its split of 2022-06-29, and ten times more on the day."""
    seen, register = walked(
        Day(340.0, 126.14e6),
        Day(350.26, 1_261.4e6),
        Day(350.26, 1_261.4e6),
        Day(33.05, 12_614.0e6, previous=35.026),
        Day(31.0, 1_153.9e6),
        Day(31.5, 1_261.4e6),
    )
    assert counts(seen) == [126.1, 126.1, 126.1, 1261.4, 1153.9, 1261.4]
    assert [item.cause for item in seen[:4]] == [None, *["jumped_without_split"] * 2, "jumped_without_split"]
    assert register["ratio"].to_list() == [10.0]


def test_an_inexact_lead_is_known_on_the_ex_date() -> None:
    """Novo Nordisk, 2023-09-20: the count doubled three sessions before, with other news in it; then nothing lags."""
    seen, _ = walked(Day(190.0, 2_246e6), Day(190.4, 4_478e6 * 1.01), Day(187.0, 4_478e6), Day(94.7, 4_496e6, 93.5))
    assert seen[3].ratio == 2.0
    assert counts(seen)[3] == 4496.0


def test_a_wrong_count_by_an_exact_factor_is_not_taken() -> None:
    """Amazon, 2022-05-25: twenty times its shares for a day, eleven sessions before the split."""
    seen, register = walked(Day(2082.0, 508.7e6), Day(2135.5, 10_174e6), Day(2221.55, 508.7e6))
    assert counts(seen) == [508.7, 508.7, 508.7]
    assert register.is_empty()


def test_after_a_quarter_a_jump_is_judged_like_any_other() -> None:
    seen, _ = walked(Day(40.0, 100e6), *[Day(40.0, 200e6)] * (MAX_SESSIONS + 2))
    assert counts(seen)[1 : MAX_SESSIONS + 1] == [100.0] * MAX_SESSIONS
    assert counts(seen)[-1] == 200.0


@pytest.mark.parametrize(
    ("days", "price", "ratio", "expected"),
    [
        (28, 10.0, 2.5, 250.0),
        (28, 100.0, 8.0, 100.0),
        (28, 1.0, 8.0, 800.0),
        (6, 100.0, 8.0, 800.0),
        (33, 10.0, 2.5, 100.0),
    ],
)
def test_a_new_lines_first_count_is_mended_within_a_month(
    days: int, price: float, ratio: float, expected: float
) -> None:
    """SHEL, 2022-02-15. But GEN's, 13 days after its new name, became sixteen times as many: 240 billion USD."""
    new, _ = walked(*[Day(price, 100e6)] * days, Day(price, ratio * 100e6), is_new_line=True)
    assert new[-1].count == expected


def test_the_first_count_of_a_new_line_holds_nobody_to_it() -> None:
    """IONR, 2022-07-05: ordinary shares on its first session, depositary ones from the next on."""
    days = Day(17.6, 2_091.2e6), *[Day(17.6, 52.28e6)] * 8, Day(17.6, 2_091.2e6)
    new, _ = walked(*days, is_new_line=True)
    assert counts(new) == [2091.2, *[52.3] * 9]
    assert counts(walked(*days)[0]) == [2091.2] * 10


def test_an_operator_takes_a_count_as_it_is_shown() -> None:
    """The vendor mended an older mistake: no rule can tell that from a new one."""
    seen, _ = walked(Day(60.0, 5e9), Day(60.0, 2.5e9), Day(60.0, 2.5e9, is_accepted=True), Day(60.0, 2.5e9))
    assert counts(seen) == [5000.0, 5000.0, 2500.0, 2500.0]
    assert [item.cause for item in seen] == [None, "jumped_without_split", None, None]


def test_an_issue_is_an_issue() -> None:
    """A count that grows by any other number is left to the jump rule of admission."""
    seen, _ = walked(Day(4.0, 100e6), Day(3.5, 183.7e6))
    assert counts(seen) == [100.0, 183.7]
    assert seen[1].cause is None


@pytest.mark.parametrize(
    ("last", "previous", "why"),
    [
        (114.42, 74.68, "Crane spun off half of itself, 2023-04-04"),
        (20.39, 1.39, "Equity Commonwealth paid out 19 dollars, 2024-12-09"),
        (4.99, 0.19, "LianBio paid out 4.80 dollars, 2024-03-15"),
        (33.13, 36.41, "Pinterest's close was admitted before a late print, 2022-01-05"),
        (0.14, 0.175, "a penny stock moved by a quarter between two prints, 2022-12-13"),
        (5.15, 2.55, "Cargo's price broke by 2.02, 2024-04-23"),
    ],
)
def test_what_is_no_split(last: float, previous: float, why: str) -> None:
    seen, register = walked(Day(last, 50e6), Day(previous, 50e6, previous=previous))
    assert (seen[1].ratio, seen[1].count) == (1.0, 50.0), why
    assert register.is_empty(), why


@pytest.mark.parametrize(
    ("last", "previous", "ratio"),
    [
        (95.14, 19.028, 5.0),
        (134.59, 89.7267, 1.5),
        (43.31, 34.648, 1.25),
        (0.0383, 5.7447, 1 / 150),
        (0.2589, 5.178, 0.05),
        (112.68, 45.072, 2.5),
    ],
)
def test_exact_ratios_of_real_splits(last: float, previous: float, ratio: float) -> None:
    """Sony, Patrick, Central Garden, Crown Electrokinetics, MicroCloud, Ryanair: closes around their ex-dates."""
    seen, _ = walked(Day(last, 1_000e6), Day(previous, 1_000e6, previous=previous))
    assert seen[1].ratio == pytest.approx(ratio, abs=1e-6)


def test_a_previous_close_that_the_vendor_forgot_to_adjust() -> None:
    """BEST, 2023-04-04, one for four: close and count moved, the reported change is against the old close."""
    seen, _ = walked(Day(0.7202, 80e6), Day(2.66, 20e6, previous=0.7202))
    assert seen[1] == Seen(20.0, 0.25, "price_and_count", None)


def test_a_declared_split_where_the_source_tells_no_previous_close() -> None:
    seen, register = walked(Day(100.0, 10e6), Day(26.0, 40e6, declared=4.0, tells_previous=False))
    assert seen[1] == Seen(40.0, 4.0, "declared", None)
    assert register["confirmed_on"].to_list() == [START + timedelta(days=1)]


def test_a_declared_split_shown_by_the_close_alone() -> None:
    """ANET, 2024-12-04, four for one: effective the day before, change against the old close, the count a day late."""
    before = Day(414.46, 314.94e6, declared=4.0)
    on_it = Day(105.43, 314.94e6, previous=414.46, declared=4.0, declared_age=1)
    seen, register = walked(before, on_it, Day(106.83, 1_259.76e6))
    assert counts(seen) == [314.9, 1259.8, 1259.8]
    assert seen[1] == Seen(1259.8, 4.0, "declared", "lags_split")
    assert register.select("ex_date", "ratio").row(0) == (START + timedelta(days=1), 4.0)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (Day(101.0, 10e6, declared=4.0), "nothing moved on the declared day"),
        (Day(26.0, 10e6, previous=100.0, declared=4.0, declared_age=-2), "a close tells nothing before the date"),
        (Day(55.0, 10e6, previous=100.0, declared=1.5, declared_age=1), "twice the move of the ratio"),
        (Day(100.5, 10e6, declared=1.1), "a small split that the previous close does not show"),
        (Day(99.0, 10e6, declared=1.5, tells_previous=False), "no previous close, and the close stands"),
    ],
)
def test_a_declared_split_that_the_price_does_not_show(day: Day, why: str) -> None:
    seen, register = walked(Day(100.0, 10e6), day)
    assert seen[1].ratio == 1.0, why
    assert register.is_empty(), why


def test_a_small_declared_split_where_the_source_tells_no_previous_close() -> None:
    """Its date alone is trusted, and only on its day."""
    on_day, later = (Day(95.0, 10e6, declared=1.05, declared_age=age, tells_previous=False) for age in (0, 1))
    assert [walked(Day(100.0, 10e6), day)[0][1].ratio for day in (on_day, later)] == [1.05, 1.0]


@pytest.mark.parametrize("sessions", [1, 5])
def test_a_count_that_follows_a_close_that_nobody_explained(sessions: int) -> None:
    """As ANET's, without a list that declares it: the price is a quarter, some sessions later the count is fourfold."""
    fallen = Day(105.43, 314.94e6, previous=414.46)
    waiting = [Day(105.43, 314.94e6)] * (sessions - 1)
    seen, _ = walked(Day(414.46, 314.94e6), fallen, *waiting, *[Day(106.83, 1_259.76e6)] * 2)
    assert counts(seen)[-2:] == [1259.8, 1259.8]
    assert [item.cause for item in seen] == [None] * len(seen)


@pytest.mark.parametrize(
    ("fallen", "waits"),
    [
        (Day(105.43, 314.94e6, previous=414.46), 8),  # a day too late
        (Day(205.0, 314.94e6, previous=414.46), 0),  # by half, and the count is fourfold
        (Day(1600.0, 314.94e6, previous=414.46), 0),  # the other way
    ],
)
def test_a_count_that_does_not_follow_its_close(fallen: Day, waits: int) -> None:
    level = fallen.close
    seen, _ = walked(Day(414.46, 314.94e6), fallen, *[Day(level, 314.94e6)] * waits, Day(level, 1_259.76e6))
    assert counts(seen)[-1] == 314.9
    assert seen[-1].cause == "jumped_without_split"


def test_a_price_that_breaks_and_comes_back_was_no_split() -> None:
    seen, register = walked(
        Day(10.0, 50e6), Day(1.0, 50e6, previous=1.0), Day(10.0, 50e6, previous=10.0), Day(10.1, 50e6)
    )
    assert counts(seen)[-1] == 50.0
    assert register.select("ratio", "withdrawn_on").rows() == [(10.0, START + timedelta(days=2))]


def test_a_split_that_nothing_undid_is_confirmed_when_its_line_is_quoted_again() -> None:
    def after(register: pl.DataFrame, days: int, *symbols: str, ratio: float = 1.0) -> pl.DataFrame:
        lines = pl.DataFrame(
            [(symbol, "warrant" if symbol == "W" else "common", ratio, "price", *[None] * 3) for symbol in symbols],
            {
                "security_id": pl.String,
                "security_type": pl.String,
                "split_ratio": pl.Float64,
                "split_evidence": pl.String,
                "follows_split": pl.Boolean,
                "late_split_ratio": pl.Float64,
                "late_split_on": pl.Date,
            },
            orient="row",
        )
        return update_splits(register, lines, START + timedelta(days=days))

    seen = after(no_splits(), 0, "A", "B", ratio=2.0)
    in_time = after(seen, UNDONE_WITHIN_DAYS, "A", ratio=0.5)
    assert in_time["withdrawn_on"].drop_nulls().len() == 1
    waiting = after(seen, UNDONE_WITHIN_DAYS, "A", "B")
    assert waiting["confirmed_on"].null_count() == 2
    one = after(waiting, UNDONE_WITHIN_DAYS + 1, "B")
    assert dict(one.select("security_id", "confirmed_on").iter_rows()) == {"A": None, "B": START + timedelta(days=15)}
    assert after(after(no_splits(), 0, "W", ratio=2.0), 40, "W")["confirmed_on"].item() is None, "cents double at will"
    both = after(one, 40, "A", "B")
    assert both["confirmed_on"].to_list() == [START + timedelta(days=40), START + timedelta(days=15)]


def test_counts_carry_splits_strictly_after_their_date() -> None:
    """A count of the ex-date itself is in new shares; one of the day before is in old ones."""
    splits = pl.DataFrame(
        {
            "security_id": ["A", "A", "B"],
            "ex_date": [date(2024, 6, 10), date(2024, 9, 2), date(2024, 6, 10)],
            "ratio": [10.0, 2.0, 3.0],
            "evidence": "price",
            "confirmed_on": [None, None, None],
            "withdrawn_on": [None, None, date(2024, 6, 12)],
        },
        schema_overrides={"confirmed_on": pl.Date, "withdrawn_on": pl.Date},
    )
    asked = pl.DataFrame(
        [
            ("A", date(2024, 6, 7), date(2024, 6, 7), 1.0),
            ("A", date(2024, 6, 7), date(2024, 6, 10), 10.0),
            ("A", date(2024, 6, 10), date(2024, 8, 1), 1.0),
            ("A", date(2024, 5, 24), date(2024, 12, 31), 20.0),
            ("B", date(2024, 6, 7), date(2024, 6, 11), 3.0),
            ("B", date(2024, 6, 7), date(2024, 6, 12), 1.0),
            ("C", date(2024, 6, 7), date(2024, 6, 12), 1.0),
        ],
        schema=["security_id", "as_of", "session_date", "expected"],
        orient="row",
    )
    found = ratio_between(splits, asked)
    assert found["split_ratio"].to_list() == found["expected"].to_list()


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_lines_of_which_nothing_is_to_be_said_are_not_judged(seed: int) -> None:
    """Judging all lines gives the same: the quiet ones are left out for speed alone."""
    chance, height, session = np.random.default_rng(seed), 200, date(2024, 6, 3)

    def some(values: list[object], dtype: pl.DataType) -> pl.Series:
        return pl.Series([values[at] for at in chance.integers(0, len(values), height)], dtype=dtype)

    def day() -> pl.Series:
        return some([None, *(session - timedelta(days=back) for back in (1, 3, 20, 60, 200, 500))], pl.Date())

    logs = [None, 0.0, 0.693147, -2.302585, 1.2]
    memory = {
        name: day() if dtype == pl.Date else some([None, 1e8, 2e8] if "shares" in name else logs, dtype)
        for name, dtype in FACTOR_SCHEMA.items()
        if dtype in (pl.Date, pl.Float64)
    }
    memory["factor_cause"] = some([None] * 4 + ["lags_split", "jumped_without_split"], pl.String())
    memory["factor_sessions"] = some([0, 5, 62, 63], pl.Int32())
    memory["factor_most"] = some([0, 63, 252, 1_000_000], pl.Int32())
    memory["awaits_split"] = some([None, False, False, True], pl.Boolean())
    memory["count_factor"] = some([None, 1.0, 0.1, 2.0], pl.Float64())
    factor = memory["count_factor"].zip_with(memory["factor_cause"].is_not_null(), pl.Series([1.0]))
    lines = pl.DataFrame(
        {
            "first_session": some([date(2022, 1, 3), session, session - timedelta(days=90)], pl.Date()),
            "close": some([10.0, 10.5, 1.0, 20.0], pl.Float64()),
            "previous_close": some([None, 10.0, 1.0, 20.0, 7.1], pl.Float64()),
            "last_close": some([None, 10.0, 10.0], pl.Float64()),
            "last_session": some([session - timedelta(days=1), session - timedelta(days=90)], pl.Date()),
            "vendor_cap_usd": some([None, 0, 10**9, 2 * 10**9, 10**8], pl.Int64()),
            "last_cap_usd": some([None, 0, 10**9, 10**9], pl.Int64()),
            "split_ratio": some([1.0, 1.0, 1.0, 10.0, 0.5], pl.Float64()),
            "is_accepted": some([False, False, False, True], pl.Boolean()),
            "security_type": some(["common", "depositary_share", None], pl.String()),
            "is_foreign": some([False, True, None], pl.Boolean()),
            "stated_ratio": some([None, None, 1.0, 2.0, 0.1], pl.Float64()),
            **{f"last_{name}": memory[name] for name in FACTOR_SCHEMA},
            "last_count_factor": factor,
        }
    )
    recalled = with_last_shares(lines, session)
    near_from = session - timedelta(days=7)
    young = Young.of(recalled, session)
    quick = followed(recalled, session, near_from)
    whole = recalled.hstack(list(_judged_lines(recalled, session, near_from, young).values()))
    same = ["count_factor", "factor_cause", "followed_cap_usd", "is_refused_count", "follows_split", "is_noted"]
    assert_frame_equal(quick.select(same), whole.select(same))
    noted = quick["is_noted"]
    assert_frame_equal(quick.filter(noted).select(list(FACTOR_SCHEMA)), whole.filter(noted).select(list(FACTOR_SCHEMA)))
