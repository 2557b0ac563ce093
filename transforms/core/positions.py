"""core.positions: traders' positions in futures with the moment at which the public could know them."""

import polars as pl

from transforms.contracts.positions import POSITIONS
from transforms.core.fundamentals import known_at
from transforms.core.position_releases import released_at, released_on
from transforms.core.vintages import changed_values, first_known_on

_SERIES = ("source", "contract", "category")
_VALUES = ("long_contracts", "short_contracts", "spread_contracts", "open_interest")


def position_rows(staged: pl.DataFrame, licences: dict[str, str]) -> pl.DataFrame:
    """Rows of core.positions: one per contract, category, report date and vintage that changed it.

    ``staged``: rows of the CFTC's files. known_at is the release, half past three in New York, of a report that
    was downloaded before its usual release, or that an earlier download lacks, the end of the day that shows it.
    """
    changed = changed_values(staged, _SERIES, _VALUES)
    usual = released_on(pl.col("as_of"))
    day = first_known_on(usual)
    moment = (
        pl.when((day == usual) & ~pl.col("is_revision")).then(released_at(pl.col("as_of"))).otherwise(known_at(day))
    )
    return POSITIONS.conform(
        changed.with_columns(known_at=moment, licence=pl.col("source").replace_strict(licences, return_dtype=pl.String))
    )
