"""core: what companies are worth, and what was told of it before it was corrected."""

from dataclasses import replace

from transforms.contracts.fields import COMPANY, KNOWN_AT, QUALITIES, QUOTE_CURRENCY, RUN_ID, SESSION, TIERS
from transforms.contracts.model import Column, Table

KNOWN_SINCE = replace(
    KNOWN_AT,
    description=(
        "When the row could be known: the session's close plus the vendor's delay; of a row that a later run changed, "
        "when that run told it."
    ),
    compared=False,
)

CAP_CANDIDATES = Table(
    schema="core",
    name="cap_candidates",
    grain="one row per admitted session, company and tier that was not chosen",
    key=("session_date", "company_id", "tier"),
    policy="replace_sessions",
    session_column="session_date",
    owner="caps",
    may_be_empty=True,
    columns=(
        SESSION,
        COMPANY,
        Column("tier", "VARCHAR", "Source that ranks below the one chosen.", nullable=False, values=TIERS),
        Column("cap_usd", "BIGINT", "What the cap would be by it.", "whole USD", nullable=False, minimum=1),
        Column("shares", "DOUBLE", "In shares of the primary line.", "shares"),
    ),
)

MARKET_CAPS = Table(
    schema="core",
    name="market_caps",
    grain="one row per admitted session and company",
    key=("session_date", "company_id"),
    policy="replace_sessions",
    session_column="session_date",
    owner="caps",
    columns=(
        SESSION,
        COMPANY,
        Column("ticker", "VARCHAR", "Symbol of the company's primary line.", nullable=False),
        Column("price", "DOUBLE", "Close of the primary line.", "units of currency", nullable=False, minimum=0),
        Column("shares", "DOUBLE", "Shares used. Derived (cap / price) under tier vendor_implied.", "shares"),
        Column("shares_as_of", "DATE", "Date the share count is about; null when derived."),
        Column("shares_source", "VARCHAR", "Source of the count, or 'derived: cap / price'.", nullable=False),
        Column("cap_usd", "BIGINT", "Market capitalisation.", "whole USD", nullable=False, minimum=1),
        replace(QUOTE_CURRENCY, description="ISO 4217 code of the currency of the primary line's quote."),
        Column(
            "cap_local",
            "BIGINT",
            "Cap in the currency of the quote: price x shares where the shares are whole, else cap_usd / fx_rate.",
            "whole units",
            nullable=False,
            minimum=1,
        ),
        Column(
            "fx_rate",
            "DOUBLE",
            "USD for one unit of the currency: core.fx_rates of the session's day, or the newest day before it at most "
            "seven days old; 1 for USD.",
            "USD",
            nullable=False,
            minimum=0,
        ),
        Column("tier", "VARCHAR", "Which source the cap stands on.", nullable=False, values=TIERS),
        Column(
            "quality", "VARCHAR", "trusted: two independent tiers agree within 5 %.", nullable=False, values=QUALITIES
        ),
        Column("reason", "VARCHAR", "Why the quality is what it is.", nullable=False),
        Column(
            "check_shares",
            "BIGINT",
            "The newest published average that the count was compared with, as published; null where there is none.",
            "shares",
            minimum=0,
        ),
        Column(
            "return_price",
            "DOUBLE",
            "Split-proof price return since the last admitted close, in the currency of the quote; of several classes, "
            "weighted by their caps.",
            "fraction",
            minimum=-1,
        ),
        Column("is_multi_day", "BOOLEAN", "The return spans more than one session.", nullable=False),
        Column("dollar_volume_usd", "BIGINT", "Close times volume, over the company's lines.", "whole USD", minimum=0),
        Column("previous_cap_usd", "BIGINT", "Cap on the company's last admitted session.", "whole USD", minimum=1),
        Column("previous_session", "DATE", "The company's last admitted session before this one."),
        KNOWN_SINCE,
    ),
)

CAP_VERSIONS = Table(
    schema="core",
    name="cap_versions",
    grain="one row per session, company and state of its row of core.market_caps that a later run superseded",
    key=("session_date", "company_id", "known_at"),
    policy="append",
    session_column="session_date",
    owner="caps",
    may_be_empty=True,
    compared=False,
    notes="Read it through core.market_caps_as_of. A rebuild takes it over from the published file.",
    columns=(
        SESSION,
        COMPANY,
        *(
            replace(column, nullable=True)
            for column in MARKET_CAPS
            if column.name not in (*MARKET_CAPS.key, "known_at")
        ),
        replace(KNOWN_AT, description="From when this version held."),
        Column("superseded_at", "TIMESTAMPTZ", "Until when it held, not included.", "UTC", nullable=False),
        Column("is_absent", "BOOLEAN", "The company had no row then; the columns of the cap are null.", nullable=False),
        Column("cause", "VARCHAR", "Why the run judged the session again.", nullable=False),
        replace(RUN_ID, description="Run that superseded the version."),
    ),
)
