"""Kenneth French's daily returns of portfolios formed on size: one row per day, portfolio and weighting."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from transforms.contracts.reference_portfolios import QUINTILES
from transforms.contracts.size_portfolios import DECILES
from transforms.staging.errors import BadInput
from transforms.staging.model import Staged

SOURCE: Final = "french"
SIZE_PORTFOLIOS: Final[dict[str, pl.DataType]] = {
    "as_of": pl.Date(),
    "portfolio": pl.String(),
    "weighting": pl.String(),
    "return": pl.Float64(),
    "vintage_date": pl.Date(),
    "source": pl.String(),
}
"""return is a fraction, null where the file says that it is missing; vintage_date is the day of the download."""
NOT_USED: Final = "<= 0"
COLUMNS: Final[dict[str, str]] = {
    "Lo 30": "lo30",
    "Med 40": "med40",
    "Hi 30": "hi30",
    **dict(zip(("Lo 20", "Qnt 2", "Qnt 3", "Qnt 4", "Hi 20"), QUINTILES, strict=True)),
    **dict(zip(("Lo 10", *(f"Dec {number}" for number in range(2, 10)), "Hi 10"), DECILES, strict=True)),
}
"""The file's portfolios and ours. Before them stands `<= 0`, which is not used."""
HEADER: Final = ("", NOT_USED, *COLUMNS)
MISSING: Final = (-99.99, -999.0)
LEAST_MEAN_PER_CENT: Final = 0.05
"""No portfolio of stocks moves less a day on average: the mean of absolute returns since 1926 is above 0.5 % for each,
and was about 0.3 % in the calmest years. Less means that the figures are fractions."""
JUDGED_FROM: Final = 20
"""Figures from which on such a mean says something."""
LARGEST_PER_CENT: Final = 200.0
_TITLE = re.compile(r"\s*(?:average\s+)?(value|equal)\s+weight(?:ed)?\s+returns\s+--\s+daily\s*", re.IGNORECASE)
_ROW = re.compile(r"\s*\d+\s*,")
_DAY = r"^\d{8}$"
_DIGITS: Final = 3
_FIGURE = r"^(-?\d{0,3}\.\d{2,3}|-999)$"
"""Percent has two digits after the point, lately three; a fraction would have four. So a cut figure shows, too."""
_DAY_FIELD = "date"
_TITLES = {"value": "Average Value Weighted Returns -- Daily", "equal": "Average Equal Weighted Returns -- Daily"}


@dataclass(frozen=True)
class _Table:
    """The lines of one table of a file, without title."""

    title: str
    header: str
    rows: Sequence[str]


def stage_size_portfolios(text: str, *, vintage_date: date | None, file: str) -> Staged:
    """One row per day, portfolio and weighting (columns `SIZE_PORTFOLIOS`).

    Read are the value-weighted table, which is the first, and the equal-weighted one behind it if there is one; no
    other. Nothing is set aside: a file is read as a whole or refused.

    Raises:
        BadInput: the first table is not the value-weighted one, other columns, a row with another count of cells,
            days that do not rise or are later than the download, or a figure that is no return in percent.
    """
    lines = text.splitlines()
    tables = list(_tables(lines, file))
    parts = [
        _read(table, weighting, vintage_date, file) for table, weighting in zip(tables, ("vw", "ew"), strict=False)
    ]
    if len(parts) > 1 and not parts[0]["as_of"].equals(parts[1]["as_of"]):
        raise BadInput(SOURCE, file, tables[1].title, "the second table has other days than the first")
    long = pl.concat(
        part.unpivot(index=["as_of", "weighting"], variable_name="portfolio", value_name="return") for part in parts
    )
    # 0.7 / 100 is 0.006999999999999999; what is meant has two digits more than the percent.
    fraction = (pl.col("return") / 100).round(_DIGITS + 2)
    rows = long.with_columns(fraction, vintage_date=pl.lit(vintage_date, pl.Date), source=pl.lit(SOURCE))
    return Staged(rows.select(*SIZE_PORTFOLIOS))


def _tables(lines: Sequence[str], file: str) -> Iterator[_Table]:
    """The value-weighted table, which must be the file's first, and the equal-weighted one that may follow.

    Raises:
        BadInput: there is none, or another table stands before it.
    """
    titles = [(at, match[1].lower()) for at, line in enumerate(lines) if (match := _TITLE.fullmatch(line))]
    first_row = next((at for at, line in enumerate(lines) if _ROW.match(line)), len(lines))
    if not titles or titles[0][1] != "value" or titles[0][0] > first_row:
        raise BadInput(SOURCE, file, _TITLES["value"], "the file's first table has another title, or there is none")
    start = titles[0][0]
    yield _table(lines, start)
    behind = next((at for at, weighting in titles if at > start and weighting == "equal"), None)
    if behind is not None:
        yield _table(lines, behind)


