-- purpose: what segments returned against indexes and funds that others publish
-- grain: one row per admitted session, scheme, segment, benchmark that it is set against, and measure
-- key: session_date, scheme_id, segment, benchmark, measure
-- owner: benchmarks

select
    told.session_date,
    told.scheme_id,
    told.segment,
    told.benchmark,
    told.measure,
    told.value,
    told.observations,
    told.null_reason
from work.benchmark_daily as told
