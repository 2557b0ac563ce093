"""sql/macros as table macros of the warehouse: what analysts call with a session and a moment."""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from flows.edge import ddl, sql_files

SCHEMA = "core"


@dataclass(frozen=True)
class Macro:
    """One SELECT that a file of the warehouse answers by name, given its parameters."""

    name: str
    parameters: tuple[str, ...]
    purpose: str
    grain: str
    owner: str
    select: str

    @property
    def full_name(self) -> str:
        """``schema.name``, as written in SQL."""
        return f"{SCHEMA}.{self.name}"

    @property
    def call(self) -> str:
        """The name with its parameters."""
        return f"{self.full_name}({', '.join(self.parameters)})"

    @property
    def comment(self) -> str:
        """One line for DuckDB: what it gives, grain, owner."""
        return f"{self.purpose[:1].upper()}{self.purpose[1:]}. Grain: {self.grain}. Owner: {self.owner}."


def read_macros() -> list[Macro]:
    """Every macro of sql/macros, ordered by name.

    Raises:
        ValueError: a header lacks a key.
    """
    return [_macro(file) for file in sql_files.read_folder(sql_files.MACROS)]


def apply(con: duckdb.DuckDBPyConnection, macros: Iterable[Macro]) -> None:
    """Give an open file these macros and their comments, in place of those of the same names."""
    for macro in macros:
        con.execute(f"create or replace macro {macro.call} as table\n{macro.select}")
        con.execute(f"comment on macro table {macro.full_name} is {ddl.text_literal(macro.comment)}")


def _macro(file: sql_files.SqlFile) -> Macro:
    missing = {"purpose", "grain", "parameters", "owner"} - file.header.keys()
    if missing:
        raise ValueError(f"sql/macros/{file.name}.sql: the header lacks {', '.join(sorted(missing))}")
    parameters = tuple(part.strip() for part in file.header["parameters"].split(","))
    return Macro(
        file.name, parameters, file.header["purpose"], file.header["grain"], file.header["owner"], file.text.strip()
    )
