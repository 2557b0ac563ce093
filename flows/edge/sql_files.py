"""SQL files of the checkout: one SELECT each, with a header of `-- key: value` lines."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb

from flows.paths import SQL_FOLDER

MARTS = SQL_FOLDER / "marts"
CHECKS = SQL_FOLDER / "checks"
QUERIES = SQL_FOLDER / "queries"
MACROS = SQL_FOLDER / "macros"

_HEADER = re.compile(r"^-- (?P<key>[a-z_]+): (?P<value>.+)$")
_CONTINUED = re.compile(r"^--   (?P<value>\S.*)$")
_ALIAS = re.compile(r"\s+as\s+.*$", re.IGNORECASE)


@dataclass(frozen=True)
class SqlFile:
    """One SELECT: its name is the file's, its header says what it is for."""

    name: str
    header: Mapping[str, str]
    text: str


def read_folder(folder: Path) -> list[SqlFile]:
    """Every SELECT of a folder, ordered by name."""
    return [parse(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


def parse(name: str, text: str) -> SqlFile:
    """Header and text; a header line that starts with three blanks continues the one above.

    Raises:
        ValueError: the text has a header key twice, or a semicolon (two statements).
    """
    header: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if found := _HEADER.match(line):
            last = found["key"]
            if last in header:
                raise ValueError(f"{name}.sql: header key {last!r} stands twice")
            header[last] = found["value"].strip()
        elif last and (more := _CONTINUED.match(line)):
            header[last] += " " + more["value"].strip()
        elif not line.startswith("--"):
            break
    if any(";" in line.partition("--")[0] for line in text.splitlines()):
        raise ValueError(f"{name}.sql: one SELECT without a semicolon is asked for")
    return SqlFile(name, header, text)


def references(con: duckdb.DuckDBPyConnection, select: str) -> set[str]:
    """Tables that a SELECT reads, as ``schema.name``; they need not exist."""
    names = con.get_table_names(select, qualified=True)
    return {_ALIAS.sub("", name).replace('"', "") for name in names}


def in_dependency_order(con: duckdb.DuckDBPyConnection, files: Iterable[SqlFile], schema: str) -> list[SqlFile]:
    """Files so that each comes after those of the same schema that it reads.

    Raises:
        ValueError: the files read each other in a circle.
    """
    by_name = {f"{schema}.{file.name}": file for file in files}
    graph = {name: references(con, file.text) & by_name.keys() - {name} for name, file in by_name.items()}
    sorter = TopologicalSorter({name: sorted(needs) for name, needs in sorted(graph.items())})
    try:
        return [by_name[name] for name in sorter.static_order()]
    except CycleError as error:
        raise ValueError(f"sql/{schema}: {' -> '.join(error.args[1])} read each other") from error
