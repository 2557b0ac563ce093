-- question: Which sessions were refused or are missing, and which rules said so?

select
    sessions.session_date,
    sessions.status,
    unnest(if(len(sessions.rule_codes) = 0, ['-'], sessions.rule_codes)) as rule_code,
    sessions.row_count,
    sessions.run_id
from ops.sessions as sessions
where sessions.status <> 'published'
order by sessions.session_date desc
