"""One suite per table: what its contract says, and what is written by hand for it."""

from collections.abc import Callable

from great_expectations.expectations import Expectation

from expectations.suites import from_contract, market_caps, marts
from expectations.suites.model import Suite
from expectations.violations import Violation, of_contract
from transforms.contracts import Table

HAND_WRITTEN: dict[str, Callable[[], list[Expectation]]] = {
    "marts.segment_daily": marts.segment_daily,
    "marts.valuation_daily": marts.valuation_daily,
    "marts.valuation_spread_daily": marts.valuation_spread_daily,
    "marts.fund_flows_daily": marts.fund_flows_daily,
}
BY_PROFILE = frozenset({"marts.cap_reconciliation"})
"""Marts with a row per company, and not per segment: hundreds of thousands in a backfill."""
HAND_COUNTED: dict[str, tuple[Violation, ...]] = {"core.market_caps": market_caps.VIOLATIONS}


def suite_of(table: Table) -> Suite:
    """The suite of a table: marts row by row, core (millions of rows) and ops by profile; see decision 0002."""
    if table.schema == "marts" and table.full_name not in BY_PROFILE:
        written = HAND_WRITTEN.get(table.full_name, list)
        return Suite(table, "rows", (*from_contract.over_rows(table), *written()))
    violations = (*of_contract(table), *HAND_COUNTED.get(table.full_name, ()))
    return Suite(table, "profile", tuple(from_contract.over_profile(violations)), violations)


__all__ = ["HAND_COUNTED", "HAND_WRITTEN", "Suite", "suite_of"]
