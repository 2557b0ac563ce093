"""core: facts, one row per thing and date."""

from transforms.contracts.benchmarks import FUND_PRICES
from transforms.contracts.caps import CAP_CANDIDATES, CAP_VERSIONS, MARKET_CAPS
from transforms.contracts.fields import (
    BUCKETS,
    COMPANY,
    CURRENCY,
    KNOWN_AT,
    QUOTE_CURRENCY,
    SECURITY,
    SESSION,
    SOURCE,
    VINTAGE,
)
from transforms.contracts.filers import FILER_CATEGORIES, FREE_FLOAT
from transforms.contracts.fx import FX_RATES
from transforms.contracts.model import Column, Table
from transforms.contracts.per_share import PER_SHARE_FACTS
from transforms.contracts.positions import POSITIONS
from transforms.contracts.reference_portfolios import REFERENCE_PORTFOLIOS
from transforms.contracts.schemes import BUCKET_MEMBERSHIPS, BUCKET_SCHEMES

SECURITY_TYPES = (
    "common",
    "depositary_share",
    "preferred",
    "warrant",
    "unit",
    "right",
    "note",
    "fund",
    "spac",
    "limited_partnership",
    "when_issued",
    "test",
)
DELISTING_REASONS = ("acquired", "form_25", "form_25_nse", "deregistered", "not_quoted")
_VENDOR = "quotes source of the session"
_QUOTED = "units of currency"

SECURITIES = Table(
    schema="core",
    name="securities",
    grain="one row per security and validity interval of its symbol, name and type",
    key=("security_id", "valid_from"),
    policy="replace_all",
    owner="identity",
    columns=(
        SECURITY,
        COMPANY,
        Column("cik", "BIGINT", "The registrant's number at the SEC; null where ticker and name do not prove it."),
        Column("symbol", "VARCHAR", "Symbol in the vendor's dialect.", nullable=False),
        Column("exchange", "VARCHAR", "Listing exchange.", nullable=False),
        Column("name", "VARCHAR", "Name of the security as the vendor gives it."),
        Column(
            "security_type",
            "VARCHAR",
            "Type decided from name, symbol and the exchanges' directory.",
            nullable=False,
            values=SECURITY_TYPES,
        ),
        Column("type_rule", "VARCHAR", "Rule that decided the type.", nullable=False),
        Column("country", "VARCHAR", "Country as the vendor gives it."),
        Column("sector", "VARCHAR", "Sector as the vendor gives it."),
        Column("industry", "VARCHAR", "Industry as the vendor gives it."),
        Column("valid_from", "DATE", "First admitted session of these attributes.", nullable=False),
        Column("valid_to", "DATE", "Last admitted session of these attributes; null while they hold."),
        Column("first_session", "DATE", "First admitted session of the security.", nullable=False),
        Column("last_session", "DATE", "Last admitted session on which the security was quoted.", nullable=False),
        Column("delisted_on", "DATE", "Last session quoted, once it was absent from ten admitted ones; else null."),
        Column("delisting_known_at", "TIMESTAMPTZ", "Close of the tenth of them: when absence told.", "UTC"),
        Column("delisting_reason", "VARCHAR", "What SEC forms say, or not_quoted.", values=DELISTING_REASONS),
    ),
)

QUOTES = Table(
    schema="core",
    name="quotes",
    grain="one row per admitted session and security",
    key=("session_date", "security_id", "known_at"),
    policy="replace_sessions",
    session_column="session_date",
    owner="quotes",
    columns=(
        SESSION,
        SECURITY,
        Column("symbol", "VARCHAR", "Symbol on that session.", nullable=False),
        Column("exchange", "VARCHAR", "Listing exchange.", nullable=False),
        Column("open", "DOUBLE", "Opening price, raw; null where the source has none.", _QUOTED, minimum=0),
        Column("high", "DOUBLE", "Highest price, raw; null where the source has none.", _QUOTED, minimum=0),
        Column("low", "DOUBLE", "Lowest price, raw; null where the source has none.", _QUOTED, minimum=0),
        Column("close", "DOUBLE", "Last price, raw (not split-adjusted).", _QUOTED, _VENDOR, nullable=False, minimum=0),
        Column("volume", "BIGINT", "Shares traded.", "shares", _VENDOR, minimum=0),
        Column(
            "return_price",
            "DOUBLE",
            "Split-proof price return since the security's last admitted close, in its currency; null without one.",
            "fraction",
            "net_change / (close - net_change), or the split-adjusted closes across a gap",
            minimum=-1,
        ),
        Column("is_multi_day", "BOOLEAN", "The return spans more than one session.", nullable=False),
        QUOTE_CURRENCY,
        SOURCE,
        KNOWN_AT,
    ),
)

