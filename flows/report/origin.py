"""Which vendors stand behind a figure, and when their newest file landed."""

import polars as pl

from flows.report.contents import Contents


def vendors(contents: Contents, role: str) -> str:
    """The sources that can serve a role and of which files are in use, with the day of the newest."""
    serving = contents.sources.filter(pl.col("roles").list.contains(role))
    told = [f"{name} (landed {at:%Y-%m-%d})" for name, at in serving.select("source", "landed_at").iter_rows()]
    return ", ".join(told) or "no source"
