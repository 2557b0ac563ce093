-- purpose: how many companies two schemes put into the same bucket, by session
-- grain: one row per admitted session and pair of schemes
-- key: session_date, scheme_id, other_scheme_id
-- owner: buckets

select
    agreement.session_date,
    agreement.scheme_id,
    agreement.other_scheme_id,
    agreement.company_count,
    agreement.agreeing_count,
    agreement.market_cap_usd,
    agreement.agreeing_cap_usd,
    agreement.agreeing_share
from work.scheme_agreement as agreement