def _table(lines: Sequence[str], title: int) -> _Table:
    """From the title to the first line behind the header that is blank or another title.

    What begins with a digit is a row, so that one that was cut inside its day is not taken for the table's end.
    """
    header = next((at for at in range(title + 1, len(lines)) if lines[at].strip()), len(lines))
    end = header + 1
    while end < len(lines) and lines[end].strip() and ("," in lines[end] or lines[end].strip()[0].isdigit()):
        end += 1
    return _Table(lines[title].strip(), "".join(lines[header : header + 1]), lines[header + 1 : end])


def _read(table: _Table, weighting: str, vintage_date: date | None, file: str) -> pl.DataFrame:
    """One row per day: as_of, weighting, and a column of percents per portfolio, null where missing."""
    header = tuple(cell.strip() for cell in table.header.split(","))
    if header != HEADER:
        wrong = next((cell for cell in header if cell not in HEADER), table.title)
        raise BadInput(SOURCE, file, wrong, f"the columns are {', '.join(header)}; expected {', '.join(HEADER)}")
    if not table.rows:
        raise BadInput(SOURCE, file, table.title, "the table has no rows")
    cells = pl.Series("cells", table.rows).str.split(",")
    other = cells.list.len() != len(HEADER)
    if other.any():
        at = other.arg_max() or 0
        told = f"row {at + 1} has {cells.list.len()[at]} of {len(HEADER)} cells: {table.rows[at][:40]!r}"
        raise BadInput(SOURCE, file, table.title, f"{told}; the file is cut off, or another one")
    names = [_DAY_FIELD, *HEADER[1:]]
    frame = cells.list.to_struct(fields=names).struct.unnest().select(pl.all().str.strip_chars())
    figures = frame.select(_DAY_FIELD, *COLUMNS)
    days = _days(figures[_DAY_FIELD], vintage_date, file)
    read = [_figures(figures, column, table.title, file).alias(name) for column, name in COLUMNS.items()]
    return pl.DataFrame([days, *read]).with_columns(weighting=pl.lit(weighting))


def _days(text: pl.Series, vintage_date: date | None, file: str) -> pl.Series:
    """Raises BadInput where a day cannot be read, does not rise, or is later than the download."""
    days = text.str.to_date("%Y%m%d", strict=False).alias("as_of")
    bad = days.is_null() | ~text.str.contains(_DAY)
    if bad.any():
        raise BadInput(SOURCE, file, _DAY_FIELD, f"{text.filter(bad)[0]!r} is no day such as 20240131")
    falls = (days.diff().dt.total_days() <= 0).fill_null(value=False)
    if falls.any():
        raise BadInput(SOURCE, file, _DAY_FIELD, f"{days.filter(falls)[0]} does not follow the day before it")
    if vintage_date is not None and days[-1] > vintage_date:
        raise BadInput(SOURCE, file, _DAY_FIELD, f"{days[-1]} is later than the download of {vintage_date}")
    return days


def _figures(frame: pl.DataFrame, column: str, title: str, file: str) -> pl.Series:
    """Percents of one portfolio. Raises BadInput where one is no return in percent, or all are fractions."""
    text = frame[column]
    unread = ~text.str.contains(_FIGURE)
    if unread.any():
        told = frame.filter(unread).row(0, named=True)
        raise _bad_figure(told[_DAY_FIELD], told[column], column, title, file)
    value = text.cast(pl.Float64)
    known = value.set(value.is_in(MISSING), None)
    beyond = ((known <= -100) | (known > LARGEST_PER_CENT)).fill_null(value=False)
    if beyond.any():
        told = frame.filter(beyond).row(0, named=True)
        raise _bad_figure(told[_DAY_FIELD], told[column], column, title, file)
    moved = known.drop_nulls().abs()
    mean = moved.mean()
    if moved.len() >= JUDGED_FROM and isinstance(mean, float) and mean < LEAST_MEAN_PER_CENT:
        detail = f"{title}: {mean:.4f} on average are fractions; the file's figures are percents"
        raise BadInput(SOURCE, file, column, detail)
    return known


def _bad_figure(day: str, figure: str, column: str, title: str, file: str) -> BadInput:
    return BadInput(SOURCE, file, column, f"{title}, {day}: {figure!r} is no daily return in percent such as -0.39")
