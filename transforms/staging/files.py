"""Bring your own: quotes, caps, counts, splits, ratios and corrections in the layout of docs/sources/files.md."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.fund_prices import FUND_PRICES, SEGMENTS
from transforms.staging.model import Staged

SOURCE: Final = "files"

QUOTES: Final[dict[str, pl.DataType]] = {
    "session_date": pl.Date(),
    "exchange": pl.String(),
    "symbol": pl.String(),
    "name": pl.String(),
    "close": pl.Float64(),
    "net_change": pl.Float64(),
    "volume": pl.Int64(),
    "vendor_cap_usd": pl.Int64(),
    "country": pl.String(),
    "ipo_year": pl.Int32(),
    "sector": pl.String(),
    "industry": pl.String(),
    "currency": pl.String(),
    "open": pl.Float64(),
    "high": pl.Float64(),
    "low": pl.Float64(),
}
"""Prices per share in `currency`, volume in shares, vendor_cap_usd in whole USD."""

SHARE_COUNTS: Final[dict[str, pl.DataType]] = {
    "company": pl.String(),
    "symbol": pl.String(),
    "share_class": pl.String(),
    "as_of": pl.Date(),
    "known_at": pl.Date(),
    "shares": pl.Int64(),
}
"""shares outstanding on as_of, known to the public since the end of known_at."""

CAPS: Final[dict[str, pl.DataType]] = {"symbol": pl.String(), "as_of": pl.Date(), "cap_usd": pl.Int64()}
"""Market capitalisation in whole USD at the close of as_of."""

SPLITS: Final[dict[str, pl.DataType]] = {
    "symbol": pl.String(),
    "ex_date": pl.Date(),
    "ratio_new": pl.Float64(),
    "ratio_old": pl.Float64(),
    "known_at": pl.Date(),
}
"""ratio_new shares for ratio_old old ones from ex_date on, known to the public since the end of known_at."""

DEPOSITARY_RATIOS: Final[dict[str, pl.DataType]] = {
    "symbol": pl.String(),
    "ratio": pl.Float64(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
}
"""Underlying shares per depositary share, from valid_from up to and including valid_to."""

CORRECTIONS: Final[dict[str, pl.DataType]] = {
    "source": pl.String(),
    "cik": pl.Int64(),
    "symbol": pl.String(),
    "accession": pl.String(),
    "as_of": pl.Date(),
    "share_class": pl.String(),
    "field": pl.String(),
    "expect": pl.Int64(),
    "value": pl.Int64(),
    "reason": pl.String(),
}
"""A fact of a source, what it must say there, and what it is to say instead."""
FREE_FLOAT: Final[dict[str, pl.DataType]] = {
    "symbol": pl.String(),
    "as_of": pl.Date(),
    "known_at": pl.Date(),
    "float_shares": pl.Int64(),
    "float_share": pl.Float64(),
}
"""Shares that trade freely, or their part of the company (0 to 1), on as_of; known since the end of known_at."""

ANALYST_COUNTS: Final[dict[str, pl.DataType]] = {
    "symbol": pl.String(),
    "as_of": pl.Date(),
    "known_at": pl.Date(),
    "analysts": pl.Int64(),
}
"""Analysts with an estimate of the company's earnings on as_of; zero where nobody follows it."""

_FUND_PRICE_FIELDS = (
    Field("fund", "fund", "text", required=True),
    Field("session_date", "as_of", "iso_date", required=True),
    Field("close", "price", "price", required=True),
    Field("segment", "segment", "text"),
)
_EXPECTED = {
    "text": "text",
    "iso_date": "dates",
    "price": "numbers",
    "number": "numbers",
    "count": "whole numbers",
    "whole_usd": "whole numbers",
    "year": "whole numbers",
}
_QUOTE_FIELDS = (
    Field("session_date", "session_date", "iso_date", required=True),
    Field("exchange", "exchange", "text", required=True),
    Field("symbol", "symbol", "text", required=True),
    Field("close", "close", "price", required=True),
    Field("name", "name", "text"),
    Field("net_change", "net_change", "number"),
    Field("volume", "volume", "count"),
    Field("vendor_cap_usd", "vendor_cap_usd", "whole_usd"),
    Field("country", "country", "text"),
    Field("ipo_year", "ipo_year", "year"),
    Field("sector", "sector", "text"),
    Field("industry", "industry", "text"),
    Field("currency", "currency", "text"),
    Field("open", "open", "price"),
    Field("high", "high", "price"),
    Field("low", "low", "price"),
)
_OWNER = "symbol or company"
_COUNT_FIELDS = (
    Field(_OWNER, "owner", "text", required=True),
    Field("as_of", "as_of", "iso_date", required=True),
    Field("shares", "shares", "count", required=True),
    Field("company", "company", "text"),
    Field("symbol", "symbol", "text"),
    Field("share_class", "share_class", "text"),
    Field("known_at", "known_at", "iso_date"),
)
_CAP_FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("as_of", "as_of", "iso_date", required=True),
    Field("cap_usd", "cap_usd", "whole_usd", required=True),
)
_SPLIT_FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("ex_date", "ex_date", "iso_date", required=True),
    Field("ratio_new", "ratio_new", "price", required=True),
    Field("ratio_old", "ratio_old", "price", required=True),
    Field("known_at", "known_at", "iso_date"),
)
_RATIO_FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("ratio", "ratio", "price", required=True),
    Field("valid_from", "valid_from", "iso_date", required=True),
    Field("valid_to", "valid_to", "iso_date"),
)
_CORRECTION_FIELDS = (
    Field("source", "source", "text", required=True),
    Field("field", "field", "text", required=True),
    Field("expect", "expect", "count", required=True),
    Field("value", "value", "count", required=True),
    Field("reason", "reason", "text", required=True),
    Field("cik", "cik", "count"),
    Field("symbol", "symbol", "text"),
    Field("accession", "accession", "text"),
    Field("as_of", "as_of", "iso_date"),
    Field("share_class", "share_class", "text"),
)

