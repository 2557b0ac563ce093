"""core.positions: who holds futures on small and large companies, as the CFTC publishes it each week."""

from typing import Final

from transforms.contracts.fields import KNOWN_AT, SOURCE, VINTAGE
from transforms.contracts.model import Column, Table

RUSSELL_2000: Final = "239742"
CONTRACTS: Final[dict[str, str]] = {
    RUSSELL_2000: "Russell 2000, E-mini",
    "13874A": "S&P 500, E-mini",
    "13874+": "S&P 500, all sizes stated in the large contract",
}
"""Contract codes of the CFTC: names of markets have changed, codes have not."""
CATEGORIES: Final = ("dealer", "asset_manager", "leveraged", "other", "nonreportable")

POSITIONS = Table(
    schema="core",
    name="positions",
    grain="one row per contract, category of trader, report date and vintage that changed it",
    key=("contract", "category", "as_of", "vintage_date", "source"),
    policy="replace_all",
    owner="macro",
    may_be_empty=True,
    notes="Futures only, in contracts. 13874A is part of 13874+: never add the two.",
    columns=(
        Column(
            "contract",
            "VARCHAR",
            "Code of the CFTC: 239742 Russell 2000 E-mini, 13874A S&P 500 E-mini, 13874+ S&P 500 consolidated.",
            nullable=False,
            values=tuple(CONTRACTS),
        ),
        Column("category", "VARCHAR", "Kind of trader.", nullable=False, values=CATEGORIES),
        Column("as_of", "DATE", "Report date: a Tuesday, the Monday before where that is a holiday.", nullable=False),
        KNOWN_AT,
        Column("long_contracts", "BIGINT", "Contracts held long.", "contracts", nullable=False, minimum=0),
        Column("short_contracts", "BIGINT", "Contracts held short.", "contracts", nullable=False, minimum=0),
        Column(
            "spread_contracts",
            "BIGINT",
            "Contracts held long and short at once, in neither of the two; null where the report has none.",
            "contracts",
            minimum=0,
        ),
        Column("open_interest", "BIGINT", "All contracts open, of all categories.", "contracts", nullable=False,
               minimum=0),
        VINTAGE,
        SOURCE,
        Column("licence", "VARCHAR", "Licence class of the source.", nullable=False),
    ),
)  # fmt: skip