SHARE_COUNTS = Table(
    schema="core",
    name="share_counts",
    grain="one row per company, share class, as-of date, publication and filing",
    key=("company_id", "share_class", "as_of", "known_at", "source", "accession"),
    policy="replace_all",
    owner="caps",
    may_be_empty=True,
    columns=(
        COMPANY,
        Column("share_class", "VARCHAR", "Class as filed or supplied, or 'all' for the whole company.", nullable=False),
        Column("as_of", "DATE", "Date that the count is about.", nullable=False),
        KNOWN_AT,
        Column("shares", "BIGINT", "Shares outstanding, as counted on that date.", "shares", nullable=False, minimum=0),
        SOURCE,
        Column("accession", "VARCHAR", "Filing that states it; empty for supplied counts.", nullable=False),
        Column("form", "VARCHAR", "Form of the filing."),
        Column("symbol", "VARCHAR", "Symbol of the class; null where it is not listed."),
        Column("title", "VARCHAR", "Title of the class on the cover page."),
        Column(
            "quality",
            "VARCHAR",
            "reported: supplied by the operator. class: of a class on a cover page. single: the one count of a filing.",
            nullable=False,
            values=("reported", "class", "single"),
        ),
        Column("status", "VARCHAR", "Whether it may be used.", nullable=False, values=("accepted", "refused")),
        Column(
            "reason_code",
            "VARCHAR",
            "Why it was refused.",
            values=("placeholder", "stale", "older_than_known", "scaled_by_a_thousand", "jump", "frozen", "of_shell"),
        ),
        Column("decided_on", "DATE", "Session that decided so; null for supplied counts."),
        Column(
            "fresh_until",
            "DATE",
            "Last day on which an accepted count of a filing is used: 250 days after as_of, 500 for annual reports of "
            "foreign companies, which file no other.",
        ),
        Column(
            "corrected_from",
            "BIGINT",
            "What the filing says, where the operator's corrections say otherwise and why; null elsewhere.",
            "shares",
        ),
    ),
)

SPLITS = Table(
    schema="core",
    name="splits",
    grain="one row per security and ex-date",
    key=("security_id", "ex_date"),
    policy="replace_all",
    owner="caps",
    may_be_empty=True,
    columns=(
        SECURITY,
        Column("symbol", "VARCHAR", "Symbol on the ex-date.", nullable=False),
        Column(
            "ex_date", "DATE", "First session of the new shares; of an unseen one the declared date.", nullable=False
        ),
        Column(
            "ratio", "DOUBLE", "New shares for one old: 4 for 4:1, 0.1 for a reverse 1:10.", nullable=False, minimum=0
        ),
        Column(
            "evidence",
            "VARCHAR",
            "price: the vendor's previous close is the last close divided by an exact ratio. price_and_count: its "
            "count moved by that ratio, too. declared: a source names it, and the price shows it or tells nothing.",
            nullable=False,
            values=("price", "price_and_count", "declared"),
        ),
        Column(
            "status",
            "VARCHAR",
            "inferred: seen in the price alone. confirmed: the count followed, a source declares it, or two weeks went "
            "by and nothing undid it. withdrawn: undone within them, a wrong price. unseen: declared, and the price "
            "never showed it; not applied.",
            nullable=False,
            values=("inferred", "confirmed", "withdrawn", "unseen"),
        ),
        Column("confirmed_on", "DATE", "Session that confirmed it; null while inferred."),
        Column("withdrawn_on", "DATE", "Session that undid it."),
        Column(
            "declared_source",
            "VARCHAR",
            "What declares it: a source, or sec_edgar and the filing; null where none does.",
        ),
    ),
)

SECURITY_CAPS = Table(
    schema="core",
    name="security_caps",
    grain="one row per admitted session and line of a company",
    key=("session_date", "security_id"),
    policy="replace_sessions",
    session_column="session_date",
    owner="caps",
    columns=(
        SESSION,
        SECURITY,
        COMPANY,
        Column("price", "DOUBLE", "Close of the line, stated in USD.", "USD", nullable=False, minimum=0),
        Column("vendor_cap_usd", "BIGINT", "The vendor's cap of the line; null where it gives none.", "whole USD"),
        Column(
            "shares",
            "DOUBLE",
            "Shares used, of the line: of a depositary share depositary shares, never the ordinary ones behind them. "
            "Derived (cap / price, times vendor_factor) where none is reported.",
            "shares",
        ),
        Column("shares_source", "VARCHAR", "Where the shares come from.", nullable=False),
        Column(
            "vendor_factor",
            "DOUBLE",
            "What the vendor's count is multiplied by, as it lags a split or jumped without one; 1 as it stands.",
            nullable=False,
            minimum=0,
        ),
        Column(
            "class_convention",
            "VARCHAR",
            "What the vendor's cap of a line covers, decided by the counts.",
            nullable=False,
            values=("single_line", "whole_company", "own_class", "no_cap"),
        ),
        Column("class_cap_usd", "BIGINT", "Part of the company's cap that this line adds.", "whole USD", minimum=0),
        Column(
            "ads_ratio",
            "DOUBLE",
            "Underlying shares that one depositary share stands for, as stated; a filed count of ordinary shares is "
            "divided by it, and multiplied by the splits since. Your own, else the cover page's title, else the "
            "quotes' name; null where none says, or where the line is no depositary share.",
            "shares",
            minimum=0,
        ),
        Column(
            "ads_ratio_from",
            "DATE",
            "Since when it is stated: your valid_from, the as-of date of the cover page, or the session on which the "
            "name changed it; null where the name has said so since the first session.",
        ),
    ),
)

