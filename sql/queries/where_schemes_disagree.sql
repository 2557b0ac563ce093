-- question: Which companies do the schemes put into the most different buckets today?

with

members as (

    select
        daily.company_id,
        daily.ticker,
        daily.cap_usd,
        daily.scheme_id,
        daily.bucket
    from marts.bucket_members_daily as daily
    where
        daily.session_date = (select max(caps.session_date) from core.market_caps as caps)
        and daily.is_counted

),

side_by_side as (

    select
        members.company_id,
        members.ticker,
        members.cap_usd,
        count(distinct members.bucket) as buckets,
        string_agg(members.scheme_id || ' ' || members.bucket, ', ' order by members.scheme_id) as by_scheme
    from members
    group by
        members.company_id,
        members.ticker,
        members.cap_usd

)

select
    side_by_side.ticker,
    side_by_side.cap_usd,
    side_by_side.buckets,
    side_by_side.by_scheme
from side_by_side
where side_by_side.buckets > 1
order by
    side_by_side.buckets desc,
    side_by_side.cap_usd desc
limit 20