_ANALYST_FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("as_of", "as_of", "iso_date", required=True),
    Field("analysts", "analysts", "count"),
    Field("known_at", "known_at", "iso_date"),
)
_FLOAT = "float_shares or float_share"
_FLOAT_FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("as_of", "as_of", "iso_date", required=True),
    Field(_FLOAT, "either", "text", required=True),
    Field("known_at", "known_at", "iso_date"),
    Field("float_shares", "float_shares", "count"),
    Field("float_share", "float_share", "number"),
)


def stage_quotes(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per session, exchange and symbol (columns `QUOTES`).

    `is_typed`: the columns carry types of their own (Parquet); otherwise all are text (CSV).

    Raises:
        BadInput: a missing, unknown or wrongly typed column, or more than 2 % of the rows unreadable.
    """
    return _stage(raw, _QUOTE_FIELDS, QUOTES, ("session_date", "exchange", "symbol"), is_typed, file)


def stage_share_counts(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per company or symbol, share class, day and publication (columns `SHARE_COUNTS`).

    Raises:
        BadInput: as `stage_quotes`; also when the file has neither a column `company` nor `symbol`.
    """
    if not {"company", "symbol"} & set(raw.columns):
        raise BadInput(SOURCE, file, "symbol", "column is missing; a share count needs symbol or company")
    key = ("company", "symbol", "share_class", "as_of", "known_at")
    return _stage(_with_owner(raw), _COUNT_FIELDS, SHARE_COUNTS, key, is_typed, file)


def _with_owner(raw: pl.DataFrame) -> pl.DataFrame:
    """Whose shares they are: a row that names neither symbol nor company is rejected for this field."""
    given = [pl.col(name) for name in ("symbol", "company") if raw.schema.get(name) == pl.String]
    named = [pl.when(column.str.strip_chars() != "").then(column) for column in given]
    return raw.with_columns(pl.coalesce(*named, pl.lit(None, dtype=pl.String)).alias(_OWNER))


def stage_caps(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per symbol and day (columns `CAPS`). Errors as `stage_quotes`."""
    return _stage(raw, _CAP_FIELDS, CAPS, ("symbol", "as_of"), is_typed, file)


def stage_splits(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per symbol and ex-date (columns `SPLITS`). Errors as `stage_quotes`."""
    return _stage(raw, _SPLIT_FIELDS, SPLITS, ("symbol", "ex_date"), is_typed, file)


def stage_depositary_ratios(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per symbol and first day (columns `DEPOSITARY_RATIOS`). Errors as `stage_quotes`."""
    return _stage(raw, _RATIO_FIELDS, DEPOSITARY_RATIOS, ("symbol", "valid_from"), is_typed, file)


def stage_corrections(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per corrected fact (columns `CORRECTIONS`). A correction that cannot be read is not passed over.

    Raises:
        BadInput: as `stage_quotes`; also where any row cannot be read.
    """
    if raw.is_empty() and {field.raw for field in _CORRECTION_FIELDS if field.required} <= set(raw.columns):
        return Staged(pl.DataFrame(schema=CORRECTIONS))  # the last correction was removed
    key = ("source", "cik", "symbol", "accession", "as_of", "share_class", "field")
    staged = _stage(raw, _CORRECTION_FIELDS, CORRECTIONS, key, is_typed, file)
    if staged.rejects.height:
        first = staged.rejects.row(0, named=True)
        told = f"{first['reason_code']}: {first['entity']!r} has {first['detail']!r}"
        raise BadInput(SOURCE, file, first["field"], told)
    return staged


def stage_free_float(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per symbol, day and publication (columns `FREE_FLOAT`); a share outside 0 to 1 is rejected.

    Raises:
        BadInput: as `stage_quotes`; also when the file has neither a column `float_shares` nor `float_share`.
    """
    given = [name for name in ("float_shares", "float_share") if name in raw.columns]
    if not given:
        raise BadInput(SOURCE, file, "float_share", "column is missing; a float needs float_shares or float_share")
    texts = [pl.col(name).cast(pl.String).str.strip_chars() for name in given]
    either = pl.coalesce(pl.when(text != "").then(text) for text in texts)
    staged = _stage(
        raw.with_columns(either.alias(_FLOAT)),
        _FLOAT_FIELDS,
        FREE_FLOAT,
        ("symbol", "as_of", "known_at"),
        is_typed,
        file,
    )
    beyond = ~pl.col("float_share").is_between(0, 1)
    rejects = staged.rows.filter(beyond).select(
        source=pl.lit(SOURCE),
        file=pl.lit(file),
        entity=pl.format("{} {}", "symbol", "as_of"),
        field=pl.lit("float_share"),
        reason_code=pl.lit("out_of_range"),
        detail=pl.col("float_share").cast(pl.String),
    )
    kept = staged.rows.filter(~beyond.fill_null(value=False))
    return refuse_if_rotten(Staged(kept, pl.concat([staged.rejects, rejects])), source=SOURCE, file=file)


def stage_analyst_counts(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per symbol, day and publication (columns `ANALYST_COUNTS`); a blank count says nothing.

    Raises:
        BadInput: as `stage_quotes`; also without a column `analysts`.
    """
    if "analysts" not in raw.columns:
        raise BadInput(SOURCE, file, "analysts", "column is missing")
    return _stage(raw, _ANALYST_FIELDS, ANALYST_COUNTS, ("symbol", "as_of", "known_at"), is_typed, file)


def stage_fund_prices(raw: pl.DataFrame, *, is_typed: bool, file: str) -> Staged:
    """One row per fund and session (columns `FUND_PRICES`); a segment that there is not is rejected.

    Raises:
        BadInput: as `stage_quotes`.
    """
    staged = _stage(raw, _FUND_PRICE_FIELDS, FUND_PRICES, ("fund", "as_of"), is_typed, file)
    is_unknown = ~pl.col("segment").is_in(SEGMENTS)
    rejects = staged.rows.filter(is_unknown).select(
        source=pl.lit(SOURCE),
        file=pl.lit(file),
        entity=pl.format("{} {}", "fund", "as_of"),
        field=pl.lit("segment"),
        reason_code=pl.lit("unknown_segment"),
        detail=pl.col("segment"),
    )
    kept = staged.rows.filter(~is_unknown.fill_null(value=False))
    return refuse_if_rotten(Staged(kept, pl.concat([staged.rejects, rejects])), source=SOURCE, file=file)


def _stage(
    raw: pl.DataFrame,
    fields: Sequence[Field],
    schema: dict[str, pl.DataType],
    key: Sequence[str],
    is_typed: bool,
    file: str,
) -> Staged:
    required = [field.raw for field in fields if field.required]
    check_columns(raw, required, [field.raw for field in fields], source=SOURCE, file=file)
    present = [field for field in fields if field.raw in raw.columns]
    for field in present if is_typed else ():
        _check_type(raw.schema[field.raw], field, file)
    entity = pl.concat_str(
        [pl.col(name).cast(pl.String) for name in dict.fromkeys((*key, *required)) if name in raw.columns],
        separator=" ",
        ignore_nulls=True,
    )
    staged = cast_rows(raw, present, entity, source=SOURCE, file=file)
    rows = staged.rows.select(
        pl.col(name) if name in staged.rows.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )
    unique = drop_duplicates(Staged(rows, staged.rejects), key, source=SOURCE, file=file)
    return refuse_if_rotten(unique, source=SOURCE, file=file)


def _check_type(dtype: pl.DataType, field: Field, file: str) -> None:
    """A Parquet file says its types, so numbers and dates as text are refused there."""
    if field.kind == "text":
        fits = dtype == pl.String
    elif field.kind == "iso_date":
        fits = dtype in (pl.Date, pl.Datetime)
    else:
        fits = dtype.is_numeric()
    if not fits:
        detail = f"the column has type {dtype}, expected {_EXPECTED[field.kind]}"
        raise BadInput(SOURCE, file, field.raw, detail)
