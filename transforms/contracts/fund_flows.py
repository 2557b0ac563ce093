"""marts: money into and out of funds, and of the segments that they stand for."""

from transforms.contracts.fields import SEGMENT, SEGMENTS, SESSION, ratio
from transforms.contracts.model import Column, Table

FLOW_QUALITIES = ("reported", "derived", "no_flow", "not_updated", "missing", "implausible", "seed")
KNOWN_QUALITIES = ("reported", "derived", "no_flow")
MARKS = ("frozen_feed", "odd_units", "reconstitution", "round_trip")
WINDOW = 60

_SUMS = (
    Column("flow_5d_usd", "DOUBLE", "Sum over 5 sessions; null when one of them is unknown.", "USD", is_ratio=True),
    Column("flow_20d_usd", "DOUBLE", "Sum over 20 sessions; null when one of them is unknown.", "USD", is_ratio=True),
    Column("flow_60d_usd", "DOUBLE", "Sum over 60 sessions; null when one of them is unknown.", "USD", is_ratio=True),
    *(
        ratio(f"flow_{days}d_pct_assets", f"flow_{days}d_usd over the assets of the session; null without them.")
        for days in (5, 20, 60)
    ),
    Column(
        "flow_60d_known_usd",
        "DOUBLE",
        "Sum of those flows of the last 60 sessions that were known by the evening of this one.",
        "USD",
        is_ratio=True,
    ),
    Column(
        "known_sessions_60d",
        "INTEGER",
        "How many sessions that sum has; of a segment those of the fund with the fewest.",
        "sessions",
        nullable=False,
        minimum=0,
        maximum=WINDOW,
    ),
)

FUND_FLOWS_DAILY = Table(
    schema="marts",
    name="fund_flows_daily",
    grain="one row per admitted session and fund",
    key=("session_date", "fund"),
    policy="replace_all",
    session_column="session_date",
    owner="flows",
    lookback="60 sessions, and 70 more for what is usual of a fund",
    may_be_empty=True,
    columns=(
        SESSION,
        Column("fund", "VARCHAR", "Ticker of the fund.", nullable=False),
        Column("segment", "VARCHAR", "Segment that the fund stands for; null if none.", values=SEGMENTS),
        Column("flow_usd", "DOUBLE", "Money into the fund on the session.", "USD", is_ratio=True),
        Column(
            "assets_usd",
            "DOUBLE",
            "Assets: stated, or shares times price; at most 5 sessions old.",
            "USD",
            minimum=0,
            is_ratio=True,
        ),
        ratio("flow_pct_assets", "flow_usd over the fund's assets; null without known assets."),
        *_SUMS,
        Column("quality", "VARCHAR", "How the flow is known.", nullable=False, values=FLOW_QUALITIES),
        Column(
            "marks",
            "VARCHAR",
            f"What to know of the flow, apart by commas: {', '.join(MARKS)} (docs/fund_flows.md); null where nothing.",
        ),
        Column("as_of", "DATE", "Date of the published value."),
        Column(
            "known_sessions_late",
            "INTEGER",
            "Sessions after this one until the flow was known; null where it is not.",
            "sessions",
            minimum=0,
        ),
        Column("flow_source", "VARCHAR", "Source of the flow, or of the counts behind it; null where it is not known."),
        Column(
            "is_carried_forward",
            "BOOLEAN",
            "The source failed on this session; as_of is its last known day.",
            nullable=False,
        ),
    ),
)

SEGMENT_FLOWS_DAILY = Table(
    schema="marts",
    name="segment_flows_daily",
    grain="one row per admitted session and segment with funds",
    key=("session_date", "segment"),
    policy="replace_all",
    session_column="session_date",
    owner="flows",
    lookback="60 sessions",
    may_be_empty=True,
    columns=(
        SESSION,
        SEGMENT,
        Column("fund_count", "INTEGER", "Funds with a known flow.", "funds", nullable=False, minimum=0),
        Column("flow_usd", "DOUBLE", "Money into the segment's funds; null when none is known.", "USD", is_ratio=True),
        ratio("flow_pct_assets", "flow_usd over the assets of the funds whose assets are known."),
        *_SUMS,
        Column(
            "assets_usd",
            "DOUBLE",
            "Assets of the segment's funds; null when those of one are unknown.",
            "USD",
            minimum=0,
            is_ratio=True,
        ),
        ratio(
            "assets_share",
            "assets_usd over those of the funds of all segments but total; null for total, and when one is unknown.",
            minimum=0,
            maximum=1,
        ),
        Column(
            "is_reconstitution",
            "BOOLEAN",
            "An index that one of the funds follows changes its members around this session.",
            nullable=False,
        ),
        Column(
            "quality",
            "VARCHAR",
            "complete when every fund is known.",
            nullable=False,
            values=("complete", "partial", "missing"),
        ),
    ),
)
