"""build: staged sessions through the walk and the transforms into the tables of the next warehouse."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import polars as pl

from flows.edge.builds import Build
from flows.market_calendar import known_at
from flows.run import Run
from flows.steps import core_tables, filers
from flows.steps.admit import Judged, JudgedSession, Walker
from flows.steps.base import Base
from flows.steps.buckets import Bucketing
from flows.steps.facts import Facts, load_facts
from flows.steps.filings import Filings, load_filings
from flows.steps.fx import fx_rates
from flows.steps.measured import MARTS, Measured, Told
from flows.steps.own_files import FileFacts
from flows.steps.portfolios import MART_OF, Portfolios, listed_since
from flows.steps.stage import Catalogue, Chunk, Evidence, Known, stage
from transforms.contracts import table
from transforms.core.check_counts import check_counts
from transforms.core.company_links import LINK_COLUMNS, company_links
from transforms.core.declared_splits import no_declared, unseen
from transforms.core.delistings import with_delistings
from transforms.core.filer_categories import filer_categories
from transforms.core.fundamentals import Statements, fundamentals_rows, stacked
from transforms.core.per_share import per_share_facts
from transforms.core.period_counts import with_counts
from transforms.core.sec_facts import entity
from transforms.core.sec_statements import QUARTER_GAP_DAYS
from transforms.core.securities import securities
from transforms.core.security_types import EQUITY_TYPES
from transforms.core.statements_in_usd import in_usd
from transforms.measures.company_fundamentals import (
    EntityStates,
    company_fundamentals_asof,
    entity_states,
    joined_states,
)
from transforms.measures.company_traits import listing_years
from transforms.measures.filer_categories import with_standing
from transforms.measures.reconciliation import CAP_GAPS, cap_gaps
from transforms.measures.spreads import valuation_spread_daily
from transforms.measures.statement_lines import EntityLines, entity_lines, joined_lines, with_statement_lines
from transforms.schemes.registry import scheme_rows
from transforms.staging.sec_source import SEC

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """What has been computed so far, chunk by chunk, on top of the base."""

    base: Base
    securities: pl.DataFrame
    bucketing: Bucketing
    portfolios: Portfolios
    sighted: pl.DataFrame
    entities: EntityStates
    statement_lines: EntityLines
    check_counts: pl.DataFrame
    months: pl.DataFrame
    """Our counts by company and month, for comparison with averages over a period."""
    share_counts: pl.DataFrame
    """Counts that companies filed, as the walk decided about them."""
    filer_states: pl.DataFrame
    """What registrants are to the SEC, as they became known."""
    analysts: pl.DataFrame | None = None
    """Counts of analysts in the operator's own files."""
    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LINK_COLUMNS))
    sessions: list[JudgedSession] = field(default_factory=list)
    measured: Measured = field(default_factory=Measured)
    spreads: pl.DataFrame = field(default_factory=table("marts.valuation_spread_daily").empty)
    """Those of the whole run, once its chunks are measured."""
    gaps: list[pl.DataFrame] = field(default_factory=list)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    aside: pl.DataFrame = field(default_factory=table("ops.quarantine").empty)
    """Rows of other sources than quotes that could not be read, until they are written with the first chunk."""
    untouched: set[str] = field(default_factory=set)
    """Tables that hold already what they should; the gate has judged them before."""

    @classmethod
    def on(
        cls, base: Base, facts: Facts, filings: Filings, sessions: Sequence[date], bucketing: Bucketing
    ) -> "Progress":
        """Nothing computed yet but what all chunks share."""
        first, last = sessions[0], sessions[-1]
        by_filers, by_vendors = (in_usd(part, filings.rates) for part in (facts.filed, facts.statements))
        filed = entity_states(by_filers, first, last, QUARTER_GAP_DAYS)
        return cls(
            base,
            base.securities,
            bucketing,
            Portfolios.on(base),
            base.sighted_shares,
            joined_states(filed, entity_states(by_vendors, first, last)),
            joined_lines(entity_lines(by_filers, first, last, QUARTER_GAP_DAYS), entity_lines(by_vendors, first, last)),
            check_counts(facts.statements),
            base.months,
            base.share_counts.filter(pl.col("source") == SEC),
            filers.states(filings),
            measured=Measured(base.trading, base.returns),
        )

    @property
    def admitted(self) -> list[date]:
        """Admitted sessions of this run, in order."""
        return [judged.session for judged in self.sessions if judged.status == "published"]

    @property
    def last_admitted(self) -> date | None:
        """The last admitted session of warehouse and run together."""
        if self.admitted:
            return self.admitted[-1]
        return self.base.admitted[-1] if self.base.admitted else None


