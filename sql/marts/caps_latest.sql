-- purpose: the newest cap of every company with its lineage, down to the landed file behind the price
-- grain: one row per company that was quoted on the last admitted session
-- key: company_id
-- owner: caps

with

last_session as (

    select max(caps.session_date) as session_date
    from core.market_caps as caps

),

caps as (

    select
        market_caps.session_date,
        market_caps.company_id,
        market_caps.ticker,
        market_caps.price,
        market_caps.shares,
        market_caps.shares_source,
        market_caps.cap_usd,
        market_caps.tier,
        market_caps.quality,
        market_caps.reason
    from core.market_caps as market_caps
    inner join last_session
        on market_caps.session_date = last_session.session_date

),

-- a later correction of a quote is a new row: the newest one counts
quotes as (

    select
        all_quotes.session_date,
        all_quotes.security_id,
        all_quotes.symbol,
        all_quotes.exchange,
        all_quotes.source
    from core.quotes as all_quotes
    inner join last_session
        on all_quotes.session_date = last_session.session_date
    qualify row_number() over (
        partition by all_quotes.security_id
        order by all_quotes.known_at desc
    ) = 1

),

primary_lines as (

    select
        caps.company_id,
        securities.security_id,
        securities.name,
        securities.sector,
        quotes.exchange,
        quotes.source as quote_source
    from caps
    inner join core.securities as securities
        on
            caps.company_id = securities.company_id
            and caps.session_date >= securities.valid_from
            and caps.session_date <= coalesce(securities.valid_to, date '9999-12-31')
    inner join quotes
        on
            securities.security_id = quotes.security_id
            and caps.ticker = quotes.symbol

),

buckets as (

    select
        caps.company_id,
        memberships.bucket
    from caps
    inner join core.bucket_memberships as memberships
        on
            caps.company_id = memberships.company_id
            and caps.session_date >= memberships.valid_from
            and caps.session_date <= coalesce(memberships.valid_to, date '9999-12-31')
    where memberships.scheme_id = 'fixed_usd'

),

-- a daily file of the exchange goes before the year's history file, that before files without a session
quote_files as (

    select
        primary_lines.company_id,
        fetches.sha256
    from primary_lines
    cross join last_session
    inner join ops.fetches as fetches
        on
            primary_lines.quote_source = fetches.source
            and case fetches.dataset
                when 'daily/' || primary_lines.exchange
                    then fetches.file_key = strftime(last_session.session_date, '%Y-%m-%d')
                when 'history/quotes'
                    then fetches.file_key = strftime(last_session.session_date, '%Y')
                else fetches.dataset = 'quotes'
            end
    where fetches.is_in_use
    qualify row_number() over (
        partition by primary_lines.company_id
        order by
            case
                when fetches.dataset like 'daily/%' then 1
                when fetches.dataset = 'history/quotes' then 2
                else 3
            end asc,
            fetches.landed_at desc,
            fetches.sha256 asc
    ) = 1

),

final as (

    select
        caps.company_id,
        caps.ticker,
        primary_lines.name,
        primary_lines.exchange,
        primary_lines.sector,
        caps.session_date,
        caps.price,
        caps.shares,
        caps.shares_source,
        caps.cap_usd,
        buckets.bucket,
        caps.tier,
        caps.quality,
        caps.reason,
        primary_lines.quote_source,
        quote_files.sha256 as quote_file_sha256
    from caps
    left join primary_lines
        on caps.company_id = primary_lines.company_id
    left join buckets
        on caps.company_id = buckets.company_id
    left join quote_files
        on caps.company_id = quote_files.company_id

)

select * from final
