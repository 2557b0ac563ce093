-- code: GATE_LATEST_LINEAGE
-- severity: warning
-- table: marts.caps_latest
-- what: each newest cap names the landed file behind its price
-- why: without the file nobody can trace the number back to what the vendor served

select
    latest.company_id,
    latest.ticker,
    latest.quote_source
from marts.caps_latest as latest
where latest.quote_file_sha256 is null
