"""Rejects of the SEC's files: one row per row that cannot be used, by the first reason that holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transforms.staging.casting import refuse_if_rotten
from transforms.staging.model import REJECT_COLUMNS, Staged, no_rejects
from transforms.staging.sec_source import SEC

FEW_ROWS = 1000
"""Below it a share of rejects says little: one odd fact of a young company is no change of the format."""


@dataclass(frozen=True)
class Fault:
    """Why a row is rejected: where the expression holds; `detail` shows the value as served."""

    field: str
    reason_code: str
    holds: pl.Expr
    detail: pl.Expr


def split(rows: pl.DataFrame, faults: Sequence[Fault], entity: pl.Expr, *, file: str) -> Staged:
    """The rows without a fault, and one reject for each of the others."""
    first = pl.lit(None, dtype=pl.Int16)
    for index in reversed(range(len(faults))):
        is_bad = faults[index].holds.fill_null(value=False)
        first = pl.when(is_bad).then(pl.lit(index, dtype=pl.Int16)).otherwise(first)
    judged = rows.with_columns(first.alias("__fault"))
    if judged["__fault"].null_count() == rows.height:
        return Staged(rows)
    parts = [
        reject_rows(judged.filter(pl.col("__fault") == index), entity, fault, file=file)
        for index, fault in enumerate(faults)
    ]
    return Staged(rows.filter(judged["__fault"].is_null()), pl.concat([no_rejects(), *parts]))


def reject_rows(bad: pl.DataFrame, entity: pl.Expr, fault: Fault, *, file: str) -> pl.DataFrame:
    """One reject per row of the frame."""
    return bad.select(
        source=pl.lit(SEC),
        file=pl.lit(file),
        entity=entity.cast(pl.String).fill_null(""),
        field=pl.lit(fault.field),
        reason_code=pl.lit(fault.reason_code),
        detail=fault.detail.cast(pl.String).fill_null(""),
    ).cast(pl.Schema(REJECT_COLUMNS))


def refuse_if_changed(staged: Staged, *, file: str) -> Staged:
    """The same frames, unless so many rows of a large file were rejected that its format must have changed.

    Raises:
        BadInput: names the most frequent field and reason.
    """
    if staged.rows.height and staged.rows.height + staged.rejects.height < FEW_ROWS:
        return staged
    return refuse_if_rotten(staged, source=SEC, file=file)
