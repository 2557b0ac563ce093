-- purpose: where the companies of each bucket were a quarter, or a year, later
-- grain: one row per scheme, period that is over, and pair of buckets at its two ends
-- key: session_date, scheme_id, period, from_bucket, to_bucket
-- owner: buckets

with

published as (

    select
        sessions.session_date,
        lag(sessions.session_date) over (order by sessions.session_date) as session_before
    from ops.sessions as sessions
    where sessions.status = 'published'

),

-- the first session of a new period tells that the one before is over
ended as (

    select
        published.session_date,
        published.session_before as to_session,
        'quarter' as period,
        cast(date_trunc('quarter', published.session_before) as date) as period_begin
    from published
    where date_trunc('quarter', published.session_date) <> date_trunc('quarter', published.session_before)
    union all
    select
        published.session_date,
        published.session_before as to_session,
        'year' as period,
        cast(date_trunc('year', published.session_before) as date) as period_begin
    from published
    where date_trunc('year', published.session_date) <> date_trunc('year', published.session_before)

),

periods as (

    select
        ended.session_date,
        ended.period,
        ended.to_session,
        coalesce(
            max(published.session_date) filter (where published.session_date < ended.period_begin),
            min(published.session_date)
        ) as from_session
    from ended
    inner join replaced_sessions
        on ended.session_date = replaced_sessions.session_date
    cross join published
    group by
        ended.session_date,
        ended.period,
        ended.to_session

),

starts as (

    select
        periods.session_date,
        periods.period,
        memberships.scheme_id,
        memberships.company_id,
        memberships.bucket
    from periods
    inner join core.bucket_memberships as memberships
        on
            periods.from_session >= memberships.valid_from
            and periods.from_session <= coalesce(memberships.valid_to, date '9999-12-31')
    where memberships.is_counted

),

ends as (

    select
        periods.session_date,
        periods.period,
        memberships.scheme_id,
        memberships.company_id,
        memberships.bucket
    from periods
    inner join core.bucket_memberships as memberships
        on
            periods.to_session >= memberships.valid_from
            and periods.to_session <= coalesce(memberships.valid_to, date '9999-12-31')
    where memberships.is_counted

),

moves as (

    select
        coalesce(starts.session_date, ends.session_date) as session_date,
        coalesce(starts.scheme_id, ends.scheme_id) as scheme_id,
        coalesce(starts.period, ends.period) as period,
        coalesce(starts.bucket, 'none') as from_bucket,
        coalesce(ends.bucket, 'none') as to_bucket,
        cast(count(*) as integer) as company_count
    from starts
    full join ends
        on
            starts.session_date = ends.session_date
            and starts.period = ends.period
            and starts.scheme_id = ends.scheme_id
            and starts.company_id = ends.company_id
    group by all

),

final as (

    select
        moves.session_date,
        moves.scheme_id,
        moves.period,
        periods.from_session,
        periods.to_session,
        moves.from_bucket,
        moves.to_bucket,
        moves.company_count,
        moves.company_count
        / sum(moves.company_count) over (
            partition by moves.session_date, moves.scheme_id, moves.period, moves.from_bucket
        ) as company_share
    from moves
    inner join periods
        on
            moves.session_date = periods.session_date
            and moves.period = periods.period

)

select * from final
