-- code: GATE_SEGMENT_SHARES
-- severity: critical
-- table: marts.segment_daily
-- what: the shares of the six buckets add to 1 in each session and scheme with members
-- why: the buckets split the market of the scheme: every member is in one, or in two by halves

select
    segments.session_date,
    segments.scheme_id,
    sum(segments.cap_share) as share_sum
from marts.segment_daily as segments
inner join replaced_sessions
    on segments.session_date = replaced_sessions.session_date
where segments.segment not in ('smid', 'total')
group by
    segments.session_date,
    segments.scheme_id
having
    (sum(segments.cap_share) is null and sum(segments.company_count) > 0)
    or abs(sum(segments.cap_share) - 1) > getvariable('gate_segment_shares__tolerance')
