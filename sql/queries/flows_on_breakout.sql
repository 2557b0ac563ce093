-- question: When did small caps stand at a 52-week high while money left their funds over 60 sessions?

with

levels as (

    select
        segments.session_date,
        exp(
            sum(ln(1 + coalesce(segments.return_price_vw, 0))) over (order by segments.session_date)
        ) as index_level
    from marts.segment_daily as segments
    where
        segments.scheme_id = 'fixed_usd'
        and segments.segment = 'small'

),

highs as (

    select
        levels.session_date,
        levels.index_level,
        max(levels.index_level) over (
            order by levels.session_date
            rows between 251 preceding and current row
        ) as high_52_weeks,
        count(*) over (
            order by levels.session_date
            rows between 251 preceding and current row
        ) as sessions_of_high
    from levels

)

select
    highs.session_date,
    highs.index_level,
    highs.sessions_of_high,
    flows.flow_usd,
    flows.flow_20d_usd,
    flows.flow_60d_known_usd,
    flows.known_sessions_60d,
    flows.assets_share,
    flows.quality
from highs
inner join marts.segment_flows_daily as flows
    on
        highs.session_date = flows.session_date
        and flows.segment = 'small'
where
    highs.index_level = highs.high_52_weeks
    and flows.flow_60d_known_usd < 0
    and flows.known_sessions_60d >= 54
    and not flows.is_reconstitution
order by highs.session_date desc
