"""stage: landed quotes as typed lines of each session, with security types and company names."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import polars as pl

from flows.edge.landing import FileId
from flows.run import Run
from flows.steps.decisions import by_session, decisions
from flows.steps.filings import SEEN
from flows.steps.fx import is_foreign
from flows.steps.own_files import FileFacts
from flows.steps.quote_files import quotes
from flows.steps.rejects import Told, rejects_of
from flows.walk import Decision, Fault, Staged
from transforms.core.declared_splits import near
from transforms.core.depositary import ratio_of_title
from transforms.core.directory_types import with_directory
from transforms.core.fx import NO_RATES, USD, SessionRates
from transforms.core.sec_identity import NAMES, ciks, known_names
from transforms.core.security_types import classify
from transforms.staging.descriptions import FIRST_SEEN, Described
from transforms.staging.nasdaq_directory import DIRECTORY
from transforms.staging.sec_tickers import TICKERS

DESCRIPTION: dict[str, pl.DataType] = {
    **dict.fromkeys(("symbol", "exchange", "name", "country", "sector", "industry"), pl.String()),
    "ipo_year": pl.Int32(),
    **dict.fromkeys(("security_type", "type_rule"), pl.String()),
}
_LINE = ("exchange", "symbol", "close", "net_change", "volume", "vendor_cap_usd", "open", "high", "low", "currency")
KNOWN = ("security_type", "name_root", "cik", "ads_ratio", "is_foreign")
HOME = "United States"
_TYPED_BY = ("symbol", "exchange", "name", "industry")
_JUDGED = dict.fromkeys((*_TYPED_BY, "type_rule", *KNOWN[:-1]), pl.String) | {"cik": pl.Int64, "ads_ratio": pl.Float64}
_OPTIONAL = {"open": pl.Float64, "high": pl.Float64, "low": pl.Float64, "currency": pl.String}


@dataclass(frozen=True)
class Evidence:
    """What other sources say about who a described line is: TICKERS, NAMES and DIRECTORY, all vintages.

    Each row has ``seen_from``, the night that fetched it; null where an archive or a bulk file has it.
    """

    tickers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={**TICKERS, **SEEN}))
    names: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={**NAMES, **SEEN}))
    directory: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={**DIRECTORY, **SEEN}))

    def nights_by(self, session: date) -> int:
        """How many nights had fetched something by the end of the session."""
        parts = [frame["seen_from"] for frame in (self.tickers, self.names, self.directory)]
        return pl.concat(parts).filter(pl.concat(parts) <= session).n_unique()

    def by(self, session: date) -> "Evidence":
        """What was known by the end of the session."""
        is_known = (pl.col("seen_from") <= session).fill_null(value=True)
        return Evidence(*(frame.filter(is_known) for frame in (self.tickers, self.names, self.directory)))


@dataclass(frozen=True)
class Known:
    """What is known of companies and securities beside the quotes, over all sessions."""

    own: FileFacts
    book: pl.DataFrame
    """Counts that companies filed (BOOK), corrected."""
    declared: pl.DataFrame
    """Splits that sources declare (DECLARED)."""
    filed_ratios: pl.DataFrame
    """Ratios of splits that companies filed (FILED_RATIOS)."""
    rates: pl.DataFrame = field(default_factory=lambda: NO_RATES)
    """USD for one unit of other currencies (RATES)."""


@dataclass
class Catalogue:
    """Descriptions of lines by number, so that a session's lines carry a number and not seven texts."""

    evidence: Evidence = field(default_factory=Evidence)
    judged: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_JUDGED))
    parts: list[pl.DataFrame] = field(default_factory=list)
    size: int = 0
    first_seen: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FIRST_SEEN))
    """Since when the vendor has had a symbol, if a file tells."""
    _nights: int = 0
    _known: tuple[pl.DataFrame, pl.DataFrame] | None = None

    def number(self, described: Described) -> pl.DataFrame:
        """Lines with ``attributes_id`` and what is KNOWN of their descriptions by the first of their sessions."""
        if described.quotes.height:
            self._look_up(min(described.quotes["session_date"].unique().to_list()))
        if described.first_seen.height:
            self.first_seen = described.first_seen
        typed = self._typed(described.descriptions)
        self.parts.append(typed.select(*DESCRIPTION, "cik").with_row_index("attributes_id", offset=self.size))
        at = described.quotes["description"]
        lines = described.quotes.drop("description").hstack(typed.select(KNOWN)[at])
        numbered = lines.with_columns(attributes_id=(at + self.size).cast(pl.UInt32))
        self.size += typed.height
        return numbered

    def _look_up(self, session: date) -> None:
        """Judge all descriptions anew where a night has fetched more evidence since."""
        nights = self.evidence.nights_by(session)
        if self._known is not None and nights == self._nights:
            return
        known = self.evidence.by(session)
        self._known, self._nights = (known_names(known.tickers, known.names), known.directory), nights
        self.judged = self.judged.clear()

    def _typed(self, descriptions: pl.DataFrame) -> pl.DataFrame:
        """Descriptions with KNOWN and type_rule; each is judged once, as most come again every session."""
        new = descriptions.select(_TYPED_BY).unique().join(self.judged, on=_TYPED_BY, how="anti", nulls_equal=True)
        if new.height and self._known is not None:
            names, directory = self._known
            typed = with_directory(classify(new), directory)
            is_ads = pl.col("security_type") == "depositary_share"
            ratio = pl.when(is_ads).then(ratio_of_title(pl.col("name"))).alias("ads_ratio")
            told = typed.with_columns(ciks(typed, names), ratio)
            self.judged = pl.concat([self.judged, told.select(_JUDGED.keys())])
        is_foreign = (pl.col("country") != HOME).fill_null(value=False)
        return descriptions.join(
            self.judged, on=_TYPED_BY, how="left", nulls_equal=True, maintain_order="left"
        ).with_columns(is_foreign=is_foreign)

    def frame(self) -> pl.DataFrame:
        """attributes_id, DESCRIPTION and cik; equal descriptions may have several numbers."""
        schema = {"attributes_id": pl.UInt32(), **DESCRIPTION, "cik": pl.Int64()}
        return pl.concat(self.parts) if self.parts else pl.DataFrame(schema=schema)


