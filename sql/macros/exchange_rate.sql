-- purpose: units of one currency for a unit of another on a day, codes or minor units (GBp, GBX, ZAc, ILA);
--   by the newest reference rates then, at most seven days old; no row where one of them has none
-- grain: one row
-- parameters: from_currency, to_currency, on_day
-- owner: fx

with

quoted as (

    select
        'from' as side,
        from_currency as code
    union all
    select
        'to' as side,
        to_currency as code

),

sides as (

    select
        quoted.side,
        case
            when quoted.code in ('GBp', 'GBX') then 'GBP'
            when quoted.code = 'ZAc' then 'ZAR'
            when quoted.code = 'ILA' then 'ILS'
            else quoted.code
        end as currency,
        case when quoted.code in ('GBp', 'GBX', 'ZAc', 'ILA') then 100 else 1 end as units_in_major
    from quoted

),

known as (

    select
        rates.currency,
        rates.as_of,
        rates.known_at,
        rates.usd_per_unit
    from core.fx_rates as rates
    where rates.as_of between on_day - interval 7 day and on_day
    qualify row_number() over (partition by rates.currency order by rates.as_of desc) = 1
    union all
    select
        'USD' as currency,
        cast(null as date) as as_of,
        cast(null as timestamptz) as known_at,
        1.0 as usd_per_unit

),

stated as (

    select
        max(known.usd_per_unit / sides.units_in_major) filter (where sides.side = 'from') as from_usd,
        max(known.usd_per_unit / sides.units_in_major) filter (where sides.side = 'to') as to_usd,
        min(known.as_of) as as_of,
        max(known.known_at) as known_at
    from sides
    inner join known
        on sides.currency = known.currency

)

select
    stated.from_usd / stated.to_usd as rate,
    stated.as_of,
    stated.known_at
from stated
where stated.from_usd is not null and stated.to_usd is not null
