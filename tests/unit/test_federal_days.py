"""Days on which the federal offices are open, against another library's calendar."""

from datetime import date, timedelta

import polars as pl
import pytest
from pandas.tseries.holiday import USFederalHolidayCalendar

from transforms.core.federal_days import (
    CLOSED_BY_ORDER,
    each_working_days_after,
    federal_holidays,
    is_federal_working_day,
    working_days_after,
)


def test_statutory_holidays_are_those_of_another_library() -> None:
    others = {day.date() for day in USFederalHolidayCalendar().holidays("2010-01-01", "2040-12-31")}
    ours = {day for year in range(2010, 2041) for day in federal_holidays(year)}
    assert ours - CLOSED_BY_ORDER == others
    assert ours >= CLOSED_BY_ORDER


def test_a_holiday_on_a_weekend_is_kept_beside_it() -> None:
    assert not is_federal_working_day(date(2021, 12, 31))  # new year's day of 2022, a Saturday
    assert not is_federal_working_day(date(2023, 11, 10))  # Veterans Day, a Saturday
    assert not is_federal_working_day(date(2022, 12, 26))  # Christmas, a Sunday
    assert is_federal_working_day(date(2020, 6, 19))  # no holiday before 2021


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_columns_count_as_single_days_do(count: int) -> None:
    days = [date(2019, 12, 1) + timedelta(days=number) for number in range(2500)]
    told = pl.DataFrame({"day": [*days, None]}, {"day": pl.Date}).select(each_working_days_after(pl.col("day"), count))
    if count:
        assert told.to_series().to_list() == [*(working_days_after(day, count) for day in days), None]
    else:
        assert all(is_federal_working_day(day) for day in told.to_series().drop_nulls())
