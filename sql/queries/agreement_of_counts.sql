-- question: How many counts of US common stocks does a second source confirm, per quarter end and bucket?

with

quarter_ends as (

    select max(sessions.session_date) as session_date
    from ops.sessions as sessions
    where sessions.status = 'published'
    group by date_trunc('quarter', sessions.session_date)

),

us_common as (

    select distinct
        listed.session_date,
        listed.company_id
    from core.security_caps as listed
    inner join quarter_ends
        on listed.session_date = quarter_ends.session_date
    inner join core.securities as securities
        on
            listed.security_id = securities.security_id
            and listed.session_date >= securities.valid_from
            and listed.session_date <= coalesce(securities.valid_to, listed.session_date)
    where
        securities.security_type = 'common'
        and securities.country = 'United States'

),

compared as (

    select
        caps.session_date,
        members.bucket,
        caps.quality,
        caps.reason = 'SimFin''s average count agrees within 5 %' as is_naive,
        starts_with(caps.reason, 'SimFin''s average count agrees within 5 % with ours') as is_period,
        starts_with(caps.reason, 'SimFin''s average count of the last quarter') as is_quarter,
        starts_with(caps.reason, 'SimFin''s average count agrees within 5 % after') as is_split,
        starts_with(caps.reason, 'SimFin''s average count agreed over') as has_moved,
        contains(caps.reason, 'diluted one agrees') as is_unlisted,
        contains(caps.reason, 'by a split ratio') as is_ratio,
        caps.reason = 'SimFin''s average count differs by more than 5 %' as differs
    from core.market_caps as caps
    inner join us_common
        on
            caps.session_date = us_common.session_date
            and caps.company_id = us_common.company_id
    inner join core.bucket_memberships as members
        on
            caps.company_id = members.company_id
            and members.scheme_id = 'fixed_usd'
            and caps.session_date >= members.valid_from
            and caps.session_date <= coalesce(members.valid_to, caps.session_date)
    where caps.quality in ('trusted', 'disputed')

)

select
    compared.session_date,
    compared.bucket,
    count(*) as companies,
    round(100.0 * count(*) filter (where compared.is_naive) / count(*), 1) as as_they_stand_pct,
    round(100.0 * count(*) filter (where compared.quality = 'trusted') / count(*), 1) as accounted_pct,
    count(*) filter (where compared.is_period) as over_the_period,
    count(*) filter (where compared.is_quarter) as last_reported_quarter,
    count(*) filter (where compared.is_split) as after_a_split,
    count(*) filter (where compared.has_moved) as moved_since,
    count(*) filter (where compared.is_unlisted) as diluted_agrees,
    count(*) filter (where compared.is_ratio) as split_ratio,
    count(*) filter (where compared.differs) as differ
from compared
group by
    compared.session_date,
    compared.bucket
order by
    compared.session_date,
    list_position(['nano', 'micro', 'small', 'mid', 'large', 'mega'], compared.bucket)
