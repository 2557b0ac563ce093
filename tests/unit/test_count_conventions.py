"""Counts of depositary lines that change between depositary shares and the ordinary ones behind them, as they did."""

import pytest

from tests.unit.vendor_days import Day, counts, walked
from transforms.core.count_conventions import MAX_SESSIONS, MAX_SESSIONS_DEPOSITARY, MAX_SESSIONS_FOREIGN


def taken(*days: Day, ratio: float | None = None, is_depositary: bool = True) -> list[float | None]:
    return counts(walked(*days, is_depositary=is_depositary, stated_ratio=ratio)[0])


def test_a_count_of_ordinary_shares_is_never_taken_where_the_ratio_is_stated() -> None:
    """Shell, 2023-08-02 to 2024-01-09, each two: by 1.974 up and by 2.053 down, with buy-backs between."""
    ordinary = Day(60.0, 6_735.2e6)
    found = taken(Day(59.0, 3_412.1e6), *[ordinary] * (MAX_SESSIONS_DEPOSITARY + 20), Day(63.0, 3_259.3e6), ratio=2.0)
    assert found == [3412.1, *[3367.6] * (MAX_SESSIONS_DEPOSITARY + 20), 3259.3]


def test_ten_depositary_shares_for_one_ordinary() -> None:
    """The ratio may be below one: then the ordinary shares are the fewer (Genmab, each a tenth)."""
    right, ordinary = Day(40.0, 660e6), Day(40.0, 66e6)
    assert taken(right, *[ordinary] * (MAX_SESSIONS + 20), right, ratio=0.1) == [660.0] * (MAX_SESSIONS + 22)


def test_a_count_that_was_of_ordinary_shares_from_the_start_is_mended_at_once() -> None:
    """Rentokil, 2023-06-21, each five: 2,520 million, then 504; without a stated ratio it stood for a quarter."""
    days = [Day(39.0, 2_520e6), *[Day(39.0, 504e6)] * 3]
    assert taken(*days, ratio=5.0) == [2520.0, *[504.0] * 3]
    assert taken(*days) == [2520.0] * 4
    assert taken(*days, ratio=4.0) == [2520.0] * 4


def test_an_error_downwards_by_the_stated_ratio_is_none_for_ever() -> None:
    """It looks like a mend; the way back within a year says that it was none."""
    right, half = Day(10.0, 100e6), Day(10.0, 50e6)
    assert taken(right, *[half] * 60, right, right, ratio=2.0) == [100.0, *[50.0] * 60, 100.0, 100.0]


def test_a_day_with_a_bare_name_ends_no_doubt() -> None:
    """GSK, 2022-07-22: `GSK plc` for a session, then with its ratio again."""
    right, ordinary = Day(10.0, 100e6), Day(10.0, 200e6)
    bare = Day(10.0, 200e6, has_bare_name=True)
    days = right, *[ordinary] * (MAX_SESSIONS_DEPOSITARY + 20), bare, ordinary
    assert set(taken(*days, ratio=2.0)) == {100.0}


def test_issues_on_top_of_a_change_of_convention_are_kept() -> None:
    days = Day(10.0, 100e6), Day(10.0, 204e6), Day(10.0, 244.8e6), Day(10.0, 190e6), Day(10.0, 95e6)
    assert taken(*days, ratio=2.0) == [100.0, 102.0, 122.4, 95.0, 95.0]


def test_another_multiple_than_the_stated_one_is_no_change_of_convention() -> None:
    """ZEEKR, 2024-07-08, each ten: the shares offered, then all of them, by 11.79."""
    assert taken(Day(20.0, 21.0e6), Day(20.0, 247.58e6), ratio=10.0) == [21.0, 247.6]


def test_an_unstated_multiple_is_not_taken_for_a_year() -> None:
    """Ryanair, 2023-07-31 to 2024-01-29, by 5.012; each five, but the quotes do not say so."""
    right, ordinary = Day(102.5, 226.9e6), Day(102.5, 1_137.2e6)
    found = taken(right, *[ordinary] * (MAX_SESSIONS_DEPOSITARY + 1))
    assert found[1:-1] == [227.4] * MAX_SESSIONS_DEPOSITARY
    assert found[-1] == 1137.2
    assert taken(right, *[ordinary] * 124, right) == [226.9, *[227.4] * 124, 226.9]


