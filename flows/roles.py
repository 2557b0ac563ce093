"""What a source may serve."""

from typing import Literal, get_args

Role = Literal[
    "quotes",
    "fundamentals",
    "macro",
    "positions",
    "fund_flows",
    "share_counts",
    "caps",
    "splits",
    "reference",
    "fx",
    "reference_portfolios",
]
ROLES: tuple[Role, ...] = get_args(Role)
