"""docs/data_dictionary.md, generated from the contracts and the headers of sql/macros."""

from collections.abc import Iterable
from pathlib import Path

from flows.edge import ddl
from flows.edge.macros import Macro, read_macros
from flows.paths import CHECKOUT
from transforms.contracts import TABLES, Column, Table

DICTIONARY = CHECKOUT / "docs" / "data_dictionary.md"

_HEAD = """# Data dictionary

Generated from `transforms/contracts` and `sql/macros` by `make docs` (`python -m flows.data_dictionary`); a test fails
when it is stale. The same words stand as comments in the DuckDB file: `select * from duckdb_columns()` shows
them, `select * from duckdb_functions()` those of the macros.

Fractions are fractions: 0.01 is 1 %. Whole USD are whole. Times are UTC; sessions are New York trading days.
Published ratios are rounded once, to 12 significant digits.

"""
_POLICIES = {
    "replace_sessions": "a run replaces the sessions that it judges",
    "replace_all": "each run writes the table anew",
    "append": "runs only add rows",
}


def render(tables: Iterable[Table] = TABLES) -> str:
    """The dictionary as Markdown: an overview, then one section per table with one row per column."""
    listed = list(tables)
    overview = ["| table | grain | key |", "|---|---|---|"]
    overview += [
        f"| [{table.full_name}](#{_anchor(table.full_name)}) | {_cell(table.grain)} | {', '.join(table.key)} |"
        for table in listed
    ]
    overview.append(f"| [{ddl.VIEW}](#{_anchor(ddl.VIEW)}) (view) | one row per session and membership | - |")
    macros = read_macros()
    overview += [
        f"| [{macro.full_name}](#{_anchor(macro.full_name)}) (macro) | {_cell(macro.grain)} | - |" for macro in macros
    ]
    sections = [_section(table) for table in listed]
    view = f"## {ddl.VIEW}\n\nA view. {ddl.VIEW_COMMENT}\n"
    called = [_macro_section(macro) for macro in macros]
    return _HEAD + "\n".join(overview) + "\n\n" + "\n".join([*sections, view, *called])


def write(path: Path = DICTIONARY) -> Path:
    """Write the dictionary; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(), encoding="utf-8")
    return path


def _section(table: Table) -> str:
    facts = [
        f"- grain: {table.grain}",
        f"- key: {', '.join(table.key)}",
        f"- owner: {table.owner}",
        f"- written: {_POLICIES[table.policy]}",
        f"- lookback: {table.lookback}",
        f"- may be empty: {'yes' if table.may_be_empty else 'no'}",
        *([f"- note: {table.notes}"] if table.notes else []),
    ]
    head = ["| column | type | unit | null | meaning | allowed | source |", "|---|---|---|---|---|---|---|"]
    return "\n".join([f"## {table.full_name}", "", *facts, "", *head, *(_row(column) for column in table), ""])


def _macro_section(macro: Macro) -> str:
    """How an analyst calls it, and what comes back."""
    call = f"```sql\nselect * from {macro.call}\n```"
    return f"## {macro.full_name}\n\nA table macro. {macro.comment}\n\n{call}\n"


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        column.type,
        column.unit,
        "yes" if column.nullable else "no",
        column.description,
        _allowed(column),
        column.source,
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _allowed(column: Column) -> str:
    if column.values:
        return ", ".join(f"`{value}`" for value in column.values)
    low = f">= {column.minimum:g}" if column.minimum is not None else ""
    high = f"<= {column.maximum:g}" if column.maximum is not None else ""
    return ", ".join(text for text in (low, high) if text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _anchor(name: str) -> str:
    return name.replace(".", "")
