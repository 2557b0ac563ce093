-- purpose: which companies moved from one bucket to another under each scheme, came in or went out, and why
-- grain: one row per session, scheme, company and pair of buckets between which it moved
-- key: session_date, scheme_id, company_id, from_bucket, to_bucket
-- owner: buckets

with

-- only companies that have a new interval on one of the sessions asked for
asked as (

    select distinct
        begun.scheme_id,
        begun.company_id
    from core.bucket_memberships as begun
    inner join replaced_sessions
        on begun.valid_from = replaced_sessions.session_date

),

-- a company's buckets of one time stand side by side: place tells the time
states as (

    select
        memberships.scheme_id,
        memberships.company_id,
        memberships.valid_from,
        memberships.bucket,
        memberships.raw_bucket,
        memberships.weight,
        memberships.reason,
        memberships.distance,
        dense_rank() over (
            partition by memberships.scheme_id, memberships.company_id
            order by memberships.valid_from
        ) as place
    from core.bucket_memberships as memberships
    inner join asked
        on
            memberships.scheme_id = asked.scheme_id
            and memberships.company_id = asked.company_id

),

gained as (

    select
        new_states.scheme_id,
        new_states.company_id,
        new_states.valid_from,
        new_states.place,
        new_states.bucket,
        new_states.raw_bucket,
        new_states.reason,
        new_states.distance,
        new_states.weight - coalesce(old_states.weight, 0) as part
    from states as new_states
    left join states as old_states
        on
            new_states.scheme_id = old_states.scheme_id
            and new_states.company_id = old_states.company_id
            and new_states.bucket = old_states.bucket
            and new_states.place = old_states.place + 1
    where new_states.place > 1

),

lost as (

    select
        old_states.scheme_id,
        old_states.company_id,
        old_states.bucket,
        old_states.place + 1 as place,
        old_states.weight - coalesce(new_states.weight, 0) as part
    from states as old_states
    left join states as new_states
        on
            old_states.scheme_id = new_states.scheme_id
            and old_states.company_id = new_states.company_id
            and old_states.bucket = new_states.bucket
            and old_states.place + 1 = new_states.place

),

moved as (

    select
        gained.valid_from as session_date,
        gained.scheme_id,
        gained.company_id,
        lost.bucket as from_bucket,
        gained.bucket as to_bucket,
        least(lost.part, gained.part) as weight,
        gained.raw_bucket,
        gained.reason,
        gained.distance
    from gained
    inner join lost
        on
            gained.scheme_id = lost.scheme_id
            and gained.company_id = lost.company_id
            and gained.place = lost.place
    where
        gained.part > 0
        and lost.part > 0
        and gained.reason not in ('newcomer', 'eligible')

),

-- who was never in, or had lost its seat; the first session of all has no newcomers
entered as (

    select
        states.valid_from as session_date,
        states.scheme_id,
        states.company_id,
        'none' as from_bucket,
        states.bucket as to_bucket,
        states.weight,
        states.raw_bucket,
        states.reason,
        states.distance
    from states
    where states.reason in ('newcomer', 'eligible', 'first appearance')

),

published as (

    select
        sessions.session_date,
        lag(sessions.session_date) over (order by sessions.session_date) as session_before
    from ops.sessions as sessions
    where sessions.status = 'published'

),

-- in until the session before, and still with a cap, but in no bucket
left_behind as (

    select
        published.session_date,
        memberships.scheme_id,
        memberships.company_id,
        memberships.bucket as from_bucket,
        'none' as to_bucket,
        memberships.weight,
        null as raw_bucket,
        'lost its seat at the review' as reason,
        null as distance
    from published
    inner join replaced_sessions
        on published.session_date = replaced_sessions.session_date
    inner join core.bucket_memberships as memberships
        on published.session_before = memberships.valid_to
    where not exists (
        select 1
        from core.bucket_memberships as still_in
        where
            still_in.scheme_id = memberships.scheme_id
            and still_in.company_id = memberships.company_id
            and still_in.valid_from = published.session_date
    )

),

every as (

    select * from moved
    union all
    select * from entered
    union all
    select * from left_behind

),

final as (

    select
        every.session_date,
        every.scheme_id,
        every.company_id,
        every.from_bucket,
        every.to_bucket,
        every.weight,
        every.raw_bucket,
        caps.cap_usd,
        every.reason,
        every.distance
    from every
    inner join replaced_sessions
        on every.session_date = replaced_sessions.session_date
    inner join core.market_caps as caps
        on
            every.company_id = caps.company_id
            and every.session_date = caps.session_date

)

select * from final
