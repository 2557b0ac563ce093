"""The charts of the page as Vega-Lite: axes with units; what is unknown is a gap or grey, never zero.

Only published sessions are drawn: a line goes on straight over those between, and the note below it says so.
"""

from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from flows.report.contents import Contents

HEIGHT = 280
BAR_HEIGHT = 190
CHARTED = ("micro", "small", "mid", "large")
COLOURS = {"micro": "#b8860b", "small": "#c0392b", "mid": "#5f6a6a", "large": "#1f4e79"}
CONVENTIONS = {
    "median": "median of profitable",
    "excl_losses": "sum of profitable",
    "hybrid": "all over positive",
    "incl_losses": "sum with losses",
}
_DRAWN_CONVENTIONS = {"median": "#c0392b", "excl_losses": "#1f4e79", "hybrid": "#b8860b"}
"""With losses the sum of small companies comes close to zero, and one such session would flatten all other lines."""
NOT_PUBLISHED = "In the charts lines go on straight over sessions that were not published."
MOST_SESSIONS = 800
"""A line of a page this wide shows no more: of a longer history the last session of each week is drawn."""
FEW_SESSIONS = 40
"""Of so few, each is drawn as a point, too."""
_ROWS = "rows"
_DRAWN_DIGITS = 5
"""More cannot be seen."""
_TEXT = {"labelFontSize": 12, "titleFontSize": 12}


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification, and in words what it shows."""

    description: str
    specification: dict[str, Any]


def valuation(contents: Contents) -> Chart | None:
    """Discount of small against large companies by convention, over time; None where none is known."""
    known = contents.spreads.filter(pl.col("discount").is_not_null())["convention"].unique().to_list()
    names = {CONVENTIONS[code]: colour for code, colour in _DRAWN_CONVENTIONS.items() if code in known}
    if not names:
        return None
    named = contents.spreads.with_columns(pl.col("convention").replace(CONVENTIONS))
    rows = named.filter(pl.col("convention").is_in(list(names))).select("session_date", "convention", "discount")
    return _lines(
        rows,
        description="Price-earnings ratio of small companies over that of large ones less 1, in per cent, by session",
        unit="P/E of small against large (%, below 0 is cheaper)",
        legend="P/E of",
        colours=names,
    )


def coverage(contents: Contents) -> Chart | None:
    """How much of small and of large companies the valuation rests on, over time; None where it rests on nothing."""
    if not (contents.coverage["cap_coverage"] > 0).any():
        return None
    return _lines(
        contents.coverage.select("session_date", "segment", "cap_coverage"),
        description="Share of the cap of small and of large companies with fundamentals, by session",
        unit=["Cap with", "fundamentals (%)"],
        legend="Segment",
        colours={name: COLOURS[name] for name in ("small", "large")},
        height=BAR_HEIGHT,
        domain=(0, 1),
    )


def drawdown(contents: Contents) -> Chart | None:
    """Four segments below their highest level so far, over time; None before a second session."""
    rows = contents.drawdowns.filter(pl.col("segment").is_in(CHARTED)).select("session_date", "segment", "drawdown")
    if rows["session_date"].n_unique() < 2:
        return None
    return _lines(
        rows,
        description="Distance of micro, small, mid and large companies from their highest level so far, by session",
        unit="Against the highest level so far (%)",
        legend="Segment",
        colours=COLOURS,
    )


def flows(contents: Contents, segment: str) -> Chart | None:
    """Daily flows of one segment's funds as bars, pale where partly known; None where no day is known."""
    rows = contents.flows.filter(segment=segment).select("session_date", "quality", flow=pl.col("flow_usd") / 1e9)
    known = rows.filter(pl.col("flow").is_not_null())["session_date"]
    if known.is_empty():
        return None
    rows = rows.filter(pl.col("session_date") >= known.min())
    width = _bar_width(rows)
    bars = (
        _marks()
        .transform_filter("isValid(datum.flow)")
        .mark_bar(size=width, color=COLOURS[segment])
        .encode(
            x=_time(),
            y=alt.Y("flow:Q", title=[f"Into {segment} funds", "a session (bn USD)"]),
            opacity=alt.condition("datum.quality === 'complete'", alt.value(1), alt.value(0.4)),
            tooltip=[_date(), alt.Tooltip("flow:Q", title="bn USD", format=",.2f"), alt.Tooltip("quality:N")],
        )
    )
    unknown = (
        _marks()
        .transform_filter("!isValid(datum.flow)")
        .transform_calculate(state="'unknown'")
        .mark_rule(color="#d5d5d5", strokeWidth=width)
        .encode(x=_time(), tooltip=[_date(), alt.Tooltip("state:N", title="flow")])
    )
    description = f"Flow into funds of {segment} companies in billion USD, by session"
    return _finished(unknown + bars + _zero(), rows, description, BAR_HEIGHT)