@dataclass(frozen=True)
class Filled:
    """What a build holds after its sessions: the progress, the walk's memory, and the facts beside the quotes."""

    progress: Progress
    walker: Walker
    facts: Facts
    filings: Filings
    known: Known


def fill(run: Run, build: Build, base: Base, sessions: Sequence[date]) -> Filled:
    """Judge the sessions and write their core tables; what spans sessions is in the progress that comes back."""
    with run.timed("stage"):
        filings = load_filings(run, base.files)
        known = _known(run, filings)
    catalogue = Catalogue(Evidence(filings.tickers, filings.names, filings.directory))
    walker = Walker(base.memory, _tell)
    chunks = stage(run, sessions, catalogue, known, base.files)
    # The walk needs no tables: while a quarter is judged, earlier ones are transformed and written.
    with build.threads(1), _one_at_a_time("transform") as transforming, _one_at_a_time("write") as writing:
        preparing = transforming.submit(_prepare, run, base, sessions, filings, known)
        writing_before: Future[None] | None = None
        while (chunk := _next(run, chunks)) is not None:
            with run.timed("admit"):
                judged = walker.judge(chunk)
            facts, progress = preparing.result()
            progress.sessions.extend(judged.sessions)
            made = transforming.submit(_tables, run, progress, judged, facts, catalogue.frame(), catalogue.first_seen)
            written = writing.submit(_write, run, build, judged, made)
            if writing_before is not None:
                writing_before.result()  # no more than one quarter waits: each holds some hundred megabytes
            writing_before = written
        facts, progress = preparing.result()
        if writing_before is not None:
            writing_before.result()
    return Filled(progress, walker, facts, filings, known)


def _known(run: Run, filings: Filings) -> Known:
    """Raises UsageError where a correction of the operator cannot be applied."""
    own = FileFacts(run)
    run.record.unmatched_corrections = own.unmatched(filings.book, filings.tickers)
    if run.record.unmatched_corrections:
        log.warning("%s corrections name no filed fact, see the review file", len(run.record.unmatched_corrections))
    by_source = {"files": own.declared_splits(), "corporate_actions": filings.declared}
    declared = [by_source[name] for name in run.settings.sources_of("splits") if name in by_source]
    return Known(
        own,
        own.corrected(filings.book, filings.tickers),
        pl.concat([no_declared(), *declared]),
        filings.filed_ratios,
        filings.rates,
    )


def _prepare(run: Run, base: Base, sessions: Sequence[date], filings: Filings, known: Known) -> tuple[Facts, Progress]:
    with run.timed("transform"):
        facts = load_facts(run, filings, base.files)
        published = base.path if base.judged else None
        floats = filers.FloatBook.on(filings, known.own.floats, base.securities, published)
        bucketing = Bucketing.on(run.schemes, base, floats, known.rates)
        progress = Progress.on(base, facts, filings, sessions, bucketing)
        progress.analysts = known.own.analysts
        progress.aside = core_tables.set_aside(facts.rejects, sessions[0], run.run_id)
        return facts, progress


def _next(run: Run, chunks: Iterator[Chunk]) -> Chunk | None:
    with run.timed("stage"):
        return next(chunks, None)


def _one_at_a_time(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)


