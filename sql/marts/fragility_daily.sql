-- purpose: how fragile and how mature the companies of each size segment are, by measure
-- grain: one row per admitted session, scheme, segment and measure
-- key: session_date, scheme_id, segment, measure
-- owner: fragility

select
    measured.session_date,
    measured.scheme_id,
    measured.segment,
    measured.measure,
    measured.value,
    measured.observations,
    measured.null_reason
from work.fragility_daily as measured
