"""The sections of the page. A new one is a module here, a title in `flows.report.findings` and a line in `SECTIONS`."""

from collections.abc import Callable

from flows.report.contents import Contents
from flows.report.section import Section
from flows.report.sections.drawdown import drawdown
from flows.report.sections.flows import flows
from flows.report.sections.quality import quality
from flows.report.sections.schemes import schemes
from flows.report.sections.segments import segments
from flows.report.sections.sources import sources
from flows.report.sections.thesis import micro, thesis
from flows.report.sections.valuation import valuation

SECTIONS: tuple[Callable[[Contents], Section], ...] = (
    *(segments, thesis, valuation, schemes, drawdown, flows, micro),
    *(quality, sources),
)
"""In the order of the page."""
