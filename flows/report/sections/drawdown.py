"""How far the segments stand below their highs."""

from datetime import date

from flows.report import charts, findings
from flows.report.contents import SEGMENTS, Contents
from flows.report.figures import day, number, percent
from flows.report.markup import table
from flows.report.origin import vendors
from flows.report.section import Section

_HEADER = ("Segment", "Below its high", "Session of the high", "Sessions without a return")


def drawdown(contents: Contents) -> Section:
    """One row per segment, and a line for each of four since the start."""
    today = {row["segment"]: row for row in contents.drawdowns.filter(session_date=contents.session).to_dicts()}
    rows = [
        [name, percent(row.get("drawdown")), _high(row.get("peak_session"), contents), number(row.get("gaps"))]
        for name in SEGMENTS
        for row in [today.get(name, {})]
    ]
    chart = charts.drawdown(contents)
    return Section(
        key="drawdown",
        name="Drawdown",
        title=findings.about_drawdown(contents),
        body=table(f"On {contents.session}", _HEADER, rows),
        source=f"Highs since {day(contents.first_session)}, the first session of this warehouse: earlier ones are not "
        "known. Price returns weighted by cap, chained, companies in their segment of the session before; without "
        f"dividends. The chain passes over sessions without a return. {charts.NOT_PUBLISHED} Table "
        f"marts.segment_daily; prices: {vendors(contents, 'quotes')}.",
        charts=(chart,) if chart else (),
    )


def _high(session: date | None, contents: Contents) -> str:
    """The session of the high; one at the start of the history may be higher still before it."""
    return f"{day(session)}{' or before' if session is not None and session == contents.first_session else ''}"