@dataclass(frozen=True)
class Chunk:
    """Sessions that are judged together: those of one quarter, or one night."""

    sessions: list[Staged]
    rejects: pl.DataFrame
    source: str


def stage(
    run: Run,
    sessions: Sequence[date],
    catalogue: Catalogue,
    known: Known,
    seen: Collection[FileId] = (),
) -> Iterator[Chunk]:
    """Chunks of staged sessions in order; a session without a readable file is there without lines.

    ``known``: what is known beside the quotes. ``seen``: files that an earlier build has read; their rejects that
    belong to no session are told already.
    """
    told = Told(set(seen))
    extra = known.own
    decided = by_session(decisions(run.landing))
    name = run.settings.sources_of("quotes")[0]
    own_rejects = extra.rejects(told, sessions[0])
    rates, usd_alone = SessionRates(known.rates), SessionRates()
    for year in sorted({session.year for session in sessions}):
        wanted = [session for session in sessions if session.year == year]
        frames: dict[date, pl.DataFrame] = {}
        faults: dict[date, Fault] = {}
        rejects = own_rejects if year == sessions[0].year else []
        foreign: set[date] = set()
        for part, rejected in quotes(run, wanted, faults, told, known.rates):
            rows, clashing = _one_line_a_symbol(part, name)
            foreign |= _sessions_in_other_currencies(rows.quotes)
            rejects += [rejected, clashing]
            for (session,), lines in _numbered(rows, catalogue).partition_by("session_date", as_dict=True).items():
                frames[session] = lines.drop("session_date")
        staged = [
            Staged(
                s,
                frames.get(s) if s not in faults else None,
                faults.get(s),
                *extra.known_on(s),
                declared_splits=near(known.declared, s),
                filed_ratios=known.filed_ratios,
                depositary_ratios=extra.ratios_on(s),
                book=known.book,
                decision=decided.get(s, Decision()),
                rates=rates if s in foreign else usd_alone,
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


def _sessions_in_other_currencies(quotes: pl.DataFrame) -> set[date]:
    if "currency" not in quotes.columns:
        return set()
    return set(quotes.filter(is_foreign())["session_date"])


def _one_line_a_symbol(told: Described, source: str) -> tuple[Described, pl.DataFrame]:
    """Quotes without those of a symbol that two exchanges have on one session: which of them is the security?"""
    key, rows = ["session_date", "symbol"], told.quotes
    if rows.select(pl.struct(key).hash().n_unique()).item() == rows.height:
        return told, pl.DataFrame()
    is_clash = pl.struct(key).is_duplicated()
    rejects = rejects_of(
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
    return lines.select("session_date", *_LINE, *KNOWN, "attributes_id")
