"""The page: one HTML file with its charts, tables and scripts inside. It may load nothing: its policy forbids it."""

import json
from datetime import datetime
from html import escape

from flows.report.contents import Contents
from flows.report.figures import dollars, instant, number
from flows.report.markup import paragraph
from flows.report.section import Section
from flows.report.sections import SECTIONS
from flows.report.style import STYLE
from flows.settings import FIXED_USD

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:"
"""Vega compiles its expressions, which counts as eval. Nothing may be loaded from anywhere."""

_EMBED = """
// Called within the promise: where the script above did not load, each place of a chart says so.
const charts = JSON.parse(document.getElementById("charts").textContent);
for (const [place, spec] of Object.entries(charts)) {
  const figure = document.getElementById(place);
  Promise.resolve()
    .then(() => window.vegaEmbed(figure, spec, {mode: "vega-lite", actions: false, renderer: "svg"}))
    .catch(() => { figure.textContent = "This chart could not be drawn."; });
}
"""


def render(contents: Contents, made_at: datetime, script: str) -> str:
    """The page about a session as HTML. ``script`` defines window.vegaEmbed."""
    sections = [make(contents) for make in SECTIONS]
    links = " ".join(f'<a href="#{escape(one.key)}">{escape(one.name)}</a>' for one in sections)
    specifications = {
        _place(one, number): chart.specification for one in sections for number, chart in enumerate(one.charts)
    }
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>smallcaps {contents.session}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>US companies by size, session {contents.session}</h1>
{_header(contents, made_at)}
{_simulated(contents)}
{_warning(contents)}
<nav aria-label="Sections">{links}</nav>
</header>
<main>
{"".join(_section(one) for one in sections)}</main>
<noscript><p class="warn">The charts need JavaScript; the tables hold the figures of the session.</p></noscript>
<script type="application/json" id="charts">{_json(specifications)}</script>
<script type="module">{_inline(script)}</script>
<script type="module">{_EMBED}</script>
</body>
</html>
"""


def _header(contents: Contents, made_at: datetime) -> str:
    judged = str(contents.verdict["run_id"])
    by = f"Run {contents.run_id}" + ("" if judged == contents.run_id else f", the session by run {judged}")
    about_file = f"{by}; published {instant(contents.closed_at)}; this page made {instant(made_at)}."
    about_caps = (
        f"Size buckets ({FIXED_USD}), by a company's whole cap in US dollars: {_scheme(contents)}. Caps are the "
        f"vendor's own figures, not computed from share counts; {_confirmed(contents)}. The vendors' terms: see "
        "Sources below."
    )
    return paragraph(about_file, "note") + "\n" + paragraph(about_caps, "note")


def _scheme(contents: Contents) -> str:
    """The buckets in words, from the limits that the warehouse was built with."""
    (smallest, _), *others = contents.limits.items()
    bounds = [(name, dollars(bound).replace(".0 ", " ")) for name, bound in others]
    return ", ".join([f"{smallest} below {bounds[0][1]}", *(f"{name} from {bound}" for name, bound in bounds)])


def _confirmed(contents: Contents) -> str:
    total = contents.segments.filter(segment="total").to_dicts()
    if not total:
        return "how many of them a second source confirms is unknown"
    trusted, companies = total[0]["trusted_count"], total[0]["company_count"]
    return f"a second source confirms those of {number(trusted)} of {number(companies)} companies"


def _simulated(contents: Contents) -> str:
    if not contents.is_simulated:
        return ""
    text = "A simulated market: no company, price or flow on this page is real, and no vendor has served any of it."
    return f'<div role="note" class="warn">{paragraph(text)}</div>'


def _warning(contents: Contents) -> str:
    if not contents.verdict["is_degraded"]:
        return ""
    sources = contents.verdict["degraded_sources"]
    named = ", ".join(str(name) for name in sources) if isinstance(sources, list) and sources else "a source"
    return (
        '<div role="note" class="warn">'
        + paragraph(f"Degraded: this session was published without fresh data of {named}.")
        + "</div>"
    )


def _section(section: Section) -> str:
    heading = f"{section.key}-title"
    figures = "".join(
        f'<div class="chart" id="{_place(section, number)}" role="img" aria-label="{escape(chart.description)}">'
        "</div>\n"
        for number, chart in enumerate(section.charts)
    )
    return (
        f'<section id="{escape(section.key)}" aria-labelledby="{heading}">\n'
        f'<h2 id="{heading}">{escape(section.title)}</h2>\n{figures}{section.body}\n'
        f"{paragraph(section.source, 'note')}</section>\n"
    )


def _place(section: Section, number: int) -> str:
    return f"chart-{escape(section.key)}-{number}"


def _json(specifications: dict[str, dict[str, object]]) -> str:
    """JSON that no text in it can leave: not the script, not into a comment."""
    text = json.dumps(specifications, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _inline(script: str) -> str:
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
