-- code: GATE_NULL_REASON
-- severity: critical
-- table: marts.valuation_daily
-- what: a valuation has a value or a reason why it has none, never both, never neither
-- why: an analyst must not have to guess why a number is missing

select
    valuations.session_date,
    valuations.scheme_id,
    valuations.segment,
    valuations.measure,
    valuations.convention,
    valuations.value,
    valuations.null_reason
from marts.valuation_daily as valuations
inner join replaced_sessions
    on valuations.session_date = replaced_sessions.session_date
where (valuations.value is null) <> (valuations.null_reason is not null)
