"""What the page asks the published file; `flows.report.contents` fills in day, scheme and flow_days."""

LAST_PUBLISHED = "select max(session_date) as session_date from ops.sessions where status = 'published'"
VERDICT = "select status, rule_codes from ops.sessions where session_date = date '{day}'"
PUBLICATION = """
select run_id, build_closed_at from ops.publications order by build_closed_at desc, run_id desc limit 1
"""
SCHEME = """
select rule from core.bucket_schemes
where scheme_id = '{scheme}' and effective_from <= date '{day}' order by effective_from desc limit 1
"""
SEGMENTS = """
select segments.*, valuations.value as pe_median, valuations.cap_coverage as pe_coverage, valuations.loss_share_count
from marts.segment_daily as segments
left join marts.valuation_daily as valuations
    on valuations.session_date = segments.session_date and valuations.scheme_id = segments.scheme_id
    and valuations.segment = segments.segment and valuations.measure = 'pe' and valuations.convention = 'median'
    and valuations.universe = 'all'
where segments.scheme_id = '{scheme}' and segments.session_date = date '{day}'
"""
VALUATIONS = """
select segment, convention, value, null_reason, company_count, cap_coverage, restated_share, median_report_age_days
from marts.valuation_daily
where scheme_id = '{scheme}' and universe = 'all' and measure = 'pe' and session_date = date '{day}'
"""
SCHEMES = """
with rules as (
    select * from core.bucket_schemes where effective_from <= date '{day}'
    qualify row_number() over (partition by scheme_id order by effective_from desc) = 1
),
limits as (
    select * from marts.scheme_breakpoints where session_date <= date '{day}' and bucket = 'small'
    qualify row_number() over (partition by scheme_id order by session_date desc) = 1
)
select rules.scheme_id, rules.covers_everybody as is_fixed,
    limits.session_date as reviewed_on, limits.cap_lower_usd as small_from_usd,
    case when rules.kind = 'money' and rules.currency = 'USD'
        then try_cast(json_extract_string(rules.rule, '$.caps.small[0]') as double) end as fixed_from,
    segments.company_count, segments.market_cap_usd, segments.cap_share,
    spreads.value, spreads.large_value, spreads.discount, spreads.percentile
from rules
left join limits on limits.scheme_id = rules.scheme_id
left join marts.segment_daily as segments
    on segments.scheme_id = rules.scheme_id and segments.segment = 'small' and segments.session_date = date '{day}'
left join marts.valuation_spread_daily as spreads
    on spreads.scheme_id = rules.scheme_id and spreads.segment = 'small' and spreads.measure = 'pe'
    and spreads.universe = 'all' and spreads.convention = 'median' and spreads.session_date = date '{day}'
order by rules.scheme_id
"""
CLAIMS = """
select claims.statement, claims.measure, claims.unit, claims.comparison, told.value, told.threshold, told.holds,
    told.percentile, told.as_of, told.history_start, told.null_reason
from marts.thesis_daily as told
inner join marts.thesis_claims as claims on claims.claim = told.claim
where told.session_date = date '{day}'
order by told.claim
"""
AGAINST_MICRO = """
select "row", small, micro, ratio, micro_is_worse, null_reason from marts.small_vs_micro
where session_date = date '{day}'
order by list_position(['cap', 'age', 'liquidity', 'volatility', 'information', 'risk'], "row")
"""
RETURNS = """
select session_date, scheme_id, segment, return_price_vw from marts.segment_daily
where scheme_id = '{scheme}' and session_date <= date '{day}'
"""
SPREADS = """
select session_date, convention, value, large_value, discount, percentile, as_wide_date, history_start,
    history_sessions
from marts.valuation_spread_daily
where scheme_id = '{scheme}' and universe = 'all' and measure = 'pe' and segment = 'small'
    and session_date <= date '{day}'
order by session_date
"""
COVERAGE = """
select session_date, segment, cap_coverage, restated_share from marts.valuation_daily
where scheme_id = '{scheme}' and universe = 'all' and measure = 'pe' and convention = 'median'
    and segment in ('small', 'large') and session_date <= date '{day}'
order by session_date
"""
FLOWS = """
select session_date, segment, flow_usd, flow_5d_usd, flow_20d_usd, flow_60d_usd, quality
from marts.segment_flows_daily
where session_date <= date '{day}' and session_date > date '{day}' - interval {flow_days} day
order by session_date
"""
FUNDS = """
select segment, string_agg(distinct fund, ' ' order by fund) as funds from marts.fund_flows_daily
where segment is not null and session_date <= date '{day}' and session_date > date '{day}' - interval {flow_days} day
group by segment
"""
SESSIONS = """
select session_date, status, is_degraded, rule_codes, degraded_sources, quarantined_count, run_id
from ops.sessions where session_date <= date '{day}' order by session_date
"""
CHECKS = """
select session_date is null as is_gate, rule_code, subject, severity, outcome, observed, expected, failing_rows
from ops.checks
where (session_date = date '{day}'
        and run_id = (select run_id from ops.sessions where session_date = date '{day}'))
    or (session_date is null
        and run_id = (select run_id from ops.publications order by build_closed_at desc, run_id desc limit 1))
order by outcome, rule_code, subject
"""
HELD = """
select entity, source, reason_code, last_cap_usd, detail, count(*) over () as total
from ops.quarantine where session_date = date '{day}' and status = 'held'
order by last_cap_usd desc nulls last, entity, reason_code, detail limit 10
"""
SOURCES = """
select licences.source, licences.roles, licences.licence, licences.terms, licences.is_simulated,
    count(*) as files, max(fetches.landed_at) as landed_at
from ops.fetches as fetches
inner join ops.licences as licences on licences.source = fetches.source
where fetches.is_in_use
group by all order by licences.source
"""
