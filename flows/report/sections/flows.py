"""What went into the funds of small and of large companies, and up to which session that is known."""

from typing import Any

import polars as pl

from flows.report import charts, findings
from flows.report.contents import FLOW_DAYS, SEGMENTS, Contents
from flows.report.figures import UNKNOWN, day, dollars
from flows.report.markup import table
from flows.report.origin import vendors
from flows.report.section import Section

_SPANS = (5, 20, 60)
_HEADER = ("Funds of", "Last known", "That session", *(f"{span} sessions" for span in _SPANS), "Funds")
_ALWAYS = ("small", "large")


def flows(contents: Contents) -> Section:
    """One row per segment with funds, and bars for small and large."""
    drawn = (charts.flows(contents, segment) for segment in _ALWAYS)
    known = contents.flows.filter(pl.col("flow_usd").is_not_null())["session_date"].unique().sort()
    span = f"{known[0]} to {known[-1]}" if known.len() else "none"
    return Section(
        key="flows",
        name="Flows",
        title=findings.about_flows(contents),
        body=table(f"Flows into funds up to {contents.session}", _HEADER, _rows(contents), text_columns=(6,)),
        source="Money into exchange-traded funds less money out, by the segment that a fund stands for. A figure is "
        "that of the last session on which it is known, named where that is an earlier one; a sum is unknown where the "
        f"flow of one of its sessions is. Sessions with a known flow in the last {FLOW_DAYS} days: {span}; in the "
        "chart grey is unknown and a pale bar partly known: not every fund has told. Tables marts.segment_flows_daily, "
        f"marts.fund_flows_daily; flows: {vendors(contents, 'fund_flows')}.",
        charts=tuple(chart for chart in drawn if chart is not None),
    )


def _rows(contents: Contents) -> list[list[str]]:
    funds = dict(contents.funds.select("segment", "funds").iter_rows())
    rows = []
    for name in (name for name in SEGMENTS if name in funds or name in _ALWAYS):
        of_segment = contents.flows.filter(segment=name)
        newest = findings.last_known(of_segment, "flow_usd") or {}
        last = newest.get("session_date")
        sums = [_sum(of_segment, f"flow_{span}d_usd", last) for span in _SPANS]
        rows.append([name, day(last), _newest(newest), *sums, funds.get(name, "none")])
    return rows


def _newest(row: dict[str, Any]) -> str:
    partial = ", partly known" if row.get("quality") == "partial" else ""
    return f"{dollars(row.get('flow_usd'))}{partial}"


def _sum(of_segment: pl.DataFrame, column: str, last: object) -> str:
    row = findings.last_known(of_segment, column)
    if row is None:
        return UNKNOWN
    late = "" if row["session_date"] == last else f", to {row['session_date']}"
    return f"{dollars(row[column])}{late}"
