"""ops: what the warehouse knows about its own making."""

from transforms.contracts.fields import RUN_ID, SESSION
from transforms.contracts.model import Column, Table
from transforms.contracts.schemes import OPS_OF_SCHEMES
from transforms.contracts.size_portfolios import SIZE_PORTFOLIO_SEATS

STATUSES = ("published", "refused", "missing")
OUTCOMES = ("passed", "failed", "errored", "not_applicable")
SEVERITIES = ("critical", "warning")
_AT = "UTC"

RUNS = Table(
    schema="ops",
    name="runs",
    grain="one row per run whose build was published",
    key=("run_id",),
    policy="append",
    owner="engine",
    compared=False,
    columns=(
        RUN_ID,
        Column("kind", "VARCHAR", "What was asked.", nullable=False, values=("nightly", "backfill", "rebuild")),
        Column("first_session", "DATE", "First session asked for."),
        Column("last_session", "DATE", "Last session asked for."),
        Column("started_at", "TIMESTAMPTZ", "Start of the run.", _AT, nullable=False),
        Column("code_version", "VARCHAR", "Version of the project.", nullable=False),
    ),
)

FETCHES = Table(
    schema="ops",
    name="fetches",
    grain="one row per landed file",
    key=("source", "dataset", "file_key", "sha256"),
    policy="replace_all",
    owner="landing",
    compared=False,
    columns=(
        Column("source", "VARCHAR", "Source adapter.", nullable=False),
        Column("dataset", "VARCHAR", "Dataset of the source.", nullable=False),
        Column("file_key", "VARCHAR", "Session, vintage or year that the file was asked for.", nullable=False),
        Column("sha256", "VARCHAR", "Content hash of the bytes as served.", nullable=False),
        Column("url", "VARCHAR", "Where it came from, without secrets.", nullable=False),
        Column("size_bytes", "BIGINT", "Size as served.", "bytes", nullable=False, minimum=0),
        Column("landed_at", "TIMESTAMPTZ", "When we had it.", _AT, nullable=False),
        Column("licence", "VARCHAR", "Licence class.", nullable=False),
        Column(
            "is_in_use",
            "BOOLEAN",
            "The file that counts for its dataset and key: readable, and served last.",
            nullable=False,
        ),
    ),
)

SESSIONS = Table(
    schema="ops",
    name="sessions",
    grain="one row per session of the calendar that the warehouse has judged",
    key=("session_date",),
    policy="replace_sessions",
    session_column="session_date",
    owner="admission",
    compared=False,
    columns=(
        SESSION,
        Column("status", "VARCHAR", "What became of the session.", nullable=False, values=STATUSES),
        Column("is_degraded", "BOOLEAN", "An optional source was missing or carried forward.", nullable=False),
        Column("rule_codes", "VARCHAR[]", "Rules that refused the session, or warned.", nullable=False),
        Column("degraded_sources", "VARCHAR[]", "Optional sources that failed.", nullable=False),
        Column("row_count", "INTEGER", "Staged rows.", "rows", nullable=False, minimum=0),
        Column("company_count", "INTEGER", "Companies with a cap.", "companies", nullable=False, minimum=0),
        Column("quarantined_count", "INTEGER", "Companies in quarantine.", "companies", nullable=False, minimum=0),
        Column("market_cap_usd", "HUGEINT", "Total of the admitted caps.", "whole USD", minimum=0),
        RUN_ID,
    ),
)

CHECKS = Table(
    schema="ops",
    name="checks",
    grain="one row per run, session, rule and subject",
    key=("run_id", "session_date", "rule_code", "subject"),
    policy="append",
    owner="quality",
    compared=False,
    columns=(
        RUN_ID,
        Column("session_date", "DATE", "Session judged; null for a rule over the whole build."),
        Column("rule_code", "VARCHAR", "Code of the rule, see expectations/rules.py.", nullable=False),
        Column("subject", "VARCHAR", "What was judged: an exchange, a table, or 'market'.", nullable=False),
        Column("severity", "VARCHAR", "critical blocks.", nullable=False, values=SEVERITIES),
        Column("outcome", "VARCHAR", "not_applicable is never a pass.", nullable=False, values=OUTCOMES),
        Column("observed", "VARCHAR", "What was seen."),
        Column("expected", "VARCHAR", "What the rule asks for."),
        Column("failing_rows", "BIGINT", "Rows that fail.", "rows", minimum=0),
    ),
)

