"""What a night starts from: the memory and the open intervals of the published warehouse."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from flows.edge import ddl
from flows.edge.builds import REBUILD
from flows.edge.landing import FileId
from flows.edge.warehouse import reading
from flows.errors import UsageError
from flows.run import Run
from flows.walk import Memory
from transforms.contracts import table
from transforms.contracts.liquidity import WINDOW
from transforms.core.company_state import COMPANY_STATE_SCHEMA
from transforms.core.dollar_volumes import MONTHLY_VOLUMES
from transforms.core.dollar_volumes import MONTHS as MONTHS_OF_VOLUME
from transforms.core.filed_counts import CURRENT
from transforms.core.identity import REGISTRY_SCHEMA
from transforms.core.period_counts import LOOKBACK_MONTHS, MONTHLY_COUNTS
from transforms.core.split_register import SPLITS_SCHEMA
from transforms.measures.company_liquidity import TRADING
from transforms.measures.return_delay import LOOKBACK, RETURNS
from transforms.measures.size_portfolios import ABSENT_SESSIONS, QUOTED

_SIGHTED = """
select securities.security_id, securities.valid_from as session_date, caps.shares
from core.securities as securities
inner join core.security_caps as caps
    on securities.security_id = caps.security_id and securities.valid_from = caps.session_date
"""
# The walk applies what the price showed; what was declared alone is only listed.
_SEEN_SPLITS = "from core.splits where status <> 'unseen'"
# The columns of MONTHLY_COUNTS, over the months that a session from now on may look at.
MONTHS = """
select
    company_id,
    cast(date_trunc('month', session_date) as date) as month,
    cast(sum(cast(floor(shares) as bigint)) as bigint) as shares_sum,
    count(shares) as sessions
from core.market_caps
where shares is not null
    and session_date >= (
        select date_trunc('month', max(session_date)) - to_months(?)
        from core.market_caps
    )
group by all
order by company_id, month
"""


# The columns of MONTHLY_VOLUMES: the months up to a session, that session's included.
VOLUMES = """
select
    company_id,
    cast(date_trunc('month', session_date) as date) as month,
    cast(sum(dollar_volume_usd) as bigint) as dollar_volume_usd,
    count(dollar_volume_usd) as sessions
from core.market_caps
where dollar_volume_usd is not null
    and session_date <= $1
    and session_date >= date_trunc('month', cast($1 as date)) - to_months($2)
group by all
order by company_id, month
"""


# The columns of QUOTED: where each company was quoted last, -1 being the last admitted session.
_QUOTED = """
with recent as (
    select session_date, 0 - row_number() over (order by session_date desc) as place
    from ops.sessions
    where status = 'published'
    qualify place >= 0 - $1
),
newest as (
    select lines.company_id, max(recent.place) as place
    from core.security_caps as lines
    inner join recent on lines.session_date = recent.session_date
    group by all
)
select newest.company_id, newest.place as "at", caps.cap_usd, caps.price
from newest
inner join recent on newest.place = recent.place
left join core.market_caps as caps
    on newest.company_id = caps.company_id and recent.session_date = caps.session_date
order by all
"""


# The columns of RETURNS, over as many days as a delay and the week of the last session reach back.
_RETURNS = """
select session_date, company_id, return_price, previous_cap_usd
from core.market_caps
where session_date >= (select max(session_date) from core.market_caps) - to_days($1)
"""
# The columns of TRADING, of as many of the last admitted sessions as a window reaches back to.
_TRADING = """
with recent as (
    select session_date
    from ops.sessions
    where status = 'published'
    order by session_date desc
    limit $1
)
select
    caps.session_date,
    caps.company_id,
    caps.return_price,
    caps.dollar_volume_usd,
    caps.cap_usd,
    lines.open,
    lines.high,
    lines.low,
    lines.close,
    lines.return_price as line_return
from core.market_caps as caps
inner join recent on caps.session_date = recent.session_date
left join (
    select quotes.*, owned.company_id
    from core.quotes as quotes
    inner join core.security_caps as owned
        on quotes.session_date = owned.session_date and quotes.security_id = owned.security_id
    inner join recent on quotes.session_date = recent.session_date
) as lines
    on caps.session_date = lines.session_date and caps.company_id = lines.company_id and caps.ticker = lines.symbol
