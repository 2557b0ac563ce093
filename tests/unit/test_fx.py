"""USD for one unit of a currency, by hand; minor units; rates that are old or absent."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from transforms.core.fx import (
    NO_RATES,
    PRICES,
    SessionRates,
    in_major_units,
    in_usd,
    usd_rates,
    usd_returns,
    with_caps_as_quoted,
    with_rate,
)
from transforms.core.fx_rates import fx_rate_rows
from transforms.core.fx_tables import as_quoted, price_in_usd

FRIDAY, MONDAY = date(2026, 3, 20), date(2026, 3, 23)
PUBLISHED = pl.DataFrame(
    [
        ("USD", FRIDAY, 1.1555),
        ("GBP", FRIDAY, 0.86437),
        ("BGN", FRIDAY, None),
        ("USD", MONDAY, 1.16),
        ("GBP", MONDAY, 0.8),
        ("SEK", date(2026, 3, 19), 11.0),
    ],
    schema={"currency": pl.String, "as_of": pl.Date, "per_euro": pl.Float64},
    orient="row",
)
RATES = usd_rates(PUBLISHED)


def test_cross_rates_by_hand() -> None:
    assert RATES.rows() == [
        ("EUR", FRIDAY, 1.1555),
        ("EUR", MONDAY, 1.16),
        ("GBP", FRIDAY, 1.1555 / 0.86437),
        ("GBP", MONDAY, 1.16 / 0.8),  # 1.45 USD for a pound
    ]


def quote(currency: str | None, close: float = 12345.0, session: date = MONDAY) -> dict[str, object]:
    prices = dict.fromkeys(PRICES, close) | {"open": None}
    return {"session_date": session, "symbol": "X", "currency": currency, **prices}


@pytest.mark.parametrize(
    ("given", "currency", "close"),
    [
        ("GBp", "GBP", 123.45),
        ("GBX", "GBP", 123.45),
        ("ZAc", "ZAR", 123.45),
        ("ILA", "ILS", 123.45),
        ("GBP", "GBP", 12345.0),
        ("gbp", "gbp", 12345.0),
        ("EUR", "EUR", 12345.0),
        (None, "USD", 12345.0),
    ],
)
def test_minor_units(given: str | None, currency: str, close: float) -> None:
    rows = pl.DataFrame([quote(given)], schema_overrides={"currency": pl.String, "open": pl.Float64})
    (row,) = in_major_units(rows).to_dicts()
    assert (row["currency"], row["close"], row["net_change"], row["open"]) == (currency, close, close, None)


@pytest.mark.parametrize(
    ("currency", "session", "rate", "as_of"),
    [
        ("USD", MONDAY, 1.0, None),
        ("EUR", MONDAY, 1.16, MONDAY),
        ("EUR", date(2026, 3, 22), 1.1555, FRIDAY),
        ("EUR", date(2026, 3, 19), None, None),
        ("GBP", date(2026, 3, 30), 1.16 / 0.8, MONDAY),
        ("GBP", date(2026, 3, 31), None, MONDAY),
        ("BGN", MONDAY, None, None),
        ("XYZ", MONDAY, None, None),
    ],
    ids=["usd", "day", "weekend", "none_by_then", "seven_days", "eight_days", "n/a", "unknown"],
)
def test_the_newest_rate_by_the_session(currency: str, session: date, rate: float | None, as_of: date | None) -> None:
    rows = with_rate(pl.DataFrame([quote(currency, session=session)], schema_overrides={"open": pl.Float64}), RATES)
    assert rows.select("usd_per_unit", "rate_as_of").row(0) == (rate, as_of)
    assert SessionRates(RATES).on(session).get(currency) == rate


def test_without_rates_nothing_is_done() -> None:
    lines = pl.DataFrame([quote("EUR")])
    assert SessionRates().on(MONDAY) == {}
    assert in_usd(lines, {}) is lines
    assert with_caps_as_quoted(lines, {}) is lines
    row = with_rate(pl.DataFrame([quote("EUR")]), NO_RATES)
    assert row["usd_per_unit"].to_list() == [None]


def test_lines_in_usd_and_caps_as_quoted() -> None:
    lines = pl.DataFrame(
        {
            "currency": ["GBP", "USD"],
            "close": [2.0, 3.0],
            "vendor_cap_usd": [1450, None],
            "followed_cap_usd": [1000, None],
        },
        schema_overrides={"vendor_cap_usd": pl.Int64, "followed_cap_usd": pl.Int64},
    )
    rates = SessionRates(RATES).on(MONDAY)
    assert with_caps_as_quoted(lines, rates)["vendor_cap_usd"].to_list() == [1000, None]
    stated = in_usd(lines, rates)
    assert stated["close"].to_list() == [2.0 * (1.16 / 0.8), 3.0]
    assert stated["followed_cap_usd"].to_list() == [1450, None]


def test_a_return_in_usd_has_the_currencys_move() -> None:
    companies = pl.DataFrame({"security_id": ["a", "b", "c"], "return_price": [0.0, 0.1, None]})
    lines = pl.DataFrame({"security_id": ["b", "a", "c"], "currency": ["USD", "GBP", "GBP"]})
    returns = usd_returns(companies, lines, {"USD": 1.0, "GBP": 1.2}, {"USD": 1.0, "GBP": 1.5})
    assert returns.to_list() == [pytest.approx(-0.2), pytest.approx(0.1), None]


def test_caps_as_quoted() -> None:
    """20,000,000 x 25 EUR; a count of ordinary size in rand, where a dollar is 17 of them; and a line in USD."""
    caps = pl.DataFrame(
        [
            (MONDAY, "inno", "INNO", 29.0, 20_000_000.0, 580_000_000),
            (MONDAY, "nasp", "NPN", 56.5, 799_999_999.99, 45_208_808_909),
            (MONDAY, "us", "US", 5.0, 10.0, 50),
        ],
        schema=["session_date", "company_id", "ticker", "price", "shares", "cap_usd"],
        orient="row",
    )
    lines = pl.DataFrame(
        [
            (MONDAY, "inno", "INNO", 25.0, "EUR", 20_000_000.0, 580_000_000),
            (MONDAY, "nasp", "NPN", 950.0, "ZAR", 500_000_000.0, 28_255_505_568),
            (MONDAY, "us", "US", 5.0, "USD", 10.0, 50),
        ],
        schema=["session_date", "company_id", "symbol", "close", "currency", "shares", "class_cap_usd"],
        orient="row",
    )
    rates = pl.DataFrame(
        [(MONDAY, "EUR", 1.16), (MONDAY, "ZAR", 1.1596 / 19.4939), (MONDAY, "USD", 1.0)],
        schema=["session_date", "currency", "usd_per_unit"],
        orient="row",
    )
    told = as_quoted(caps, lines, rates).select("price", "currency", "cap_local", "fx_rate").rows()
    assert told == [
        (25.0, "EUR", 500_000_000, 1.16),
        (950.0, "ZAR", 760_000_000_000, 1.1596 / 19.4939),
        (5.0, "USD", 50, 1.0),
    ]
    assert price_in_usd(lines, rates).to_list() == pytest.approx([29.0, 56.511011, 5.0])
    alone = as_quoted(caps, lines, rates.clear())
    assert alone.select("price", "currency", "cap_local", "fx_rate").row(0) == (29.0, "USD", 580_000_000, 1.0)


@pytest.mark.parametrize(("close", "shares"), [(0.4, 5_000_000_000), (0.01, 199_999_999_900), (1.0, 1_999_999_999)])
def test_a_cap_in_euros_is_the_same_on_any_rate(close: float, shares: int) -> None:
    """The company's count is the rounded cap over the price: of cheap shares it is wrong by some, the line's is not."""
    days = [date(2025, 1, 1) + timedelta(days) for days in range(400)]
    rates = pl.DataFrame({"session_date": days, "currency": "EUR", "usd_per_unit": [0.9 + n / 997 for n in range(400)]})
    caps = rates.select(
        "session_date",
        company_id=pl.lit("c"),
        ticker=pl.lit("C"),
        cap_usd=(close * pl.col("usd_per_unit") * shares).round().cast(pl.Int64),
    ).with_columns(shares=pl.col("cap_usd") / (close * rates["usd_per_unit"]))
    lines = caps.select(
        "session_date",
        "company_id",
        symbol="ticker",
        close=pl.lit(close),
        currency=pl.lit("EUR"),
        shares=pl.lit(float(shares)),
        class_cap_usd="cap_usd",
    )
    assert as_quoted(caps, lines, rates)["cap_local"].unique().to_list() == [round(close * shares)]


def test_a_rate_is_known_at_four_in_frankfurt_in_winter_and_summer() -> None:
    days = [date(2026, 1, 5), date(2026, 7, 6)]
    rates = pl.DataFrame({"currency": "EUR", "as_of": days, "usd_per_unit": 1.1, "source": "ecb_rates"})
    assert fx_rate_rows(rates)["known_at"].to_list() == [
        datetime(2026, 1, 5, 15, tzinfo=UTC),
        datetime(2026, 7, 6, 14, tzinfo=UTC),
    ]
