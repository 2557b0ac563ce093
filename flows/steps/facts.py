"""stage, second part: everything that is not a quote, as far as it was landed, read once per run."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from flows.edge.clock import utc_now
from flows.edge.landing import FileId, LandedFile
from flows.errors import SourceError
from flows.market_calendar import all_sessions
from flows.run import Run
from flows.sources import SOURCES, etf_flows, simfin
from flows.steps.reading import read
from transforms.core.company_links import entity_tickers
from transforms.core.fundamentals import Statements, collect_statements
from transforms.core.macro import macro_rows
from transforms.measures.fund_flows import closed_day_figures
from transforms.staging import no_rejects
from transforms.staging.etf_flows import FUND_FLOWS, FUND_SHARES
from transforms.staging.macro import MACRO

log = logging.getLogger(__name__)
_NO_NAMES: dict[str, pl.DataType] = {
    "source_entity": pl.String(),
    "company_name": pl.String(),
    "vintage_date": pl.Date(),
}


@dataclass(frozen=True)
class Facts:
    """Fundamentals, macro series and fund figures of every landed vintage; rejects by source."""

    statements: Statements
    tickers: pl.DataFrame
    names: pl.DataFrame
    macro: pl.DataFrame
    fund_flows: pl.DataFrame
    fund_shares: pl.DataFrame
    rejects: pl.DataFrame
    failures: dict[str, str] = field(default_factory=dict)


def load_facts(run: Run, seen: Collection[FileId] = ()) -> Facts:
    """Read what lies in landing. A file that cannot be read is marked, and the vintages before it count.

    ``seen``: files that an earlier build has read; their rejects are told already.
    """
    reader = _Reader(run, seen)
    statements = reader.frames("simfin", tuple(simfin.STATEMENTS))
    names = reader.frames("simfin", (simfin.COMPANIES,))
    macro = [frame for name in run.settings.sources_of("macro") for frame in reader.frames(name)]
    flows = reader.frames("etf_flows", (etf_flows.FLOWS,))
    shares = reader.frames("etf_flows", (etf_flows.SHARES, etf_flows.ASSETS, etf_flows.ISHARES))
    licences: dict[str, str] = {name: adapter.licence for name, adapter in SOURCES.items()}
    return Facts(
        statements=collect_statements(statements),
        tickers=entity_tickers(statements),
        names=_stack(names, _NO_NAMES).select(list(_NO_NAMES)),
        macro=macro_rows(_stack(macro, MACRO), licences),
        fund_flows=_stack(flows, FUND_FLOWS),
        fund_shares=_stack(shares, FUND_SHARES),
        rejects=pl.concat([no_rejects(), *reader.rejects]),
        failures=reader.failures,
    )


class _Reader:
    def __init__(self, run: Run, seen: Collection[FileId]) -> None:
        self._run = run
        self._seen = seen
        self.rejects: list[pl.DataFrame] = []
        self.failures: dict[str, str] = {}

    def frames(self, source: str, datasets: tuple[str, ...] | None = None) -> list[pl.DataFrame]:
        """Rows of every readable landed file of a source that serves a role."""
        if source not in self._run.settings.enabled_sources:
            return []
        found = []
        for file in self._run.landing.newest(source):
            if datasets is not None and file.dataset not in datasets:
                continue
            try:
                rows, rejects = read(self._run, file)
            except SourceError as error:
                self._run.landing.mark_unreadable(file, error.message, utc_now())
                self.failures[source] = error.message
                log.warning("%s: %s", source, error.message)
                continue
            found.append(_with_vintage(rows))
            if file.file_id not in self._seen:
                self.rejects += [rejects, *_of_closed_days(rows, file)]
        return found


def _of_closed_days(rows: pl.DataFrame, file: LandedFile) -> list[pl.DataFrame]:
    if file.source != etf_flows.NAME:
        return []
    return [closed_day_figures(rows, all_sessions(), source=file.source, file=file.name)]


def _with_vintage(rows: pl.DataFrame) -> pl.DataFrame:
    """A file whose day of download nobody noted cannot be older than the newest day that it tells of."""
    if "vintage_date" not in rows.columns or "as_of" not in rows.columns:
        return rows
    return rows.with_columns(pl.col("vintage_date").fill_null(pl.col("as_of").max()))


def _stack(frames: list[pl.DataFrame], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    empty = pl.DataFrame(schema=schema)
    return pl.concat([empty, *frames], how="diagonal") if frames else empty
