"""Funds: published flows, shares outstanding and assets; one row per fund and day of one file."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.model import Staged

SOURCE: Final = "etf_flows"

FUND_FLOWS: Final[dict[str, pl.DataType]] = {
    "fund": pl.String(),
    "as_of": pl.Date(),
    "flow_usd": pl.Float64(),
    "vintage_date": pl.Date(),
}
"""flow_usd as published, positive into the fund; null where nothing was published. A zero may mean either no
flow or a value that was not updated: staging cannot tell them apart and keeps it."""

FUND_SHARES: Final[dict[str, pl.DataType]] = {
    "fund": pl.String(),
    "as_of": pl.Date(),
    "shares": pl.Int64(),
    "nav": pl.Float64(),
    "price": pl.Float64(),
    "aum_usd": pl.Float64(),
    "inception_date": pl.Date(),
    "vintage_date": pl.Date(),
}
"""nav in USD per share as the issuer says; price is the market's close where the file gives that instead;
aum_usd in USD where the file gives assets; inception_date where it tells the fund's first day."""

_FUND = Field("ticker", "fund", "text", required=True)
_DAY = Field("date", "as_of", "iso_date", required=True)
_FLOWS = (_DAY, _FUND, Field("flow_usd", "flow_usd", "number"))
_SHARES = (_DAY, _FUND, Field("shares", "shares", "count"), Field("price", "price", "price"))
_ISHARES = (_DAY, _FUND, Field("shares_outstanding", "shares", "count"), Field("nav", "nav", "price"))
_ASSETS = (
    _FUND,
    Field("aum_usd", "aum_usd", "number"),
    Field("updated_date", "as_of", "iso_date", required=True),
)


def stage_flows(raw: pl.DataFrame, *, vintage_date: date | None, file: str) -> Staged:
    """Published flows (columns `FUND_FLOWS`).

    Without a vintage the file's own last day stands in: it cannot have been published before.

    Raises:
        BadInput: a column is missing or unknown, or more than 2 % of the rows cannot be read.
    """
    return _stage(raw, _FLOWS, FUND_FLOWS, vintage_date, file)


def stage_shares(raw: pl.DataFrame, *, vintage_date: date | None, file: str) -> Staged:
    """Shares outstanding with market prices (columns `FUND_SHARES`). Otherwise as `stage_flows`."""
    return _stage(raw, _SHARES, FUND_SHARES, vintage_date, file)


def stage_ishares(raw: pl.DataFrame, *, vintage_date: date | None, file: str) -> Staged:
    """An issuer's shares and NAV history (columns `FUND_SHARES`). Otherwise as `stage_flows`."""
    return _stage(raw, _ISHARES, FUND_SHARES, vintage_date, file)


def stage_assets(raw: pl.DataFrame, *, vintage_date: date | None, file: str) -> Staged:
    """Assets per fund (columns `FUND_SHARES`, shares null). Otherwise as `stage_flows`."""
    return _stage(raw, _ASSETS, FUND_SHARES, vintage_date, file)


def _stage(
    raw: pl.DataFrame,
    fields: Sequence[Field],
    schema: dict[str, pl.DataType],
    vintage_date: date | None,
    file: str,
) -> Staged:
    check_columns(raw, [field.raw for field in fields], source=SOURCE, file=file)
    entity = pl.concat_str([pl.col(field.raw) for field in fields if field.required], separator=" ", ignore_nulls=True)
    staged = cast_rows(raw, fields, entity, source=SOURCE, file=file)
    vintage = pl.lit(vintage_date, dtype=pl.Date) if vintage_date else pl.col("as_of").max()
    dated = staged.rows.with_columns(vintage.alias("vintage_date"))
    filled = dated.select(
        pl.col(name) if name in dated.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )
    unique = drop_duplicates(Staged(filled, staged.rejects), ("fund", "as_of"), source=SOURCE, file=file)
    return refuse_if_rotten(unique, source=SOURCE, file=file)
