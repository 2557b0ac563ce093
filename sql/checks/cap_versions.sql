-- code: GATE_CAP_VERSIONS
-- severity: critical
-- table: core.cap_versions
-- what: the versions of one company's cap on one session follow each other without gap or overlap,
--   and the row in force begins where the last one ends
-- why: a moment that two versions hold, or none, has no one answer

with

versions as (

    select
        all_versions.session_date,
        all_versions.company_id,
        all_versions.known_at,
        all_versions.superseded_at,
        lead(all_versions.known_at) over (
            partition by all_versions.session_date, all_versions.company_id
            order by all_versions.known_at, all_versions.superseded_at
        ) as next_known_at
    from core.cap_versions as all_versions
    inner join replaced_sessions
        on all_versions.session_date = replaced_sessions.session_date

)

select
    versions.session_date,
    versions.company_id,
    versions.known_at,
    versions.superseded_at,
    coalesce(versions.next_known_at, caps.known_at) as next_known_at
from versions
left join core.market_caps as caps
    on
        versions.session_date = caps.session_date
        and versions.company_id = caps.company_id
where
    versions.superseded_at <= versions.known_at
    or versions.superseded_at <> coalesce(versions.next_known_at, caps.known_at)
