-- code: GATE_YIELD_RECIPROCAL
-- severity: critical
-- table: marts.valuation_daily
-- what: earnings yield times P/E is 1, the median convention apart
-- why: both come from the same two sums; a median of reciprocals is not the reciprocal of a median

select
    multiples.session_date,
    multiples.scheme_id,
    multiples.segment,
    multiples.universe,
    multiples.convention,
    multiples.value as pe,
    yields.value as earnings_yield
from marts.valuation_daily as multiples
inner join replaced_sessions
    on multiples.session_date = replaced_sessions.session_date
inner join marts.valuation_daily as yields
    on
        multiples.session_date = yields.session_date
        and multiples.scheme_id = yields.scheme_id
        and multiples.segment = yields.segment
        and multiples.universe = yields.universe
        and multiples.convention = yields.convention
where
    multiples.measure = 'pe'
    and yields.measure = 'earnings_yield'
    and multiples.convention <> 'median'
    and abs(multiples.value * yields.value - 1) > getvariable('gate_yield_reciprocal__tolerance')
