"""What small companies cost against large ones, in each convention, over time."""

from typing import Any

from flows.report import charts, findings
from flows.report.charts import CONVENTIONS
from flows.report.contents import Contents
from flows.report.figures import UNKNOWN, day, number, percent
from flows.report.markup import table
from flows.report.origin import vendors
from flows.report.section import Section

_HEADER = (
    *("P/E of", "Small", "Large", "Discount", "Last as wide", "Percentile", "History since", "Sessions"),
    *("Covers, small", "Covers, large"),
)
_REASONS = {"sum_not_positive": "none: losses prevail"}


def valuation(contents: Contents) -> Section:
    """One row per convention of the session, and a line per convention since the start."""
    drawn = (charts.valuation(contents), charts.coverage(contents))
    late, sessions = findings.sessions_in_hindsight(contents), _compared(contents)
    restated = contents.valuations.filter(segment="small", convention="median")["restated_share"].to_list()
    return Section(
        key="valuation",
        name="Valuation",
        title=findings.about_valuation(contents),
        body=table(f"Price over earnings of the trailing year on {contents.session}", _HEADER, _rows(contents)),
        source="Discount: small over large less 1, below 0 is cheaper. Last as wide: the newest session before, since "
        "the history's start, with a discount at least as large. Percentile: share of the discounts since the "
        "history's start that are not above this one; low is cheap against its own history. Covers: share of the "
        "segment's cap with fundamentals, banks and insurers included where a source has them. A few companies can "
        "carry a sum, so sums leap where "
        "the coverage does; the median hardly does. All over positive: all caps over the earnings of the profitable. "
        "Not drawn: the sum with losses, which can be close to zero. Fundamentals count from the day of their "
        f"publication; for {percent(restated[0] if restated else None, 0)} of the small companies they come from a "
        f"file downloaded after the session, and may be restated; on {number(late)} of the {number(sessions)} sessions "
        "that the percentile compares they do so for most of the small or the large ones. "
        f"{charts.NOT_PUBLISHED} Tables marts.valuation_spread_daily, "
        f"marts.valuation_daily; fundamentals: {vendors(contents, 'fundamentals')}.",
        charts=tuple(chart for chart in drawn if chart is not None),
    )


def _compared(contents: Contents) -> int:
    row = contents.spreads.filter(session_date=contents.session, convention="median")["history_sessions"].to_list()
    return row[0] if row else 0


def _rows(contents: Contents) -> list[list[str]]:
    today = {row["convention"]: row for row in contents.spreads.filter(session_date=contents.session).to_dicts()}
    sides = {(row["convention"], row["segment"]): row for row in contents.valuations.to_dicts()}
    rows = []
    for code, name in CONVENTIONS.items():
        spread = today.get(code, {})
        small, large = sides.get((code, "small"), {}), sides.get((code, "large"), {})
        rows.append(
            [
                name,
                _multiple(small),
                _multiple(large),
                percent(spread.get("discount")),
                _as_wide(spread),
                percent(spread.get("percentile"), 0),
                day(spread.get("history_start")),
                number(spread.get("history_sessions")),
                percent(small.get("cap_coverage"), 0),
                percent(large.get("cap_coverage"), 0),
            ]
        )
    return rows


def _as_wide(spread: dict[str, Any]) -> str:
    if spread.get("discount") is None:
        return UNKNOWN
    return "never before" if spread.get("as_wide_date") is None else day(spread["as_wide_date"])


def _multiple(row: dict[str, object]) -> str:
    value = row.get("value")
    return number(value, 1) if isinstance(value, float) else _REASONS.get(str(row.get("null_reason")), UNKNOWN)
