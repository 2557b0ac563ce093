"""The market as a scheme ranks it: one session's companies, those of its universe, in its own currency."""

from datetime import date

import polars as pl

from transforms.schemes.additions import CANDIDATES
from transforms.schemes.model import Quantiles, Rule, Scheme, Universe

MARKET: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "company_id": pl.String(),
    "cap_usd": pl.Int64(),
    "currency": pl.String(),
    "cap_local": pl.Int64(),
    "line_cap_usd": pl.Int64(),
    "price_usd": pl.Float64(),
    "exchange": pl.String(),
    "security_type": pl.String(),
    "country": pl.String(),
    "float_share": pl.Float64(),
    "earns": pl.Boolean(),
    "dollar_volume_year_usd": pl.Int64(),
}
"""One row per company with a cap on the session, or held back that session, with its last admitted cap then.

``currency``, ``price_usd``, ``exchange``, ``security_type`` and ``country`` are those of its primary line,
``line_cap_usd`` is what that line adds to the cap. ``float_share`` and ``earns`` as known by the session's close, null
where nobody told; ``dollar_volume_year_usd``: of the twelve months up to the session, at their mean a year long."""

RANKED_CAP = ("company_id", "ticker", "cap_usd", "currency", "cap_local", "fx_rate")
"""What `market_of` asks of a company's cap."""
LISTED: dict[str, pl.DataType] = {**CANDIDATES, "basis_used": pl.String()}
"""CANDIDATES of a scheme, and whether their basis_cap is the float or, for want of one, the full cap."""


def market_of(
    session: date, caps: pl.DataFrame, lines: pl.DataFrame, securities: pl.DataFrame, told: list[pl.DataFrame]
) -> pl.DataFrame:
    """MARKET of a session.

    ``caps``: company_id, ticker, cap_usd, currency, cap_local and fx_rate of companies with a cap or, held back, with
    their last one. ``lines``: security_id, company_id, symbol, exchange, price_usd and class_cap_usd of the session.
    ``securities``: core.securities. ``told``: by company_id what else is known of it: float_share, earns,
    dollar_volume_year_usd; what nobody tells is null.
    """
    on = pl.lit(session, pl.Date)
    # A vendor that leaves a country out one day has not moved the company: what was told before holds.
    told_by_then = securities.filter(pl.col("valid_from") <= on).sort("security_id", "valid_from")
    described = (
        told_by_then.with_columns(pl.col("country").forward_fill().over("security_id"))
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_to") >= on))
        .select("security_id", "security_type", "country")
    )
    primary = lines.select(
        "security_id",
        "company_id",
        "exchange",
        "price_usd",
        ticker="symbol",
        line_cap_usd=pl.col("class_cap_usd").fill_null(0),
    ).join(described, on="security_id")
    rows = caps.join(primary, on=["company_id", "ticker"]).with_columns(session_date=on)
    for frame in told:
        rows = rows.join(frame, on="company_id", how="left")
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in MARKET.items() if name not in rows.columns]
    return (
        rows.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in MARKET.items()).sort("company_id")
    )


def listed(scheme: Scheme, rule: Rule, market: pl.DataFrame, usd_per_unit: float | None) -> pl.DataFrame:
    """The companies of a scheme's universe as LISTED, caps in its currency.

    ``market``: MARKET of one session. ``usd_per_unit``: dollars for one unit of the scheme's currency; where it is not
    known, nobody can be ranked. A company quoted in that currency has its cap without a conversion.
    """
    if usd_per_unit is None:
        return pl.DataFrame(schema=LISTED)
    worth = pl.col("line_cap_usd" if scheme.level == "security" else "cap_usd") / usd_per_unit
    if scheme.level == "company":
        worth = pl.when(pl.col("currency") == scheme.currency).then(pl.col("cap_local")).otherwise(worth)
    is_float = pl.lit(scheme.basis == "float") & pl.col("float_share").is_not_null()
    exchange = rule.exchange if isinstance(rule, Quantiles) else ""
    rows = (
        market.with_columns(cap=worth.cast(pl.Float64), price=pl.col("price_usd") / usd_per_unit)
        .filter(is_in_universe(scheme.universe))
        .with_columns(
            basis_cap=pl.when(is_float).then(pl.col("cap") * pl.col("float_share")).otherwise("cap"),
            basis_used=pl.when(is_float).then(pl.lit("float")).otherwise(pl.lit("full")),
            is_on_exchange=pl.col("exchange") == exchange,
            turnover=pl.col("dollar_volume_year_usd") / (pl.col("cap_usd") * pl.col("float_share").fill_null(1.0)),
        )
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in LISTED.items())


def is_in_universe(universe: Universe) -> pl.Expr:
    """Whether a company (MARKET with cap and price in the scheme's currency) is what the scheme is about."""
    passes = (pl.col("price") >= universe.least_price) & (pl.col("cap") >= universe.least_cap)
    for name, among in (
        ("security_type", universe.security_types),
        ("country", universe.countries),
        ("exchange", universe.exchanges),
    ):
        if among:
            is_among = pl.col(name).is_in(among)
            unknown = universe.takes_unknown_country and name == "country"
            passes &= is_among.fill_null(value=True) if unknown else is_among
    return passes.fill_null(value=False)
