-- purpose: where the limits between buckets lay at each review of a scheme
-- grain: one row per review of a scheme and bucket
-- key: session_date, scheme_id, bucket
-- owner: buckets

select
    breakpoints.session_date,
    breakpoints.scheme_id,
    breakpoints.bucket,
    breakpoints.cap_lower,
    breakpoints.cap_lower_usd,
    breakpoints.cap_lower_least,
    breakpoints.cap_lower_most,
    breakpoints.currency,
    breakpoints.company_count,
    breakpoints.rank_session,
    breakpoints.version_from
from work.scheme_breakpoints as breakpoints
