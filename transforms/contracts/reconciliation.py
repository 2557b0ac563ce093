"""marts.cap_reconciliation: how far the sources of a cap agree."""

from transforms.contracts.fields import COMPANY, QUALITIES, SESSION, TIERS, ratio
from transforms.contracts.model import Column, Table

FLAGS = ("agrees", "tier_differs", "vendor_differs", "check_differs", "vendor_lags_split", "vendor_jumped", "held")

CAP_RECONCILIATION = Table(
    schema="marts",
    name="cap_reconciliation",
    grain="one row per admitted session and company whose cap another source disputes, or could",
    key=("session_date", "company_id"),
    policy="replace_sessions",
    session_column="session_date",
    owner="caps",
    may_be_empty=True,
    notes=(
        "In it: companies with another tier beside the chosen one, with a vendor's count that is not taken, with a "
        "disputed cap, and held ones. Under the flags agrees and check_differs only a company's first session of a "
        "month stands here: counts change by the quarter, and core.market_caps has reason and check_shares of each day."
    ),
    columns=(
        SESSION,
        COMPANY,
        Column("ticker", "VARCHAR", "Symbol of the company's primary line.", nullable=False),
        Column("tier", "VARCHAR", "Which source the cap stands on; null while held.", values=TIERS),
        Column("cap_usd", "BIGINT", "Market capitalisation; null while held.", "whole USD", minimum=1),
        Column(
            "vendor_cap_usd",
            "BIGINT",
            "What the vendor's own figures make, classes counted once, before a count that is not taken is replaced; "
            "null where it gives none.",
            "whole USD",
            minimum=0,
        ),
        Column("candidate_tier", "VARCHAR", "Most trusted source that was not chosen; null if none.", values=TIERS),
        Column(
            "candidate_cap_usd",
            "BIGINT",
            "The cap by that source; of a held company the cap that waits to be confirmed.",
            "whole USD",
            minimum=1,
        ),
        Column(
            "filed_cap_usd",
            "BIGINT",
            "The cap by the count that the company filed, where the operator's own is chosen; null elsewhere.",
            "whole USD",
            minimum=1,
        ),
        ratio(
            "gap", "cap_usd over candidate_cap_usd, or else over vendor_cap_usd, less one; null while held.", minimum=-1
        ),
        Column(
            "check_shares",
            "BIGINT",
            "SimFin's newest average count by then, as published; null where there is none.",
            "shares",
            minimum=0,
        ),
        ratio("check_gap", "Shares used over check_shares, less one.", minimum=-1),
        Column("quality", "VARCHAR", "Quality of the cap; null while held.", values=QUALITIES),
        Column("reason", "VARCHAR", "Why the quality is what it is, or why the company is held.", nullable=False),
        Column(
            "flag",
            "VARCHAR",
            "The first that holds. held: quarantined. vendor_lags_split, vendor_jumped: the vendor's count is not "
            "taken. tier_differs: the cap of a tier between the chosen one and the vendor's is more than 5 % away. "
            "vendor_differs: the vendor's is. check_differs: disputed. agrees.",
            nullable=False,
            values=FLAGS,
        ),
    ),
)
