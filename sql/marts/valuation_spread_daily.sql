-- purpose: what a segment costs against large caps, and how unusual that is
-- grain: one row per admitted session, scheme, universe, measure, convention and segment against large
-- key: session_date, scheme_id, universe, measure, convention, segment
-- owner: valuation

select
    spreads.session_date,
    spreads.scheme_id,
    spreads.universe,
    spreads.measure,
    spreads.convention,
    spreads.segment,
    spreads.value,
    spreads.large_value,
    spreads.discount,
    spreads.percentile,
    spreads.z_score,
    spreads.as_wide_date,
    spreads.premium_date,
    spreads.premium_sessions,
    spreads.history_start,
    spreads.history_sessions
from work.valuation_spread_daily as spreads
