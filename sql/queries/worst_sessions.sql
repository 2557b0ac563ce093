-- question: Which were the worst sessions of the market, and how did small caps do on them?

select
    totals.session_date,
    round(100 * totals.return_price_vw, 2) as market_return_pct,
    round(100 * small_caps.return_price_vw, 2) as small_return_pct,
    round(100 * small_caps.return_price_ew, 2) as small_equal_weighted_pct,
    small_caps.multi_day_count
from marts.segment_daily as totals
inner join marts.segment_daily as small_caps
    on
        totals.session_date = small_caps.session_date
        and totals.scheme_id = small_caps.scheme_id
where
    totals.scheme_id = 'fixed_usd'
    and totals.segment = 'total'
    and small_caps.segment = 'small'
order by totals.return_price_vw
limit 20
