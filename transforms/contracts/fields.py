"""Columns that several tables share, declared once."""

from transforms.contracts.model import Column

BUCKETS = ("nano", "micro", "small", "mid", "large", "mega")
SEGMENTS = (*BUCKETS, "smid", "total")
TIERS = ("files_shares", "files_cap", "sec_class", "sec_single", "vendor_implied")
"""In the order of trust."""
FILED_TIERS = ("sec_class", "sec_single")
"""A filing counts its classes or the company, so a company has one of the two."""
QUALITIES = ("trusted", "single_source", "disputed", "derived")

SESSION = Column("session_date", "DATE", "Trading session of the New York exchanges.", nullable=False)
SECURITY = Column(
    "security_id", "VARCHAR", "Permanent id of a listed line: first symbol and first admitted session.", nullable=False
)
COMPANY = Column(
    "company_id", "VARCHAR", "Permanent id of the company, named after its first listed line.", nullable=False
)
SCHEME = Column("scheme_id", "VARCHAR", "Bucket scheme, our own buckets under published rules.", nullable=False)
SEGMENT = Column("segment", "VARCHAR", "Bucket, or smid (small and mid) or total.", nullable=False, values=SEGMENTS)
BUCKET = Column("bucket", "VARCHAR", "Size bucket in force.", nullable=False, values=BUCKETS)
KNOWN_AT = Column("known_at", "TIMESTAMPTZ", "When the public could know the fact.", unit="UTC", nullable=False)
SOURCE = Column("source", "VARCHAR", "Source adapter that the row came from.", nullable=False)
RUN_ID = Column("run_id", "VARCHAR", "Run that wrote the row.", nullable=False)
VINTAGE = Column(
    "vintage_date", "DATE", "Day the vendor's file was downloaded; later than the session means it may be restated."
)
CURRENCY = Column("currency", "VARCHAR", "ISO 4217 code.", nullable=False)
QUOTE_CURRENCY = Column(
    "currency",
    "VARCHAR",
    "ISO 4217 code of the currency of the quote; a quote in pence (GBp) stands here in pounds.",
    nullable=False,
)
COMPANY_COUNT = Column(
    "company_count", "INTEGER", "Companies that the row covers.", unit="companies", nullable=False, minimum=0
)
CAP_TOTAL = Column(
    "market_cap_usd",
    "HUGEINT",
    "Sum of company caps, in USD whatever the scheme's currency.",
    unit="whole USD",
    nullable=False,
    minimum=0,
)
CAP_SHARE = Column(
    "cap_share", "DOUBLE", "Share of the total cap of the session.", "fraction", minimum=0, maximum=1, is_ratio=True
)


def ratio(
    name: str, description: str, unit: str = "fraction", *, minimum: float | None = None, maximum: float | None = None
) -> Column:
    """A published ratio: double, rounded once, null where it is undefined."""
    return Column(name, "DOUBLE", description, unit, minimum=minimum, maximum=maximum, is_ratio=True)
