-- purpose: volatility, betas, correlations and drawdowns of every segment, one row per measure
-- grain: one row per admitted session, scheme, segment and measure
-- key: session_date, scheme_id, segment, measure
-- owner: risk

select
    risks.session_date,
    risks.scheme_id,
    risks.segment,
    risks.measure,
    risks.value,
    risks.observations,
    risks.null_reason
from work.risk_daily as risks
