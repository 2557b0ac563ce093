"""core and marts: portfolios formed on size that somebody else publishes, and ours beside them."""

from transforms.contracts.fields import KNOWN_AT, SOURCE, ratio
from transforms.contracts.model import Column, Table
from transforms.contracts.size_portfolios import DECILES, WEIGHTINGS

QUINTILES = tuple(f"q{number}" for number in range(1, 6))
PORTFOLIOS = ("lo30", "med40", "hi30", *QUINTILES, *DECILES)
"""From the smallest companies to the largest, each way of cutting the market by itself."""
SMB = "smb"
"""Small minus big: lo30 less hi30."""
TOO_FEW = "too_few_sessions"
NO_VARIATION = "no_variation"

_WEIGHTING = Column(
    "weighting", "VARCHAR", "vw: weighted by cap. ew: all companies alike.", nullable=False, values=WEIGHTINGS
)
_RELEASE = "First 12 digits of the SHA-256 of the landed file"

REFERENCE_PORTFOLIOS = Table(
    schema="core",
    name="reference_portfolios",
    grain="one row per day, portfolio, weighting and release that changed the figure, from the first session on",
    key=("as_of", "portfolio", "weighting", "source", "vintage_date"),
    policy="replace_all",
    owner="portfolios",
    may_be_empty=True,
    notes="Each release restates the past. As of a release counts the row with the newest vintage_date up to it; a "
    "release that confirms a figure adds no row.",
    columns=(
        Column("as_of", "DATE", "Day of the return.", nullable=False),
        Column(
            "portfolio",
            "VARCHAR",
            "Smallest 30 %, middle 40 %, largest 30 % of companies by breakpoints of the NYSE; quintiles; deciles.",
            nullable=False,
            values=PORTFOLIOS,
        ),
        _WEIGHTING,
        ratio(
            "return",
            "Return of the day with dividends; null where the release withdrew a figure that an earlier one had.",
            minimum=-1,
        ),
        SOURCE,
        Column("release", "VARCHAR", f"{_RELEASE} that brought the figure.", nullable=False),
        Column(
            "vintage_date",
            "DATE",
            "Day the release was downloaded; of a file whose day nobody noted the newest day that it tells of.",
            nullable=False,
        ),
        KNOWN_AT,
    ),
)

SIZE_PORTFOLIO_COMPARISON = Table(
    schema="marts",
    name="size_portfolio_comparison",
    grain="one row per calendar year or all years together, portfolio and weighting",
    key=("period", "portfolio", "weighting"),
    policy="replace_all",
    owner="portfolios",
    lookback="all sessions",
    may_be_empty=True,
    notes="Compared are sessions that both sides have. Ours are returns without dividends, the reference's with them: "
    "over a year the difference holds the dividend yield. Empty where nothing can be compared.",
    columns=(
        Column("period", "VARCHAR", "Calendar year such as 2024, or all.", nullable=False),
        Column(
            "portfolio",
            "VARCHAR",
            "As in core.reference_portfolios; smb: lo30 less hi30, of both sides alike.",
            nullable=False,
            values=(*PORTFOLIOS, SMB),
        ),
        _WEIGHTING,
        Column(
            "session_count",
            "INTEGER",
            "Sessions that both sides have a return for.",
            "sessions",
            nullable=False,
            minimum=0,
        ),
        ratio("correlation", "Correlation of the daily returns.", "none", minimum=-1, maximum=1),
        ratio("return_sum", "Sum of our daily returns."),
        ratio("reference_return_sum", "Sum of the reference's daily returns."),
        ratio("difference", "return_sum less reference_return_sum."),
        ratio(
            "tracking_error",
            "Sample standard deviation of our daily return less the reference's.",
            "fraction a day",
            minimum=0,
        ),
        Column("release", "VARCHAR", f"{_RELEASE}: the newest one that any compared figure came with."),
        Column(
            "null_reason",
            "VARCHAR",
            "Why there is no value: too_few_sessions (below 60, nothing has one); no_variation (the correlation alone "
            "is not defined).",
            values=(TOO_FEW, NO_VARIATION),
        ),
    ),
)
