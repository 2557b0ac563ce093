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
    flows.quality,
    flows.as_of,
    flows.is_carried_forward
from work.fund_flows_daily as flows
