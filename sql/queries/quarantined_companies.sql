-- question: Which companies were left out, why, and how large were they before?

select
    quarantine.session_date,
    quarantine.entity,
    quarantine.reason_code,
    quarantine.detail,
    quarantine.status,
    quarantine.last_cap_usd
from ops.quarantine as quarantine
order by
    quarantine.session_date desc,
    quarantine.last_cap_usd desc nulls last
limit 200
