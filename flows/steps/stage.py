"""stage: landed quotes as typed lines of each session, with security types and company names."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import polars as pl

from expectations import rules
from flows.edge.clock import utc_now
from flows.edge.landing import LandedFile
from flows.errors import SourceError
from flows.market_calendar import all_sessions
from flows.run import Run
from flows.sources import nasdaq_screener, source
from flows.steps.decisions import by_session, decisions
from flows.walk import NO_FILE_CAPS, NO_FILE_COUNTS, Decision, Staged
from transforms.core.security_types import classify
from transforms.staging.descriptions import Described, of_quotes, of_reference
from transforms.staging.nasdaq_screener import EXCHANGES

log = logging.getLogger(__name__)

DESCRIPTION = ("symbol", "exchange", "name", "country", "sector", "industry", "security_type", "type_rule")
_LINE = ("exchange", "symbol", "close", "net_change", "volume", "vendor_cap_usd", "open", "high", "low", "currency")
USD = "USD"
_OPTIONAL = {"open": pl.Float64, "high": pl.Float64, "low": pl.Float64, "currency": pl.String}


@dataclass
class Catalogue:
    """Descriptions of lines by number, so that a session's lines carry a number and not seven texts."""

    parts: list[pl.DataFrame] = field(default_factory=list)
    size: int = 0

    def number(self, described: Described) -> pl.DataFrame:
        """Lines with ``attributes_id``, security_type and name_root of their descriptions."""
        typed = classify(described.descriptions)
        self.parts.append(typed.select(DESCRIPTION).with_row_index("attributes_id", offset=self.size))
        at = described.quotes["description"]
        lines = described.quotes.drop("description").hstack(typed.select("security_type", "name_root")[at])
        numbered = lines.with_columns(attributes_id=(at + self.size).cast(pl.UInt32))
        self.size += typed.height
        return numbered

    def frame(self) -> pl.DataFrame:
        """attributes_id and DESCRIPTION; equal descriptions may have several numbers."""
        schema = {"attributes_id": pl.UInt32, **dict.fromkeys(DESCRIPTION, pl.String)}
        return pl.concat(self.parts) if self.parts else pl.DataFrame(schema=schema)


@dataclass(frozen=True)
class Chunk:
    """Sessions that are judged together: those of one quarter, or one night."""

    sessions: list[Staged]
    rejects: pl.DataFrame
    source: str


def stage(run: Run, sessions: Sequence[date], catalogue: Catalogue) -> Iterator[Chunk]:
    """Chunks of staged sessions in order; a session without a readable file is there without lines."""
    extra = FileFacts(run)
    decided = by_session(decisions(run.landing))
    years = sorted({session.year for session in sessions})
    for year in years:
        wanted = [session for session in sessions if session.year == year]
        frames: dict[date, pl.DataFrame] = {}
        faults: dict[date, str] = {}
        rejects = []
        name = run.settings.sources_of("quotes")[0]
        for told, rejected in _files_quotes(run, wanted, faults) if name == "files" else _screener(run, wanted, faults):
            rows, clashing = _one_line_a_symbol(told, name)
            rejects += [rejected, clashing]
            for (session,), lines in _numbered(rows, catalogue).partition_by("session_date", as_dict=True).items():
                frames[session] = lines.drop("session_date")
        staged = [
            Staged(
                s,
                frames.get(s) if s not in faults else None,
                faults.get(s, ""),
                *extra.known_on(s),
                decision=decided.get(s, Decision()),
            )
            for s in wanted
        ]
        run.count("staged_rows", sum(lines.height for lines in frames.values()))
        rejects = [frame for frame in rejects if frame.height]
        held_back = pl.concat(rejects) if rejects else pl.DataFrame()
        for quarter in _quarters(staged):
            yield Chunk(quarter, _of(held_back, quarter), name)