def _tables(
    run: Run,
    progress: Progress,
    judged: Judged,
    facts: Facts,
    descriptions: pl.DataFrame,
    first_seen: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    with run.timed("transform"):
        return _transform(run, progress, judged, facts, descriptions, first_seen)


def _write(run: Run, build: Build, judged: Judged, made: Future[dict[str, pl.DataFrame]]) -> None:
    tables = made.result()
    with run.timed("build"):
        build.replace("ops.quarantine", tables.pop("ops.quarantine"), [item.session for item in judged.sessions])
        for name, rows in tables.items():
            run.count(name, build.replace(name, rows, judged.admitted))


def _transform(
    run: Run,
    progress: Progress,
    judged: Judged,
    facts: Facts,
    descriptions: pl.DataFrame,
    first_seen: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    """Tables of a chunk by name; what spans chunks goes into the progress."""
    held = pl.concat([core_tables.quarantine(judged, run.run_id), progress.aside])
    progress.aside = progress.aside.clear()
    progress.quarantine.append(held)
    if not judged.admitted:
        return {"ops.quarantine": held}
    before = next(item.last_admitted for item in judged.sessions if item.status == "published")
    scope = [*([before] if before else []), *judged.admitted]
    seen = judged.lines.select("security_id", "session_date", "company_id", "attributes_id")
    progress.securities = securities(progress.securities, seen, descriptions, scope)
    progress.sighted = _sighted(progress, judged)
    simfin = company_links(_sightings(progress), facts.tickers, facts.names, facts.statements.income)
    progress.links = pl.concat([simfin, _filer_links(progress.securities)])
    progress.share_counts = core_tables.decided_counts(progress.share_counts, judged.counts)
    known_of = partial(company_fundamentals_asof, links=progress.links, entities=progress.entities)
    known = known_of(judged.companies)
    progress.months = with_counts(progress.months, judged.companies)
    splits = core_tables.company_splits(judged.splits, progress.securities)
    caps = core_tables.market_caps(judged, known, progress.check_counts, progress.months, splits)
    categories = filer_categories(progress.filer_states, progress.securities, judged.admitted[-1])
    with run.timed("schemes"):
        markets = progress.bucketing.see(judged, caps, known_of, progress.securities)
        placements = progress.bucketing.place(judged, caps, markets, before)
        progress.portfolios.add(judged, caps, markets, before, listed_since(progress.securities, first_seen))
        markets.forget()
        start = [*progress.base.admitted, *progress.admitted][0]
        told = Told(
            with_statement_lines(known, progress.statement_lines),
            progress.securities,
            listing_years(judged.lines, descriptions),
            progress.analysts,
            start,
        )
        progress.measured.add(placements, judged, with_standing(caps, categories), told)
    candidates = core_tables.cap_candidates(judged)
    progress.gaps.append(cap_gaps(caps, judged.lines, candidates, core_tables.held_companies(judged)))
    return {
        "ops.quarantine": held,
        "core.quotes": core_tables.quotes(judged),
        "core.security_caps": core_tables.security_caps(judged),
        "core.market_caps": caps,
        "core.cap_candidates": candidates,
    }


def _filer_links(securities: pl.DataFrame) -> pl.DataFrame:
    """Which registrant of the SEC a company is, by the CIK of its lines (LINK_COLUMNS)."""
    lines = securities.filter(pl.col("cik").is_not_null() & pl.col("security_type").is_in(EQUITY_TYPES))
    return (
        lines.group_by("company_id", source_entity=entity(pl.col("cik")))
        .agg(pl.col("valid_from").min())
        .with_columns(rule=pl.lit("cik"), rule_rank=pl.lit(0), source=pl.lit(SEC))
        .select(pl.col(name).cast(dtype) for name, dtype in LINK_COLUMNS.items())
        .sort("company_id", "valid_from", "source_entity")
    )


def _sighted(progress: Progress, judged: Judged) -> pl.DataFrame:
    """Implied shares of each security on the first session of each of its names, for telling tickers apart."""
    starts = progress.securities.select("security_id", session_date="valid_from")
    shares = judged.lines.select("security_id", "session_date", "shares").filter(pl.col("shares").is_not_null())
    new = shares.join(starts, on=["security_id", "session_date"], how="semi")
    return pl.concat([progress.sighted, new.select(progress.sighted.columns)]).unique(
        ["security_id", "session_date"], keep="first", maintain_order=True
    )


def _sightings(progress: Progress) -> pl.DataFrame:
    return (
        progress.securities.filter(pl.col("security_type").is_in(EQUITY_TYPES))
        .join(
            progress.sighted.rename({"session_date": "valid_from", "shares": "implied_shares"}),
            on=["security_id", "valid_from"],
            how="left",
        )
        .sort("valid_from", "security_id")
        .select("company_id", "symbol", "name", "implied_shares", first_session="valid_from")
        .unique(["company_id", "symbol", "name"], keep="first", maintain_order=True)
    )


def finish(run: Run, build: Build, filled: Filled) -> None:
    """Write the tables that span sessions, and give the marts what they select from."""
    progress, walker, facts = filled.progress, filled.walker, filled.facts
    with run.timed("transform"):
        admitted = [*progress.base.admitted, *progress.admitted]
        progress.securities = with_delistings(progress.securities, known_at(admitted), filled.filings.forms)
        progress.spreads = valuation_spread_daily(progress.measured.rows("valuation_daily"), progress.base.spreads)
        fundamentals = _fundamentals(progress, facts)
    with run.timed("build"):
        build.replace("core.securities", progress.securities)
        first = [*progress.base.judged, *(judged.session for judged in progress.sessions)][0]
        build.replace("core.fx_rates", fx_rates(filled.known.rates, first, progress.last_admitted))
        if progress.last_admitted:
            own = core_tables.supplied_counts(filled.known.own.counts, progress.securities, progress.last_admitted)
            build.replace("core.share_counts", pl.concat([own, progress.share_counts]))
            _write_filers(run, build, filled, progress.last_admitted)
            # Written anew each time, so one that was withdrawn never was.
            standing = walker.memory.splits.filter(pl.col("withdrawn_on").is_null())
            splits = core_tables.company_splits(standing, progress.securities)
            per_share = per_share_facts(filled.filings.facts, progress.securities, splits, progress.last_admitted)
            run.count("core.per_share_facts", build.replace("core.per_share_facts", per_share))
        declared = unseen(filled.known.declared, walker.memory.splits, progress.securities, progress.last_admitted)
        build.replace("core.splits", core_tables.splits(walker.memory.splits, progress.securities, declared))
        build.replace("core.bucket_schemes", scheme_rows(run.schemes.values()))
        run.count(
            "core.bucket_memberships",
            build.replace("core.bucket_memberships", progress.bucketing.memberships()),
        )
        build.replace("ops.scheme_seats", progress.bucketing.seat_rows())
        build.replace("ops.scheme_markets", progress.bucketing.market_rows())
        build.replace("ops.scheme_windows", progress.bucketing.window_rows())
        if progress.admitted:
            build.replace("core.entity_links", progress.links.unique())
        if fundamentals is not None:
            run.count("core.fundamentals", build.replace("core.fundamentals", fundamentals))
        else:
            progress.untouched.add("core.fundamentals")
        build.replace("ops.admission_securities", walker.memory.registry)
        build.replace("ops.admission_companies", walker.memory.companies)
        build.replace("ops.admission_counts", walker.memory.counts)
        for name in MARTS:
            build.work(name, progress.measured.rows(name))
        build.work("valuation_spread_daily", progress.spreads)
        build.work("scheme_breakpoints", progress.bucketing.breakpoints())
        build.replace("ops.size_portfolio_seats", progress.portfolios.seat_rows())
        for formation, mart in MART_OF.items():
            build.work(mart, progress.portfolios.rows(formation))
        build.work("cap_gaps", pl.concat([pl.DataFrame(schema=CAP_GAPS), *progress.gaps]))


def _write_filers(run: Run, build: Build, filled: Filled, last: date) -> None:
    progress = filled.progress
    standings = filer_categories(progress.filer_states, progress.securities, last)
    run.count("core.filer_categories", build.replace("core.filer_categories", standings))
    floats = filers.floats(build, filled.filings, filled.known.own.floats, progress.securities, last)
    run.count("core.free_float", build.replace("core.free_float", floats))


def _fundamentals(progress: Progress, facts: Facts) -> pl.DataFrame | None:
    """All rows of core.fundamentals; None where the base has them: no new session, report or link."""
    if progress.base.admitted and not progress.admitted:
        return None
    known = _known_by(stacked(facts.filed, facts.statements), progress.last_admitted)
    if progress.base.admitted:
        since = pl.col("publish_date") > pl.lit(progress.base.admitted[-1], pl.Date)
        entities = set(known.income["source_entity"]) | set(known.balance["source_entity"])
        pairs = progress.links.select("company_id", "source_entity").iter_rows()
        linked = {pair for pair in pairs if pair[1] in entities}
        is_news = known.income.filter(since).height + known.balance.filter(since).height
        if not is_news and linked == progress.base.reported:
            return None
    return fundamentals_rows(known, progress.links) if progress.links.height else None


def _known_by(statements: Statements, last: date | None) -> Statements:
    """Only what was published by the last admitted session: a warehouse holds nothing of its own future."""
    limit = pl.col("publish_date") <= pl.lit(last, pl.Date)
    return Statements(statements.income.filter(limit), statements.balance.filter(limit))


def _tell(judged: JudgedSession) -> None:
    told = {"judged": judged.session}
    if judged.status != "published":
        log.warning("%s %s %s", judged.session, judged.status, " ".join(judged.rule_codes), extra=told)
        return
    counts = (judged.company_count, judged.quarantined_count)
    log.info("%s admitted: %s companies, %s held", judged.session, *counts, extra=told)
