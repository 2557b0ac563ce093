-- code: GATE_SECURITY_OVERLAP
-- severity: critical
-- table: core.securities
-- what: intervals of one security do not overlap, and none ends before it begins
-- why: an overlap doubles the security's quotes in every join by session

with

ordered as (

    select
        securities.security_id,
        securities.symbol,
        securities.valid_from,
        securities.valid_to,
        lead(securities.valid_from) over (
            partition by securities.security_id
            order by securities.valid_from
        ) as next_from
    from core.securities as securities

)

select
    ordered.security_id,
    ordered.symbol,
    ordered.valid_from,
    ordered.valid_to,
    ordered.next_from
from ordered
where
    ordered.valid_to < ordered.valid_from
    or ordered.next_from <= coalesce(ordered.valid_to, date '9999-12-31')
