"""Marts beyond their contracts: what single rows must satisfy. Rules across rows and tables are in sql/checks."""

from great_expectations import expectations as gxe
from great_expectations.expectations import Expectation
from great_expectations.expectations.row_conditions import Column

from expectations import gate_rules
from expectations.suites.model import tagged


def segment_daily() -> list[Expectation]:
    """Share of the whole market, returns and turnover of a possible size."""
    largest = gate_rules.SEGMENT_RETURN.params["max_return"]
    returns: list[Expectation] = [
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=-largest,
            max_value=largest,
            **tagged(gate_rules.SEGMENT_RETURN, f"|{column}| <= {largest:g}", column),
        )
        for column in ("return_price_vw", "return_price_ew")
    ]
    turnover = gate_rules.TURNOVER.params["max_turnover"]
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="cap_share",
            min_value=1,
            max_value=1,
            row_condition=Column("segment") == "total",
            **tagged(gate_rules.TOTAL_SHARE, "cap_share of total = 1", "cap_share"),
        ),
        *returns,
        gxe.ExpectColumnValuesToBeBetween(
            column="turnover",
            max_value=turnover,
            **tagged(gate_rules.TURNOVER, f"turnover <= {turnover:g}", "turnover"),
        ),
    ]


def valuation_daily() -> list[Expectation]:
    """Reports no older than the window that they are taken from."""
    oldest = gate_rules.REPORT_AGE.params["max_days"]
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="median_report_age_days",
            max_value=oldest,
            **tagged(gate_rules.REPORT_AGE, f"median_report_age_days <= {oldest:g}", "median_report_age_days"),
        )
    ]


def valuation_spread_daily() -> list[Expectation]:
    """A history that starts no later than the session."""
    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="session_date",
            column_B="history_start",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            **tagged(gate_rules.HISTORY_START, "history_start <= session_date", "session_date", "history_start"),
        )
    ]


def fund_flows_daily() -> list[Expectation]:
    """Flows of a possible size."""
    largest = gate_rules.FLOW_SIZE.params["max_share"]
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="flow_pct_assets",
            min_value=-largest,
            max_value=largest,
            **tagged(gate_rules.FLOW_SIZE, f"|flow_pct_assets| <= {largest:g}", "flow_pct_assets"),
        )
    ]
