-- code: GATE_SEGMENT_CAPS
-- severity: critical
-- table: marts.segment_daily
-- what: the total of a session is the sum of its companies' caps, exactly
-- why: a join that loses or doubles members changes the total and nothing else

with

companies as (

    select
        caps.session_date,
        count(*) as company_count,
        sum(caps.cap_usd) as market_cap_usd
    from core.market_caps as caps
    inner join replaced_sessions
        on caps.session_date = replaced_sessions.session_date
    group by caps.session_date

)

select
    companies.session_date,
    totals.scheme_id,
    companies.company_count as companies_with_cap,
    totals.company_count,
    companies.market_cap_usd as sum_of_caps_usd,
    totals.market_cap_usd
from companies
left join marts.segment_daily as totals
    on
        companies.session_date = totals.session_date
        and totals.segment = 'total'
where
    companies.company_count is distinct from totals.company_count
    or companies.market_cap_usd is distinct from totals.market_cap_usd
