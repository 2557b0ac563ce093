-- code: GATE_SPREAD_SOURCE
-- severity: critical
-- table: marts.valuation_spread_daily
-- what: both sides of a spread are the values of valuation_daily
-- why: two tables that tell the same number must tell the same number

select
    spreads.session_date,
    spreads.scheme_id,
    spreads.universe,
    spreads.measure,
    spreads.convention,
    spreads.segment,
    spreads.value,
    own.value as value_in_valuation_daily,
    spreads.large_value,
    large_caps.value as large_value_in_valuation_daily
from marts.valuation_spread_daily as spreads
inner join replaced_sessions
    on spreads.session_date = replaced_sessions.session_date
left join marts.valuation_daily as own
    on
        spreads.session_date = own.session_date
        and spreads.scheme_id = own.scheme_id
        and spreads.universe = own.universe
        and spreads.measure = own.measure
        and spreads.convention = own.convention
        and spreads.segment = own.segment
left join marts.valuation_daily as large_caps
    on
        spreads.session_date = large_caps.session_date
        and spreads.scheme_id = large_caps.scheme_id
        and spreads.universe = large_caps.universe
        and spreads.measure = large_caps.measure
        and spreads.convention = large_caps.convention
        and large_caps.segment = 'large'
where
    spreads.value is distinct from own.value
    or spreads.large_value is distinct from large_caps.value
