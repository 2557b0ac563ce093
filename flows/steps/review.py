"""review: what an operator should look at after a run, beside what the run set aside."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from flows.edge.review_file import write_review
from flows.edge.warehouse import reading
from flows.review_rows import (
    DISPUTED_USD,
    FILINGS,
    OPEN_GAPS,
    REFUSED,
    REFUSED_FILING_DAYS,
    UNMATCHED,
    refused_session,
    review_rows,
)
from flows.run import Run
from flows.steps.admit import JudgedSession

_SESSIONS = """
with sessions as (
    select session_date, row_number() over (order by session_date) as place
    from ops.sessions where status = 'published'
),
last_session as (select max(session_date) as session_date from sessions)
"""
# A flag has held since the first session from which on no session lacks it. Disputed caps stand in the mart once a
# month, and in core.market_caps every day.
_OPEN_GAPS = f"""
{_SESSIONS},
gaps as (
    select * from marts.cap_reconciliation where flag not in ('agrees', 'check_differs')
),
disputed as (
    select caps.*
    from core.market_caps as caps
    inner join last_session on caps.session_date = last_session.session_date
    left join gaps on caps.session_date = gaps.session_date and caps.company_id = gaps.company_id
    where caps.quality = 'disputed' and caps.cap_usd > ? and gaps.flag is null
),
flagged as (
    select company_id, flag, session_date from gaps
    union all
    select caps.company_id, 'check_differs', caps.session_date
    from core.market_caps as caps
    where caps.quality = 'disputed' and caps.company_id in (select company_id from disputed)
),
placed as (
    select flagged.company_id, flagged.flag, flagged.session_date,
        sessions.place - row_number() over (
            partition by flagged.company_id, flagged.flag order by sessions.place
        ) as stretch
    from flagged inner join sessions on flagged.session_date = sessions.session_date
),
stretches as (
    select company_id, flag, min(session_date) as since, max(session_date) as until, count(*) as sessions
    from placed group by company_id, flag, stretch
),
open_gaps as (
    select gaps.* from gaps inner join last_session on gaps.session_date = last_session.session_date
    union all by name
    select session_date, company_id, ticker, tier, cap_usd, check_shares, quality, reason,
        shares / check_shares - 1 as check_gap, 'check_differs' as flag
    from disputed
)
select open_gaps.*, stretches.since, stretches.sessions, held.last_cap_usd
from open_gaps
inner join stretches
    on open_gaps.company_id = stretches.company_id and open_gaps.flag = stretches.flag
    and open_gaps.session_date = stretches.until
left join ops.quarantine as held
    on open_gaps.session_date = held.session_date and open_gaps.company_id = held.entity and open_gaps.flag = 'held'
order by open_gaps.company_id
"""  # noqa: S608 - put together from constants
_FILINGS = f"""
{_SESSIONS}
select counts.company_id, coalesce(caps.ticker, counts.symbol, counts.company_id) as ticker,
    last_session.session_date, cast(counts.known_at as date) as since,
    concat_ws(' ', counts.form, counts.accession, 'as of', counts.as_of) as filed,
    counts.reason_code, counts.shares, caps.price, caps.cap_usd
from core.share_counts as counts
cross join last_session
left join core.market_caps as caps
    on counts.company_id = caps.company_id and caps.session_date = last_session.session_date
where counts.status = 'refused' and counts.known_at >= last_session.session_date - to_days(?)
order by all
"""  # noqa: S608 - put together from constants
# A published file tells of sessions that were refused after its last published one.
_REFUSED = f"""
{_SESSIONS}
select verdicts.session_date, verdicts.rule_codes
from ops.sessions as verdicts
left join last_session on true
where verdicts.status = 'refused' and verdicts.session_date > coalesce(last_session.session_date, date '0001-01-01')
order by verdicts.session_date
"""  # noqa: S608 - put together from constants


def review(run: Run, refused: Sequence[JudgedSession] = ()) -> Path:
    """Write the review file of what is published and of the sessions that this run refused; returns its path."""
    with run.timed("review"):
        gaps, filings, told = _published(run.paths.warehouse)
        own = {item.session: refused_session(item.session, item.rule_codes, item.suspects) for item in refused}
        earlier = [
            refused_session(session, codes, pl.DataFrame())
            for session, codes in told.select("session_date", "rule_codes").iter_rows()
            if session not in own
        ]
        sessions = pl.concat([pl.DataFrame(schema=REFUSED), *earlier, *own.values()], how="diagonal")
        unmatched = pl.DataFrame(run.record.unmatched_corrections, UNMATCHED, orient="row")
        return write_review(run.paths, review_rows(gaps, filings, sessions, unmatched, run.run_id))


def _published(warehouse: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Open gaps, refused filings and refused sessions of the published file; empty where there is none yet."""
    if not warehouse.exists():
        sessions = pl.DataFrame(schema={"session_date": pl.Date, "rule_codes": pl.List(pl.String)})
        return pl.DataFrame(schema=OPEN_GAPS), pl.DataFrame(schema=FILINGS), sessions
    with reading(warehouse) as con:
        return (
            con.execute(_OPEN_GAPS, [DISPUTED_USD]).pl(),
            con.execute(_FILINGS, [REFUSED_FILING_DAYS]).pl(),
            con.execute(_REFUSED).pl(),
        )
