-- code: GATE_ADMITTED_PRESENT
-- severity: critical
-- table: ops.sessions
-- what: each published session has quotes, line caps, company caps and segments,
--   and as many companies as ops.sessions counts
-- why: a session that was admitted and lost on the way looks like a holiday

with

published as (

    select
        sessions.session_date,
        sessions.company_count
    from ops.sessions as sessions
    inner join replaced_sessions
        on sessions.session_date = replaced_sessions.session_date
    where sessions.status = 'published'

),

quotes as (

    select
        all_quotes.session_date,
        count(*) as row_count
    from core.quotes as all_quotes
    group by all_quotes.session_date

),

security_caps as (

    select
        all_caps.session_date,
        count(*) as row_count
    from core.security_caps as all_caps
    group by all_caps.session_date

),

market_caps as (

    select
        all_caps.session_date,
        count(*) as row_count
    from core.market_caps as all_caps
    group by all_caps.session_date

),

segments as (

    select
        all_segments.session_date,
        count(*) as row_count
    from marts.segment_daily as all_segments
    group by all_segments.session_date

)

select
    published.session_date,
    published.company_count,
    quotes.row_count as quotes,
    security_caps.row_count as security_caps,
    market_caps.row_count as market_caps,
    segments.row_count as segments
from published
left join quotes
    on published.session_date = quotes.session_date
left join security_caps
    on published.session_date = security_caps.session_date
left join market_caps
    on published.session_date = market_caps.session_date
left join segments
    on published.session_date = segments.session_date
where
    quotes.row_count is null
    or security_caps.row_count is null
    or segments.row_count is null
    or market_caps.row_count is distinct from published.company_count
