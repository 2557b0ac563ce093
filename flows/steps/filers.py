"""Free float and filer categories of a run: from filings to tables."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from flows.edge.builds import Build
from flows.edge.warehouse import looked_up
from flows.market_calendar import all_sessions
from flows.steps.filings import Filings
from transforms.core import free_float
from transforms.core.filer_categories import filer_states
from transforms.staging.sec_tags import PUBLIC_FLOAT

_CAPS = """
select
    asked.company_id,
    asked.as_of,
    caps.session_date,
    caps.ticker,
    caps.price,
    caps.cap_usd
from core.market_caps as caps
inner join asked
    on caps.company_id = asked.company_id and caps.session_date = asked.session_date
"""


def states(filings: Filings) -> pl.DataFrame:
    """Every standing of a registrant in the order in which it became known."""
    return filer_states(filings.covers, filings.data_sets, filings.standing)


def floats(
    build: Build, filings: Filings, supplied: pl.DataFrame | None, securities: pl.DataFrame, last: date
) -> pl.DataFrame:
    """core.free_float as known by the last admitted session; the build holds the caps of all sessions by now.

    All rows are made anew each time: thousands, of which one join finds the caps. So a night and a rebuild agree.
    """
    told = [free_float.filed_floats(filings.covers, filings.facts, securities, last)]
    if supplied is not None:
        told.append(free_float.supplied_floats(supplied, securities, last))
    rows = pl.concat(told)
    days = free_float.cap_days(rows, all_sessions())
    caps = build.look_up(_CAPS, "asked", days).select(
        pl.col(name).cast(dtype) for name, dtype in free_float.CAPS.items()
    )
    return free_float.free_float(rows, caps)


_UNPLACED: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "session_date": pl.Date(),
    "ticker": pl.String(),
    "price": pl.Float64(),
    "cap_usd": pl.Int64(),
}


@dataclass
class FloatBook:
    """What companies have told of their floats, and the caps of the days that they told of, as sessions go by."""

    covers: pl.DataFrame
    facts: pl.DataFrame
    supplied: pl.DataFrame | None
    caps: pl.DataFrame
    """free_float.CAPS."""
    unplaced: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_UNPLACED))
    """Caps of companies of which nobody knows yet which registrant they are: a filing may tell of their days, too."""

    @classmethod
    def on(
        cls, filings: Filings, supplied: pl.DataFrame | None, securities: pl.DataFrame, warehouse: Path | None
    ) -> "FloatBook":
        """With the caps that a published warehouse has of those days."""
        facts = filings.facts.filter(pl.col("tag") == PUBLIC_FLOAT)
        book = cls(filings.covers, facts, supplied, pl.DataFrame(schema=free_float.CAPS))
        if warehouse is not None:
            days = free_float.cap_days(book._told(securities, date.max), all_sessions())
            book._add(looked_up(warehouse, _CAPS, "asked", days))
        return book

    def see(self, caps: pl.DataFrame, securities: pl.DataFrame) -> None:
        """Keep the caps (session_date, company_id, ticker, price, cap_usd) that a float may be compared with."""
        days = free_float.cap_days(self._told(securities, date.max), all_sessions())
        new = caps.select(_UNPLACED.keys())
        self._add(pl.concat([self.unplaced, new]).join(days, on=["company_id", "session_date"]))
        placed = securities.filter(pl.col("cik").is_not_null())["company_id"].unique().implode()
        told = self.covers.height + self.facts.height > 0
        waiting = pl.concat([self.unplaced, new]) if told else new.clear()
        self.unplaced = waiting.filter(~pl.col("company_id").is_in(placed))

    def shares_on(self, session: date, securities: pl.DataFrame) -> pl.DataFrame:
        """company_id and float_share: the newest accepted one that was known by the session's end."""
        rows = free_float.free_float(
            self._told(securities, session), self.caps.filter(pl.col("session_date") <= session)
        )
        return free_float.newest_shares(rows, session)

    def _told(self, securities: pl.DataFrame, last: date) -> pl.DataFrame:
        told = [free_float.filed_floats(self.covers, self.facts, securities, last)]
        if self.supplied is not None:
            told.append(free_float.supplied_floats(self.supplied, securities, last))
        return pl.concat(told)

    def _add(self, rows: pl.DataFrame) -> None:
        new = rows.select(pl.col(name).cast(dtype) for name, dtype in free_float.CAPS.items())
        self.caps = pl.concat([self.caps, new]).unique(maintain_order=True)
