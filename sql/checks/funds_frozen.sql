-- code: GATE_FUNDS_FROZEN
-- severity: warning
-- table: marts.fund_flows_daily
-- what: on no session several funds are marked frozen_feed
-- why: a source of which no fund moves for days is broken or late, and its zeros would read as quiet markets

select
    flows.session_date,
    count(*) as frozen_funds,
    string_agg(flows.fund, ' ' order by flows.fund) as funds
from marts.fund_flows_daily as flows
inner join replaced_sessions
    on flows.session_date = replaced_sessions.session_date
where contains(flows.marks, 'frozen_feed')
group by flows.session_date
having count(*) >= getvariable('gate_funds_frozen__least_funds')
