"""Rules of the gate, each once: what a build must satisfy before it is published. Codes start with GATE_."""

from expectations.rules import Rule
from transforms.contracts.fields import SEGMENTS

COLUMNS = Rule(
    "GATE_COLUMNS",
    "critical",
    "Analysts and later code read columns by name and place: exactly those of the contract, in its order.",
)
ROWS = Rule(
    "GATE_ROWS",
    "critical",
    "Every other rule passes on an empty table, so a table that may not be empty must have rows.",
    {"min_rows": 1},
)
NOT_NULL = Rule(
    "GATE_NOT_NULL",
    "critical",
    "Columns that the contract declares as never null; a null there means that a join or a cast has lost something.",
)
KEY = Rule(
    "GATE_KEY",
    "critical",
    "One row per key is the table's grain; a second one counts a company, a fund or a day twice.",
)
RANGE = Rule(
    "GATE_RANGE",
    "critical",
    "Bounds that the contract declares, such as no negative price and no share above 1; beyond them lies only error.",
)
VALUES = Rule(
    "GATE_VALUES",
    "critical",
    "Columns with a closed list of values: an unknown bucket or status falls out of every query that groups by it.",
)
NOTHING_CHECKED = Rule(
    "GATE_NOTHING_CHECKED",
    "critical",
    "A suite without expectations passes, and so does a gate without suites: both mean that nobody looked.",
)

CAP_LEVEL = Rule(
    "GATE_CAP_LEVEL",
    "critical",
    "The largest company was worth about 5e12 USD in 2026; the vendor's wrong caps of 2022-23 were 21.7e12 to 35e12.",
    {"max_cap_usd": 2e13},
)
CAP_IDENTITY = Rule(
    "GATE_CAP_IDENTITY",
    "critical",
    "A cap is price times shares. Half a per cent leaves room for other classes' prices and for rounded shares.",
    {"tolerance": 0.005},
)
SEGMENT_RETURN = Rule(
    "GATE_SEGMENT_RETURN",
    "warning",
    "The market's worst day was -20.5 % (S&P 500, 1987-10-19). A segment with few companies can move further, so this "
    "warns.",
    {"max_return": 0.25},
)
TURNOVER = Rule(
    "GATE_TURNOVER",
    "warning",
    "A segment turns over one or two per cent of its cap in a day; all of it in one day is a wrong volume or cap.",
    {"max_turnover": 1.0},
)
TOTAL_SHARE = Rule("GATE_TOTAL_SHARE", "critical", "The whole market is the whole market: its share is exactly 1.")
REPORT_AGE = Rule(
    "GATE_REPORT_AGE",
    "critical",
    "Fundamentals count while at most 15 months old (460 days), so no median may be older.",
    {"max_days": 460},
)
HISTORY_START = Rule(
    "GATE_HISTORY_START",
    "critical",
    "A percentile's history starts on or before the session; a later start would be look-ahead.",
)
FLOW_SIZE = Rule(
    "GATE_FLOW_SIZE",
    "critical",
    "Flows above 15 % of a fund's assets in a day are held back as implausible (the largest real one is 3.3 %).",
    {"max_share": 0.15},
)

