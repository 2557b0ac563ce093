-- question: Are micro caps smaller, younger, less liquid, more volatile and more fragile than small ones?
select
    compared.row,
    compared.measure,
    compared.small,
    compared.micro,
    compared.ratio,
    compared.micro_is_worse,
    compared.null_reason
from marts.small_vs_micro as compared
where compared.session_date = (select max(latest.session_date) from marts.small_vs_micro as latest)
order by compared.row