def _lines(
    rows: pl.DataFrame,
    *,
    description: str,
    unit: str | list[str],
    legend: str,
    colours: dict[str, str],
    height: int = HEIGHT,
    domain: tuple[float, float] | None = None,
) -> Chart:
    """Lines over time, from a frame of session, series and fraction."""
    _, series, value = rows.columns
    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale()
    few = rows["session_date"].n_unique() <= FEW_SESSIONS
    lines = (
        _marks()
        .mark_line(strokeWidth=1.8, point=alt.OverlayMarkDef(size=18) if few else False)
        .encode(
            x=_time(),
            y=alt.Y(f"{value}:Q", title=unit, axis=alt.Axis(format=".0%"), scale=scale),
            color=alt.Color(
                f"{series}:N",
                title=legend,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(orient="top", columns=2, labelLimit=260, symbolStrokeWidth=3),
            ),
            tooltip=[_date(), f"{series}:N", alt.Tooltip(f"{value}:Q", format=".1%")],
        )
    )
    return _finished(lines + _zero(), _thinned(rows, series), description, height)


def _marks() -> alt.Chart:
    return alt.Chart(alt.NamedData(_ROWS))


def _time() -> alt.X:
    axis = alt.Axis(format="%d %b %Y", labelAngle=0, tickCount=8, labelOverlap=True)
    return alt.X("session_date:T", title="Session", axis=axis)


def _date() -> alt.Tooltip:
    return alt.Tooltip("session_date:T", title="Session", format="%Y-%m-%d")


def _zero() -> alt.Chart:
    line: alt.Chart = _marks().mark_rule(color="#555", strokeWidth=0.8).encode(y=alt.datum(0))
    return line


def _finished(layers: alt.LayerChart, rows: pl.DataFrame, description: str, height: int) -> Chart:
    """The specification with its rows inside. Noon keeps a session on its day in every reader's time zone."""
    sessions = rows["session_date"].sort().to_list()
    told = f"{description}, {sessions[0]} to {sessions[-1]}"
    whole = (
        layers.properties(width="container", height=height, description=told)
        .configure_view(stroke=None)
        .configure_axis(gridColor="#e6e6e6", labelColor="#333", titleFontWeight="normal", **_TEXT)
        .configure_axisY(minExtent=36)
        .configure_legend(**_TEXT)
    )
    specification: dict[str, Any] = whole.to_dict()
    specification.pop("$schema", None)
    days = rows.with_columns(
        pl.col("session_date").dt.strftime("%Y-%m-%dT12:00:00"), pl.col(pl.Float64).round(_DRAWN_DIGITS)
    )
    specification["datasets"] = {_ROWS: days.to_dicts()}
    return Chart(told, specification)


def _bar_width(rows: pl.DataFrame) -> float:
    """Pixels that leave a gap between the bars of neighbouring days on a page of common width."""
    sessions = rows["session_date"].sort().to_list()
    days = (sessions[-1] - sessions[0]).days
    return max(1.0, min(10.0, 560.0 / max(1, int(days))))


def _thinned(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    if rows["session_date"].n_unique() <= MOST_SESSIONS:
        return rows
    weeks = rows.sort("session_date").group_by(by, week=pl.col("session_date").dt.truncate("1w"), maintain_order=True)
    return weeks.last().select(rows.columns).sort("session_date")
