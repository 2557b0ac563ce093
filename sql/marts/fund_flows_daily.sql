-- purpose: money into and out of each fund, with sums over 5, 20 and 60 sessions
-- grain: one row per admitted session and fund
-- key: session_date, fund
-- owner: flows

select
    flows.session_date,
    flows.fund,
    flows.segment,
    flows.flow_usd,
    flows.assets_usd,
    flows.flow_pct_assets,
    flows.flow_5d_usd,
    flows.flow_20d_usd,
    flows.flow_60d_usd,
    flows.flow_5d_pct_assets,
    flows.flow_20d_pct_assets,
    flows.flow_60d_pct_assets,
    flows.flow_60d_known_usd,
    flows.known_sessions_60d,
    flows.quality,
    flows.marks,
    flows.as_of,
    flows.known_sessions_late,
    flows.flow_source,
    flows.is_carried_forward
from work.fund_flows_daily as flows
