-- question: Why do the counts that a second source disputes differ, with hindsight, per US common stock?
-- The first reason that holds, looking at later splits, averages and counts: an analysis, never a cap.

with

quarter_ends as (

    select max(sessions.session_date) as session_date
    from ops.sessions as sessions
    where sessions.status = 'published'
    group by date_trunc('quarter', sessions.session_date)

),

us_common as (

    select
        listed.session_date,
        listed.company_id,
        count(distinct listed.security_id) as line_count
    from core.security_caps as listed
    inner join quarter_ends
        on listed.session_date = quarter_ends.session_date
    inner join core.securities as securities
        on
            listed.security_id = securities.security_id
            and listed.session_date >= securities.valid_from
            and listed.session_date <= coalesce(securities.valid_to, listed.session_date)
    where
        securities.security_type = 'common'
        and securities.country = 'United States'
    group by
        listed.session_date,
        listed.company_id

),

compared as (

    select
        caps.*,
        members.bucket,
        us_common.line_count
    from core.market_caps as caps
    inner join us_common
        on
            caps.session_date = us_common.session_date
            and caps.company_id = us_common.company_id
    inner join core.bucket_memberships as members
        on
            caps.company_id = members.company_id
            and members.scheme_id = 'fixed_usd'
            and caps.session_date >= members.valid_from
            and caps.session_date <= coalesce(members.valid_to, caps.session_date)
    where caps.quality in ('trusted', 'disputed')

),

averages as (

    select
        facts.company_id,
        facts.period_end,
        facts.fiscal_period like '%FY' as is_year,
        facts.value as average,
        cast(facts.known_at at time zone 'America/New_York' as date) as publish_date
    from core.fundamentals as facts
    where
        facts.concept = 'shares_basic'
        and facts.value > 0
    -- The earliest download: all of them are later than the sessions here.
    qualify
        row_number() over (
            partition by facts.company_id, facts.period_end, facts.fiscal_period
            order by facts.vintage_date
        ) = 1

),

checks as (

    select
        compared.session_date,
        compared.company_id,
        averages.average,
        averages.period_end,
        averages.is_year
    from compared
    inner join averages
        on
            compared.company_id = averages.company_id
            and compared.session_date >= averages.publish_date
            and compared.session_date <= averages.period_end + interval 15 month
    qualify
        row_number() over (
            partition by compared.session_date, compared.company_id
            order by averages.period_end desc, averages.is_year asc
        ) = 1

),

quarters as (

    select
        averages.company_id,
        averages.period_end,
        averages.average,
        lag(averages.average) over (by_end) as previous_shares,
        lead(averages.average) over (by_end) as next_shares
    from averages
    where not averages.is_year
    window by_end as (
        partition by averages.company_id
        order by averages.period_end
    )

),

breaks as (

    select
        securities.company_id,
        quotes.session_date as ex_date,
        (1 + quotes.return_price) * lag(quotes.close) over (
            partition by quotes.security_id
            order by quotes.session_date
        ) / quotes.close as ratio
    from core.quotes as quotes
    inner join core.securities as securities
        on
            quotes.security_id = securities.security_id
            and quotes.session_date >= securities.valid_from
            and quotes.session_date <= coalesce(securities.valid_to, quotes.session_date)
    where
        securities.security_type = 'common'
        and quotes.close >= 0.2

),

splits as (

    select
        breaks.company_id,
        breaks.ex_date,
        median(breaks.ratio) as ratio
    from breaks
    where
        (
            breaks.ratio > 1.4
            and abs(2 * breaks.ratio - round(2 * breaks.ratio)) < 0.04 * breaks.ratio
        )
        or (
            breaks.ratio < 0.55
            and abs(1 / breaks.ratio - round(1 / breaks.ratio)) < 0.02 / breaks.ratio
        )
    group by
        breaks.company_id,
        breaks.ex_date

),

later as (

    select
        compared.session_date,
        compared.company_id,
        exp(
            sum(ln(splits.ratio)) over (
                partition by compared.session_date, compared.company_id
                order by splits.ex_date
            )
        ) as ratio
    from compared
    inner join splits
        on
            compared.company_id = splits.company_id
            and compared.session_date < splits.ex_date

),

restated as (

    select
        later.session_date,
        later.company_id,
        bool_or(abs(ln(compared.shares * later.ratio / checks.average)) <= ln(1.05)) as is_restated
    from later
    inner join compared
        on
            later.session_date = compared.session_date
            and later.company_id = compared.company_id
    inner join checks
        on
            later.session_date = checks.session_date
            and later.company_id = checks.company_id
    group by
        later.session_date,
        later.company_id

),

