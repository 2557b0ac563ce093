-- purpose: the companies' caps of one session, as they could be known at a moment
-- grain: one row per company of the session; columns of core.market_caps
-- parameters: session, known_at
-- owner: caps

select caps.*
from core.market_caps as caps
where
    caps.session_date = session
    and caps.known_at <= known_at
union all by name
select versions.* exclude (superseded_at, is_absent, cause, run_id)
from core.cap_versions as versions
where
    versions.session_date = session
    and versions.known_at <= known_at
    and versions.superseded_at > known_at
    and not versions.is_absent
