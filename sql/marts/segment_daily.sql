-- purpose: what each size segment is worth, how it moved and how it traded, by session
-- grain: one row per admitted session, scheme and segment
-- key: session_date, scheme_id, segment
-- owner: segments

select
    segments.session_date,
    segments.scheme_id,
    segments.segment,
    segments.company_count,
    segments.market_cap_usd,
    segments.cap_share,
    segments.return_price_vw,
    segments.return_price_ew,
    segments.return_total_vw,
    segments.return_total_ew,
    segments.return_company_count,
    segments.multi_day_count,
    segments.turnover,
    segments.dollar_volume_usd,
    segments.quarantined_count,
    segments.quarantined_cap_usd,
    segments.trusted_count
from work.segment_daily as segments
