-- purpose: the share counts of each company's newest accepted filing about a session or a day before it, as
--   they could be known then: all classes of one filing, never a mix; an operator's counts of one date are
--   a filing, too. Newest by as-of date, then by publication, then by accession. A filing that was taken
--   only when the vendor vouched for it is told from that session on
-- grain: one row per company and share class of one filing and as-of date; columns of core.share_counts
-- parameters: as_of_session, known_at
-- owner: caps

with

public_counts as (

    select
        counts.*,
        max(counts.known_at) over (
            partition by counts.company_id, counts.source, counts.accession, counts.as_of
        ) as filing_known_at
    from core.share_counts as counts
    where
        counts.as_of <= as_of_session
        and counts.known_at <= known_at
        and counts.status = 'accepted'
        and coalesce(counts.decided_on, counts.as_of) <= as_of_session

)

select public_counts.* exclude (filing_known_at)
from public_counts
qualify
    rank() over (
        partition by public_counts.company_id
        order by
            public_counts.as_of desc,
            public_counts.filing_known_at desc,
            public_counts.accession desc,
            public_counts.source asc
    ) = 1
    and row_number() over (
        partition by
            public_counts.company_id,
            public_counts.share_class,
            public_counts.source,
            public_counts.accession,
            public_counts.as_of
        order by public_counts.known_at desc
    ) = 1
