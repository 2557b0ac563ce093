-- code: GATE_REFUSED_ABSENT
-- severity: critical
-- table: ops.sessions
-- what: only published sessions have rows in core and marts
-- why: a refused or missing session must not feed a return, a window or a chart

with

found as (

    select distinct
        'core.quotes' as table_name,
        quotes.session_date
    from core.quotes as quotes
    union all
    select distinct
        'core.security_caps' as table_name,
        caps.session_date
    from core.security_caps as caps
    union all
    select distinct
        'core.market_caps' as table_name,
        caps.session_date
    from core.market_caps as caps
    union all
    select distinct
        'marts.segment_daily' as table_name,
        segments.session_date
    from marts.segment_daily as segments
    union all
    select distinct
        'marts.valuation_daily' as table_name,
        valuations.session_date
    from marts.valuation_daily as valuations
    union all
    select
        'marts.sector_neutral_daily' as table_name,
        neutral.session_date
    from marts.sector_neutral_daily as neutral
    union all
    select distinct
        'marts.valuation_spread_daily' as table_name,
        spreads.session_date
    from marts.valuation_spread_daily as spreads
    union all
    select distinct
        'marts.fund_flows_daily' as table_name,
        flows.session_date
    from marts.fund_flows_daily as flows
    union all
    select distinct
        'marts.benchmark_daily' as table_name,
        told.session_date
    from marts.benchmark_daily as told
    union all
    select distinct
        'marts.segment_flows_daily' as table_name,
        flows.session_date
    from marts.segment_flows_daily as flows
    union all
    select distinct
        'marts.filer_category_daily' as table_name,
        categories.session_date
    from marts.filer_category_daily as categories
    union all
    select distinct
        'marts.fragility_daily' as table_name,
        fragilities.session_date
    from marts.fragility_daily as fragilities
    union all
    select distinct
        'marts.information_daily' as table_name,
        informations.session_date
    from marts.information_daily as informations
    union all
    select distinct
        'marts.liquidity_daily' as table_name,
        told.session_date
    from marts.liquidity_daily as told
    union all
    select distinct
        'marts.risk_daily' as table_name,
        told.session_date
    from marts.risk_daily as told
    union all
    select distinct
        'marts.regime_daily' as table_name,
        told.session_date
    from marts.regime_daily as told
    union all
    select distinct
        'marts.forward_returns' as table_name,
        told.session_date
    from marts.forward_returns as told
    union all
    select distinct
        'marts.size_portfolios_daily' as table_name,
        told.session_date
    from marts.size_portfolios_daily as told
    union all
    select distinct
        'marts.size_portfolios_monthly' as table_name,
        told.session_date
    from marts.size_portfolios_monthly as told
    union all
    select distinct
        'marts.small_vs_micro' as table_name,
        told.session_date
    from marts.small_vs_micro as told
    union all
    select distinct
        'marts.thesis_daily' as table_name,
        told.session_date
    from marts.thesis_daily as told
    union all
    select distinct
        'marts.scheme_agreement' as table_name,
        told.session_date
    from marts.scheme_agreement as told

)

select
    found.table_name,
    found.session_date,
    sessions.status
from found
left join ops.sessions as sessions
    on found.session_date = sessions.session_date
where sessions.status is distinct from 'published'
