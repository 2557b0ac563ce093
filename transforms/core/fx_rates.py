"""core.fx_rates: USD for one unit of a currency, with the moment at which the public could know it."""

from datetime import time

import polars as pl

from transforms.contracts.fx import FX_RATES

PUBLISHED_AT = time(16, 0)
PUBLISHED_IN = "Europe/Berlin"
"""The reference rates are out at about 16:00 in Frankfurt, of which this is the time zone."""


def fx_rate_rows(rates: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.fx_rates: ``rates`` (currency, as_of, usd_per_unit, source), one row per currency and day."""
    published = pl.col("as_of").dt.combine(PUBLISHED_AT, "us").dt.replace_time_zone(PUBLISHED_IN)
    rows = rates.with_columns(known_at=published.dt.convert_time_zone("UTC"))
    return FX_RATES.conform(rows).sort(FX_RATES.key)