QUARANTINE = Table(
    schema="ops",
    name="quarantine",
    grain="one row per session, source, entity and reason",
    key=("session_date", "source", "entity", "reason_code", "detail"),
    policy="replace_sessions",
    session_column="session_date",
    owner="quality",
    may_be_empty=True,
    compared=False,
    columns=(
        RUN_ID,
        SESSION,
        Column("source", "VARCHAR", "Source of the row.", nullable=False),
        Column("entity", "VARCHAR", "Symbol, company or field held back.", nullable=False),
        Column("reason_code", "VARCHAR", "Why.", nullable=False),
        Column("detail", "VARCHAR", "The values behind it.", nullable=False),
        Column("status", "VARCHAR", "held: left out of the session.", nullable=False, values=("held", "accepted")),
        Column("last_cap_usd", "BIGINT", "Last admitted cap of a held company.", "whole USD", minimum=0),
    ),
)

DECISIONS = Table(
    schema="ops",
    name="decisions",
    grain="one row per decision of an operator",
    key=("decided_at", "kind", "subject"),
    policy="replace_all",
    owner="admission",
    may_be_empty=True,
    compared=False,
    columns=(
        Column("decided_at", "TIMESTAMPTZ", "When.", _AT, nullable=False),
        Column(
            "kind",
            "VARCHAR",
            "What was decided.",
            nullable=False,
            values=("accept_session", "reject_session", "accept_company"),
        ),
        Column("subject", "VARCHAR", "Session, or session and company.", nullable=False),
        Column("reason", "VARCHAR", "Why, in the operator's words.", nullable=False),
    ),
)

PUBLICATIONS = Table(
    schema="ops",
    name="publications",
    grain="one row per published build",
    key=("run_id",),
    policy="append",
    owner="engine",
    compared=False,
    columns=(
        RUN_ID,
        Column("build_closed_at", "TIMESTAMPTZ", "When the build was closed for publishing.", _AT, nullable=False),
        Column("base_run_id", "VARCHAR", "Published build that this one was cloned from; null for a fresh one."),
        Column("first_session", "DATE", "First session in the warehouse."),
        Column("last_session", "DATE", "Last session in the warehouse."),
    ),
)

REVISIONS = Table(
    schema="ops",
    name="revisions",
    grain="one row per published value that a later run changed",
    key=("run_id", "table_name", "row_key", "column_name"),
    policy="append",
    owner="engine",
    may_be_empty=True,
    compared=False,
    columns=(
        RUN_ID,
        Column("table_name", "VARCHAR", "Table.", nullable=False),
        Column("row_key", "VARCHAR", "Key of the row.", nullable=False),
        Column("column_name", "VARCHAR", "Column, or '*' for a row added or removed.", nullable=False),
        Column("old_value", "VARCHAR", "Value before."),
        Column("new_value", "VARCHAR", "Value after."),
        Column("cause", "VARCHAR", "Why the run touched it.", nullable=False),
    ),
)

LICENCES = Table(
    schema="ops",
    name="licences",
    grain="one row per source",
    key=("source",),
    policy="replace_all",
    owner="sources",
    compared=False,
    columns=(
        Column("source", "VARCHAR", "Source adapter.", nullable=False),
        Column("licence", "VARCHAR", "Licence class.", nullable=False),
        Column("roles", "VARCHAR[]", "Roles that it can serve.", nullable=False),
        Column("history", "VARCHAR", "What it can give again.", nullable=False, values=("none", "days", "full")),
        Column("terms", "VARCHAR", "Terms in one sentence.", nullable=False),
        Column("is_simulated", "BOOLEAN", "The figures are those of the demo's market: none is real.", nullable=False),
    ),
)

_MEMORY = "Memory of the walk after the last admitted session; the next night starts from it."

