-- code: GATE_KNOWN_BEFORE
-- severity: critical
-- table: core.quotes
-- what: no fact is known before the day, or before the end of the period, that it is about
-- why: a publication date before the period's end would let a back test look ahead

select
    'core.quotes' as table_name,
    quotes.security_id as entity,
    quotes.session_date as about_date,
    quotes.known_at
from core.quotes as quotes
inner join replaced_sessions
    on quotes.session_date = replaced_sessions.session_date
where quotes.known_at < quotes.session_date
union all
select
    'core.market_caps' as table_name,
    caps.company_id as entity,
    caps.session_date as about_date,
    caps.known_at
from core.market_caps as caps
inner join replaced_sessions
    on caps.session_date = replaced_sessions.session_date
where caps.known_at < caps.session_date
union all
select
    'core.fundamentals' as table_name,
    fundamentals.company_id as entity,
    fundamentals.period_end as about_date,
    fundamentals.known_at
from core.fundamentals as fundamentals
where fundamentals.known_at < fundamentals.period_end
union all
select
    'core.share_counts' as table_name,
    counts.company_id as entity,
    counts.as_of as about_date,
    counts.known_at
from core.share_counts as counts
where counts.known_at < counts.as_of
union all
select
    'core.fund_shares' as table_name,
    funds.fund as entity,
    funds.as_of as about_date,
    funds.known_at
from core.fund_shares as funds
where funds.known_at < funds.as_of
union all
select
    'core.fund_prices' as table_name,
    prices.fund as entity,
    prices.session_date as about_date,
    prices.known_at
from core.fund_prices as prices
where prices.known_at < prices.session_date
union all
select
    'core.macro' as table_name,
    macro_values.series as entity,
    macro_values.as_of as about_date,
    macro_values.known_at
from core.macro as macro_values
where macro_values.known_at < macro_values.as_of
union all
select
    'core.positions' as table_name,
    positions.contract || ' ' || positions.category as entity,
    positions.as_of as about_date,
    positions.known_at
from core.positions as positions
where positions.known_at < positions.as_of
union all
select
    'core.free_float' as table_name,
    floats.company_id as entity,
    floats.as_of as about_date,
    floats.known_at
from core.free_float as floats
where floats.known_at < floats.as_of
union all
select
    'core.per_share_facts' as table_name,
    per_share.company_id as entity,
    per_share.period_end as about_date,
    per_share.known_at
from core.per_share_facts as per_share
where per_share.known_at < per_share.period_end
union all
select
    'core.reference_portfolios' as table_name,
    portfolios.portfolio as entity,
    portfolios.as_of as about_date,
    portfolios.known_at
from core.reference_portfolios as portfolios
where portfolios.known_at < portfolios.as_of
