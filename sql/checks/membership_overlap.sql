-- code: GATE_MEMBERSHIP_OVERLAP
-- severity: critical
-- table: core.bucket_memberships
-- what: at any time a company is in a scheme as a whole, by two halves, or not at all; it is counted once
-- why: an overlap, or a part that is no half, counts the company twice in every segment

with

-- a company's buckets of one time begin and end together
states as (

    select
        memberships.scheme_id,
        memberships.company_id,
        memberships.valid_from,
        min(coalesce(memberships.valid_to, date '9999-12-31')) as valid_to,
        count(distinct coalesce(memberships.valid_to, date '9999-12-31')) as ends,
        count(*) filter (where memberships.is_counted) as counted,
        count(*) filter (where memberships.weight not in (0.5, 1)) as odd_parts,
        sum(memberships.weight) as weight_sum
    from core.bucket_memberships as memberships
    group by
        memberships.scheme_id,
        memberships.company_id,
        memberships.valid_from

),

ordered as (

    select
        states.scheme_id,
        states.company_id,
        states.valid_from,
        states.valid_to,
        states.ends,
        states.counted,
        states.odd_parts,
        states.weight_sum,
        lead(states.valid_from) over (
            partition by states.scheme_id, states.company_id
            order by states.valid_from
        ) as next_from
    from states

)

select
    ordered.company_id,
    ordered.scheme_id,
    ordered.valid_from,
    ordered.valid_to,
    ordered.next_from,
    ordered.weight_sum,
    ordered.counted
from ordered
where
    ordered.valid_to < ordered.valid_from
    or ordered.next_from <= ordered.valid_to
    or ordered.ends <> 1
    or ordered.counted <> 1
    or ordered.odd_parts > 0
    or abs(ordered.weight_sum - 1) > getvariable('gate_membership_overlap__tolerance')
