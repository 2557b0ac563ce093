"""marts: what segments cost, how that compares with large caps, and what is left of it within sectors."""

from transforms.contracts.fields import SCHEME, SEGMENT, SESSION, ratio
from transforms.contracts.model import Column, Table

MEASURES = ("pe", "earnings_yield", "ps", "pb", "ev_ebit")
CONVENTIONS = ("incl_losses", "excl_losses", "hybrid", "median")
EVERYBODY, NON_FINANCIALS = "all", "non_financials"
UNIVERSES = (EVERYBODY, NON_FINANCIALS)
SUM_CONVENTIONS = ("incl_losses", "excl_losses")
MULTIPLES = ("pe", "ps", "pb", "ev_ebit")

_MEASURE = Column(
    "measure",
    "VARCHAR",
    "Valuation measure: cap over net income, revenue and equity, the first one's yield, and cap + debt - cash over "
    "operating income.",
    nullable=False,
    values=MEASURES,
)
_CONVENTION = Column(
    "convention",
    "VARCHAR",
    "incl_losses: all companies. excl_losses: profitable ones. hybrid: all caps over positive earnings. "
    "median: of the profitable ones.",
    nullable=False,
    values=CONVENTIONS,
)

_UNIVERSE = Column(
    "universe",
    "VARCHAR",
    "all: every company of the segment. non_financials: those outside finance, insurance and real estate, by the "
    "sector of their lines; a company without one is among them.",
    nullable=False,
    values=UNIVERSES,
)

VALUATION_DAILY = Table(
    schema="marts",
    name="valuation_daily",
    grain="one row per admitted session, scheme, segment, universe, measure and convention",
    key=("session_date", "scheme_id", "segment", "universe", "measure", "convention"),
    policy="replace_sessions",
    session_column="session_date",
    owner="valuation",
    lookback="fundamentals published up to the session, at most 15 months old",
    may_be_empty=True,
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        _UNIVERSE,
        _MEASURE,
        _CONVENTION,
        Column(
            "value",
            "DOUBLE",
            "Multiple, or yield as a fraction; null where it is undefined.",
            "multiple or fraction",
            is_ratio=True,
        ),
        Column(
            "null_reason",
            "VARCHAR",
            "Why the value is null: no_companies, no_coverage, no_positive_companies, sum_not_positive, or of ev_ebit "
            "worth_not_positive.",
        ),
        Column(
            "company_count", "INTEGER", "Companies on both sides of the ratio.", "companies", nullable=False, minimum=0
        ),
        ratio("cap_coverage", "Cap of the companies with fundamentals over the segment's cap.", minimum=0, maximum=1),
        ratio("count_coverage", "Companies with fundamentals over the segment's companies.", minimum=0, maximum=1),
        ratio(
            "loss_share_count",
            "Companies with a denominator of zero or less among the covered: loss-makers for P/E and EV/EBIT.",
            minimum=0,
            maximum=1,
        ),
        ratio("loss_share_cap", "Their cap over the covered cap.", minimum=0, maximum=1),
        Column(
            "median_report_age_days",
            "DOUBLE",
            "Median age of the newest report used.",
            "days since period end",
            minimum=0,
        ),
        ratio(
            "restated_share",
            "Covered companies whose values come from a vintage downloaded after the session.",
            minimum=0,
            maximum=1,
        ),
    ),
)

VALUATION_SPREAD_DAILY = Table(
    schema="marts",
    name="valuation_spread_daily",
    grain="one row per admitted session, scheme, universe, measure, convention and segment against large",
    key=("session_date", "scheme_id", "universe", "measure", "convention", "segment"),
    policy="replace_sessions",
    session_column="session_date",
    owner="valuation",
    lookback="all admitted sessions since history_start",
    may_be_empty=True,
    columns=(
        SESSION,
        SCHEME,
        _UNIVERSE,
        _MEASURE,
        _CONVENTION,
        SEGMENT,
        Column("value", "DOUBLE", "Value of the segment.", "multiple or fraction", is_ratio=True),
        Column("large_value", "DOUBLE", "Value of large caps.", "multiple or fraction", is_ratio=True),
        ratio("discount", "value / large_value - 1; negative is cheaper for a multiple."),
        ratio(
            "percentile", "Share of discounts since history_start that are not above this one.", minimum=0, maximum=1
        ),
        Column(
            "z_score",
            "DOUBLE",
            "Distance of the discount from its mean since history_start, in standard deviations; null in the first "
            "252 sessions of the history.",
            "standard deviations",
            is_ratio=True,
        ),
        Column(
            "as_wide_date",
            "DATE",
            "Newest earlier session with a discount at least as wide on the same side; null where there is none since "
            "history_start.",
        ),
        Column(
            "premium_date",
            "DATE",
            "Newest session by then on which the segment was dearer than large caps; null where there is none since "
            "history_start.",
        ),
        Column(
            "premium_sessions",
            "INTEGER",
            "Sessions since history_start on which it was dearer.",
            "sessions",
            nullable=False,
            minimum=0,
        ),
        Column("history_start", "DATE", "First session of the history that percentile and z_score are of."),
        Column("history_sessions", "INTEGER", "Sessions in that history.", "sessions", nullable=False, minimum=0),
    ),
)


SECTOR_NEUTRAL_DAILY = Table(
    schema="marts",
    name="sector_neutral_daily",
    grain="one row per admitted session, scheme, multiple, convention and segment against large",
    key=("session_date", "scheme_id", "measure", "convention", "segment"),
    policy="replace_sessions",
    session_column="session_date",
    owner="valuation",
    lookback="fundamentals published up to the session, at most 15 months old",
    may_be_empty=True,
    notes="What the segment would cost less than large caps if these had its mix of sectors: large's yields by sector, "
    "weighted by the segment's caps (of ev_ebit: enterprise values). Sectors are those of the lines; compared are "
    "those with at least 3 covered companies on either side.",
    columns=(
        SESSION,
        SCHEME,
        Column("measure", "VARCHAR", "Multiple.", nullable=False, values=MULTIPLES),
        Column("convention", "VARCHAR", "As in marts.valuation_daily.", nullable=False, values=SUM_CONVENTIONS),
        SEGMENT,
        Column("value", "DOUBLE", "Multiple of the segment in the sectors compared.", "multiple", is_ratio=True),
        Column("large_value", "DOUBLE", "Multiple of large caps with its mix of sectors.", "multiple", is_ratio=True),
        ratio("discount", "value / large_value - 1; negative is cheaper."),
        ratio(
            "plain_discount",
            "The same of the sectors compared, of large caps with their own mix: the difference is the sectors' part.",
        ),
        Column("sector_count", "INTEGER", "Sectors compared.", "sectors", nullable=False, minimum=0),
        Column("company_count", "INTEGER", "The segment's companies in them.", "companies", nullable=False, minimum=0),
        ratio("cap_coverage", "Cap of these over that of the segment's covered companies.", minimum=0, maximum=1),
        Column(
            "null_reason",
            "VARCHAR",
            "Why there is no discount: too_few (the sectors compared hold less than half of the covered cap), "
            "sum_not_positive.",
        ),
    ),
)
