-- purpose: whether a segment stands at a high, pulled back, in a bear market, recovering or sideways
-- grain: one row per admitted session, scheme and segment
-- key: session_date, scheme_id, segment
-- owner: risk

select
    regimes.session_date,
    regimes.scheme_id,
    regimes.segment,
    regimes.regime,
    regimes.since,
    regimes.drawdown
from work.regime_daily as regimes
