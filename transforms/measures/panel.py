"""Series of the segments as matrices, one row per series and one column per session: what windows slide over."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

SERIES = ("scheme_id", "segment")


@dataclass(frozen=True)
class Panel:
    """The sessions in order, the series in order, and which of them has a row on which session.

    A matrix over it has the shape series x sessions and is contiguous along the sessions, so that a sum over a window
    of one series takes the same steps whatever other series or sessions there are: the last bit is the same in a
    night's run and in a run over all sessions.
    """

    rows: pl.DataFrame
    """session_date, scheme_id, segment and the columns that were asked for, in any order."""
    sessions: pl.Series
    series: pl.DataFrame
    _session: Places
    _series: Places

    @property
    def shape(self) -> tuple[int, int]:
        """Series and sessions."""
        return self.series.height, len(self.sessions)

    def matrix(self, column: str) -> Floats:
        """Series x sessions of a numeric column; nan where it is null or there is no row."""
        found = np.full(self.shape, np.nan)
        found[self._series, self._session] = self.rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return found

    def beside(self, matrix: Floats, segment: str) -> Floats:
        """The same shape: for each series the row of that segment in its scheme, nan where the scheme has none."""
        place = {scheme: number for number, (scheme, name) in enumerate(self.series.iter_rows()) if name == segment}
        rows = [place.get(scheme, -1) for scheme in self.series["scheme_id"]]
        return np.vstack([matrix, np.full((1, matrix.shape[1]), np.nan)])[rows]

    def first(self, since: date) -> int:
        """Place of the first session that is not before `since`."""
        return int((self.sessions < since).sum())

    def frame(self, first: int, columns: dict[str, pl.Series]) -> pl.DataFrame:
        """One row per row of the panel from the session at place `first` on: its key and each column's value there.

        ``columns``: values in the order of (session, series), sessions from `first` on.
        """
        width = self.series.height
        is_there = np.zeros((len(self.sessions), width), dtype=np.bool_)
        is_there[self._session, self._series] = True
        picked = np.flatnonzero(is_there[first:])
        keys = self.series[picked % width] if width else self.series
        dates = self.sessions[first + picked // width] if width else self.sessions.head(0)
        return keys.with_columns(
            dates.alias("session_date"), *(values.gather(picked).alias(name) for name, values in columns.items())
        )


def panel(rows: pl.DataFrame) -> Panel:
    """The panel of `rows` (each key once) over all sessions that are in them."""
    own = rows["session_date"].unique().sort()
    series = rows.select(SERIES).unique().sort(SERIES)
    of_session = pl.DataFrame({"session_date": own, "session_place": np.arange(len(own))})
    placed = rows.join(of_session, on="session_date", how="left", maintain_order="left").join(
        series.with_row_index("series_place"), on=SERIES, how="left", maintain_order="left"
    )
    return Panel(
        rows,
        own,
        series,
        placed["session_place"].cast(pl.Int64).to_numpy(),
        placed["series_place"].cast(pl.Int64).to_numpy(),
    )
