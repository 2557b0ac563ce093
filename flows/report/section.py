"""What a section of the page is."""

from dataclasses import dataclass

from flows.report.charts import Chart


@dataclass(frozen=True)
class Section:
    """A finding, what shows it, and where it comes from.

    ``key`` is its anchor on the page, ``name`` its link; ``body`` is HTML made by `flows.report.markup`, all else plain
    text.
    """

    key: str
    name: str
    title: str
    body: str
    source: str
    charts: tuple[Chart, ...] = ()
