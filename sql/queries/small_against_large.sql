-- question: How much cheaper are small caps than large ones, by measure, and how unusual is that?

select
    spreads.session_date,
    spreads.universe,
    spreads.measure,
    spreads.convention,
    spreads.value as small_value,
    spreads.large_value,
    round(100 * spreads.discount, 1) as discount_pct,
    round(100 * spreads.percentile) as percentile,
    round(spreads.z_score, 2) as z_score,
    spreads.as_wide_date,
    spreads.premium_date,
    spreads.history_start,
    valuations.cap_coverage as small_cap_coverage
from marts.valuation_spread_daily as spreads
inner join marts.valuation_daily as valuations
    on
        spreads.session_date = valuations.session_date
        and spreads.scheme_id = valuations.scheme_id
        and spreads.segment = valuations.segment
        and spreads.universe = valuations.universe
        and spreads.measure = valuations.measure
        and spreads.convention = valuations.convention
where
    spreads.scheme_id = 'fixed_usd'
    and spreads.segment = 'small'
order by
    spreads.session_date desc,
    spreads.universe asc,
    spreads.measure asc,
    spreads.convention asc
limit 500
