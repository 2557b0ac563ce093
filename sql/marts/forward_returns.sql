-- purpose: what segments returned after deep drawdowns, and after any session, as far as it is over
-- grain: one row per admitted session, scheme, segment, horizon and kind of start
-- key: session_date, scheme_id, segment, horizon_sessions, start
-- owner: risk

select
    forwards.session_date,
    forwards.scheme_id,
    forwards.segment,
    forwards.horizon_sessions,
    forwards.start,
    forwards.start_count,
    forwards.mean_return,
    forwards.median_return,
    forwards.positive_share,
    forwards.null_reason
from work.forward_returns as forwards
