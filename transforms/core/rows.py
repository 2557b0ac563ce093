"""Rows of one frame found in another, and written there.

A session has some thousand lines: at that size polars' expressions cost mostly overhead, so the walk works with numpy
and with the methods of Series and DataFrame that need no query.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

# The rules of admission have these three too: `expectations` imports nothing of `transforms` but the contracts.
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
"""Row numbers; NONE where there is no row."""
NONE = -1


def rows_of(values: pl.Series, keys: pl.Series) -> Rows:
    """The row of each value among ``keys``; NONE where there is none.

    Raises ValueError where a key stands twice: which row would be meant?
    """
    numbered = pl.DataFrame([keys.alias("key"), pl.Series("row", np.arange(keys.len()))])
    found = pl.DataFrame([values.alias("key")]).join(numbered, on="key", how="left", maintain_order="left")
    if found.height != values.len():
        raise ValueError(f"{keys.name}: a key stands in more than one row")
    row = found["row"]
    return row.to_numpy() if not row.null_count() else np.nan_to_num(row.to_numpy(), nan=NONE).astype(np.int64)


def gathered(frame: pl.DataFrame, names: Iterable[str], rows: Rows) -> list[pl.Series]:
    """Columns of a frame at the given rows; null where there is no row."""
    names = list(names)
    is_found = rows != NONE
    if is_found.all():
        return frame[names][rows].get_columns()
    if not is_found.any():
        return frame[names].clear(rows.size).get_columns()
    return frame[names][masked(pl.Series(rows), is_found)].get_columns()


def masked(column: pl.Series, mask: Mask) -> pl.Series:
    """The column where the mask holds, null elsewhere."""
    return column.zip_with(pl.Series(mask), pl.Series([None], dtype=column.dtype))


def where(mask: Mask) -> Rows:
    """Rows at which a mask holds."""
    return np.flatnonzero(mask)


def floats(column: pl.Series) -> Floats:
    """Numbers with NaN where unknown."""
    return column.cast(pl.Float64).to_numpy()


def flags(column: pl.Series) -> Mask:
    """Truth values; an unknown one is not true."""
    return (column.fill_null(value=False) if column.null_count() else column).to_numpy()


def constant(name: str, value: object, height: int, dtype: pl.DataType | None = None) -> pl.Series:
    """A column of one value."""
    return pl.Series(name, [value], dtype).new_from_index(0, height)


def written(frame: pl.DataFrame, rows: Rows, values: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The frame with values written at the given rows; the frame that came in stays as it is.

    `Series.scatter` writes into the Series it is called on: `frame[name]` is a new one each time.
    """
    at = pl.Series(rows)
    return frame.with_columns(frame[name].scatter(at, new) for name, new in values.items())


def written_where_new(frame: pl.DataFrame, rows: Rows, values: Mapping[str, pl.Series]) -> pl.DataFrame:
    """As `written`, for texts that seldom change: only what differs is written, as a whole column costs more."""
    at, changed = pl.Series(rows), []
    for name, new in values.items():
        # Where one side is null, the comparison is, and the value is written.
        equal = frame[name][at] == new
        differs = where(~flags(equal))
        if differs.size:
            changed.append(frame[name].scatter(pl.Series(rows[differs]), new[differs]))
    return frame.with_columns(changed) if changed else frame