order by caps.session_date, caps.company_id
"""


@dataclass(frozen=True)
class Base:
    """The published warehouse as the next run sees it; empty before the first publication."""

    path: Path | None = None
    memory: Memory = field(default_factory=Memory.empty)
    securities: pl.DataFrame = field(default_factory=table("core.securities").empty)
    schemes: pl.DataFrame = field(default_factory=table("core.bucket_schemes").empty)
    memberships: pl.DataFrame = field(default_factory=table("core.bucket_memberships").empty)
    seats: pl.DataFrame = field(default_factory=table("ops.scheme_seats").empty)
    markets: pl.DataFrame = field(default_factory=table("ops.scheme_markets").empty)
    windows: pl.DataFrame = field(default_factory=table("ops.scheme_windows").empty)
    volumes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MONTHLY_VOLUMES))
    portfolio_seats: pl.DataFrame = field(default_factory=table("ops.size_portfolio_seats").empty)
    trading: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TRADING))
    returns: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RETURNS))
    quoted: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=QUOTED))
    sighted_shares: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"security_id": pl.String, "session_date": pl.Date, "shares": pl.Float64}
        )
    )
    months: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MONTHLY_COUNTS))
    share_counts: pl.DataFrame = field(default_factory=table("core.share_counts").empty)
    spreads: pl.DataFrame | None = None
    fx_rates: pl.DataFrame = field(default_factory=table("core.fx_rates").empty)
    judged: list[date] = field(default_factory=list)
    admitted: list[date] = field(default_factory=list)
    files: frozenset[FileId] = frozenset()
    decisions: pl.DataFrame = field(default_factory=table("ops.decisions").empty)
    reported: frozenset[tuple[str, str]] = frozenset()
    """Companies and their entities of the fundamentals source that have facts in core.fundamentals."""

    @property
    def last_judged(self) -> date | None:
        """The last session this warehouse has a verdict about."""
        return self.judged[-1] if self.judged else None


def open_base(run: Run) -> Base:
    """Read the published warehouse; an empty base where there is none, or for a rebuild over one of other contracts.

    Raises:
        UsageError: the file was built with other contracts.
    """
    path = run.paths.warehouse
    if not path.exists():
        return Base()
    with reading(path) as con:
        if ddl.stored_fingerprint(con) != ddl.fingerprint():
            if run.kind == "rebuild":
                return Base()
            raise UsageError(f"The file {path.name} was built with other contracts.", next_step=REBUILD)

        def rows(sql: str, *values: object) -> pl.DataFrame:
            return con.execute(sql, values).pl()

        sessions = rows("select session_date, status from ops.sessions order by session_date")
        admitted = sessions.filter(pl.col("status") == "published")["session_date"].to_list()
        memory = Memory(
            rows("from ops.admission_securities").cast(pl.Schema(REGISTRY_SCHEMA)),
            rows("from ops.admission_companies").cast(pl.Schema(COMPANY_STATE_SCHEMA)),
            rows(_SEEN_SPLITS).select(pl.col(name).cast(dtype) for name, dtype in SPLITS_SCHEMA.items()),
            rows("from ops.admission_counts").cast(pl.Schema(CURRENT)),
            admitted[-1] if admitted else None,
        )
        files = rows("select source, dataset, file_key, sha256 from ops.fetches")
        return Base(
            path=path,
            memory=memory,
            securities=rows("from core.securities"),
            schemes=rows("from core.bucket_schemes"),
            memberships=rows("from core.bucket_memberships"),
            seats=rows("from ops.scheme_seats"),
            markets=rows("from ops.scheme_markets"),
            windows=rows("from ops.scheme_windows"),
            volumes=rows(VOLUMES, admitted[-1] if admitted else None, MONTHS_OF_VOLUME - 1),
            portfolio_seats=rows("from ops.size_portfolio_seats"),
            quoted=rows(_QUOTED, ABSENT_SESSIONS).cast(pl.Schema(QUOTED)),
            trading=rows(_TRADING, WINDOW - 1).cast(pl.Schema(TRADING)),
            returns=rows(_RETURNS, LOOKBACK.days + 7).cast(pl.Schema(RETURNS)),
            sighted_shares=rows(_SIGHTED),
            months=rows(MONTHS, LOOKBACK_MONTHS),
            share_counts=rows("from core.share_counts"),
            spreads=rows("from marts.valuation_spread_daily"),
            fx_rates=rows("from core.fx_rates"),
            judged=sessions["session_date"].to_list(),
            admitted=admitted,
            files=frozenset(files.iter_rows()),
            decisions=rows("from ops.decisions"),
            reported=frozenset(rows("select distinct company_id, source_entity from core.fundamentals").iter_rows()),
        )
