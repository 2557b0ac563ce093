-- code: GATE_MEMBERSHIP_COVERS
-- severity: critical
-- table: core.bucket_memberships
-- what: the weights of each company with a cap add to 1 in each scheme
-- why: a company outside every bucket, or twice in one, is lost or doubled in every segment

with

weights as (

    select
        members.session_date,
        members.company_id,
        members.scheme_id,
        sum(members.weight) as weight_sum
    from marts.bucket_members_daily as members
    inner join replaced_sessions
        on members.session_date = replaced_sessions.session_date
    group by
        members.session_date,
        members.company_id,
        members.scheme_id

),

schemes as (

    select distinct memberships.scheme_id
    from core.bucket_memberships as memberships

),

caps as (

    select
        all_caps.session_date,
        all_caps.company_id,
        schemes.scheme_id
    from core.market_caps as all_caps
    inner join replaced_sessions
        on all_caps.session_date = replaced_sessions.session_date
    cross join schemes

)

select
    caps.session_date,
    caps.company_id,
    caps.scheme_id,
    weights.weight_sum
from caps
left join weights
    on
        caps.session_date = weights.session_date
        and caps.company_id = weights.company_id
        and caps.scheme_id = weights.scheme_id
where
    weights.weight_sum is null
    or abs(weights.weight_sum - 1) > getvariable('gate_membership_covers__tolerance')
