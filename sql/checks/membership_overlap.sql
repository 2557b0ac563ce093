-- code: GATE_MEMBERSHIP_OVERLAP
-- severity: critical
-- table: core.bucket_memberships
-- what: intervals of one company, scheme and bucket do not overlap, and none ends before it begins
-- why: an overlap counts the company twice on the sessions that both intervals hold

with

ordered as (

    select
        memberships.company_id,
        memberships.scheme_id,
        memberships.bucket,
        memberships.valid_from,
        memberships.valid_to,
        lead(memberships.valid_from) over (
            partition by memberships.company_id, memberships.scheme_id, memberships.bucket
            order by memberships.valid_from
        ) as next_from
    from core.bucket_memberships as memberships

)

select
    ordered.company_id,
    ordered.scheme_id,
    ordered.bucket,
    ordered.valid_from,
    ordered.valid_to,
    ordered.next_from
from ordered
where
    ordered.valid_to < ordered.valid_from
    or ordered.next_from <= coalesce(ordered.valid_to, date '9999-12-31')
