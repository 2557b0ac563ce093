"""marts: the fifteen claims of the thesis, each measured every session; what each is, said once with its reason."""

from dataclasses import dataclass
from typing import Literal

from transforms.contracts.fields import SESSION, ratio
from transforms.contracts.model import Column, Table


@dataclass(frozen=True)
class Claim:
    """One claim: what is measured, and from which value on it holds."""

    id: str
    statement: str
    measure: str
    unit: str
    source: str
    """The table that the value comes from."""
    holds: Literal["at_least", "at_most", "above", "below"]
    threshold: float
    reason: str
    """Why this threshold."""


SCHEME = "fixed_usd"
"""Small is 300 million to 2 billion dollars, as the encyclopedia has it; this scheme is always enabled."""
CLAIMS = (
    Claim(
        "01_new_high",
        "Small caps stand at a new all-time high.",
        "drawdown of small from its highest level since history_start",
        "fraction",
        "marts.risk_daily",
        "at_least",
        0.0,
        "A new high is a drawdown of none.",
    ),
    Claim(
        "02_sideways",
        "Before that they went sideways for years.",
        "sessions of small below its high: those running, or at a high those of the spell that ended last",
        "sessions",
        "marts.risk_daily",
        "at_least",
        504,
        "Years, in the plural: two of 252 sessions.",
    ),
    Claim(
        "03_sell_off",
        "They sold off to the level of the old bear market.",
        "deepest drawdown of small in the spell below its high that runs or ended last",
        "fraction",
        "marts.risk_daily",
        "at_most",
        -0.20,
        "A fall of a fifth is what the market calls a bear market.",
    ),
    Claim(
        "04_rise_after_fall",
        "Deep disappointment is followed by strong rises.",
        "mean return of small over 252 sessions after falling 20 % below its high, less that after any session",
        "fraction",
        "marts.forward_returns",
        "above",
        0.0,
        "Better than at any other time.",
    ),
    Claim(
        "05_underweight",
        "Investors are underweight.",
        "net position of asset managers and leveraged funds in Russell 2000 futures, of open interest",
        "fraction",
        "core.positions",
        "below",
        0.0,
        "Short on balance.",
    ),
    Claim(
        "06_outflows",
        "Money leaves even on the breakout.",
        "flow of small-cap funds over the last 60 sessions, of which at least 54 are known",
        "USD",
        "marts.segment_flows_daily",
        "below",
        0.0,
        "More went out than came in.",
    ),
    Claim(
        "07_concentration",
        "Capital is parked in the giants.",
        "share of the ten largest companies in the cap of all",
        "fraction",
        "core.market_caps",
        "at_least",
        0.25,
        "A quarter: above the peak of early 2000, when the ten largest were about a fifth of the US market.",
    ),
    Claim(
        "08_low_spreads",
        "Credit spreads are extremely low.",
        "option-adjusted spread of US high-yield bonds; else the credit part of the OFR's stress index; else the "
        "spread of corporate bonds by Gilchrist and Zakrajsek",
        "percent; of the stress index its points",
        "core.macro",
        "at_most",
        3.5,
        "About the lowest fifth of its values since 1996. Of the others the lowest fifth of all their own values that "
        "were known by then, as the row's threshold states.",
    ),
    Claim(
        "09_liquidity",
        "Liquidity is ample.",
        "Chicago Fed national financial conditions index, else the adjusted one",
        "standard deviations",
        "core.macro",
        "below",
        0.0,
        "Below zero conditions are looser than on average since 1971, by the index's own definition.",
    ),
    Claim(
        "10_discount",
        "Small and mid caps trade about 30 % below large caps.",
        "P/E of small and mid against large, without losses: discount",
        "fraction",
        "marts.valuation_spread_daily",
        "at_most",
        -0.25,
        "About 30 %: a quarter at least.",
    ),
    Claim(
        "11_dear_giants",
        "Giants approach dot-com valuations.",
        "P/E of mega caps, losses included",
        "multiple",
        "marts.valuation_daily",
        "at_least",
        30.0,
        "The trailing P/E of the S&P 500 at the end of 1999 was about 30.",
    ),
    Claim(
        "12_negative_real_yield",
        "Real yields stay negative.",
        "ten-year real yield of US Treasuries",
        "percent",
        "core.macro",
        "below",
        0.0,
        "Negative is below zero.",
    ),
    Claim(
        "13_size_effect",
        "Small firms earn more over time.",
        "small minus big (lo30 less hi30, by cap, formed in June): mean return of a year since history_start",
        "fraction a year",
        "marts.size_portfolios_daily",
        "above",
        0.0,
        "More is above zero.",
    ),
    Claim(
        "14_micro_is_worse",
        "Small caps are illiquid, thinly covered and fragile; micro caps more so.",
        "share of the rows of marts.small_vs_micro that say so of micro against small",
        "fraction",
        "marts.small_vs_micro",
        "at_least",
        1.0,
        "Every row that can be measured.",
    ),
    Claim(
        "15_diversify",
        "They diversify.",
        "correlation of small with large over 252 sessions",
        "correlation",
        "marts.risk_daily",
        "below",
        0.9,
        "Above 0.9 more than four fifths of the one's variance is the other's.",
    ),
)
CLAIM_IDS = tuple(claim.id for claim in CLAIMS)

