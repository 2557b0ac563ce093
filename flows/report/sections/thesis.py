"""The fifteen claims of the thesis, and small companies beside micro ones."""

from typing import Any

from flows.report import findings
from flows.report.contents import Contents
from flows.report.figures import UNKNOWN, day, dollars, number, percent
from flows.report.markup import table
from flows.report.section import Section

_CLAIMS = ("Claim", "Measured by", "Value", "Holds when", "Holds", "Percentile", "As of", "History since")
_COMPARISONS = {"at_least": "at least", "at_most": "at most", "above": "above", "below": "below"}
_HOLDS = {True: "yes", False: "no"}
_MICRO = ("", "Small", "Micro", "Micro over small", "Micro is worse")
_ROWS = {
    "cap": ("Mean cap of a company", dollars),
    "age": ("Median age, years", lambda value: number(value, 1)),
    "liquidity": ("Price impact of a million dollars (Amihud, median)", lambda value: number(value, 4)),
    "volatility": ("Volatility of a year", percent),
    "information": ("Days from period's end to report, median", number),
    "risk": ("Companies with losses", percent),
}


def thesis(contents: Contents) -> Section:
    """One row per claim of the session."""
    return Section(
        key="thesis",
        name="Thesis",
        title=findings.about_thesis(contents),
        body=table(
            f"What the thesis claims, measured on {contents.session}",
            _CLAIMS,
            [_claim(row) for row in contents.claims.iter_rows(named=True)],
            text_columns=(1, 3, 4),
        ),
        source="A claim is of small companies here unless it says otherwise; highs and percentiles are those since the "
        "history's start, and nothing before it is known. Percentile: share of the values since then that are not "
        "above this one. Thresholds and their reasons: marts.thesis_claims. Table marts.thesis_daily, which names the "
        "source of every value.",
    )


def micro(contents: Contents) -> Section:
    """One row per line of the comparison."""
    return Section(
        key="micro",
        name="Micro",
        title=findings.about_micro(contents),
        body=table(
            f"Small and micro companies on {contents.session}",
            _MICRO,
            [_comparison(row) for row in contents.against_micro.iter_rows(named=True)],
            text_columns=(4,),
        ),
        source="Medians are of companies; volatility is of the segment's return. Table marts.small_vs_micro, which "
        "says of what each row is made and why a value is missing.",
    )


def _claim(row: dict[str, Any]) -> list[str]:
    return [
        row["statement"],
        row["measure"],
        _valued(row["value"], row["unit"]) if row["value"] is not None else _reason(row["null_reason"]),
        f"{_COMPARISONS[row['comparison']]} {_valued(row['threshold'], row['unit'])}",
        _HOLDS.get(row["holds"], UNKNOWN),
        percent(row["percentile"], 0),
        day(row["as_of"]),
        day(row["history_start"]),
    ]


def _valued(value: float, unit: str) -> str:
    """A value of a claim as people read its unit."""
    match unit:
        case "fraction":
            return percent(value)
        case "fraction a year":
            return f"{percent(value)} a year"
        case "percent":
            return f"{number(value, 2)} %"
        case "USD":
            return dollars(value)
        case "sessions":
            return f"{number(value)} sessions"
        case "correlation":
            return number(value, 2)
        case "multiple":
            return number(value, 1)
        case _:
            return f"{number(value, 2)} {unit}"


def _comparison(row: dict[str, Any]) -> list[str]:
    name, shown = _ROWS[row["row"]]
    return [
        name,
        shown(row["small"]),
        shown(row["micro"]),
        number(row["ratio"], 2),
        _HOLDS.get(row["micro_is_worse"], _reason(row["null_reason"])),
    ]


def _reason(reason: str | None) -> str:
    return f"{UNKNOWN} ({reason.replace('_', ' ')})" if reason else UNKNOWN
