"""core: what companies file per share."""

from transforms.contracts.fields import COMPANY, CURRENCY, KNOWN_AT, SOURCE
from transforms.contracts.model import Column, Table

PERIOD_KINDS = ("quarter", "half_year", "nine_months", "annual")

PER_SHARE_FACTS = Table(
    schema="core",
    name="per_share_facts",
    grain="one row per company, concept, period, currency and filing that says something new",
    key=("company_id", "concept", "period_start", "period_end", "currency", "accession"),
    policy="replace_all",
    owner="fundamentals",
    may_be_empty=True,
    notes="The newest filing of a period counts. As of an earlier session divide value by the splits of core.splits "
    "from the day after filed to that session.",
    columns=(
        COMPANY,
        Column(
            "concept",
            "VARCHAR",
            "Earnings of a share of common stock, before or after what would dilute them.",
            nullable=False,
            values=("eps_basic", "eps_diluted"),
        ),
        Column("period_kind", "VARCHAR", "Length of the period.", nullable=False, values=PERIOD_KINDS),
        Column("period_start", "DATE", "First day of the period.", nullable=False),
        Column("period_end", "DATE", "Last day of the period.", nullable=False),
        KNOWN_AT,
        Column("filed", "DATE", "Day of the filing, whose shares the value is per.", nullable=False),
        Column("value", "DOUBLE", "As filed.", "currency per share", nullable=False),
        Column(
            "split_ratio",
            "DOUBLE",
            "Shares of the last admitted session for one of the filing day: the splits strictly after it. Null where "
            "nobody can tell: the company was not quoted all the time since, or is quoted in depositary shares.",
            minimum=0,
        ),
        Column("value_today", "DOUBLE", "value / split_ratio.", "currency per share", is_ratio=True),
        CURRENCY,
        SOURCE,
        Column("accession", "VARCHAR", "Filing that states it.", nullable=False),
        Column("form", "VARCHAR", "Form of the filing.", nullable=False),
    ),
)
