-- code: GATE_LATEST_COMPLETE
-- severity: critical
-- table: marts.caps_latest
-- what: caps_latest holds each company of the last published session with its cap, and no other
-- why: the first table that an analyst opens; a join that loses a company loses it here

with

last_session as (

    select max(sessions.session_date) as session_date
    from ops.sessions as sessions
    where sessions.status = 'published'

),

caps as (

    select
        all_caps.company_id,
        all_caps.session_date,
        all_caps.cap_usd
    from core.market_caps as all_caps
    inner join last_session
        on all_caps.session_date = last_session.session_date

)

select
    coalesce(caps.company_id, latest.company_id) as company_id,
    caps.session_date,
    latest.session_date as session_in_caps_latest,
    caps.cap_usd,
    latest.cap_usd as cap_in_caps_latest
from caps
full outer join marts.caps_latest as latest
    on caps.company_id = latest.company_id
where
    caps.cap_usd is distinct from latest.cap_usd
    or caps.session_date is distinct from latest.session_date
