"""marts.measures: what each measure of the tables of measures is."""

from collections.abc import Mapping

import polars as pl

from transforms.contracts.measures import MEASURES, Measure


def measure_rows(tables: Mapping[str, tuple[Measure, ...]]) -> pl.DataFrame:
    """One row per measure; ``tables``: name of a mart to its measures."""
    rows = [
        (mart, measure.name, measure.formula, measure.unit, measure.source, measure.counted, measure.least)
        for mart, measures in tables.items()
        for measure in measures
    ]
    return MEASURES.conform(pl.DataFrame(rows, MEASURES.polars_schema, orient="row"))
