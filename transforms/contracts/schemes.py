"""core, marts and ops: bucket schemes, who is in which bucket under each, who moved, and where schemes disagree."""

from transforms.contracts.fields import (
    BUCKET,
    BUCKETS,
    CAP_TOTAL,
    COMPANY,
    COMPANY_COUNT,
    SCHEME,
    SESSION,
    ratio,
)
from transforms.contracts.model import Column, Table

PERIODS = ("quarter", "year")
NOWHERE = "none"
"""In a transition: the company was, or is, in no bucket of the scheme."""
_WEIGHT = Column("weight", "DOUBLE", "Part of the company.", "fraction", nullable=False, minimum=0, maximum=1)
_RAW = Column(
    "raw_bucket", "VARCHAR", "Bucket by the bare limits; null outside all ranges of an addition.", values=BUCKETS
)
_BASIS = Column(
    "basis_used",
    "VARCHAR",
    "Cap that covers the market: float, or full where the scheme asks for that, or no float is known.",
    nullable=False,
    values=("full", "float"),
)
_COUNTED = Column(
    "is_counted",
    "BOOLEAN",
    "Counts and medians take the company here; false for the half of it that moves into another bucket.",
    nullable=False,
)
_DISTANCE = Column(
    "distance",
    "DOUBLE",
    "How far the ranked cap lay from the nearer limit of the raw bucket, as a part of that limit; null without one.",
    "fraction",
    is_ratio=True,
)
_REASON = Column("reason", "VARCHAR", "Why: see docs/schemes.md.", nullable=False)

BUCKET_SCHEMES = Table(
    schema="core",
    name="bucket_schemes",
    grain="one row per enabled scheme and dated version of its rule",
    key=("scheme_id", "effective_from"),
    policy="replace_all",
    owner="buckets",
    notes="What the files of the schemes say; a changed file makes the next run judge all sessions again.",
    columns=(
        SCHEME,
        Column("effective_from", "DATE", "First day of the version.", nullable=False),
        Column("effective_to", "DATE", "Last day before the next version; null for the newest."),
        Column("title", "VARCHAR", "What it does, in words.", nullable=False),
        Column("provider", "VARCHAR", "Whose published rule it follows.", nullable=False),
        Column("region", "VARCHAR", "Market that it is about.", nullable=False),
        Column("currency", "VARCHAR", "ISO 4217 code of its limits.", nullable=False),
        Column("basis", "VARCHAR", "Caps that cover the market.", nullable=False, values=("full", "float")),
        Column("level", "VARCHAR", "What is ranked.", nullable=False, values=("company", "security")),
        Column("kind", "VARCHAR", "Kind of its limits.", nullable=False),
        Column("covers_everybody", "BOOLEAN", "From then on every company with a cap has one, every session.",
               nullable=False),
        Column("review_months", "VARCHAR", "Months in which reviews take effect; empty: every session.",
               nullable=False),
        Column("rule", "VARCHAR", "The whole rule, as JSON.", nullable=False),
        Column("source", "VARCHAR", "Where it was read.", nullable=False),
        Column("retrieved_on", "DATE", "When.", nullable=False),
        Column("confidence", "VARCHAR", "How sure that is.", nullable=False,
               values=("primary", "second_hand", "general_knowledge", "own")),
    ),
)  # fmt: skip

BUCKET_MEMBERSHIPS = Table(
    schema="core",
    name="bucket_memberships",
    grain="one row per company, scheme, bucket and validity interval",
    key=("scheme_id", "company_id", "valid_from", "bucket"),
    policy="replace_all",
    owner="buckets",
    notes="An interval holds the admitted sessions on which the company has a cap; quarantine ends it.",
    columns=(
        COMPANY,
        SCHEME,
        BUCKET,
        _RAW,
        _WEIGHT,
        _COUNTED,
        _BASIS,
        Column("valid_from", "DATE", "First admitted session in the bucket.", nullable=False),
        Column("valid_to", "DATE", "Last admitted session in the bucket; null while it holds."),
        _REASON,
        _DISTANCE,
    ),
)

