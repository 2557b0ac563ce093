"""USD for one unit of a currency, and quotes stated in it.

Rates are the euro reference rates: USD for one unit is (USD per euro) / (units per euro), of the session's day or the
newest day before it. They are out at 16:00 in Frankfurt, six hours before New York closes, so the day's own is known.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Final

import polars as pl

USD: Final = "USD"
EUR: Final = "EUR"
MINOR_UNITS: Final[Mapping[str, str]] = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS"}
"""How vendors call a hundredth of a currency in which shares are quoted: pence, South African cents, agorot."""
UNITS_IN_MAJOR: Final = 100
CARRIED_DAYS: Final = 7
"""How old a rate may be: over Easter and Christmas the newest is five days old."""
PRICES: Final = ("open", "high", "low", "close", "net_change")
RATES: Final[dict[str, pl.DataType]] = {"currency": pl.String(), "as_of": pl.Date(), "usd_per_unit": pl.Float64()}
"""One row per currency (ISO code, without USD) and day with a rate."""
NO_RATES: Final = pl.DataFrame(schema=RATES)


def usd_rates(published: pl.DataFrame) -> pl.DataFrame:
    """RATES from euro reference rates (currency, as_of, per_euro); a day without a rate of the dollar has none."""
    known = published.filter(pl.col("per_euro").is_not_null())
    dollar = known.filter(pl.col("currency") == USD).select("as_of", usd_per_euro="per_euro")
    euro = dollar.select(pl.lit(EUR).alias("currency"), "as_of", per_euro=pl.lit(1.0))
    others = known.filter(pl.col("currency") != USD).select("currency", "as_of", "per_euro")
    stated = pl.concat([euro, others]).join(dollar, on="as_of")
    rates = stated.with_columns(usd_per_unit=pl.col("usd_per_euro") / pl.col("per_euro"))
    return rates.select(RATES.keys()).sort("currency", "as_of")


def in_major_units(quotes: pl.DataFrame) -> pl.DataFrame:
    """Quotes in whole currencies: 12345 GBp is 123.45 GBP. A blank currency means USD; others stay as they are."""
    is_minor = pl.col("currency").is_in(list(MINOR_UNITS))
    prices = [pl.when(is_minor).then(pl.col(name) / UNITS_IN_MAJOR).otherwise(name).alias(name) for name in PRICES]
    return quotes.with_columns(*prices, pl.col("currency").fill_null(USD).replace(dict(MINOR_UNITS)))


def with_rate(quotes: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Quotes (session_date, currency) in their order with ``usd_per_unit``, null where there is none.

    And ``rate_as_of``: the day of the newest rate by the session, be it too old.
    """
    by = quotes.select("session_date", "currency").unique().sort("session_date")
    found = by.join_asof(
        rates.sort("as_of").with_columns(rate_as_of="as_of"),
        left_on="session_date",
        right_on="as_of",
        by="currency",
        check_sortedness=False,
    )
    is_fresh = pl.col("session_date") - pl.col("rate_as_of") <= timedelta(days=CARRIED_DAYS)
    rate = pl.when(pl.col("currency") == USD).then(1.0).when(is_fresh).then("usd_per_unit")
    told = found.select("session_date", "currency", "rate_as_of", usd_per_unit=rate)
    return quotes.join(told, on=["session_date", "currency"], how="left", maintain_order="left")


class SessionRates:
    """USD for one unit of every currency, by session; of no currency where a market is quoted in USD alone."""

    def __init__(self, rates: pl.DataFrame = NO_RATES) -> None:
        self._rates = rates
        self.on = cache(self._on)

    def of(self, currency: str, session: date) -> float | None:
        """USD for one unit of a currency on a session; None where it is not known."""
        return 1.0 if currency == USD else self.on(session).get(currency)

    def _on(self, session: date) -> Mapping[str, float]:
        """Currency to USD for one unit on a session, USD itself included; empty without any rate."""
        if self._rates.is_empty():
            return {}
        fresh = pl.col("as_of").is_between(session - timedelta(days=CARRIED_DAYS), session)
        newest = self._rates.filter(fresh).sort("as_of").unique("currency", keep="last")
        return {USD: 1.0, **dict(newest.select("currency", "usd_per_unit").iter_rows())}


def with_caps_as_quoted(lines: pl.DataFrame, usd_per_unit: Mapping[str, float]) -> pl.DataFrame:
    """Lines with ``vendor_cap_usd`` in whole units of their currency, so that cap / close is a count of shares."""
    if not usd_per_unit:
        return lines
    cap = pl.col("vendor_cap_usd") / _rate(usd_per_unit)
    return lines.with_columns(cap.round().cast(pl.Int64).alias("vendor_cap_usd"))


def in_usd(lines: pl.DataFrame, usd_per_unit: Mapping[str, float]) -> pl.DataFrame:
    """Lines with ``close`` and ``followed_cap_usd`` in USD, from the currency of the quote."""
    if not usd_per_unit:
        return lines
    rate = _rate(usd_per_unit)
    cap = (pl.col("followed_cap_usd") * rate).round().cast(pl.Int64)
    return lines.with_columns(close=pl.col("close") * rate, followed_cap_usd=cap)


def _rate(usd_per_unit: Mapping[str, float]) -> pl.Expr:
    return pl.col("currency").replace_strict(dict(usd_per_unit), return_dtype=pl.Float64)


def usd_returns(
    companies: pl.DataFrame, lines: pl.DataFrame, now: Mapping[str, float], before: Mapping[str, float]
) -> pl.Series:
    """Companies' ``return_price`` as one in USD: with the move of the primary line's currency between two sessions.

    What caps in USD are compared with; a currency without a rate on either session is taken as unmoved.
    """
    moves = {currency: rate / before.get(currency, rate) for currency, rate in now.items()}
    currencies = lines.select("security_id", "currency")
    placed = companies.select("security_id", "return_price").join(
        currencies, on="security_id", how="left", maintain_order="left"
    )
    move = pl.col("currency").replace_strict(moves, default=1.0, return_dtype=pl.Float64)
    return placed.select(return_price=(1 + pl.col("return_price")) * move - 1).to_series()
