"""What a table contract says: grain, key, columns, owner. DDL, comments, checks and docs derive from it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

DuckType = Literal["VARCHAR", "DATE", "TIMESTAMPTZ", "BIGINT", "HUGEINT", "INTEGER", "DOUBLE", "BOOLEAN", "VARCHAR[]"]
Policy = Literal["replace_sessions", "replace_all", "append"]

_POLARS: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "DATE": pl.Date(),
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
    "BIGINT": pl.Int64(),
    "HUGEINT": pl.Int128(),
    "INTEGER": pl.Int32(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "VARCHAR[]": pl.List(pl.String()),
}

RATIO_DIGITS = 12
"""Significant digits of a published ratio: float sums differ in the last bits with order and threads."""


@dataclass(frozen=True)
class Column:
    """One column: what it means, in which unit, where it comes from, and what it may hold.

    ``compared`` is False where clock times make two equal rows differ.
    """

    name: str
    type: DuckType
    description: str
    unit: str = ""
    source: str = ""
    nullable: bool = True
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    is_ratio: bool = False
    compared: bool = True

    @property
    def polars_type(self) -> pl.DataType:
        """The polars type that is written into this column."""
        return _POLARS[self.type]

    @property
    def comment(self) -> str:
        """One line for DuckDB's column comment: meaning, unit, source."""
        parts = [self.description]
        if self.unit:
            parts.append(f"Unit: {self.unit}.")
        if self.source:
            parts.append(f"Source: {self.source}.")
        return " ".join(parts)


@dataclass(frozen=True)
class Table:
    """One published table.

    ``policy`` says how a build changes it: ``replace_sessions`` deletes and inserts the affected sessions (needs
    ``session_column``), ``replace_all`` writes the whole table anew, ``append`` only adds rows.
    ``compared`` is False where run ids or clock times make two equal warehouses differ.
    """

    schema: Literal["core", "marts", "ops"]
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    policy: Policy
    owner: str
    session_column: str | None = None
    may_be_empty: bool = False
    compared: bool = True
    notes: str = ""
    lookback: str = "none"
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        """Refuse a contract that contradicts itself, at import."""
        by_name = {column.name: column for column in self.columns}
        if len(by_name) != len(self.columns):
            raise ValueError(f"{self.full_name}: a column is declared twice")
        missing = [name for name in self.key if name not in by_name]
        if missing:
            raise ValueError(f"{self.full_name}: key columns {missing} are not declared")
        if self.policy == "replace_sessions" and self.session_column not in by_name:
            raise ValueError(f"{self.full_name}: replace_sessions needs a declared session column")
        object.__setattr__(self, "_by_name", by_name)

    def __iter__(self) -> Iterator[Column]:
        """Columns in declared order."""
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        """The column of that name; KeyError if it is not declared."""
        return self._by_name[name]

    @property
    def full_name(self) -> str:
        """``schema.name``, as written in SQL."""
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> list[str]:
        """Column names in declared order."""
        return [column.name for column in self.columns]

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        """Name to polars type, in declared order."""
        return {column.name: column.polars_type for column in self.columns}

    def stacked(self, parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """The rows of any number of frames, each made to `conform`, sorted by key."""
        return pl.concat([self.empty(), *(self.conform(part) for part in parts)]).sort(self.key)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Exactly the declared columns, types and order, sorted by key, ratios rounded once.

        Raises ValueError naming the table and the column when one is missing or cannot be cast without loss.
        """
        missing = [name for name in self.column_names if name not in frame.columns]
        if missing:
            raise ValueError(f"{self.full_name}: missing columns {missing}")
        try:
            typed = frame.select(
                _rounded(column) if column.is_ratio else pl.col(column.name).cast(column.polars_type)
                for column in self.columns
            )
        except pl.exceptions.InvalidOperationError as error:
            raise ValueError(f"{self.full_name}: {error}") from error
        return typed.sort(self.key, nulls_last=True)

    def empty(self) -> pl.DataFrame:
        """A frame of the declared shape with no rows."""
        return pl.DataFrame(schema=self.polars_schema)


def _rounded(column: Column) -> pl.Expr:
    value = pl.col(column.name).cast(pl.Float64)
    return pl.when(value.is_finite()).then(value.round_sig_figs(RATIO_DIGITS) + 0.0).alias(column.name)
