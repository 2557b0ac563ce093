-- code: GATE_SEGMENT_CAPS
-- severity: critical
-- table: marts.segment_daily
-- what: the total of a scheme is the sum of its members' caps, exactly
-- why: a join that loses or doubles members changes the total and nothing else

with

schemes as (

    select
        bucket_schemes.scheme_id,
        bool_and(bucket_schemes.covers_everybody) as covers_everybody,
        min(bucket_schemes.effective_from) as effective_from
    from core.bucket_schemes as bucket_schemes
    group by bucket_schemes.scheme_id

),

-- schemes with reviews are looked at on the last session of each month: on each their members are millions
looked_at as (

    select max(replaced_sessions.session_date) as session_date
    from replaced_sessions
    inner join ops.sessions as sessions
        on replaced_sessions.session_date = sessions.session_date
    where sessions.status = 'published'
    group by date_trunc('month', replaced_sessions.session_date)

),

everybody as (

    select
        caps.session_date,
        schemes.scheme_id,
        count(*) as company_count,
        sum(caps.cap_usd) as market_cap_usd
    from core.market_caps as caps
    inner join replaced_sessions
        on caps.session_date = replaced_sessions.session_date
    inner join schemes
        on caps.session_date >= schemes.effective_from
    where schemes.covers_everybody
    group by
        caps.session_date,
        schemes.scheme_id

),

members as (

    select
        looked_at.session_date,
        schemes.scheme_id,
        count(caps.company_id) as company_count,
        coalesce(sum(caps.cap_usd), 0) as market_cap_usd
    from looked_at
    cross join schemes
    left join core.bucket_memberships as memberships
        on
            schemes.scheme_id = memberships.scheme_id
            and looked_at.session_date >= memberships.valid_from
            and looked_at.session_date <= coalesce(memberships.valid_to, date '9999-12-31')
            and memberships.is_counted
    left join core.market_caps as caps
        on
            memberships.company_id = caps.company_id
            and looked_at.session_date = caps.session_date
    where not schemes.covers_everybody
    group by
        looked_at.session_date,
        schemes.scheme_id

),

companies as (

    select
        everybody.session_date,
        everybody.scheme_id,
        everybody.company_count,
        everybody.market_cap_usd
    from everybody
    union all
    select
        members.session_date,
        members.scheme_id,
        members.company_count,
        members.market_cap_usd
    from members

)

select
    companies.session_date,
    companies.scheme_id,
    companies.company_count as companies_with_cap,
    totals.company_count,
    companies.market_cap_usd as sum_of_caps_usd,
    totals.market_cap_usd
from companies
left join marts.segment_daily as totals
    on
        companies.session_date = totals.session_date
        and companies.scheme_id = totals.scheme_id
        and totals.segment = 'total'
where
    companies.company_count is distinct from totals.company_count
    or companies.market_cap_usd is distinct from totals.market_cap_usd