def _quarters(staged: list[Staged]) -> Iterator[list[Staged]]:
    """A year in parts small enough that one can be judged while the one before is written."""
    for _, part in groupby(staged, key=lambda item: (item.session.month - 1) // 3):
        yield list(part)


def _of(rejects: pl.DataFrame, staged: list[Staged]) -> pl.DataFrame:
    if rejects.is_empty():
        return rejects
    return rejects.filter(pl.col("session_date").is_in([item.session for item in staged]))


def _one_line_a_symbol(told: Described, source: str) -> tuple[Described, pl.DataFrame]:
    """Quotes without those of a symbol that two exchanges have on one session: which of them is the security?"""
    key, rows = ["session_date", "symbol"], told.quotes
    if rows.select(pl.struct(key).hash().n_unique()).item() == rows.height:
        return told, pl.DataFrame()
    is_clash = pl.struct(key).is_duplicated()
    rejects = _rejects(
        rows.filter(is_clash),
        source,
        file="all exchanges",
        field="symbol",
        reason_code="duplicate_symbol",
        detail=pl.format("on {} with close {}", "exchange", "close"),
    )
    return Described(rows.filter(~is_clash), told.descriptions), rejects


def _numbered(described: Described, catalogue: Catalogue) -> pl.DataFrame:
    rows = described.quotes
    if rows.is_empty():
        return rows.select("session_date").clear()
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in _OPTIONAL.items() if name not in rows.columns]
    lines = catalogue.number(described).with_columns(missing).with_columns(pl.col("currency").fill_null(USD))
    return lines.select("session_date", *_LINE, "security_type", "name_root", "attributes_id")


def _screener(run: Run, sessions: Sequence[date], faults: dict[date, str]) -> Iterator[tuple[Described, pl.DataFrame]]:
    """Staged rows and rejects: a session's daily files where they were landed, else its year's history."""
    daily = _daily_files(run)
    from_history = []
    for session in sessions:
        files = daily.get(session.isoformat(), {})
        if not files:
            from_history.append(session)
            continue
        absent = [exchange for exchange in EXCHANGES if exchange not in files]
        if absent:
            faults[session] = f"source {nasdaq_screener.NAME}, session {session}: no file of {', '.join(absent)}"
            continue
        yield from _read_daily(run, session, files, faults)
    if from_history:
        yield from _read_history(run, from_history)


def _daily_files(run: Run) -> dict[str, dict[str, LandedFile]]:
    """Session to exchange to the landed file that was served last, readable or not."""
    found: dict[str, dict[str, LandedFile]] = {}
    for file in run.landing.newest(nasdaq_screener.NAME, include_unreadable=True):
        kind, _, exchange = file.dataset.partition("/")
        if kind == nasdaq_screener.DAILY:
            found.setdefault(file.key, {})[exchange] = file
    return found


def _read_daily(
    run: Run, session: date, files: dict[str, LandedFile], faults: dict[date, str]
) -> Iterator[tuple[Described, pl.DataFrame]]:
    staged = []
    for exchange in EXCHANGES:
        try:
            staged.append(_read_readable(run, files[exchange]))
        except SourceError as error:
            faults[session] = error.message
            return
    rows = pl.concat([rows for rows, _ in staged])
    rejects = pl.concat([rejects for _, rejects in staged])
    yield of_quotes(rows), rejects.with_columns(session_date=pl.lit(session))


