-- code: GATE_SEGMENT_FLOWS
-- severity: critical
-- table: marts.segment_flows_daily
-- what: a segment's flows are the sums of its funds' flows;
--   a sum over sessions stands only where every fund's does
-- why: money into a segment must be found again in its funds

with

funds as (

    select
        flows.session_date,
        flows.segment,
        count(*) as fund_count,
        count(flows.flow_usd) as known_count,
        sum(flows.flow_usd) as flow_usd,
        if(count(flows.flow_5d_usd) = count(*), sum(flows.flow_5d_usd), null) as flow_5d_usd,
        if(count(flows.flow_20d_usd) = count(*), sum(flows.flow_20d_usd), null) as flow_20d_usd,
        if(count(flows.flow_60d_usd) = count(*), sum(flows.flow_60d_usd), null) as flow_60d_usd,
        sum(flows.flow_60d_known_usd) as flow_60d_known_usd
    from marts.fund_flows_daily as flows
    inner join replaced_sessions
        on flows.session_date = replaced_sessions.session_date
    where flows.segment is not null
    group by
        flows.session_date,
        flows.segment

),

segments as (

    select segment_flows.*
    from marts.segment_flows_daily as segment_flows
    inner join replaced_sessions
        on segment_flows.session_date = replaced_sessions.session_date

),

compared as (

    select
        coalesce(funds.session_date, segments.session_date) as session_date,
        coalesce(funds.segment, segments.segment) as segment,
        funds.known_count,
        segments.fund_count,
        [
            funds.flow_usd,
            funds.flow_5d_usd,
            funds.flow_20d_usd,
            funds.flow_60d_usd,
            funds.flow_60d_known_usd
        ] as flows_of_funds,
        [
            segments.flow_usd,
            segments.flow_5d_usd,
            segments.flow_20d_usd,
            segments.flow_60d_usd,
            segments.flow_60d_known_usd
        ] as flows
    from funds
    full outer join segments
        on
            funds.session_date = segments.session_date
            and funds.segment = segments.segment

)

select
    compared.session_date,
    compared.segment,
    compared.known_count,
    compared.fund_count,
    compared.flows_of_funds,
    compared.flows
from compared
where
    compared.known_count is distinct from compared.fund_count
    or len(
        list_filter(
            list_zip(compared.flows_of_funds, compared.flows),
            lambda pair: (pair[1] is null) <> (pair[2] is null)
            or abs(pair[1] - pair[2]) > getvariable('gate_segment_flows__tolerance_usd')
        )
    ) > 0
