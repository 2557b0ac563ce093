-- question: What is each segment worth today, and how did it move?

select
    segments.segment,
    segments.company_count,
    round(segments.market_cap_usd / 1e9, 1) as market_cap_bn_usd,
    round(100 * segments.cap_share, 2) as share_pct,
    round(100 * segments.return_price_vw, 2) as return_pct,
    round(100 * segments.turnover, 2) as turnover_pct
from marts.segment_daily as segments
where
    segments.scheme_id = 'fixed_usd'
    and segments.session_date = (
        select max(newest.session_date)
        from marts.segment_daily as newest
    )
order by segments.market_cap_usd
