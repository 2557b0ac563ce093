"""From text to types: one row in gives one row out or one reject, never neither and never both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.model import REJECT_COLUMNS, Staged, no_rejects

Kind = Literal["text", "price", "number", "count", "whole_usd", "year", "iso_date", "us_date"]

MAX_REJECTED_SHARE = 0.02
"""A file with more rejects has changed its format; its remaining rows would be a biased sample."""

_PATTERN: dict[Kind, str] = {
    "price": r"^\$?\d{1,12}(\.\d{1,20})?$",
    "number": r"^[-+]?\d{0,15}(\.\d{1,20})?([eE][-+]?\d{1,3})?$",
    "count": r"^\d{1,15}(\.0+)?$",
    "whole_usd": r"^\d{1,15}(\.\d{1,20})?$",
    "year": r"^\d{4}$",
    "iso_date": r"^\d{4}-\d{2}-\d{2}$",
    "us_date": r"^\d{2}/\d{2}/\d{4}$",
}
"""What polars would read as a number is wider ("inf", "nan", "0x1"), so the form is checked first."""
_DATES: dict[Kind, str] = {"iso_date": "%Y-%m-%d", "us_date": "%m/%d/%Y"}
_MISSING = "missing_value"
_NOT_POSITIVE = "not_positive"
_ROW = "__row"
_REASON = "__reason"


@dataclass(frozen=True)
class Field:
    """One column of a file: its name there, its name here, how its text is read, and whether it may be blank.

    Kinds: text (trimmed); price (above zero, an optional $ before it); number (signed); count (whole);
    whole_usd (rounded to dollars, zero means unknown); year; iso_date (2026-01-31); us_date (01/31/2026).
    """

    raw: str
    name: str
    kind: Kind
    required: bool = False


def check_columns(
    raw: pl.DataFrame, required: Iterable[str], optional: Iterable[str] = (), *, source: str, file: str
) -> None:
    """Hold a file to its declared columns: none missing, none unknown, at least one row.

    Raises:
        BadInput: names the first column that is missing or unknown.
    """
    known = [*required, *optional]
    for column in required:
        if column not in raw.columns:
            raise BadInput(source, file, column, f"column is missing; the file has {', '.join(raw.columns)}")
    for column in raw.columns:
        if column not in known:
            raise BadInput(source, file, column, f"unknown column; expected {', '.join(known)}")
    if raw.height == 0:
        raise BadInput(source, file, "-", "the file has no rows")


def cast_rows(raw: pl.DataFrame, fields: Sequence[Field], entity: pl.Expr, *, source: str, file: str) -> Staged:
    """Read every declared column; a row with a field that cannot be read becomes one reject.

    `entity` names a row for people and is evaluated on the raw columns. Columns that no field declares are
    kept as they are, in front.
    """
    declared = [field.raw for field in fields]
    kept = [column for column in raw.columns if column not in declared]
    text = raw.select(*kept, *(_trimmed(field, raw.schema[field.raw]) for field in fields))
    typed = text.with_columns(_typed(field, raw.schema[field.raw]).alias(_out(field)) for field in fields)
    reasons = [reason for field in fields for reason in _reasons(field)]
    judged = typed.with_columns(_first_reason([bad for _, _, bad in reasons]).alias(_REASON))
    is_good = pl.col(_REASON).is_null()
    has_bad = judged[_REASON].null_count() < raw.height
    rows = (judged.filter(is_good) if has_bad else judged).select(*kept, *(_final(field) for field in fields))
    if not has_bad:
        return Staged(rows)
    bad = judged.filter(~is_good)
    parts = [
        _rejects(bad.filter(pl.col(_REASON) == index), entity, field, code, source=source, file=file)
        for index, (field, code, _) in enumerate(reasons)
    ]
    return Staged(rows, pl.concat([no_rejects(), *parts]))


def drop_duplicates(
    staged: Staged, key: Sequence[str], *, source: str, file: str, differing: str = "duplicate_key"
) -> Staged:
    """One row per key: of equal rows the first stays, of differing ones none: which is right?"""
    rows = staged.rows
    if rows.select(pl.struct(key).hash().n_unique()).item() == rows.height:
        return staged  # distinct hashes prove distinct keys, at a fraction of the cost of comparing them
    numbered = rows.with_row_index(_ROW)
    first = numbered.unique([*rows.columns], keep="first", maintain_order=True)
    repeated = numbered.join(first.select(_ROW), on=_ROW, how="anti").drop(_ROW)
    clashing = first.filter(pl.struct(key).is_duplicated()).drop(_ROW)
    kept = first.filter(~pl.struct(key).is_duplicated()).drop(_ROW)
    entity = pl.concat_str([pl.col(name).cast(pl.String) for name in key], separator=" ", ignore_nulls=True)
    key_field = Field(key[-1], key[-1], "text")
    parts = [
        _rejects(repeated, entity, key_field, "duplicate_row", source=source, file=file),
        _rejects(clashing, entity, key_field, differing, source=source, file=file),
    ]
    return Staged(kept, pl.concat([staged.rejects, *parts]))


def refuse_if_rotten(staged: Staged, *, source: str, file: str) -> Staged:
    """The same frames, unless more than `MAX_REJECTED_SHARE` of the rows were rejected.

    Raises:
        BadInput: names the most frequent field and reason, with the first entity and value.
    """
    rejected, total = staged.rejects.height, staged.rejects.height + staged.rows.height
    if rejected <= MAX_REJECTED_SHARE * total:
        return staged
    worst = (
        staged.rejects.group_by("field", "reason_code", maintain_order=True)
        .agg(pl.len(), pl.col("entity").first(), pl.col("detail").first())
        .sort("len", descending=True, maintain_order=True)
        .row(0, named=True)
    )
    raise BadInput(
        source,
        file,
        worst["field"],
        f"{rejected} of {total} rows cannot be read, most often {worst['reason_code']}: "
        f"{worst['entity']!r} has {worst['detail']!r}",
    )


def _out(field: Field) -> str:
    return f"__typed {field.name}"


def _trimmed(field: Field, dtype: pl.DataType) -> pl.Expr:
    """Trimmed text with blanks as null; the typed columns of a Parquet file stay as they are."""
    column = pl.col(field.raw)
    if dtype != pl.String:
        return column
    trimmed = column.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed).alias(field.raw)


def _reasons(field: Field) -> list[tuple[Field, str, pl.Expr]]:
    """Why a row may be rejected for this field: each a code and what says so, the first that holds counts."""
    value, typed = pl.col(field.raw), pl.col(_out(field))
    reasons: list[tuple[Field, str, pl.Expr]] = []
    if field.required:
        reasons.append((field, _MISSING, value.is_null()))
    if field.kind != "text":
        code = "not_a_date" if field.kind in _DATES else "not_a_number"
        reasons.append((field, code, value.is_not_null() & typed.is_null()))
    if field.kind == "price" or (field.required and field.kind in ("count", "whole_usd")):
        reasons.append((field, _NOT_POSITIVE, typed <= 0))
    return reasons


def _first_reason(checks: Sequence[pl.Expr]) -> pl.Expr:
    found = pl.lit(None, dtype=pl.Int16)
    for index in reversed(range(len(checks))):
        found = pl.when(checks[index]).then(pl.lit(index, dtype=pl.Int16)).otherwise(found)
    return found


def _typed(field: Field, dtype: pl.DataType) -> pl.Expr:
    """The typed value, null where it is blank or cannot be read."""
    column = pl.col(field.raw)
    if field.kind == "text":
        return column
    if isinstance(dtype, pl.Datetime):
        return pl.when(column == column.dt.truncate("1d")).then(column).cast(pl.Date)
    if dtype != pl.String:
        return _from_typed(column, field.kind)
    formed = pl.when(column.str.contains(_PATTERN[field.kind])).then(column)
    if field.kind in _DATES:
        return formed.str.to_date(_DATES[field.kind], strict=False)
    if field.kind == "year":
        return formed.cast(pl.Int32, strict=False)
    if field.kind == "count":
        whole = formed.cast(pl.Int64, strict=False)
        return pl.coalesce(whole, formed.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False))
    plain = formed.str.strip_prefix("$") if field.kind == "price" else formed
    return _from_typed(plain.cast(pl.Float64, strict=False), field.kind)


def _from_typed(value: pl.Expr, kind: Kind) -> pl.Expr:
    """From a column that already has a type of its own; a number that does not fit becomes null."""
    if kind in _DATES:
        return value.cast(pl.Date, strict=False)
    if kind in ("count", "year"):
        whole = pl.when((value >= 0) & (value.cast(pl.Float64).round(0) == value)).then(value)
        return whole.cast(pl.Int64 if kind == "count" else pl.Int32, strict=False)
    number = value.cast(pl.Float64, strict=False)
    if kind == "whole_usd":
        return pl.when((number >= 0) & (number < 1e15)).then(number).round(0).cast(pl.Int64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _final(field: Field) -> pl.Expr:
    typed = pl.col(_out(field))
    if field.kind == "whole_usd":
        typed = pl.when(typed > 0).then(typed)
    return typed.alias(field.name)


def _rejects(bad: pl.DataFrame, entity: pl.Expr, field: Field, code: str, *, source: str, file: str) -> pl.DataFrame:
    detail = pl.col(field.raw).cast(pl.String).fill_null("")
    return bad.select(
        pl.lit(source).alias("source"),
        pl.lit(file).alias("file"),
        entity.cast(pl.String).fill_null("").alias("entity"),
        pl.lit(field.raw).alias("field"),
        pl.lit(code).alias("reason_code"),
        detail.alias("detail"),
    ).cast(pl.Schema(REJECT_COLUMNS))
