-- code: GATE_FILER_CATEGORIES
-- severity: critical
-- table: marts.segment_daily
-- what: the categories of filer of a segment add up to its companies and its cap, exactly
-- why: a company without a known category is in `unknown`; one that is in none, or in two, changes the sums

with

summed as (

    select
        categories.session_date,
        categories.scheme_id,
        categories.segment,
        sum(categories.company_count) as company_count,
        sum(categories.market_cap_usd) as market_cap_usd,
        count(*) filter (
            where categories.smaller_reporting_count + categories.smaller_reporting_unknown_count
            > categories.company_count
        ) as overfull_rows
    from marts.filer_category_daily as categories
    inner join replaced_sessions
        on categories.session_date = replaced_sessions.session_date
    group by
        categories.session_date,
        categories.scheme_id,
        categories.segment

),

segments as (

    select
        all_segments.session_date,
        all_segments.scheme_id,
        all_segments.segment,
        all_segments.company_count,
        all_segments.market_cap_usd
    from marts.segment_daily as all_segments
    inner join replaced_sessions
        on all_segments.session_date = replaced_sessions.session_date

)

select
    coalesce(segments.session_date, summed.session_date) as session_date,
    coalesce(segments.scheme_id, summed.scheme_id) as scheme_id,
    coalesce(segments.segment, summed.segment) as segment,
    segments.company_count,
    summed.company_count as companies_of_categories,
    segments.market_cap_usd,
    summed.market_cap_usd as sum_of_categories_usd
from segments
full join summed
    on
        segments.session_date = summed.session_date
        and segments.scheme_id = summed.scheme_id
        and segments.segment = summed.segment
where
    segments.company_count is distinct from summed.company_count
    or segments.market_cap_usd is distinct from summed.market_cap_usd
    or summed.overfull_rows > 0
