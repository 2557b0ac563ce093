"""Expectations that follow from a contract: columns and order, rows, nulls, key, bounds, values."""

import sys
from collections.abc import Iterable

from great_expectations import expectations as gxe
from great_expectations.expectations import Expectation
from great_expectations.expectations.row_conditions import Column as GxColumn

from expectations import gate_rules
from expectations.suites.model import tagged
from expectations.violations import BAD_ROWS, ROWS_SEEN, RULE_CODE, Violation, bounds_text, has_bounds
from transforms.contracts import Column, Table


def structure(table: Table) -> list[Expectation]:
    """The declared columns in the declared order, and no other."""
    expected = f"{len(table.columns)} columns in the contract's order"
    return [
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=table.column_names, **tagged(gate_rules.COLUMNS, expected))
    ]


def over_rows(table: Table) -> list[Expectation]:
    """The contract over the rows themselves, its structure apart."""
    return [
        _row_floor(),
        *(expectation for column in table for expectation in _over_column(column)),
        _unique_key(table),
    ]


def over_profile(violations: Iterable[Violation]) -> list[Expectation]:
    """One expectation per rule over a profile: rows in every session, and none that breaks the rule."""
    by_rule: dict[str, list[Violation]] = {}
    for violation in violations:
        by_rule.setdefault(violation.rule.code, []).append(violation)
    floor = gate_rules.ROWS.params["min_rows"]
    return [
        _row_floor(),
        gxe.ExpectColumnValuesToBeBetween(
            column=ROWS_SEEN,
            min_value=floor,
            **tagged(gate_rules.ROWS, f"at least {floor:g} row in each session", ROWS_SEEN),
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=BAD_ROWS,
                max_value=0,
                row_condition=GxColumn(RULE_CODE) == code,
                **tagged(group[0].rule, "; ".join(one.expected for one in group), BAD_ROWS),
            )
            for code, group in by_rule.items()
        ),
    ]


def _row_floor() -> Expectation:
    floor = int(gate_rules.ROWS.params["min_rows"])
    return gxe.ExpectTableRowCountToBeBetween(min_value=floor, **tagged(gate_rules.ROWS, f"at least {floor} row"))


def _over_column(column: Column) -> list[Expectation]:
    found: list[Expectation] = []
    if not column.nullable:
        found.append(
            gxe.ExpectColumnValuesToNotBeNull(
                column=column.name, **tagged(gate_rules.NOT_NULL, f"{column.name} never null", column.name)
            )
        )
    if has_bounds(column):
        found.append(_bounds(column))
    if column.values:
        expected = f"{column.name} one of {', '.join(column.values)}"
        found.append(
            gxe.ExpectColumnValuesToBeInSet(
                column=column.name,
                value_set=list(column.values),
                **tagged(gate_rules.VALUES, expected, column.name),
            )
        )
    return found


def _bounds(column: Column) -> Expectation:
    # infinity (and NaN, which the gate hands over as infinity) lies beyond the largest float
    limit = sys.float_info.max if column.type == "DOUBLE" else None
    return gxe.ExpectColumnValuesToBeBetween(
        column=column.name,
        min_value=column.minimum if column.minimum is not None else (-limit if limit else None),
        max_value=column.maximum if column.maximum is not None else limit,
        **tagged(gate_rules.RANGE, bounds_text(column), column.name),
    )


def _unique_key(table: Table) -> Expectation:
    expected = f"each ({', '.join(table.key)}) once"
    tags = tagged(gate_rules.KEY, expected, *table.key)
    if len(table.key) == 1:
        return gxe.ExpectColumnValuesToBeUnique(column=table.key[0], **tags)
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(table.key), **tags)
