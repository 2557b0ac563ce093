-- question: How much of the market is parked in the top ten, in mega, in large and in small caps?

with

ranked as (

    select
        caps.session_date,
        caps.cap_usd,
        row_number() over (
            partition by caps.session_date
            order by caps.cap_usd desc
        ) as place
    from core.market_caps as caps

),

top_ten as (

    select
        ranked.session_date,
        sum(ranked.cap_usd) filter (where ranked.place <= 10) / sum(ranked.cap_usd) as top_share
    from ranked
    group by ranked.session_date

)

select
    top_ten.session_date,
    round(100 * top_ten.top_share, 2) as top_ten_pct,
    round(100 * max(segments.cap_share) filter (where segments.segment = 'mega'), 2) as mega_pct,
    round(100 * max(segments.cap_share) filter (where segments.segment = 'large'), 2) as large_pct,
    round(100 * max(segments.cap_share) filter (where segments.segment = 'small'), 2) as small_pct
from top_ten
inner join marts.segment_daily as segments
    on
        top_ten.session_date = segments.session_date
        and segments.scheme_id = 'fixed_usd'
group by
    top_ten.session_date,
    top_ten.top_share
order by top_ten.session_date desc
