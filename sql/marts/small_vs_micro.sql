-- purpose: what the encyclopedia says of micro caps against small caps, each row measured
-- grain: one row per admitted session and row of the comparison
-- key: session_date, row
-- owner: thesis

select
    compared.session_date,
    compared.row,
    compared.measure,
    compared.small,
    compared.micro,
    compared.ratio,
    compared.micro_is_worse,
    compared.null_reason
from work.small_vs_micro as compared