SCHEME_BREAKPOINTS = Table(
    schema="marts",
    name="scheme_breakpoints",
    grain="one row per review of a scheme and bucket",
    key=("session_date", "scheme_id", "bucket"),
    policy="replace_sessions",
    session_column="session_date",
    owner="buckets",
    lookback="the session whose caps are ranked",
    may_be_empty=True,
    notes="Fixed limits that are judged every session have no rows: they stand in core.bucket_schemes.",
    columns=(
        Column("session_date", "DATE", "First admitted session on which the review counts.", nullable=False),
        SCHEME,
        BUCKET,
        Column("cap_lower", "DOUBLE", "Lower end of the bucket, of the float cap where ranks are by float; null for "
               "the lowest one.", "units of currency", minimum=0, is_ratio=True),
        Column("cap_lower_usd", "DOUBLE", "The same in dollars of rank_session.", "USD", minimum=0, is_ratio=True),
        Column("cap_lower_least", "DOUBLE", "Least the limit was over the sessions of which the provider takes one "
               "unsaid; null where it says which.", "units of currency", minimum=0, is_ratio=True),
        Column("cap_lower_most", "DOUBLE", "Most it was.", "units of currency", minimum=0, is_ratio=True),
        Column("currency", "VARCHAR", "Currency of cap_lower.", nullable=False),
        Column("company_count", "INTEGER", "Companies that the bare limits put there.", "companies", nullable=False,
               minimum=0),
        Column("rank_session", "DATE", "Session whose caps were ranked.", nullable=False),
        Column("version_from", "DATE", "Version of the scheme: its effective_from.", nullable=False),
    ),
)  # fmt: skip

MIGRATIONS = Table(
    schema="marts",
    name="migrations",
    grain="one row per session, scheme, company and pair of buckets between which it moved",
    key=("session_date", "scheme_id", "company_id", "from_bucket", "to_bucket"),
    policy="replace_sessions",
    session_column="session_date",
    owner="buckets",
    lookback="the company's membership before",
    may_be_empty=True,
    notes="Back from an absence into another bucket it moved then; an absence is no move, nor is the first session.",
    columns=(
        SESSION,
        SCHEME,
        COMPANY,
        Column(
            "from_bucket",
            "VARCHAR",
            "Bucket that it leaves, or a part of it; none if it comes in.",
            nullable=False,
            values=(*BUCKETS, NOWHERE),
        ),
        Column(
            "to_bucket",
            "VARCHAR",
            "Bucket that it enters; none if it goes out.",
            nullable=False,
            values=(*BUCKETS, NOWHERE),
        ),
        _WEIGHT,
        Column("raw_bucket", "VARCHAR", "Bucket by the bare limits.", values=BUCKETS),
        Column("cap_usd", "BIGINT", "Its cap on the session.", "whole USD", nullable=False, minimum=1),
        _REASON,
        _DISTANCE,
    ),
)

TRANSITION_MATRIX = Table(
    schema="marts",
    name="transition_matrix",
    grain="one row per scheme, period that is over, and pair of buckets at its two ends",
    key=("session_date", "scheme_id", "period", "from_bucket", "to_bucket"),
    policy="replace_sessions",
    session_column="session_date",
    owner="buckets",
    lookback="the period",
    may_be_empty=True,
    notes="`none` stands for companies in no bucket of the scheme. Companies by halves count where they come from.",
    columns=(
        Column("session_date", "DATE", "First admitted session after the period: since when it is known.",
               nullable=False),
        SCHEME,
        Column("period", "VARCHAR", "Calendar quarter or year.", nullable=False, values=PERIODS),
        Column("from_session", "DATE", "Last admitted session before the period, or the first one of all.",
               nullable=False),
        Column("to_session", "DATE", "Last admitted session of the period.", nullable=False),
        Column("from_bucket", "VARCHAR", "Bucket on from_session.", nullable=False, values=(*BUCKETS, NOWHERE)),
        Column("to_bucket", "VARCHAR", "Bucket on to_session.", nullable=False, values=(*BUCKETS, NOWHERE)),
        COMPANY_COUNT,
        ratio("company_share", "Share of the companies of from_bucket.", minimum=0, maximum=1),
    ),
)  # fmt: skip

