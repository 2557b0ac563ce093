-- code: GATE_SEGMENT_SUMS
-- severity: critical
-- table: marts.segment_daily
-- what: total is the sum of the six buckets and smid that of small and mid, exactly
-- why: whole dollars and companies add up without a remainder; anything else was summed apart

with

parts as (

    select
        segments.session_date,
        segments.scheme_id,
        wholes.segment,
        sum(segments.company_count) as company_count,
        sum(segments.market_cap_usd) as market_cap_usd,
        sum(segments.dollar_volume_usd) as dollar_volume_usd,
        sum(segments.trusted_count) as trusted_count,
        sum(segments.quarantined_count) as quarantined_count,
        sum(segments.quarantined_cap_usd) as quarantined_cap_usd
    from marts.segment_daily as segments
    inner join replaced_sessions
        on segments.session_date = replaced_sessions.session_date
    cross join (values ('smid'), ('total')) as wholes (segment)
    where
        segments.segment not in ('smid', 'total')
        and (wholes.segment = 'total' or segments.segment in ('small', 'mid'))
    group by
        segments.session_date,
        segments.scheme_id,
        wholes.segment

)

select
    parts.session_date,
    parts.scheme_id,
    parts.segment,
    parts.market_cap_usd as sum_of_buckets_usd,
    wholes.market_cap_usd,
    parts.company_count as companies_of_buckets,
    wholes.company_count
from parts
left join marts.segment_daily as wholes
    on
        parts.session_date = wholes.session_date
        and parts.scheme_id = wholes.scheme_id
        and parts.segment = wholes.segment
where
    parts.company_count is distinct from wholes.company_count
    or parts.market_cap_usd is distinct from wholes.market_cap_usd
    or parts.dollar_volume_usd is distinct from wholes.dollar_volume_usd
    or parts.trusted_count is distinct from wholes.trusted_count
    or parts.quarantined_count is distinct from wholes.quarantined_count
    or parts.quarantined_cap_usd is distinct from wholes.quarantined_cap_usd
