-- purpose: how far the tiers, the vendor's own cap and a second count agree, and which companies are held
-- grain: one row per admitted session and company whose cap another source disputes, or could
-- key: session_date, company_id
-- owner: caps

select
    gaps.session_date,
    gaps.company_id,
    caps.tier,
    caps.cap_usd,
    gaps.vendor_cap_usd,
    gaps.candidate_tier,
    gaps.candidate_cap_usd,
    gaps.filed_cap_usd,
    gaps.gap,
    caps.check_shares,
    gaps.check_gap,
    caps.quality,
    gaps.flag,
    coalesce(caps.ticker, gaps.held_ticker) as ticker,
    coalesce(caps.reason, gaps.held_reason) as reason
from work.cap_gaps as gaps
left join core.market_caps as caps
    on
        gaps.session_date = caps.session_date
        and gaps.company_id = caps.company_id
