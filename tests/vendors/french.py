"""Kenneth French's file of size portfolios, written by hand in the form that the library serves."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date

COLUMNS = (
    *("Lo 30", "Med 40", "Hi 30"),
    *("Lo 20", "Qnt 2", "Qnt 3", "Qnt 4", "Hi 20"),
    *("Lo 10", "Dec 2", "Dec 3", "Dec 4", "Dec 5", "Dec 6", "Dec 7", "Dec 8", "Dec 9", "Hi 10"),
)
HEADER = f",<= 0,{','.join(COLUMNS)}"
VALUE, EQUAL = "  Average Value Weighted Returns -- Daily", "  Average Equal Weighted Returns -- Daily"
PREAMBLE = """This file was created using the 202607 CRSP database.  It contains
value- and equal-weighted returns for size portfolios.  Each record contains returns for:

Negative (not used)  30%  40%  30%     5 Quintiles    10 Deciles

The portfolios are constructed at the end of Jun.  The annual returns are from January
to December.

Missing data are indicated by -99.99 or -999.

"""
COPYRIGHT = "Copyright 2026 Eugene F. Fama and Kenneth R. French"
MEMBER = "Portfolios_Formed_on_ME_Daily.csv"
Figures = Mapping[date, Sequence[float | None]]
"""Percents by day, one for each of COLUMNS; None is missing."""


def row(day: date, figures: Sequence[float | None]) -> str:
    """A line of a table: the first portfolio, of negative caps, is never there."""
    cells = [f"{-99.99 if value is None else value:8.2f}" for value in (None, *figures)]
    return f"{day:%Y%m%d},{','.join(cells)}"


def table(title: str, figures: Figures) -> str:
    """Title, header and rows of one table."""
    return "\n".join([title, HEADER, *(row(day, values) for day, values in figures.items())])


def text(value: Figures, equal: Figures | None = None) -> str:
    """The whole file; without equal-weighted returns it has one table."""
    tables = [table(VALUE, value), *([table(EQUAL, equal)] if equal is not None else [])]
    return "\n\n".join([PREAMBLE, *tables, COPYRIGHT]) + "\n"


def zipped(content: str | bytes, member: str = MEMBER) -> bytes:
    """The content as the one member of a zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member), content)
    return stream.getvalue()


def portfolios_zip(value: Figures, equal: Figures | None = None) -> bytes:
    """The library's zip."""
    return zipped(text(value, equal))


def level(percent: float | None) -> list[float | None]:
    """A day on which each portfolio returned the same."""
    return [percent] * len(COLUMNS)
