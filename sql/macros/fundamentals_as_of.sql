-- purpose: the facts of periods that ended by a session, as they could be known at a moment; of a fact's
--   vintages the last one downloaded by then (by the end of its day in New York), else the first one after
-- grain: one row per company, entity of the source, concept and period; columns of core.fundamentals
-- parameters: as_of_session, known_at
-- owner: fundamentals

with

public_facts as (

    select
        facts.*,
        timezone('America/New_York', facts.vintage_date + interval '23:59:59') as downloaded_at
    from core.fundamentals as facts
    where
        facts.period_end <= as_of_session
        and facts.known_at <= known_at

)

select public_facts.* exclude (downloaded_at)
from public_facts
qualify row_number() over (
    partition by
        public_facts.company_id,
        public_facts.source_entity,
        public_facts.concept,
        public_facts.period_start,
        public_facts.period_end
    order by
        public_facts.downloaded_at <= known_at desc nulls last,
        abs(epoch(public_facts.downloaded_at) - epoch(known_at)) asc,
        public_facts.known_at desc,
        public_facts.source asc
) = 1