SEGMENTS_COMPLETE = Rule(
    "GATE_SEGMENTS_COMPLETE",
    "critical",
    "Every session and scheme shows all eight segments, so that a chart never loses a line without a word.",
    {"segments": len(SEGMENTS)},
)
SEGMENT_SHARES = Rule(
    "GATE_SEGMENT_SHARES",
    "critical",
    "The six buckets split a scheme's market. Shares are rounded to 12 digits, so their sum is 1 within 1e-9.",
    {"tolerance": 1e-9},
)
SEGMENT_SUMS = Rule(
    "GATE_SEGMENT_SUMS",
    "critical",
    "total is the sum of the six buckets and smid that of small and mid, in whole dollars and companies: exact.",
)
SEGMENT_CAPS = Rule(
    "GATE_SEGMENT_CAPS",
    "critical",
    "The total of a session and scheme is the sum of its members' caps, exactly; else members were lost or doubled.",
)
FILER_CATEGORIES = Rule(
    "GATE_FILER_CATEGORIES",
    "critical",
    "Every company of a segment is in one category of filer, or in `unknown`: companies and caps add up, exactly.",
)
YIELD_RECIPROCAL = Rule(
    "GATE_YIELD_RECIPROCAL",
    "critical",
    "Earnings yield is one over P/E, both from the same sums (the median convention apart). 1e-9 allows for rounding.",
    {"tolerance": 1e-9},
)
NULL_REASON = Rule(
    "GATE_NULL_REASON",
    "critical",
    "An undefined valuation says why, and a defined one gives no reason: an analyst must not have to guess.",
)
SPREAD_IDENTITY = Rule(
    "GATE_SPREAD_IDENTITY",
    "critical",
    "discount = value / large_value - 1. 1e-9 (of the ratio) allows for rounding to 12 digits.",
    {"tolerance": 1e-9},
)
SPREAD_SOURCE = Rule(
    "GATE_SPREAD_SOURCE",
    "critical",
    "Both sides of a spread are the values of valuation_daily for the same session, scheme, measure and convention.",
)
FLOW_QUALITY = Rule(
    "GATE_FLOW_QUALITY",
    "critical",
    "Only reported and derived flows and an issuer's unchanged count have a value; a zero that means 'not updated' "
    "must not look like a flow.",
)
FUNDS_FROZEN = Rule(
    "GATE_FUNDS_FROZEN",
    "warning",
    "A source of which no fund's count moves for three sessions is broken or late. Three funds: of fewer all may rest.",
    {"least_funds": 3},
)
SEGMENT_FLOWS = Rule(
    "GATE_SEGMENT_FLOWS",
    "critical",
    "A segment's flows are the sums of its funds' known flows. Summed in cents; half a dollar allows for 12 digits of "
    "5e11.",
    {"tolerance_usd": 0.5},
)
ADMITTED_PRESENT = Rule(
    "GATE_ADMITTED_PRESENT",
    "critical",
    "Each published session has quotes, caps and segments, and as many companies as ops.sessions says.",
)
REFUSED_ABSENT = Rule(
    "GATE_REFUSED_ABSENT",
    "critical",
    "A refused or missing session has no rows in core and marts: it must not feed a return, a window or a chart.",
)
MEMBERSHIP_COVERS = Rule(
    "GATE_MEMBERSHIP_COVERS",
    "critical",
    "Each company with a cap is wholly in the buckets of a scheme that sorts everybody: weights add to 1 (1e-9).",
    {"tolerance": 1e-9},
)
MEMBERSHIP_OVERLAP = Rule(
    "GATE_MEMBERSHIP_OVERLAP",
    "critical",
    "A company's intervals in a scheme never overlap, unless it is in two buckets by halves; weights add to 1 (1e-9).",
    {"tolerance": 1e-9},
)
SECURITY_OVERLAP = Rule(
    "GATE_SECURITY_OVERLAP",
    "critical",
    "A security has one symbol, name and type at a time; overlapping intervals double its quotes in joins.",
)
CAP_VERSIONS = Rule(
    "GATE_CAP_VERSIONS",
    "critical",
    "What a cap was known to be has one answer at every moment: versions neither overlap nor leave a gap, up to the "
    "row in force.",
)
ORPHANS = Rule(
    "GATE_ORPHANS",
    "critical",
    "Each quote belongs to a known security and each cap to a known company.",
)
KNOWN_BEFORE = Rule(
    "GATE_KNOWN_BEFORE",
    "critical",
    "Nothing is known before the day or period that it is about; 68 SimFin rows claim so and belong in quarantine.",
)
LATEST_COMPLETE = Rule(
    "GATE_LATEST_COMPLETE",
    "critical",
    "caps_latest holds every company of the last published session with the same cap, and no other.",
)
LATEST_LINEAGE = Rule(
    "GATE_LATEST_LINEAGE",
    "warning",
    "Each newest cap names the landed file behind its price; without it nobody can trace the number back.",
)

GATE_RULES: dict[str, Rule] = {value.code: value for value in list(globals().values()) if isinstance(value, Rule)}


def thresholds() -> dict[str, float]:
    """Thresholds as check SQL reads them: ``gate_cap_level__max_cap_usd`` is `CAP_LEVEL`'s ``max_cap_usd``."""
    return {
        f"{rule.code.lower()}__{name}": float(value)
        for rule in GATE_RULES.values()
        for name, value in rule.params.items()
    }
