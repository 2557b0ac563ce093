"""marts: portfolios formed on size; ops: who is in which until the next formation."""

from transforms.contracts.fields import CAP_TOTAL, COMPANY, COMPANY_COUNT, SESSION, ratio
from transforms.contracts.model import Column, Table

DECILES = ("d01", "d02", "d03", "d04", "d05", "d06", "d07", "d08", "d09", "d10")
PORTFOLIOS: dict[str, tuple[str, ...]] = {
    "lo30": DECILES[:3],
    "med40": DECILES[3:7],
    "hi30": DECILES[7:],
    **{f"q{number}": DECILES[2 * number - 2 : 2 * number] for number in range(1, 6)},
    **{decile: (decile,) for decile in DECILES},
    "micro": DECILES[:2],
    "small": DECILES[2:5],
    "big": DECILES[5:],
    "market": DECILES,
}
"""Portfolio to its deciles. Micro below the 20th percentile, small from there to the median, big above it: Fama and
French (2008)."""
DIFFERENCES = {"smb": ("lo30", "hi30"), "smb_ex_micro": ("small", "big")}
"""Long the first, short the second."""
WEIGHTINGS = ("vw", "ew")
FORMATIONS = ("june", "monthly")
NO_COMPANIES = "no_companies"
UNTOLD_CLOSE = "untold_close"
_PORTFOLIO = Column(
    "portfolio",
    "VARCHAR",
    "By percentiles of the NYSE companies' caps: lo30, med40, hi30, fifths q1 to q5, tenths d01 (the smallest) to d10; "
    "micro (below the 20th), small (to the median), big; market: all; smb: lo30 less hi30; "
    "smb_ex_micro: small less big.",
    nullable=False,
    values=(*PORTFOLIOS, *DIFFERENCES),
)

_RETURNS = (
    ratio(
        "return",
        "Of the session alone: from the close of the exchange's session before, as the vendor states it where "
        "that session is missing here.",
        minimum=-2,
    ),
    ratio(
        "return_since_last",
        "Since the last admitted session: the one to chain. The same but after missing sessions.",
        minimum=-2,
    ),
    Column(
        "null_reason",
        "VARCHAR",
        "Why there is no return: no_companies, or untold_close where the vendor states no close of the session "
        "before for any of them.",
        values=(NO_COMPANIES, UNTOLD_CLOSE),
    ),
)


def _portfolios(name: str, formed: str) -> Table:
    return Table(
        schema="marts",
        name=name,
        grain="one row per admitted session, portfolio and weighting",
        key=("session_date", "portfolio", "weighting"),
        policy="replace_sessions",
        session_column="session_date",
        owner="portfolios",
        lookback="the companies' previous admitted session, and the formation",
        notes=(
            f"US common stocks without SPACs, funds, depositary shares and preferreds, formed {formed} by the caps of "
            "the last session before. Price returns: dividends are not in. After Kenneth French, portfolios formed on "
            "size."
        ),
        columns=(
            SESSION,
            _PORTFOLIO,
            Column(
                "weighting",
                "VARCHAR",
                "vw: by the caps of the session before. ew: equal weights every session.",
                nullable=False,
                values=WEIGHTINGS,
            ),
            *_RETURNS,
            COMPANY_COUNT,
            Column("is_multi_day", "BOOLEAN", "Sessions before this one are missing.", nullable=False),
            Column(
                "delisting_count",
                "INTEGER",
                "Companies that had not been quoted for ten sessions, and go with the default return.",
                "companies",
                nullable=False,
                minimum=0,
            ),
            CAP_TOTAL,
            Column("formed_on", "DATE", "Session whose caps formed it; null before the first formation."),
            Column(
                "is_initial",
                "BOOLEAN",
                "Formed on the first session there is, not on the day it should have been.",
                nullable=False,
            ),
        ),
    )


SIZE_PORTFOLIOS_DAILY = _portfolios("size_portfolios_daily", "at the end of June")
SIZE_PORTFOLIOS_MONTHLY = _portfolios("size_portfolios_monthly", "at the end of every month")

SIZE_PORTFOLIO_SEATS = Table(
    schema="ops",
    name="size_portfolio_seats",
    grain="one row per formation and company in a portfolio after the last admitted session",
    key=("formation", "company_id"),
    policy="replace_all",
    owner="portfolios",
    may_be_empty=True,
    notes="What the next night goes on from.",
    columns=(
        Column("formation", "VARCHAR", "When it is formed.", nullable=False, values=FORMATIONS),
        COMPANY,
        Column("decile", "VARCHAR", "Its tenth.", nullable=False, values=DECILES),
        Column("formed_on", "DATE", "Session whose caps formed it.", nullable=False),
        Column("is_initial", "BOOLEAN", "Formed on the first session there is.", nullable=False),
    ),
)
