-- purpose: what a segment costs, by measure and convention, with coverage and the share of loss-makers
-- grain: one row per admitted session, scheme, segment, universe, measure and convention
-- key: session_date, scheme_id, segment, universe, measure, convention
-- owner: valuation

select
    valuations.session_date,
    valuations.scheme_id,
    valuations.segment,
    valuations.universe,
    valuations.measure,
    valuations.convention,
    valuations.value,
    valuations.null_reason,
    valuations.company_count,
    valuations.cap_coverage,
    valuations.count_coverage,
    valuations.loss_share_count,
    valuations.loss_share_cap,
    valuations.median_report_age_days,
    valuations.restated_share
from work.valuation_daily as valuations
