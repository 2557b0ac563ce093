-- purpose: the newest share counts about a session or a day before it, as they could be known at a moment;
--   averages over a period check counts and are none
-- grain: one row per company and share class; columns of core.share_counts
-- parameters: as_of_session, known_at
-- owner: caps

select counts.*
from core.share_counts as counts
where
    counts.as_of <= as_of_session
    and counts.known_at <= known_at
    and counts.quality = 'reported'
qualify row_number() over (
    partition by counts.company_id, counts.share_class
    order by counts.as_of desc, counts.known_at desc, counts.source asc
) = 1
