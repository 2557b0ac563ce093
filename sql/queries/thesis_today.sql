-- question: Which claims of the thesis hold today, by how much, and against what history?
select
    claims.claim,
    claims.statement,
    measured.value,
    claims.unit,
    claims.comparison,
    measured.threshold,
    measured.holds,
    measured.percentile,
    measured.as_of,
    measured.history_start,
    measured.null_reason
from marts.thesis_claims as claims
inner join marts.thesis_daily as measured
    on claims.claim = measured.claim
where measured.session_date = (select max(latest.session_date) from marts.thesis_daily as latest)
order by claims.claim
