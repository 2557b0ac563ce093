-- purpose: which filers to the SEC the companies of each size segment are, smaller reporting ones among them
-- grain: one row per admitted session, scheme, segment and category of filer
-- key: session_date, scheme_id, segment, category
-- owner: filers

select
    categories.session_date,
    categories.scheme_id,
    categories.segment,
    categories.category,
    categories.company_count,
    categories.market_cap_usd,
    categories.cap_share,
    categories.smaller_reporting_count,
    categories.smaller_reporting_cap_usd,
    categories.smaller_reporting_unknown_count
from work.filer_category_daily as categories
