-- question: Which companies have changed their bucket lately, and how large are they?

with

ordered as (

    select
        memberships.company_id,
        memberships.bucket,
        memberships.valid_from,
        memberships.reason,
        lag(memberships.bucket) over (
            partition by memberships.company_id, memberships.scheme_id
            order by memberships.valid_from
        ) as bucket_before
    from core.bucket_memberships as memberships
    where memberships.scheme_id = 'fixed_usd'

)

select
    ordered.valid_from as since,
    latest.ticker,
    latest.name,
    ordered.bucket_before,
    ordered.bucket,
    latest.cap_usd,
    ordered.reason
from ordered
inner join marts.caps_latest as latest
    on ordered.company_id = latest.company_id
where ordered.bucket <> ordered.bucket_before
order by
    ordered.valid_from desc,
    latest.cap_usd desc
limit 100
