-- purpose: how well known the companies of each size segment are, by labelled proxies
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
from work.information_daily as measured
