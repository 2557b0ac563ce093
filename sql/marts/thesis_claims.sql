-- purpose: what each claim of the thesis is, and why its threshold
-- grain: one row per claim
-- key: claim
-- owner: thesis

select
    claims.claim,
    claims.statement,
    claims.measure,
    claims.unit,
    claims.comparison,
    claims.threshold,
    claims.reason,
    claims.source
from work.thesis_claims as claims
