-- code: GATE_FLOW_QUALITY
-- severity: critical
-- table: marts.fund_flows_daily
-- what: a flow has a value exactly where its quality is reported, derived or no_flow
-- why: a zero that means 'not updated' must not look like a day without flows

select
    flows.session_date,
    flows.fund,
    flows.flow_usd,
    flows.quality
from marts.fund_flows_daily as flows
inner join replaced_sessions
    on flows.session_date = replaced_sessions.session_date
where (flows.flow_usd is not null) <> (flows.quality in ('reported', 'derived', 'no_flow'))
