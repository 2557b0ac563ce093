from datetime import date, timedelta

import polars as pl
import pytest

from transforms.core.fundamentals import FLOW_CONCEPTS, STOCK_CONCEPTS, Statements, version_schema
from transforms.core.fx import NO_RATES, RATES
from transforms.core.statements_in_usd import has_foreign, in_usd

START, END = date(2024, 1, 1), date(2024, 3, 31)


def rates(*days: tuple[date, float], currency: str = "EUR") -> pl.DataFrame:
    return pl.DataFrame([(currency, *day) for day in days], RATES, orient="row")


def statements(currency: str = "EUR", **lines: int) -> Statements:
    """One quarter's income and balance of an entity."""
    shared = {"source": "sec_edgar", "source_entity": "CIK1", "period_kind": "quarter", "report_date": END,
              "publish_date": date(2024, 5, 2), "vintage_date": date(2024, 5, 2), "currency": currency}  # fmt: skip
    return Statements(
        pl.DataFrame([shared | {"period_start": START} | lines], version_schema(FLOW_CONCEPTS)),
        pl.DataFrame([shared | {"period_start": END} | lines], version_schema(STOCK_CONCEPTS)),
    )


EVERY_DAY = [(START + timedelta(days=number), 1.0 + number / 1000) for number in range(91)]


def test_a_flow_is_taken_at_the_mean_of_its_period_and_a_balance_at_its_last_day() -> None:
    told = in_usd(statements(revenue=1_000_000, shares_basic=500, total_equity=1_000_000), rates(*EVERY_DAY))
    assert told.income.select("revenue", "shares_basic", "currency").row(0) == (1_045_000, 500, "USD")
    assert told.balance.select("total_equity", "currency").row(0) == (1_090_000, "USD")


def test_rates_of_other_days_and_currencies_play_no_part() -> None:
    more = pl.concat([
        rates((START - timedelta(days=1), 9.0), *EVERY_DAY, (END + timedelta(days=1), 9.0)),
        rates((END, 7.0), currency="GBP"),
    ])  # fmt: skip
    told = in_usd(statements(revenue=1_000_000, total_equity=1_000_000), more)
    assert told.income["revenue"].item() == 1_045_000
    assert told.balance["total_equity"].item() == 1_090_000


@pytest.mark.parametrize("known", [EVERY_DAY[8:], EVERY_DAY[:-9], []])
def test_a_period_that_the_rates_do_not_reach_over_stays_in_its_currency(known: list[tuple[date, float]]) -> None:
    told = in_usd(statements(revenue=1_000_000), rates(*known))
    assert told.income.select("revenue", "currency").row(0) == (1_000_000, "EUR")


def test_a_balance_without_a_rate_of_its_week_stays_in_its_currency() -> None:
    told = in_usd(statements(total_equity=5), rates((END - timedelta(days=8), 1.1)))
    assert told.balance.select("total_equity", "currency").row(0) == (5, "EUR")


def test_a_weekend_takes_the_rate_before_it() -> None:
    told = in_usd(statements(total_equity=100), rates((END - timedelta(days=2), 1.1)))
    assert told.balance["total_equity"].item() == 110


def test_dollars_and_missing_lines_stay_as_they_are() -> None:
    dollars = statements("USD", revenue=5)
    assert in_usd(dollars, rates(*EVERY_DAY)).income.equals(dollars.income)
    assert in_usd(statements(), rates(*EVERY_DAY)).income["revenue"].to_list() == [None]
    assert in_usd(statements(revenue=5), NO_RATES).income["currency"].to_list() == ["EUR"]


def test_foreign_statements_are_told() -> None:
    assert has_foreign(statements())
    assert not has_foreign(statements("USD"))
