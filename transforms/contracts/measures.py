"""Measures of segments in rows, not in columns: one kind of table, and what each measure is, said once."""

from dataclasses import dataclass

from transforms.contracts.fields import SCHEME, SEGMENT, SESSION
from transforms.contracts.model import Column, Table


@dataclass(frozen=True)
class Measure:
    """What a value of a table of measures is; published in marts.measures and in the data dictionary."""

    name: str
    formula: str
    unit: str
    source: str
    """Where the formula comes from."""
    counted: str = "companies"
    """What ``observations`` counts: sessions, companies."""
    least: int = 1
    """With fewer observations there is no value: `too_few`."""


def measures_table(name: str, owner: str, lookback: str, measures: tuple[Measure, ...], notes: str = "") -> Table:
    """marts.<name>: one row per admitted session, scheme, segment and measure, every one of them, valued or not."""
    return Table(
        schema="marts",
        name=name,
        grain="one row per admitted session, scheme, segment and measure",
        key=("session_date", "scheme_id", "segment", "measure"),
        policy="replace_sessions",
        session_column="session_date",
        owner=owner,
        lookback=lookback,
        notes=notes,
        columns=(
            SESSION,
            SCHEME,
            SEGMENT,
            Column(
                "measure",
                "VARCHAR",
                "Which measure; marts.measures has its formula, unit and source.",
                nullable=False,
                values=tuple(measure.name for measure in measures),
            ),
            Column("value", "DOUBLE", "Its value.", "as marts.measures states", is_ratio=True),
            Column(
                "observations",
                "INTEGER",
                "Sessions or companies that the value rests on.",
                "as marts.measures states",
                nullable=False,
                minimum=0,
            ),
            Column("null_reason", "VARCHAR", "Why there is no value: too_few, or why the measure is not defined."),
        ),
    )


MEASURES = Table(
    schema="marts",
    name="measures",
    grain="one row per measure of a table of measures",
    key=("mart", "measure"),
    policy="replace_all",
    owner="segments",
    columns=(
        Column("mart", "VARCHAR", "Table that has it.", nullable=False),
        Column("measure", "VARCHAR", "Its name there.", nullable=False),
        Column("formula", "VARCHAR", "How it is computed.", nullable=False),
        Column("unit", "VARCHAR", "Unit of value; empty for a bare number.", nullable=False),
        Column(
            "source", "VARCHAR", "Where the formula and the least number of observations come from.", nullable=False
        ),
        Column("counted", "VARCHAR", "What observations counts.", nullable=False),
        Column("least", "INTEGER", "With fewer observations there is no value.", nullable=False, minimum=0),
    ),
)
