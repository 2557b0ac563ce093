-- code: GATE_SPREAD_IDENTITY
-- severity: critical
-- table: marts.valuation_spread_daily
-- what: discount is value over large_value less 1, and stands where both sides do
-- why: the headline number of the thesis; an analyst can recompute it from the same row

select
    spreads.session_date,
    spreads.scheme_id,
    spreads.universe,
    spreads.measure,
    spreads.convention,
    spreads.segment,
    spreads.value,
    spreads.large_value,
    spreads.discount
from marts.valuation_spread_daily as spreads
inner join replaced_sessions
    on spreads.session_date = replaced_sessions.session_date
where
    (spreads.discount is null) <> (spreads.value is null or coalesce(spreads.large_value, 0) <= 0)
    or abs(spreads.discount + 1 - spreads.value / spreads.large_value)
    > getvariable('gate_spread_identity__tolerance') * greatest(1, abs(spreads.value / spreads.large_value))
