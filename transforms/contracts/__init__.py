"""Table contracts: the one home of table truth. DDL, comments, column checks and the dictionary derive from them."""

from transforms.contracts.core import CORE
from transforms.contracts.marts import MARTS
from transforms.contracts.model import Column, Table
from transforms.contracts.ops import OPS

TABLES: tuple[Table, ...] = (*CORE, *MARTS, *OPS)
BY_NAME: dict[str, Table] = {table.full_name: table for table in TABLES}


def table(full_name: str) -> Table:
    """The contract of ``schema.name``; KeyError if there is none."""
    return BY_NAME[full_name]


__all__ = ["BY_NAME", "CORE", "MARTS", "OPS", "TABLES", "Column", "Table", "table"]