FUNDAMENTALS = Table(
    schema="core",
    name="fundamentals",
    grain="one row per company, entity of the source, concept, period, publication and vintage",
    key=("company_id", "source_entity", "concept", "period_start", "period_end", "known_at", "vintage_date", "source"),
    policy="replace_all",
    owner="fundamentals",
    may_be_empty=True,
    columns=(
        COMPANY,
        Column("source_entity", "VARCHAR", "The source's own id of the company.", nullable=False),
        Column("concept", "VARCHAR", "Line of the statement.", nullable=False),
        Column("period_start", "DATE", "First day of a flow's period, the balance date of a stock.", nullable=False),
        Column("period_end", "DATE", "Last day of the period.", nullable=False),
        Column("fiscal_period", "VARCHAR", "Fiscal year and period, such as 2024Q2.", nullable=False),
        KNOWN_AT,
        VINTAGE,
        Column("value", "DOUBLE", "Value as in the vintage.", "currency units or shares", nullable=False),
        CURRENCY,
        SOURCE,
        Column(
            "restated_vintage",
            "BOOLEAN",
            "The vendor dates a restatement after first publication, so the value may not be the one first published.",
            nullable=False,
        ),
    ),
)

ENTITY_LINKS = Table(
    schema="core",
    name="entity_links",
    grain="one row per company and entity of a fundamentals source that it was found to be, and rule",
    key=("company_id", "source", "source_entity", "valid_from", "rule"),
    policy="replace_all",
    owner="fundamentals",
    may_be_empty=True,
    notes="Of the links that hold on a session the one with the lowest rule_rank counts, then the latest.",
    columns=(
        COMPANY,
        Column("source_entity", "VARCHAR", "The source's own id of the company.", nullable=False),
        Column("valid_from", "DATE", "First session on which it holds.", nullable=False),
        Column("rule", "VARCHAR", "What it rests on: ticker, name, shares, or the registrant's number.",
               nullable=False),
        Column("rule_rank", "INTEGER", "Strength of the rule, 0 being the strongest.", nullable=False, minimum=0),
        SOURCE,
    ),
)  # fmt: skip

FUND_SHARES = Table(
    schema="core",
    name="fund_shares",
    grain="one row per fund, as-of date, source and vintage that changed what the source says",
    key=("fund", "as_of", "vintage_date", "source"),
    policy="replace_all",
    owner="flows",
    may_be_empty=True,
    columns=(
        Column("fund", "VARCHAR", "Ticker of the fund.", nullable=False),
        Column("as_of", "DATE", "Date that the figures are about.", nullable=False),
        KNOWN_AT,
        Column("shares", "BIGINT", "Shares outstanding.", "shares", minimum=0),
        Column(
            "nav", "DOUBLE", "Net asset value of a share, or the price where the source gives that.", "USD", minimum=0
        ),
        Column("aum_usd", "DOUBLE", "Assets of the fund.", "USD", minimum=0),
        Column("flow_usd", "DOUBLE", "Flow as published by the source.", "USD"),
        Column("inception_date", "DATE", "First day of the fund, where the source tells it."),
        VINTAGE,
        SOURCE,
    ),
)

MACRO = Table(
    schema="core",
    name="macro",
    grain="one row per series, as-of date and vintage",
    key=("series", "as_of", "vintage_date", "source"),
    policy="replace_all",
    owner="macro",
    may_be_empty=True,
    notes="Of several vintages of a date the newest that was known counts; MTS_ series are US dollars a month.",
    columns=(
        Column("series", "VARCHAR", "Series id in the source's naming, or ours (docs/sources).", nullable=False),
        Column("as_of", "DATE", "Date the value is about.", nullable=False),
        KNOWN_AT,
        Column("value", "DOUBLE", "Value.", "as the series states", nullable=False),
        VINTAGE,
        SOURCE,
        Column("licence", "VARCHAR", "Licence class of the source.", nullable=False),
    ),
)

CORE = (
    SECURITIES,
    QUOTES,
    SHARE_COUNTS,
    SPLITS,
    SECURITY_CAPS,
    CAP_CANDIDATES,
    MARKET_CAPS,
    CAP_VERSIONS,
    FUNDAMENTALS,
    ENTITY_LINKS,
    PER_SHARE_FACTS,
    FREE_FLOAT,
    FILER_CATEGORIES,
    BUCKET_SCHEMES,
    BUCKET_MEMBERSHIPS,
    FUND_SHARES,
    MACRO,
    POSITIONS,
    FX_RATES,
    REFERENCE_PORTFOLIOS,
    FUND_PRICES,
)
__all__ = ["BUCKETS", "CORE", "SECURITY_TYPES"]
