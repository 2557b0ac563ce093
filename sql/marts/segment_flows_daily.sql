-- purpose: money into and out of the funds that stand for a segment
-- grain: one row per admitted session and segment with funds
-- key: session_date, segment
-- owner: flows

select
    flows.session_date,
    flows.segment,
    flows.fund_count,
    flows.flow_usd,
    flows.flow_pct_assets,
    flows.flow_5d_usd,
    flows.flow_20d_usd,
    flows.flow_60d_usd,
    flows.flow_5d_pct_assets,
    flows.flow_20d_pct_assets,
    flows.flow_60d_pct_assets,
    flows.flow_60d_known_usd,
    flows.known_sessions_60d,
    flows.assets_usd,
    flows.assets_share,
    flows.is_reconstitution,
    flows.quality
from work.segment_flows_daily as flows
