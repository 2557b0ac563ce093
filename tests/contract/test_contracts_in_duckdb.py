"""Drift, both ways: contract == DuckDB DESCRIBE == comments == suite columns."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from expectations.suites import from_contract, suite_of
from flows.edge import ddl
from flows.edge.builds import Build
from flows.edge.macros import Macro, read_macros
from flows.edge.warehouse import reading
from flows.paths import DataPaths
from transforms.contracts import TABLES, Table, table
from transforms.core.company_state import COMPANY_STATE_SCHEMA
from transforms.core.filed_counts import CURRENT
from transforms.core.identity import REGISTRY_SCHEMA


@pytest.fixture(scope="module")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Build.start(DataPaths(tmp_path_factory.mktemp("empty")), "empty", None) as build:
        return build.close()


def test_the_file_has_the_contracts_tables_and_no_other(empty_warehouse: Path) -> None:
    with reading(empty_warehouse) as con:
        found = con.execute("select schema_name || '.' || table_name as name from duckdb_tables()").pl()

    assert set(found["name"]) == {table.full_name for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name)
def test_columns_and_types_are_the_contracts(table: Table, empty_warehouse: Path) -> None:
    with reading(empty_warehouse) as con:
        found = con.execute(f"describe {table.full_name}").pl()

    described = list(zip(found["column_name"], found["column_type"], strict=True))
    assert described == [(column.name, ddl.described_type(column)) for column in table]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("ops.admission_securities", REGISTRY_SCHEMA),
        ("ops.admission_companies", COMPANY_STATE_SCHEMA),
        ("ops.admission_counts", CURRENT),
    ],
)
def test_a_night_remembers_all_that_the_walk_does(name: str, schema: dict[str, pl.DataType]) -> None:
    assert dict(table(name).polars_schema) == schema


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name)
def test_an_empty_frame_of_the_contract_has_duckdbs_types(table: Table) -> None:
    """Both ways: what DuckDB gives back is what the contract's polars types take."""
    con = duckdb.connect()
    con.execute("create schema core; create schema marts; create schema ops")
    con.execute(ddl.create_table(table))

    assert table.conform(con.execute(f"from {table.full_name}").pl()).schema == table.polars_schema


def test_every_table_and_column_carries_its_comment(empty_warehouse: Path) -> None:
    with reading(empty_warehouse) as con:
        stored = ddl.stored_comments(con)

    assert stored == {**ddl.comments(), f"view {ddl.VIEW}": ddl.VIEW_COMMENT}


def test_every_macro_is_there_with_its_parameters_and_comment(empty_warehouse: Path) -> None:
    with reading(empty_warehouse) as con:
        found = con.execute(
            "select schema_name || '.' || function_name as name, parameters, comment from duckdb_functions() "
            "where not internal"
        ).pl()

    assert {name: (tuple(given), comment) for name, given, comment in found.iter_rows()} == {
        macro.full_name: (macro.parameters, macro.comment) for macro in read_macros()
    }


AS_OF = [macro for macro in read_macros() if macro.name.endswith("_as_of")]


@pytest.mark.parametrize("macro", AS_OF, ids=lambda macro: macro.name)
def test_a_macro_gives_the_columns_of_the_table_it_is_named_after(macro: Macro, empty_warehouse: Path) -> None:
    with reading(empty_warehouse) as con:
        found = con.execute(f"describe from {macro.full_name}(date '2024-06-28', date '2024-07-01')").pl()

    read = table(macro.full_name.removesuffix("_as_of"))
    described = list(zip(found["column_name"], found["column_type"], strict=True))
    assert described == [(column.name, ddl.described_type(column)) for column in read]


def test_a_version_holds_every_column_of_a_cap() -> None:
    caps, versions = table("core.market_caps"), table("core.cap_versions")

    assert {(column.name, column.type) for column in caps} <= {(column.name, column.type) for column in versions}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name)
def test_a_comment_names_grain_key_and_owner(table: Table) -> None:
    comment = ddl.table_comment(table)

    assert table.grain in comment
    assert all(name in comment for name in table.key)
    assert table.owner in comment


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name)
def test_the_suite_asks_for_the_contracts_columns(table: Table) -> None:
    [columns] = from_contract.structure(table)
    assert columns.column_list == table.column_names

    suite = suite_of(table)
    asked = {e.meta["code"] for e in suite.expectations if e.meta}
    assert {"GATE_ROWS", "GATE_KEY"} <= asked
    assert ("GATE_NOT_NULL" in asked) == any(not column.nullable for column in table)
    assert ("GATE_VALUES" in asked) == any(column.values for column in table)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name)
def test_each_declared_check_of_a_column_is_asked(table: Table) -> None:
    suite = suite_of(table)
    asked = {
        (rule.code, name)
        for rule, names in (
            [(violation.rule, violation.columns) for violation in suite.violations]
            if suite.mode == "profile"
            else [(_rule(e.meta["code"]), tuple(e.meta["columns"])) for e in suite.expectations if e.meta]
        )
        for name in names
    }
    for column in table:
        assert (("GATE_NOT_NULL", column.name) in asked) == (not column.nullable)
        assert (("GATE_VALUES", column.name) in asked) == bool(column.values)
        if column.minimum is not None or column.maximum is not None or column.type == "DOUBLE":
            assert ("GATE_RANGE", column.name) in asked


def test_the_fingerprint_follows_types_and_keys_and_not_the_wording() -> None:
    [first, *rest] = TABLES
    renamed = Table(first.schema, "renamed", first.grain, first.key, first.columns, first.policy, first.owner)
    reworded = Table(first.schema, first.name, "another wording", first.key, first.columns, first.policy, first.owner)

    assert ddl.fingerprint([renamed, *rest]) != ddl.fingerprint()
    assert ddl.fingerprint([reworded, *rest]) == ddl.fingerprint()
    assert ddl.fingerprint(rest) != ddl.fingerprint()


def _rule(code: str) -> object:
    from expectations.gate_rules import GATE_RULES

    return GATE_RULES[code]