def test_an_unstated_part_is_not_taken_for_a_quarter() -> None:
    """NetEase, 2022-05-03, each five: it had been counted in ordinary shares since the first session in view."""
    found = taken(Day(95.0, 3_284e6), *[Day(95.0, 656.8e6)] * (MAX_SESSIONS + 1))
    assert found == [3284.0, *[3284.0] * MAX_SESSIONS, 656.8]


@pytest.mark.parametrize(("price", "first", "expected"), [(7.88, 1_471.15e6, 1450.8), (0.788, 147.115e6, 290.2)])
def test_a_multiple_with_issues_on_top_is_doubted_at_caps_that_are_not_small(
    price: float, first: float, expected: float
) -> None:
    """Cemex, 2024-05-01, by 1.972; small companies do issue as many shares as they have."""
    assert taken(Day(price, first), Day(price, first * 1.97238)) == [round(first / 1e6, 1), expected]


def test_an_offering_is_no_multiple() -> None:
    """Autolus, 2022-12-29: 91.1 million depositary shares, then 173.1."""
    assert taken(Day(40.0, 91.13e6), Day(40.0, 173.06e6)) == [91.1, 173.1]


def test_a_count_is_back_after_months_at_a_level_that_was_taken() -> None:
    """Suzano, 2023-06-14 to 2024-04-30, by 0.521; of other lines a return after so long is a jump like any other."""
    right, half = Day(10.0, 1_307.4e6), Day(10.0, 653.7e6)
    assert taken(right, *[half] * 219, right)[-2:] == [653.7, 1307.4]
    assert taken(right, *[half] * 219, right, is_depositary=False)[-2:] == [653.7, 653.7]


def test_a_foreign_line_that_says_nothing_of_depositary_shares() -> None:
    """HSBC, 2023-08-08 to 2024-02-22, by 4.957: `Common Stock` to the vendor, five ordinary shares each."""
    right, ordinary = Day(40.9, 3_972.84e6), Day(40.9, 19_693e6)
    days = right, *[ordinary] * 139, Day(38.2, 3_814.87e6)
    foreign = counts(walked(*days, is_foreign=True)[0])
    assert foreign[1] == 3938.6
    assert foreign[MAX_SESSIONS_FOREIGN] == 3938.6
    assert foreign[MAX_SESSIONS_FOREIGN + 1] == 19693.0
    assert foreign[-1] == 3814.9
    assert counts(walked(*days)[0])[1] == 19693.0, "of a domestic one it is a step like any other"


def restored(*days: Day, ratio: float | None = None, is_depositary: bool = True) -> list[bool]:
    return [item.is_restored for item in walked(*days, is_depositary=is_depositary, stated_ratio=ratio)[0]]


def test_a_count_that_is_right_again_says_so() -> None:
    ordinary, right = Day(39.0, 2_520e6), Day(39.0, 504e6)
    assert restored(ordinary, right, right, ratio=5.0) == [False, True, False]
    small = Day(0.39, 2_520e6), Day(0.39, 504e6)
    assert restored(*small, ratio=5.0) == [False, False], "its new level is confirmed in five sessions"
    gone, back = [Day(10.0, 680e6)] * 3, Day(10.0, 1_307e6)
    assert restored(back, *gone, back) == [False, False, False, False, True]
    assert restored(back, *gone, back, is_depositary=False) == [False] * 5


def test_an_operator_says_that_a_line_is_a_depositary_share() -> None:
    """Barclays: `Common Stock` to the vendor; four ordinary shares each, by your own file."""
    days = Day(8.0, 3_968e6), *[Day(8.0, 15_556e6)] * (MAX_SESSIONS_FOREIGN + 20)
    assert set(taken(*days, ratio=4.0, is_depositary=False)[1:]) == {3889.0}