THESIS_DAILY = Table(
    schema="marts",
    name="thesis_daily",
    grain="one row per admitted session and claim",
    key=("session_date", "claim"),
    policy="replace_sessions",
    session_column="session_date",
    owner="thesis",
    lookback="all admitted sessions since history_start",
    notes=f"Segments are those of {SCHEME}. What each claim is and why its threshold: marts.thesis_claims.",
    columns=(
        SESSION,
        Column("claim", "VARCHAR", "Which claim.", nullable=False, values=CLAIM_IDS),
        Column("measure", "VARCHAR", "What is measured; where another series stands in, what that is.", nullable=False),
        Column("value", "DOUBLE", "Its value.", "as marts.thesis_claims states", is_ratio=True),
        ratio(
            "percentile",
            "Share of values since history_start, of the same source, that are not above this one.",
            minimum=0,
            maximum=1,
        ),
        Column(
            "threshold",
            "DOUBLE",
            "From where on the claim holds; of a series that stands in, its own.",
            "as the value",
            nullable=False,
            is_ratio=True,
        ),
        Column("holds", "BOOLEAN", "Whether it does; null without a value."),
        Column("as_of", "DATE", "Date that the value is about; earlier than the session where a source lags."),
        Column("source", "VARCHAR", "Where the value comes from.", nullable=False),
        Column(
            "history_start",
            "DATE",
            "First session with a value of this source: the percentile and what is called 'all time' begin.",
        ),
        Column(
            "history_sessions",
            "INTEGER",
            "Sessions with a value of this source so far.",
            "sessions",
            nullable=False,
            minimum=0,
        ),
        Column(
            "null_reason",
            "VARCHAR",
            "Why there is no value: no_data, stale, low_coverage, or the measure's own reason.",
        ),
    ),
)

THESIS_CLAIMS = Table(
    schema="marts",
    name="thesis_claims",
    grain="one row per claim",
    key=("claim",),
    policy="replace_all",
    owner="thesis",
    columns=(
        Column("claim", "VARCHAR", "Which claim.", nullable=False, values=CLAIM_IDS),
        Column("statement", "VARCHAR", "What the thesis says.", nullable=False),
        Column("measure", "VARCHAR", "What is measured.", nullable=False),
        Column("unit", "VARCHAR", "Of value and threshold.", nullable=False),
        Column("comparison", "VARCHAR", "How the value must lie to the threshold.", nullable=False,
               values=("at_least", "at_most", "above", "below")),
        Column("threshold", "DOUBLE", "From where on it holds.", nullable=False),
        Column("reason", "VARCHAR", "Why this threshold.", nullable=False),
        Column("source", "VARCHAR", "Table that the value comes from.", nullable=False),
    ),
)  # fmt: skip

SMALL_VS_MICRO = Table(
    schema="marts",
    name="small_vs_micro",
    grain="one row per admitted session and row of the comparison",
    key=("session_date", "row"),
    policy="replace_sessions",
    session_column="session_date",
    owner="thesis",
    lookback="that of the measures",
    notes=f"The encyclopedia's comparison of small with micro caps, measured on the segments of {SCHEME}.",
    columns=(
        SESSION,
        Column(
            "row",
            "VARCHAR",
            "cap: mean cap of a company, USD. age: median years since the first session here. liquidity: Amihud's "
            "price impact of a million dollars, median. volatility: of the segment's return over 252 sessions, a year. "
            "information: median days from the end of a period to its report. risk: share of companies with losses.",
            nullable=False,
            values=("cap", "age", "liquidity", "volatility", "information", "risk"),
        ),
        Column("measure", "VARCHAR", "The measure and its mart.", nullable=False),
        Column("small", "DOUBLE", "Value of small caps.", "as the measure", is_ratio=True),
        Column("micro", "DOUBLE", "Value of micro caps.", "as the measure", is_ratio=True),
        ratio("ratio", "micro / small."),
        Column(
            "micro_is_worse",
            "BOOLEAN",
            "Micro caps are smaller, younger, less liquid, more volatile, later to report, or more often lossmaking; "
            "null without both values.",
        ),
        Column("null_reason", "VARCHAR", "Why a value is missing."),
    ),
)
