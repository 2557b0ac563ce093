"""Currencies: pence are a hundredth of pounds, there and back is the same, and no later rate changes a session."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.core.fx import PRICES, SessionRates, in_major_units, in_usd, usd_rates, with_caps_as_quoted

DAY = date(2026, 3, 2)
per_euro = st.floats(0.001, 30_000)
closes = st.integers(1, 10**9)
RATES = {"currency": pl.String, "as_of": pl.Date, "per_euro": pl.Float64}


def published(dollar: float, pound: float, day: date = DAY) -> pl.DataFrame:
    return usd_rates(pl.DataFrame([("USD", day, dollar), ("GBP", day, pound)], RATES, orient="row"))


def line(currency: str, close: float, cap: int | None = None) -> pl.DataFrame:
    row = {"currency": currency, **dict.fromkeys(PRICES, close), "vendor_cap_usd": cap, "followed_cap_usd": cap}
    return pl.DataFrame([row], schema_overrides={"vendor_cap_usd": pl.Int64, "followed_cap_usd": pl.Int64})


@given(pence=closes, dollar=per_euro, pound=per_euro)
def test_pence_are_a_hundredth_of_pounds(pence: int, dollar: float, pound: float) -> None:
    rates = SessionRates(published(dollar, pound)).on(DAY)
    in_pence = in_usd(in_major_units(line("GBp", float(pence))), rates)
    in_pounds = in_usd(in_major_units(line("GBP", pence / 100)), rates)
    assert in_pence.equals(in_pounds)


@given(close=closes, dollar=per_euro, pound=per_euro)
def test_usd_divided_by_the_rate_is_what_was_quoted(close: int, dollar: float, pound: float) -> None:
    rates = SessionRates(published(dollar, pound)).on(DAY)
    stated = in_usd(line("GBP", close / 100), rates)["close"].item()
    assert stated / rates["GBP"] == pytest.approx(close / 100, rel=1e-12)
    assert rates["GBP"] * pound / dollar == pytest.approx(1, rel=1e-12)


@given(cap=st.integers(10**6, 10**13), dollar=st.floats(0.5, 2), pound=st.floats(0.4, 2))
def test_a_vendors_cap_comes_back_to_the_dollar_or_so(cap: int, dollar: float, pound: float) -> None:
    rates = SessionRates(published(dollar, pound)).on(DAY)
    quoted = with_caps_as_quoted(line("GBP", 1.0, cap), rates)
    back = in_usd(quoted.with_columns(followed_cap_usd="vendor_cap_usd"), rates)
    assert abs(back["followed_cap_usd"].item() - cap) <= rates["GBP"] / 2 + 1


@given(close=closes, dollar=per_euro, pound=per_euro)
def test_a_line_in_usd_stays_as_it_is(close: int, dollar: float, pound: float) -> None:
    rates = SessionRates(published(dollar, pound)).on(DAY)
    alone = line("USD", close / 100, close)
    assert in_usd(with_caps_as_quoted(alone, rates), rates).equals(alone)


@given(later=st.integers(1, 30), dollar=per_euro, pound=per_euro)
def test_a_later_rate_changes_nothing(later: int, dollar: float, pound: float) -> None:
    known = published(1.1, 0.8)
    more = pl.concat([known, published(dollar, pound, DAY + timedelta(days=later))])
    assert SessionRates(more).on(DAY) == SessionRates(known).on(DAY)
