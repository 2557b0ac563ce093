"""core and marts: what companies tell the SEC of themselves beside their figures: free float and category of filer."""

from transforms.contracts.fields import (
    CAP_TOTAL,
    COMPANY,
    COMPANY_COUNT,
    KNOWN_AT,
    SCHEME,
    SEGMENT,
    SESSION,
    SOURCE,
    ratio,
)
from transforms.contracts.model import Column, Table

UNKNOWN = "unknown"
FILER_CLASSES = ("large_accelerated", "accelerated", "non_accelerated")
CATEGORIES = (*FILER_CLASSES, UNKNOWN)
FLOAT_KINDS = ("reported", "estimate", "supplied")
FLOAT_REASONS = (
    "zero",
    "no_cap_on_that_day",
    "above_cap",
    "capped_at_one",
    "by_class",
    "another_line",
    "scaled_by_a_thousand",
    "impossible",
)

FREE_FLOAT = Table(
    schema="core",
    name="free_float",
    grain="one row per company, as-of date, publication and filing",
    key=("company_id", "as_of", "known_at", "source", "accession"),
    policy="replace_all",
    owner="filers",
    may_be_empty=True,
    notes="A float is told once a year, 8 to 10 months after its date: carry the share forward, never the value.",
    columns=(
        COMPANY,
        Column("as_of", "DATE", "Date that the float is about: the end of the second fiscal quarter.", nullable=False),
        KNOWN_AT,
        Column(
            "float_value_usd",
            "BIGINT",
            "Market value of the shares that non-affiliates hold, of all classes, as filed or supplied.",
            "whole USD",
            minimum=0,
        ),
        Column(
            "float_share",
            "DOUBLE",
            "Part of the company that non-affiliates hold: float_value_usd over the cap of as_of, unless supplied.",
            "fraction",
            minimum=0,
            maximum=1,
            is_ratio=True,
        ),
        Column(
            "kind",
            "VARCHAR",
            "reported: a value alone. estimate: a share that we derived from it. supplied: the operator's own.",
            nullable=False,
            values=FLOAT_KINDS,
        ),
        Column("cap_session", "DATE", "Session of the cap compared with: as_of, or at most five sessions before."),
        Column("cap_usd", "BIGINT", "The company's cap on it.", "whole USD", minimum=1),
        SOURCE,
        Column("accession", "VARCHAR", "Filing that states it; empty for supplied floats.", nullable=False),
        Column("form", "VARCHAR", "Form of the filing."),
        Column("status", "VARCHAR", "Whether it may be used.", nullable=False, values=("accepted", "refused")),
        Column(
            "reason_code",
            "VARCHAR",
            "Why there is no share, why it is exactly 1 (capped_at_one: up to 1.05), or why it was refused.",
            values=FLOAT_REASONS,
        ),
    ),
)

FILER_CATEGORIES = Table(
    schema="core",
    name="filer_categories",
    grain="one row per company and day on which its standing as a filer became known",
    key=("company_id", "valid_from"),
    policy="replace_all",
    owner="filers",
    may_be_empty=True,
    notes="A standing holds until the next row, at most 460 days from known_at.",
    columns=(
        COMPANY,
        Column("valid_from", "DATE", "Day it became known, or the company that registrant.", nullable=False),
        Column(
            "category",
            "VARCHAR",
            "Category of the filer by its float and age as a filer; null where only flags are told.",
            values=FILER_CLASSES,
        ),
        Column("is_smaller_reporting", "BOOLEAN", "Smaller reporting company; null where nobody told."),
        Column("is_emerging_growth", "BOOLEAN", "Emerging growth company; null where nobody told."),
        Column("is_shell", "BOOLEAN", "Shell company; null where nobody told."),
        Column(
            "evidence",
            "VARCHAR",
            "cover: a filing's cover page. data_set: the SEC's data sets. submissions: EDGAR's own words, undated, "
            "from their download on.",
            nullable=False,
            values=("cover", "data_set", "submissions"),
        ),
        SOURCE,
        Column("accession", "VARCHAR", "Filing that states it; empty for submissions.", nullable=False),
        KNOWN_AT,
    ),
)

FILER_CATEGORY_DAILY = Table(
    schema="marts",
    name="filer_category_daily",
    grain="one row per admitted session, scheme, segment and category of filer",
    key=("session_date", "scheme_id", "segment", "category"),
    policy="replace_sessions",
    session_column="session_date",
    owner="filers",
    lookback="standings known by the session, at most 460 days old",
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        Column("category", "VARCHAR", "Category of filer.", nullable=False, values=CATEGORIES),
        COMPANY_COUNT,
        CAP_TOTAL,
        ratio("cap_share", "Share of the segment's cap; null for a segment without companies.", minimum=0, maximum=1),
        Column(
            "smaller_reporting_count",
            "INTEGER",
            "Smaller reporting companies among them.",
            "companies",
            nullable=False,
            minimum=0,
        ),
        Column("smaller_reporting_cap_usd", "HUGEINT", "Their caps.", "whole USD", nullable=False, minimum=0),
        Column(
            "smaller_reporting_unknown_count",
            "INTEGER",
            "Companies of which it is not known whether they are.",
            "companies",
            nullable=False,
            minimum=0,
        ),
    ),
)
