"""core.reference_portfolios: every release's figures, each with the release that brought it."""

from datetime import date, timedelta

import polars as pl

from transforms.contracts.reference_portfolios import REFERENCE_PORTFOLIOS
from transforms.core.fundamentals import known_at

RELEASES: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    "portfolio": pl.String(),
    "weighting": pl.String(),
    "return": pl.Float64(),
    "vintage_date": pl.Date(),
    "source": pl.String(),
    "release": pl.String(),
    "landed_at": pl.Datetime("us", "UTC"),
}
"""Staged rows of any number of releases; vintage_date is null where nobody noted the day of the download."""
MOST_DAYS_UNTIL_OUT = 60
"""A month's figures are out three to eight weeks after its end: July 2026 was at the end of August."""
_FIGURE = ("as_of", "portfolio", "weighting", "source")


def reference_portfolio_rows(releases: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Rows of core.reference_portfolios: one per figure and release that changed it, from ``first`` to ``last``.

    ``releases``: RELEASES. A figure is known 60 days after its month's end, or with the first release that has it if
    that was downloaded before; a restated one with its own release. Left out is what nobody could know by ``last``
    in any version. A restatement of a later day is in: its known_at says when it came.
    """
    newest_day = pl.col("as_of").max().over("source", "release")
    told = releases.with_columns(
        release_on=pl.coalesce("vintage_date", _out_on(newest_day)),
        vintage_date=pl.coalesce("vintage_date", newest_day),
        out_on=_out_on(pl.col("as_of")),
    )
    # Of two releases with one vintage the one that was landed last counts.
    one_each = told.sort(*_FIGURE, "vintage_date", "landed_at", "release").unique(
        [*_FIGURE, "vintage_date"], keep="last", maintain_order=True
    )
    versions = one_each.with_columns(
        before=pl.col("return").shift(1).over(_FIGURE), is_later=pl.int_range(pl.len()).over(_FIGURE) > 0
    )
    first_known = pl.min_horizontal("out_on", "release_on")
    rows = versions.filter(
        pl.col("return").ne_missing(pl.col("before")),
        pl.col("as_of").is_between(first, last),
        first_known <= last,
    )
    known = pl.when("is_later").then("release_on").otherwise(first_known)
    return REFERENCE_PORTFOLIOS.conform(rows.with_columns(known_at=known_at(known)))


def in_force(rows: pl.DataFrame, by: date | None = None) -> pl.DataFrame:
    """One row per day, portfolio, weighting and source: the figure of the newest release, or of the newest by a day.

    ``rows``: core.reference_portfolios. A figure that the release withdrew is a row with a null return.
    """
    known = rows if by is None else rows.filter(pl.col("vintage_date") <= by)
    return known.sort(*_FIGURE, "vintage_date").unique(_FIGURE, keep="last", maintain_order=True)


def _out_on(day: pl.Expr) -> pl.Expr:
    return day.dt.month_end() + timedelta(days=MOST_DAYS_UNTIL_OUT)