ADMISSION_SECURITIES = Table(
    schema="ops",
    name="admission_securities",
    grain="one row per security ever admitted",
    key=("security_id",),
    policy="replace_all",
    owner="admission",
    notes=_MEMORY,
    compared=False,
    columns=(
        Column("security_id", "VARCHAR", "Security.", nullable=False),
        Column("company_id", "VARCHAR", "Company.", nullable=False),
        Column("symbol", "VARCHAR", "Symbol on its last admitted session.", nullable=False),
        Column("holds_symbol", "BOOLEAN", "No other security has taken the symbol since.", nullable=False),
        Column("exchange", "VARCHAR", "Exchange on its last admitted session.", nullable=False),
        Column("name_root", "VARCHAR", "Company part of the name, letters and digits only."),
        Column("security_type", "VARCHAR", "Type on its last admitted session.", nullable=False),
        Column("cik", "BIGINT", "The registrant's number at the SEC, the last one known."),
        Column("first_session", "DATE", "First admitted session.", nullable=False),
        Column("last_session", "DATE", "Last admitted session.", nullable=False),
        Column("last_close", "DOUBLE", "Close of that session.", "units of its currency", nullable=False),
        Column("last_volume", "BIGINT", "Volume of that session.", "shares"),
        Column("last_cap_usd", "BIGINT", "The vendor's cap then, in the quote's currency.", "whole units"),
        Column("count_factor", "DOUBLE", "What the vendor's count was multiplied by; 1 as it stands."),
        Column("factor_cause", "VARCHAR", "Why.", values=("lags_split", "jumped_without_split")),
        Column("factor_sessions", "INTEGER", "For how many sessions.", "sessions"),
        Column("factor_most", "INTEGER", "For how many at most, where the count jumped.", "sessions"),
        Column("recent_split_log", "DOUBLE", "Log ratio of the last split seen."),
        Column("split_on", "DATE", "Session of it."),
        Column("shares_before_split", "DOUBLE", "The count before it; null where that had led the split.", "shares"),
        Column("awaits_split", "BOOLEAN", "The count as it is taken has that split not yet."),
        Column("recent_jump_log", "DOUBLE", "Log ratio of the last jump of its count without a split."),
        Column("jump_on", "DATE", "Session of it."),
        Column("recent_move_log", "DOUBLE", "Log ratio of the last move of its close that only a split would explain."),
        Column("move_on", "DATE", "Session of it."),
        Column("shares_before_news", "DOUBLE", "The count taken before the last step that nothing explains.", "shares"),
        Column("news_on", "DATE", "Session of it, or of a split since."),
        Column("lost_shares", "DOUBLE", "The vendor's last count before it gave none.", "shares"),
        Column("lost_on", "DATE", "First session without it."),
        Column("ads_ratio", "DOUBLE", "Shares that a depositary share stands for, by its name.", "shares"),
        Column("ads_ratio_from", "DATE", "Since when the name says so; null since the first session."),
        Column("operating_from", "DATE", "Since when it is no shell's; null where none was seen."),
    ),
)

ADMISSION_COMPANIES = Table(
    schema="ops",
    name="admission_companies",
    grain="one row per company ever judged",
    key=("company_id",),
    policy="replace_all",
    owner="admission",
    notes=_MEMORY,
    compared=False,
    columns=(
        Column("company_id", "VARCHAR", "Company.", nullable=False),
        Column("anchor_cap_usd", "BIGINT", "Last admitted cap; null when none was admitted yet.", "whole USD"),
        Column("anchor_session", "DATE", "Session of that cap."),
        Column("anchor_tier", "VARCHAR", "Which source that cap stands on."),
        Column("last_seen", "DATE", "Last admitted session on which it had a cap.", nullable=False),
        Column("drift_log", "DOUBLE", "Log price return since the anchor."),
        Column("pending_cap_usd", "BIGINT", "Cap of a level that waits to be confirmed.", "whole USD"),
        Column("pending_streak", "INTEGER", "Sessions that this level has held.", "sessions"),
    ),
)

ADMISSION_COUNTS = Table(
    schema="ops",
    name="admission_counts",
    grain="one row per registrant and share class of its newest accepted filing",
    key=("cik", "share_class"),
    policy="replace_all",
    owner="admission",
    notes=_MEMORY,
    may_be_empty=True,
    compared=False,
    columns=(
        Column("cik", "BIGINT", "Registrant.", nullable=False),
        Column("known_on", "DATE", "Day since which the public knew the filing.", nullable=False),
        Column("as_of", "DATE", "Date that the count is about.", nullable=False),
        Column("accession", "VARCHAR", "Filing.", nullable=False),
        Column("form", "VARCHAR", "Its form."),
        Column("basis", "VARCHAR", "class: counts by class. single: one count.", nullable=False),
        Column("share_class", "VARCHAR", "Class; empty where the count is of none.", nullable=False),
        Column("symbol", "VARCHAR", "Trading symbol of the class."),
        Column("title", "VARCHAR", "Title of the class."),
        Column("shares", "BIGINT", "Shares outstanding.", "shares"),
        Column("corrected_from", "BIGINT", "What was filed, where the operator corrects it.", "shares"),
        Column("same_since", "DATE", "Since which as-of date the total is the same to the share.", nullable=False),
        Column("same_filings", "INTEGER", "In how many filings.", nullable=False),
    ),
)

SCHEMA_VERSION = Table(
    schema="ops",
    name="schema_version",
    grain="one row: the contracts that the file was built with",
    key=("fingerprint",),
    policy="replace_all",
    owner="engine",
    compared=False,
    notes="A file of other contracts is refused and rebuilt from landing.",
    columns=(Column("fingerprint", "VARCHAR", "Hash of all tables, keys, columns and types.", nullable=False),),
)

OPS = (
    RUNS,
    FETCHES,
    SESSIONS,
    CHECKS,
    QUARANTINE,
    DECISIONS,
    PUBLICATIONS,
    REVISIONS,
    LICENCES,
    ADMISSION_SECURITIES,
    ADMISSION_COMPANIES,
    ADMISSION_COUNTS,
    *OPS_OF_SCHEMES,
    SIZE_PORTFOLIO_SEATS,
    SCHEMA_VERSION,
)
