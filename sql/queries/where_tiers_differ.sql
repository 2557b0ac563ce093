-- question: Of which companies do the sources of the cap differ today, by how much, and since when?

with

open_rows as (

    select reconciliation.*
    from marts.cap_reconciliation as reconciliation
    where
        reconciliation.session_date = (select max(caps.session_date) from core.market_caps as caps)
        and reconciliation.flag in (
            'tier_differs', 'vendor_differs', 'vendor_lags_split', 'vendor_jumped', 'held'
        )

),

-- a flag has held since the session after the last one on which the company was without it
without_it as (

    select
        open_rows.company_id,
        max(caps.session_date) as session_date
    from open_rows
    inner join core.market_caps as caps
        on open_rows.company_id = caps.company_id
    left join marts.cap_reconciliation as earlier
        on
            caps.session_date = earlier.session_date
            and caps.company_id = earlier.company_id
            and open_rows.flag = earlier.flag
    where earlier.flag is null
    group by open_rows.company_id

)

select
    open_rows.ticker,
    open_rows.flag,
    open_rows.tier,
    open_rows.cap_usd,
    open_rows.candidate_tier,
    open_rows.candidate_cap_usd,
    open_rows.filed_cap_usd,
    open_rows.vendor_cap_usd,
    round(100 * open_rows.gap, 1) as gap_pct,
    round(100 * open_rows.check_gap, 1) as check_gap_pct,
    without_it.session_date as last_session_without,
    open_rows.reason
from open_rows
left join without_it
    on open_rows.company_id = without_it.company_id
order by
    coalesce(open_rows.cap_usd, open_rows.candidate_cap_usd) desc
limit 200
