-- purpose: how far the segments of each scheme went from indices and funds, over windows of sessions
-- grain: one row per admitted session, scheme in USD, segment, benchmark and window
-- key: session_date, scheme_id, segment, benchmark, window_sessions
-- owner: benchmarks

select
    compared.session_date,
    compared.scheme_id,
    compared.segment,
    compared.benchmark,
    compared.window_sessions,
    compared.segment_return,
    compared.benchmark_return,
    compared.tracking_difference,
    compared.tracking_error,
    compared.correlation,
    compared.observations,
    compared.least_observations,
    compared.null_reason
from work.benchmark_daily as compared
