-- purpose: what segments cost against large caps that had their mix of sectors
-- grain: one row per admitted session, scheme, multiple, convention and segment against large
-- key: session_date, scheme_id, measure, convention, segment
-- owner: valuation

select
    neutral.session_date,
    neutral.scheme_id,
    neutral.measure,
    neutral.convention,
    neutral.segment,
    neutral.value,
    neutral.large_value,
    neutral.discount,
    neutral.plain_discount,
    neutral.sector_count,
    neutral.company_count,
    neutral.cap_coverage,
    neutral.null_reason
from work.sector_neutral_daily as neutral
