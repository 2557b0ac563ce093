"""What every parser returns: typed rows, and the rows that could not be read with their reasons."""

from dataclasses import dataclass, field

import polars as pl

REJECT_COLUMNS: dict[str, pl.DataType] = {
    "source": pl.String(),
    "file": pl.String(),
    "entity": pl.String(),
    "field": pl.String(),
    "reason_code": pl.String(),
    "detail": pl.String(),
}
"""One row per rejected row of a file: whose, which field, why, and the value as served."""


def no_rejects() -> pl.DataFrame:
    """Zero rejects, with the columns of a reject."""
    return pl.DataFrame(schema=REJECT_COLUMNS)


@dataclass(frozen=True)
class Staged:
    """One landed file as typed rows, plus one reject per row that could not be read."""

    rows: pl.DataFrame
    rejects: pl.DataFrame = field(default_factory=no_rejects)

    def __post_init__(self) -> None:
        """Hold every parser to the columns of a reject."""
        if dict(self.rejects.schema) != REJECT_COLUMNS:
            raise ValueError(f"rejects have columns {self.rejects.schema}, expected {REJECT_COLUMNS}")
