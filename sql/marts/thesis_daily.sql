-- purpose: the fifteen claims of the thesis, each measured, against its threshold and its own history
-- grain: one row per admitted session and claim
-- key: session_date, claim
-- owner: thesis

select
    claims.session_date,
    claims.claim,
    claims.measure,
    claims.value,
    claims.percentile,
    claims.threshold,
    claims.holds,
    claims.as_of,
    claims.source,
    claims.history_start,
    claims.history_sessions,
    claims.null_reason
from work.thesis_daily as claims
