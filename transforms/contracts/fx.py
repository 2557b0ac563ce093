"""core: exchange rates."""

from dataclasses import replace

from transforms.contracts.fields import CURRENCY, KNOWN_AT, SOURCE
from transforms.contracts.model import Column, Table

FX_RATES = Table(
    schema="core",
    name="fx_rates",
    grain="one row per currency and day with a rate, from six years before the first session to the last admitted one",
    key=("currency", "as_of"),
    policy="replace_all",
    owner="fx",
    may_be_empty=True,
    notes="Empty where all quotes and statements are in USD. A session takes the newest rate by its day, at most seven "
    "days old; a flow of a statement the mean of its period.",
    columns=(
        replace(CURRENCY, description="ISO 4217 code; USD has no row, it is 1."),
        Column("as_of", "DATE", "Day that the rate is about.", nullable=False),
        KNOWN_AT,
        Column(
            "usd_per_unit",
            "DOUBLE",
            "USD for one unit: USD per euro / units per euro, both of that day's reference rates.",
            "USD",
            nullable=False,
            minimum=0,
        ),
        SOURCE,
    ),
)
