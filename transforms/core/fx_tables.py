"""Prices and caps of a chunk in the currency of the quote, and back in USD."""

import polars as pl

from transforms.core.fx import USD

_LINE = ("session_date", "company_id", "ticker")


def price_in_usd(lines: pl.DataFrame, usd_per_unit: pl.DataFrame) -> pl.Series:
    """Close of each line in USD. ``usd_per_unit``: session_date, currency, usd_per_unit; no row where all is in USD."""
    if usd_per_unit.is_empty():
        return lines["close"]
    rated = lines.select("session_date", "currency", "close").join(
        usd_per_unit, on=["session_date", "currency"], how="left", maintain_order="left"
    )
    return rated.select(pl.col("close") * pl.col("usd_per_unit").fill_null(1.0)).to_series()


def as_quoted(caps: pl.DataFrame, lines: pl.DataFrame, usd_per_unit: pl.DataFrame) -> pl.DataFrame:
    """Company caps with currency, fx_rate, cap_local, and the price in that currency: that of the primary line.

    ``caps``: session_date, company_id, ticker, shares, cap_usd. ``lines``: session_date, company_id, symbol,
    close, currency, shares, class_cap_usd; a symbol stands once a session. ``usd_per_unit`` as in `price_in_usd`.
    """
    if usd_per_unit.is_empty():
        return caps.with_columns(currency=pl.lit(USD), cap_local="cap_usd", fx_rate=pl.lit(1.0))
    primary = lines.select(
        "session_date",
        "company_id",
        "currency",
        ticker="symbol",
        quoted="close",
        counted="shares",
        line_cap_usd="class_cap_usd",
    )
    told = caps.join(primary, on=_LINE, how="left", maintain_order="left").join(
        usd_per_unit, on=["session_date", "currency"], how="left", maintain_order="left"
    )
    rate = pl.col("usd_per_unit").fill_null(1.0)
    return told.with_columns(price="quoted", fx_rate=rate, cap_local=_local(rate)).drop(
        "quoted", "counted", "line_cap_usd", "usd_per_unit"
    )


def _local(rate: pl.Expr) -> pl.Expr:
    """Price times whole shares where that is the cap in USD; else the cap in USD over the rate, rounded as it is.

    Both are rounded, so that they may differ by half a unit and half a dollar. The company's count is a quotient of the
    rounded cap, by a share off where shares are cheap; the count of a line that is all of the company is not.
    """
    is_all = pl.col("line_cap_usd") == pl.col("cap_usd")
    shares = pl.when(is_all).then(pl.coalesce("counted", "shares")).otherwise("shares")
    whole = (pl.col("quoted") * shares.round()).round()
    is_whole = (whole * rate - pl.col("cap_usd")).abs() <= 1 + rate
    return pl.when(is_whole).then(whole).otherwise((pl.col("cap_usd") / rate).round()).cast(pl.Int64).clip(1)
