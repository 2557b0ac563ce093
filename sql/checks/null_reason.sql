-- code: GATE_NULL_REASON
-- severity: critical
-- table: marts.valuation_daily
-- what: a measure has a value or a reason why it has none, never both, never neither
-- why: an analyst must not have to guess why a number is missing

with

measured as (

    select
        'marts.valuation_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.universe || ' ' || told.measure || ' ' || told.convention as measure,
        told.value as figure,
        told.null_reason
    from marts.valuation_daily as told
    union all
    select
        'marts.sector_neutral_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.measure || ' ' || told.convention as measure,
        told.discount as figure,
        told.null_reason
    from marts.sector_neutral_daily as told
    union all
    select
        'marts.risk_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.measure,
        told.value as figure,
        told.null_reason
    from marts.risk_daily as told
    union all
    select
        'marts.benchmark_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.benchmark || ' ' || told.window_sessions as measure,
        told.correlation as figure,
        told.null_reason
    from marts.benchmark_daily as told
    union all
    select
        'marts.liquidity_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.measure,
        told.value as figure,
        told.null_reason
    from marts.liquidity_daily as told
    union all
    select
        'marts.fragility_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.measure,
        told.value as figure,
        told.null_reason
    from marts.fragility_daily as told
    union all
    select
        'marts.information_daily' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.measure,
        told.value as figure,
        told.null_reason
    from marts.information_daily as told
    union all
    select
        'marts.forward_returns' as table_name,
        told.session_date,
        told.scheme_id || ' ' || told.segment as segment,
        told.start || ' ' || told.horizon_sessions as measure,
        told.mean_return as figure,
        told.null_reason
    from marts.forward_returns as told
    union all
    select
        'marts.size_portfolios_daily' as table_name,
        told.session_date,
        told.weighting as segment,
        told.portfolio as measure,
        told.return as figure,
        told.null_reason
    from marts.size_portfolios_daily as told
    union all
    select
        'marts.size_portfolios_monthly' as table_name,
        told.session_date,
        told.weighting as segment,
        told.portfolio as measure,
        told.return as figure,
        told.null_reason
    from marts.size_portfolios_monthly as told
    union all
    select
        'marts.small_vs_micro' as table_name,
        told.session_date,
        'small or micro' as segment,
        told.row as measure,
        told.small + told.micro as figure,
        told.null_reason
    from marts.small_vs_micro as told
    union all
    select
        'marts.thesis_daily' as table_name,
        told.session_date,
        'all' as segment,
        told.claim as measure,
        told.value as figure,
        told.null_reason
    from marts.thesis_daily as told

)

select
    measured.table_name,
    measured.session_date,
    measured.segment,
    measured.measure,
    measured.figure,
    measured.null_reason
from measured
inner join replaced_sessions
    on measured.session_date = replaced_sessions.session_date
where (measured.figure is null) <> (measured.null_reason is not null)
