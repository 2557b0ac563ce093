-- question: Which rules have failed or could not run, and on what?

select
    checks.run_id,
    checks.session_date,
    checks.rule_code,
    checks.subject,
    checks.severity,
    checks.outcome,
    checks.observed,
    checks.expected,
    checks.failing_rows
from ops.checks as checks
where checks.outcome in ('failed', 'errored')
order by
    checks.run_id desc,
    checks.session_date desc,
    checks.rule_code asc
limit 200
