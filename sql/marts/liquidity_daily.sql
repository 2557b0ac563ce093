-- purpose: how liquid the companies of each size segment are over 21 sessions, by measure
-- grain: one row per admitted session, scheme, segment and measure
-- key: session_date, scheme_id, segment, measure
-- owner: liquidity

select
    measured.session_date,
    measured.scheme_id,
    measured.segment,
    measured.measure,
    measured.value,
    measured.observations,
    measured.null_reason
from work.liquidity_daily as measured
