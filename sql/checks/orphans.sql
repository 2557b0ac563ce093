-- code: GATE_ORPHANS
-- severity: critical
-- table: core.quotes
-- what: each quote belongs to a known security, each cap to a known company
-- why: a fact without its thing drops out of every join without a word

with

companies as (

    select distinct securities.company_id
    from core.securities as securities

),

lost_quotes as (

    select
        'core.quotes' as table_name,
        quotes.session_date,
        quotes.security_id as entity
    from core.quotes as quotes
    inner join replaced_sessions
        on quotes.session_date = replaced_sessions.session_date
    anti join core.securities as securities
        on quotes.security_id = securities.security_id

),

lost_caps as (

    select
        'core.market_caps' as table_name,
        caps.session_date,
        caps.company_id as entity
    from core.market_caps as caps
    inner join replaced_sessions
        on caps.session_date = replaced_sessions.session_date
    anti join companies
        on caps.company_id = companies.company_id

)

select
    lost_quotes.table_name,
    lost_quotes.session_date,
    lost_quotes.entity
from lost_quotes
union all
select
    lost_caps.table_name,
    lost_caps.session_date,
    lost_caps.entity
from lost_caps
