"""Declared splits, a year's file at a time: new shares for old ones, and the day from which they count."""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, drop_duplicates
from transforms.staging.errors import BadInput
from transforms.staging.model import Staged

SOURCE: Final = "corporate_actions"

SPLITS: Final[dict[str, pl.DataType]] = {
    "symbol": pl.String(),
    "name": pl.String(),
    "declared_on": pl.Date(),
    "ratio": pl.Float64(),
    "source_url": pl.String(),
    "exchange": pl.String(),
}
"""One row per split. ``declared_on``: its effective date, which is the ex-date or a day or two before it. ``ratio``:
new shares for one old, 4 for a four-for-one split, 0.1 for a reverse one of one for ten."""

_FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("date", "declared_on", "iso_date", required=True),
    Field("ratioNew", "ratio_new", "count", required=True),
    Field("ratioOld", "ratio_old", "count", required=True),
    Field("name", "name", "text", required=True),
    Field("exchange", "exchange", "text"),
    Field("source", "source_url", "text"),
    Field("isin", "isin", "text"),
    Field("notes", "notes", "text"),
)


def stage_splits(entries: Sequence[Mapping[str, object]], *, file: str) -> Staged:
    """One row per symbol and date (columns `SPLITS`); an entry that cannot be read is one reject.

    A year has a few dozen entries, so a bad one is no sign that the format has changed.

    Raises:
        BadInput: an entry has a field that nobody knows.
    """
    unknown = sorted({key for entry in entries for key in entry} - {field.raw for field in _FIELDS})
    if unknown:
        raise BadInput(SOURCE, file, unknown[0], "unknown field of a split")
    raw = pl.DataFrame(
        {field.raw: [_text(entry.get(field.raw)) for entry in entries] for field in _FIELDS},
        schema={field.raw: pl.String for field in _FIELDS},
    )
    entity = pl.concat_str("symbol", "date", separator=" ", ignore_nulls=True)
    staged = cast_rows(raw, _FIELDS, entity, source=SOURCE, file=file)
    symbol = pl.col("symbol").str.to_uppercase().str.replace(r"^([A-Z]+)[.\-]([A-Z])$", "$1/$2")
    rows = staged.rows.with_columns(symbol=symbol, ratio=pl.col("ratio_new") / pl.col("ratio_old"))
    chosen = Staged(rows.select(pl.col(name).cast(dtype) for name, dtype in SPLITS.items()), staged.rejects)
    return drop_duplicates(chosen, ("symbol", "declared_on"), source=SOURCE, file=file)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
