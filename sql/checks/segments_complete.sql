-- code: GATE_SEGMENTS_COMPLETE
-- severity: critical
-- table: marts.segment_daily
-- what: each published session and scheme has all segments
-- why: a chart must not lose a line without a word; a session without any segment counts as well

with

schemes as (

    select distinct segments.scheme_id
    from marts.segment_daily as segments

),

published as (

    select sessions.session_date
    from ops.sessions as sessions
    inner join replaced_sessions
        on sessions.session_date = replaced_sessions.session_date
    where sessions.status = 'published'

),

counted as (

    select
        published.session_date,
        schemes.scheme_id,
        count(distinct segments.segment) as segment_count
    from published
    cross join schemes
    left join marts.segment_daily as segments
        on
            published.session_date = segments.session_date
            and schemes.scheme_id = segments.scheme_id
    group by
        published.session_date,
        schemes.scheme_id

)

select
    counted.session_date,
    counted.scheme_id,
    counted.segment_count
from counted
where counted.segment_count <> getvariable('gate_segments_complete__segments')
