"""Free float and filer categories of a run: from filings to tables."""

from datetime import date

import polars as pl

from flows.edge.builds import Build
from flows.market_calendar import all_sessions
from flows.steps.filings import Filings
from transforms.core import free_float
from transforms.core.filer_categories import filer_states

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
