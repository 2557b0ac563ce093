-- code: GATE_MEMBERSHIP_COVERS
-- severity: critical
-- table: core.bucket_memberships
-- what: the weights of each company with a cap add to 1 in each scheme that sorts everybody, every session
-- why: a company outside every bucket, or twice in one, is lost or doubled in every segment

-- Millions of rows are compared by the sums of a session first; companies only where sums differ.

with

schemes as (

    select
        bucket_schemes.scheme_id,
        min(bucket_schemes.effective_from) as effective_from
    from core.bucket_schemes as bucket_schemes
    where bucket_schemes.covers_everybody
    group by bucket_schemes.scheme_id

),

caps as (

    select
        all_caps.session_date,
        all_caps.company_id,
        hash(all_caps.company_id) % 1099511627776 as company_number
    from core.market_caps as all_caps
    inner join replaced_sessions
        on all_caps.session_date = replaced_sessions.session_date

),

members as (

    select
        all_members.session_date,
        all_members.company_id,
        all_members.scheme_id,
        all_members.weight,
        hash(all_members.company_id) % 1099511627776 as company_number
    from marts.bucket_members_daily as all_members
    inner join replaced_sessions
        on all_members.session_date = replaced_sessions.session_date
    inner join schemes
        on all_members.scheme_id = schemes.scheme_id

),

cap_sums as (

    select
        caps.session_date,
        count(*) as companies,
        sum(caps.company_number::double) as numbers
    from caps
    group by caps.session_date

),

member_sums as (

    select
        members.session_date,
        members.scheme_id,
        sum(members.weight) as companies,
        sum(members.weight * members.company_number) as numbers
    from members
    group by
        members.session_date,
        members.scheme_id

),

differing as (

    select
        cap_sums.session_date,
        schemes.scheme_id
    from cap_sums
    inner join schemes
        on cap_sums.session_date >= schemes.effective_from
    left join member_sums
        on
            cap_sums.session_date = member_sums.session_date
            and schemes.scheme_id = member_sums.scheme_id
    where
        member_sums.companies is null
        or abs(member_sums.companies - cap_sums.companies) > getvariable('gate_membership_covers__tolerance')
        or abs(member_sums.numbers - cap_sums.numbers)
        > getvariable('gate_membership_covers__tolerance') * 1099511627776

),

weights as (

    select
        members.session_date,
        members.company_id,
        members.scheme_id,
        sum(members.weight) as weight_sum
    from members
    inner join differing
        on
            members.session_date = differing.session_date
            and members.scheme_id = differing.scheme_id
    group by
        members.session_date,
        members.company_id,
        members.scheme_id

)

select
    caps.session_date,
    caps.company_id,
    differing.scheme_id,
    weights.weight_sum
from caps
inner join differing
    on caps.session_date = differing.session_date
left join weights
    on
        caps.session_date = weights.session_date
        and caps.company_id = weights.company_id
        and differing.scheme_id = weights.scheme_id
where
    weights.weight_sum is null
    or abs(weights.weight_sum - 1) > getvariable('gate_membership_covers__tolerance')