SCHEME_AGREEMENT = Table(
    schema="marts",
    name="scheme_agreement",
    grain="one row per admitted session and pair of schemes",
    key=("session_date", "scheme_id", "other_scheme_id"),
    policy="replace_sessions",
    session_column="session_date",
    owner="buckets",
    may_be_empty=True,
    notes="Which companies: sql/queries/where_schemes_disagree.sql.",
    columns=(
        SESSION,
        SCHEME,
        Column("other_scheme_id", "VARCHAR", "Another scheme, later in the alphabet.", nullable=False),
        Column("company_count", "INTEGER", "Companies with a bucket under both.", "companies", nullable=False,
               minimum=0),
        Column("agreeing_count", "INTEGER", "Those with the same one.", "companies", nullable=False, minimum=0),
        CAP_TOTAL,
        Column("agreeing_cap_usd", "HUGEINT", "Caps of those with the same one.", "whole USD", nullable=False,
               minimum=0),
        ratio("agreeing_share", "agreeing_count over company_count; null without companies.", minimum=0, maximum=1),
    ),
)  # fmt: skip

SCHEME_SEATS = Table(
    schema="ops",
    name="scheme_seats",
    grain="one row per scheme with reviews, company and bucket that it has a part of",
    key=("scheme_id", "company_id", "bucket"),
    policy="replace_all",
    owner="buckets",
    may_be_empty=True,
    notes="What the next night goes on from: seats after the last review, whether or not the company is quoted.",
    columns=(SCHEME, COMPANY, BUCKET, _WEIGHT, _COUNTED, _RAW, _BASIS, _REASON, _DISTANCE),
)

SCHEME_MARKETS = Table(
    schema="ops",
    name="scheme_markets",
    grain="one row per company with a cap, or a cap held back, on the last admitted session of a month",
    key=("session_date", "company_id"),
    policy="replace_all",
    owner="buckets",
    may_be_empty=True,
    notes="What coming reviews rank: the market as it was known at the end of each of the last months.",
    columns=(
        SESSION,
        COMPANY,
        Column("cap_usd", "BIGINT", "Cap; of a company held back the last admitted one.", "whole USD", nullable=False,
               minimum=1),
        Column("currency", "VARCHAR", "Currency of its primary line.", nullable=False),
        Column("cap_local", "BIGINT", "Cap in that currency.", "whole units", nullable=False, minimum=1),
        Column("line_cap_usd", "BIGINT", "What the primary line adds to the cap.", "whole USD", nullable=False,
               minimum=0),
        Column("price_usd", "DOUBLE", "Close of the primary line.", "USD", nullable=False, minimum=0),
        Column("exchange", "VARCHAR", "Listing exchange of the primary line.", nullable=False),
        Column("security_type", "VARCHAR", "Type of the primary line.", nullable=False),
        Column("country", "VARCHAR", "Country as the vendor gives it."),
        Column("float_share", "DOUBLE", "Free float as known that day.", "fraction", minimum=0, maximum=1),
        Column("earns", "BOOLEAN", "Net income of the last four quarters and of the last one is positive."),
        Column("dollar_volume_year_usd", "BIGINT", "Dollar volume of a year, from up to twelve months.", "whole USD",
               minimum=0),
    ),
)  # fmt: skip

SCHEME_WINDOWS = Table(
    schema="ops",
    name="scheme_windows",
    grain="one row per scheme with a price window, session of one, and bucket",
    key=("session_date", "scheme_id", "bucket"),
    policy="replace_all",
    owner="buckets",
    may_be_empty=True,
    notes="The limits if that session were ranked; of the last months, for the reviews to come.",
    columns=(
        SESSION,
        SCHEME,
        BUCKET,
        Column("cap_lower", "DOUBLE", "Lower end of the bucket; null for the lowest.", "units of currency", minimum=0),
    ),
)

MARTS_OF_SCHEMES = (SCHEME_BREAKPOINTS, MIGRATIONS, TRANSITION_MATRIX, SCHEME_AGREEMENT)
OPS_OF_SCHEMES = (SCHEME_SEATS, SCHEME_MARKETS, SCHEME_WINDOWS)
