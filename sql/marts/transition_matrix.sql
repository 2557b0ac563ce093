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

at_ends as (

    select
        periods.session_date,
        periods.period,
        edges.edge,
        memberships.scheme_id,
        memberships.company_id,
        memberships.bucket
    from periods
    cross join (values ('from'), ('to')) as edges (edge)
    inner join core.bucket_memberships as memberships
        on
            memberships.valid_from <= if(edges.edge = 'from', periods.from_session, periods.to_session)
            and coalesce(memberships.valid_to, date '9999-12-31')
            >= if(edges.edge = 'from', periods.from_session, periods.to_session)
    where memberships.is_counted

),

companies as (

    select
        at_ends.session_date,
        at_ends.period,
        at_ends.scheme_id,
        at_ends.company_id,
        coalesce(max(at_ends.bucket) filter (where at_ends.edge = 'from'), 'none') as from_bucket,
        coalesce(max(at_ends.bucket) filter (where at_ends.edge = 'to'), 'none') as to_bucket
    from at_ends
    group by all

),

moves as (

    select
        companies.session_date,
        companies.scheme_id,
        companies.period,
        companies.from_bucket,
        companies.to_bucket,
        cast(count(*) as integer) as company_count
    from companies
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
