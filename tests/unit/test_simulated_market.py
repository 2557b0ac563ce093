"""The simulated market itself: the same each time, whole, and with every case it promises."""

from datetime import date

import polars as pl
import pytest

from flows.edge.clock import new_york_today, starting_at, utc_now
from flows.market_calendar import sessions_between
from flows.settings import given, load_settings
from flows.simulated.market import Market
from flows.simulated.securities import listings
from flows.simulated.served import BadDays, served_rows

FIRST, LAST = date(2024, 11, 1), date(2025, 2, 28)
MARKET = Market(FIRST, LAST, companies=90, seed=3)
HALF_AND_WHOLE = [date(2024, 11, 29), date(2024, 12, 24)], [date(2024, 11, 27), date(2024, 12, 23)]


def test_the_same_arguments_give_the_same_market() -> None:
    again = Market(FIRST, LAST, companies=90, seed=3)
    assert again.quotes.equals(MARKET.quotes)
    assert again.caps.equals(MARKET.caps)
    assert not Market(FIRST, LAST, companies=90, seed=4).quotes.equals(MARKET.quotes)


def test_sessions_are_the_exchanges_own() -> None:
    assert MARKET.sessions == sessions_between(FIRST, LAST)
    assert date(2024, 11, 28) not in MARKET.sessions  # Thanksgiving
    assert {date(2024, 11, 29), date(2024, 12, 24)} <= set(MARKET.sessions)  # half days
    assert date(2025, 1, 9) not in MARKET.sessions  # a day of mourning


def test_less_is_traded_on_a_half_day() -> None:
    traded = MARKET.quotes.group_by("session_date").agg(pl.col("volume").sum()).sort("session_date")
    half, whole = (traded.filter(pl.col("session_date").is_in(days))["volume"].mean() for days in HALF_AND_WHOLE)
    assert isinstance(half, float)
    assert isinstance(whole, float)
    assert half < 0.7 * whole


def test_one_row_per_session_and_quoted_symbol() -> None:
    assert not MARKET.quotes.select("session_date", "symbol").is_duplicated().any()
    assert MARKET.quotes.select(pl.col("close", "shares", "volume").min()).row(0) > (0, 0, 0)


def test_a_split_changes_price_and_count_and_not_the_cap() -> None:
    split = next(split for split in MARKET.listings.splits if split.key == MARKET.listings.cast["forward_split"])
    rows = MARKET.quotes.filter(key=split.key).filter(pl.col("position").is_between(split.at - 1, split.at + split.lag))
    before, first, *_, last = rows.to_dicts()
    assert first["shares"] / before["shares"] == pytest.approx(4, rel=0.01)
    assert first["close"] / before["close"] == pytest.approx(0.25, rel=0.1)
    assert first["previous_close"] == pytest.approx(before["close"] / 4, abs=1e-4)
    assert first["printed_shares"] == pytest.approx(before["shares"], rel=0.01)  # the vendor's count lags
    assert last["printed_shares"] == last["shares"]


def test_a_symbol_is_reused_by_another_company_after_a_gap() -> None:
    delisted, heir = (next(line for line in MARKET.lines if line.key == key) for key in ("small7", "reused"))
    assert delisted.symbol == heir.symbol
    assert delisted.last is not None
    assert heir.first > delisted.last + 5
    assert delisted.name != heir.name


def test_a_stale_day_serves_the_session_before() -> None:
    stale, before = MARKET.sessions[30], MARKET.sessions[29]
    rows = served_rows(MARKET, BadDays({stale: "nyse"}))
    told = ("exchange", "symbol", "lastsale", "volume", "marketCap")

    def of(day: date, exchange: str) -> list[tuple[object, ...]]:
        return rows.filter(session_date=day, exchange=exchange).select(told).rows()

    assert of(stale, "nyse") == of(before, "nyse")
    assert of(stale, "amex") != of(before, "amex")


def test_too_small_a_market_cannot_hold_all_cases() -> None:
    with pytest.raises(ValueError, match="at least 80 companies and 40 sessions"):
        listings(1, 79, 100)


def test_the_clock_starts_elsewhere_and_comes_back() -> None:
    with starting_at(utc_now().replace(year=2024, month=7, day=3, hour=23)):
        assert new_york_today() == date(2024, 7, 3)
    assert utc_now().year > 2025


def test_given_settings_ignore_the_operators_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLCAPS_KEEP_BUILDS", "9")
    with given({"simfin_api_key": "k"}):
        assert load_settings().keep_builds == 5
    assert load_settings().keep_builds == 9