upcoming as (

    select
        compared.session_date,
        compared.company_id,
        arg_min(averages.average, averages.period_end) as first_shares,
        arg_max(averages.average, averages.period_end) as second_shares
    from compared
    inner join averages
        on
            compared.company_id = averages.company_id
            and compared.session_date <= averages.period_end + interval 1 day
            and compared.session_date > averages.period_end - interval 6 month
            and not averages.is_year
    group by
        compared.session_date,
        compared.company_id

),

nearby as (

    select
        checks.session_date,
        checks.company_id,
        bool_or(
            caps.session_date > checks.session_date
            and abs(ln(caps.shares / checks.average)) <= ln(1.05)
        ) as came_to_agree,
        bool_or(
            caps.session_date <= checks.session_date - interval 110 day
        ) and bool_and(
            abs(caps.shares / compared.shares - 1) < 0.002
        ) filter (
            where caps.session_date <= checks.session_date
        ) as stood_still
    from checks
    inner join compared
        on
            checks.session_date = compared.session_date
            and checks.company_id = compared.company_id
            and compared.quality = 'disputed'
    inner join core.market_caps as caps
        on
            checks.company_id = caps.company_id
            and caps.session_date >= checks.session_date - interval 120 day
            and caps.session_date <= checks.session_date + interval 270 day
    group by
        checks.session_date,
        checks.company_id

),

evidence as (

    select
        compared.session_date,
        compared.bucket,
        compared.ticker,
        compared.shares,
        checks.average,
        checks.period_end,
        compared.reason,
        compared.line_count,
        ln(compared.shares / checks.average) as gap,
        checks.is_year,
        coalesce(restated.is_restated, false) as is_restated,
        restated.company_id is not null as has_later_split,
        nearby.stood_still and nearby.came_to_agree as is_late,
        abs(ln(quarters.previous_shares / quarters.next_shares)) <= ln(1.05)
        and abs(ln(quarters.average / quarters.previous_shares)) > ln(1.05)
        and abs(ln(quarters.average / quarters.next_shares)) > ln(1.05) as stands_out,
        abs(ln(compared.shares / upcoming.first_shares)) <= ln(1.05)
        or abs(ln(compared.shares / upcoming.second_shares)) <= ln(1.05) as is_confirmed_later,
        compared.shares between least(checks.average, upcoming.first_shares, upcoming.second_shares)
        and greatest(checks.average, upcoming.first_shares, upcoming.second_shares) as is_between
    from compared
    inner join checks
        on
            compared.session_date = checks.session_date
            and compared.company_id = checks.company_id
    left join restated
        on
            compared.session_date = restated.session_date
            and compared.company_id = restated.company_id
    left join upcoming
        on
            compared.session_date = upcoming.session_date
            and compared.company_id = upcoming.company_id
    left join nearby
        on
            compared.session_date = nearby.session_date
            and compared.company_id = nearby.company_id
    left join quarters
        on
            compared.company_id = quarters.company_id
            and checks.period_end = quarters.period_end
            and not checks.is_year
    where compared.quality = 'disputed'

)

select
    evidence.session_date,
    evidence.bucket,
    evidence.ticker,
    round(evidence.shares) as vendor_shares,
    evidence.average,
    round(exp(evidence.gap), 3) as ratio,
    evidence.period_end,
    case
        when evidence.is_restated then 'restated for a later split'
        when abs(abs(evidence.gap) - ln(1000)) < 0.3 or abs(abs(evidence.gap) - ln(1000000)) < 0.3
            then 'scaled by a thousand or a million'
        when evidence.stands_out then 'stands out from the averages before and after'
        when contains(evidence.reason, 'diluted one agrees')
            then 'units or a class not listed, diluted agrees'
        when evidence.line_count > 1 then 'several listed classes'
        when contains(evidence.reason, 'by a split ratio') then 'a split ratio, no split seen'
        when evidence.is_confirmed_later or evidence.is_between or contains(evidence.reason, 'has moved')
            then 'issued or bought back since'
        when evidence.is_late then 'the vendor lags'
        when evidence.is_year then 'a year''s average, no quarters'
        when evidence.has_later_split then 'a later split, and issued since'
        when evidence.gap > ln(5) then 'far more: splits after the last session, or a wrong average'
        when abs(evidence.gap) <= ln(1.2) then 'within 20 %'
        when evidence.gap > 0 then 'the vendor counts more: units, an unlisted class, new shares'
        else 'the average is larger: pre-funded warrants, buybacks'
    end as why
from evidence
order by
    evidence.session_date,
    evidence.bucket,
    evidence.ticker