def _read_readable(run: Run, file: LandedFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The file, or the readable one landed before it: a broken reply must not take a good session back.

    Raises:
        SourceError: no landed file of this dataset and key can be read.
    """
    try:
        return read(run, file)
    except SourceError as error:
        run.landing.mark_unreadable(file, error.message, utc_now())
        earlier = [other for other in run.landing.newest(file.source, file.dataset) if other.key == file.key]
        if not earlier:
            raise
        log.warning("%s; the file landed before it counts", error.message)
        return _read_readable(run, earlier[0])


def _read_history(run: Run, sessions: Sequence[date]) -> Iterator[tuple[Described, pl.DataFrame]]:
    histories = {file.key: file for file in run.landing.newest(nasdaq_screener.NAME, nasdaq_screener.HISTORY)}
    references = run.landing.newest(nasdaq_screener.NAME, nasdaq_screener.REFERENCE)
    file = histories.get(str(sessions[0].year))
    if file is None:
        return
    rows, rejects = read(run, file)
    wanted = rows.filter(pl.col("session_date").is_in(sessions))
    closed = _of_closed_days(rows, sessions, file)
    described = of_reference(wanted, read(run, references[-1])[0]) if references else of_quotes(wanted)
    day = pl.col("entity").str.slice(0, 10).str.to_date(strict=False)
    dated = rejects.with_columns(session_date=day)
    yield described, pl.concat([dated.filter(pl.col("session_date").is_in(sessions)), closed])


def _of_closed_days(rows: pl.DataFrame, sessions: Sequence[date], file: LandedFile) -> pl.DataFrame:
    """Rows of days without a session, one reject a day; it stands under the next session that is judged."""
    before = all_sessions()[max(0, all_sessions().index(sessions[0]) - 1)]
    days = rows.filter(
        pl.col("session_date").is_between(before, sessions[-1], closed="none")
        & ~pl.col("session_date").is_in(all_sessions())
    )
    told = days.group_by(closed_day="session_date").agg(rows=pl.len()).sort("closed_day")
    following = pl.DataFrame({"session_date": sessions}, schema={"session_date": pl.Date})
    return _rejects(
        told.join_asof(
            following, left_on="closed_day", right_on="session_date", strategy="forward", coalesce=False
        ).with_columns(symbol=pl.col("closed_day").cast(pl.String)),
        file.source,
        file=file.name,
        field="date",
        reason_code=rules.CALENDAR.code,
        detail=pl.format("{} rows of a day without a session", "rows"),
    )


def _rejects(
    frame: pl.DataFrame, source: str, *, file: str, field: str, reason_code: str, detail: pl.Expr
) -> pl.DataFrame:
    """A reject for each row (symbol, session_date) of the frame, as the parsers make them, with its session."""
    return frame.select(
        source=pl.lit(source),
        file=pl.lit(file),
        entity="symbol",
        field=pl.lit(field),
        reason_code=pl.lit(reason_code),
        detail=detail,
        session_date="session_date",
    )


def _files_quotes(
    run: Run, sessions: Sequence[date], faults: dict[date, str]
) -> Iterator[tuple[Described, pl.DataFrame]]:
    for file in run.landing.newest("files", "quotes"):
        rows, rejects = read(run, file)
        wanted = rows.filter(pl.col("session_date").is_in(sessions))
        is_usd = pl.col("currency").fill_null(USD) == USD
        foreign = wanted.filter(~is_usd)
        for session in sorted(set(foreign["session_date"]) - set(wanted.filter(is_usd)["session_date"])):
            faults[session] = f"{file.name}, field currency: no line in {USD}, and there are no exchange rates"
        yield (
            of_quotes(wanted.filter(is_usd)),
            pl.concat(
                [
                    rejects.with_columns(session_date=pl.lit(sessions[-1], pl.Date)),
                    _without_rate(foreign, file),
                    _of_closed_days(rows, sessions, file),
                ]
            ),
        )


def _without_rate(foreign: pl.DataFrame, file: LandedFile) -> pl.DataFrame:
    """Lines in another currency, set aside: taken as dollars their caps would be wrong without an error."""
    return _rejects(
        foreign,
        file.source,
        file=file.name,
        field="currency",
        reason_code="no_fx_rate",
        detail=pl.format("{} {}: there are no exchange rates to state its cap in USD", "close", "currency"),
    )


def read(run: Run, file: LandedFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Typed rows and rejects of a landed file, from the cache where it was read before.

    Raises:
        SourceError: the file cannot be read.
    """
    adapter = source(file.source)
    staged = run.staging.get_or_make(file, adapter.parser_version, lambda: adapter.read(run.landing.read(file), file))
    return staged.rows, staged.rejects


class FileFacts:
    """The operator's own share counts and caps, as known on a session."""

    def __init__(self, run: Run) -> None:
        settings = run.settings
        self.counts = _files_rows(run, "share_counts") if "files" in settings.sources_of("share_counts") else None
        self.caps = _files_rows(run, "caps") if "files" in settings.sources_of("caps") else None

    def known_on(self, session: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Caps of the session, and the newest count of each symbol that was known by its end."""
        caps = NO_FILE_CAPS if self.caps is None else self.caps.filter(pl.col("as_of") == session)
        if self.counts is None:
            return caps, NO_FILE_COUNTS
        public = pl.col("known_at").fill_null(pl.col("as_of"))
        known = self.counts.filter((public <= session) & (pl.col("as_of") <= session))
        newest = known.sort("symbol", "as_of", "known_at").unique("symbol", keep="last", maintain_order=True)
        return caps, newest.select("symbol", "shares", "as_of")


def _files_rows(run: Run, dataset: str) -> pl.DataFrame | None:
    files = run.landing.newest("files", dataset)
    return read(run, files[-1])[0] if files else None
