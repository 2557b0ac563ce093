"""stage, second part: everything that is not a quote, as far as it was landed, read once per run."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from flows.edge.landing import FileId, LandedFile
from flows.market_calendar import all_sessions
from flows.run import Run
from flows.sources import SOURCES, etf_flows, files, french, simfin
from flows.steps.filings import Filings
from flows.steps.land import asked_range
from flows.steps.reader import Reader
from transforms.core.company_links import entity_tickers
from transforms.core.fund_prices import READ
from transforms.core.fund_shares import closed_day_figures
from transforms.core.fundamentals import Statements, collect_statements, stacked
from transforms.core.macro import macro_rows
from transforms.core.positions import position_rows
from transforms.core.reference_portfolios import RELEASES
from transforms.core.sec_statements import sec_statements
from transforms.staging import no_rejects
from transforms.staging.cftc import POSITIONS
from transforms.staging.etf_flows import FUND_FLOWS, FUND_SHARES
from transforms.staging.macro import MACRO

AT_ONCE = 200
FUND_DAYS = timedelta(days=400)
"""Histories of funds begin decades ago: kept is what the first session looks back to, and a year."""
_NO_NAMES: dict[str, pl.DataType] = {
    "source_entity": pl.String(),
    "company_name": pl.String(),
    "vintage_date": pl.Date(),
}


@dataclass(frozen=True)
class Facts:
    """Fundamentals, macro series, traders' positions and fund figures of every landed vintage; rejects by source.

    ``statements``: as a vendor reads them. ``filed``: as companies filed them. ``portfolios``: RELEASES of portfolios
    that others publish. ``fund_prices``: READ of closes.
    """

    statements: Statements
    filed: Statements
    tickers: pl.DataFrame
    names: pl.DataFrame
    macro: pl.DataFrame
    positions: pl.DataFrame
    fund_flows: pl.DataFrame
    fund_shares: pl.DataFrame
    fund_prices: pl.DataFrame
    portfolios: pl.DataFrame
    rejects: pl.DataFrame
    failures: dict[str, str] = field(default_factory=dict)


def load_facts(run: Run, filings: Filings, seen: Collection[FileId] = ()) -> Facts:
    """Read what lies in landing. A file that cannot be read is marked, and the vintages before it count.

    ``filings``: what was read of the SEC. ``seen``: files that an earlier build has read; their rejects are told.
    """
    reader = Reader(run, seen)
    frames = _Frames(reader)
    statements = frames.of("simfin", tuple(simfin.STATEMENTS))
    names = frames.of("simfin", (simfin.COMPANIES,))
    macro = [frame for name in run.settings.sources_of("macro") for frame in frames.of(name)]
    positions = [frame for name in run.settings.sources_of("positions") for frame in frames.of(name)]
    flows = frames.named(etf_flows.NAME, (etf_flows.FLOWS,))
    relayed = frames.named(etf_flows.NAME, (etf_flows.SHARES, etf_flows.ASSETS, etf_flows.ISHARES))
    issuers = [name for name in run.settings.sources_of("fund_flows") if name != etf_flows.NAME]
    shares = [*relayed, *(frame for name in issuers for frame in frames.named(name))]
    portfolios = _releases(run, reader)
    licences: dict[str, str] = {name: adapter.licence for name, adapter in SOURCES.items()}
    return Facts(
        statements=collect_statements(statements),
        filed=_statements(filings),
        tickers=entity_tickers(statements),
        names=_stack(names, _NO_NAMES).select(list(_NO_NAMES)),
        macro=macro_rows(_stack(macro, MACRO), licences),
        positions=position_rows(_stack(positions, POSITIONS), licences),
        fund_flows=_stack(flows, {**FUND_FLOWS, "source": pl.String()}),
        fund_shares=_stack(shares, {**FUND_SHARES, "source": pl.String()}),
        fund_prices=_fund_prices(run, reader),
        portfolios=portfolios,
        rejects=pl.concat([no_rejects(), filings.rejects, *reader.rejects]),
        failures={**filings.failures, **reader.failures},
    )


class _Frames:
    """Frames of landed files, with what is said of days without a session among the rejects."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def of(self, source: str, datasets: tuple[str, ...] = ()) -> list[pl.DataFrame]:
        """Rows of every readable landed file of a source that serves a role."""
        found = []
        for file, rows in self._reader.files(source, datasets):
            found.append(_with_vintage(rows))
            if not self._reader.is_told(file):
                self._reader.rejects += _of_closed_days(found[-1], file)
        return found

    def named(self, source: str, datasets: tuple[str, ...] = ()) -> list[pl.DataFrame]:
        """As `of`, of the days since `FUND_DAYS` before the first session asked for, with their source."""
        asked = asked_range(self._reader.run)
        since = pl.lit(asked[0] - FUND_DAYS if asked else None, pl.Date)
        return [
            rows.filter(pl.col("as_of") >= since).with_columns(source=pl.lit(source))
            for rows in self.of(source, datasets)
        ]


def _releases(run: Run, reader: Reader) -> pl.DataFrame:
    """RELEASES of days since the first session that was ever asked for: each file goes back to 1926."""
    asked = asked_range(run)
    since = pl.col("as_of") >= pl.lit(asked[0] if asked else None, pl.Date)
    parts = [
        rows.filter(since).with_columns(release=pl.lit(french.release_of(file)), landed_at=pl.lit(file.landed_at))
        for name in run.settings.sources_of("reference_portfolios")
        for file, rows in reader.files(name)
    ]
    typed = [part.select(pl.col(name).cast(dtype) for name, dtype in RELEASES.items()) for part in parts]
    return pl.concat([pl.DataFrame(schema=RELEASES), *typed])


def _fund_prices(run: Run, reader: Reader) -> pl.DataFrame:
    """Every landed close of a fund, with the file that has it."""
    parts = []
    for name in (etf_flows.NAME, files.NAME):
        datasets = {file.dataset for file in run.landing.newest(name) if is_of_fund_prices(file)}
        for file, rows in reader.files(name, tuple(datasets)) if datasets else ():
            if not reader.is_told(file):
                reader.rejects.append(closed_day_figures(rows, all_sessions(), source=name, file=file.name))
            told = rows.with_columns(
                pl.col("vintage_date").fill_null(pl.col("as_of").max()),
                source=pl.lit(name),
                file_sha256=pl.lit(file.sha256),
                landed_at=pl.lit(file.landed_at),
            )
            parts.append(told.select(pl.col(column).cast(dtype) for column, dtype in READ.items()))
    return pl.concat([pl.DataFrame(schema=READ), *parts])


def is_of_fund_prices(file: LandedFile) -> bool:
    """Whether a landed file holds closes of funds: of one fund from a vendor, or the operator's own."""
    return file.dataset == files.FUND_PRICES or file.dataset.startswith(etf_flows.PRICES)


def _statements(filings: Filings) -> Statements:
    """Statements of the registrants that have a ticker, some hundred at a time: thousands do not fit into memory."""
    listed = filings.tickers["cik"].unique()
    facts = _as_known(filings.facts.filter(pl.col("cik").is_in(listed.implode())))
    ciks = facts["cik"].unique().sort()
    parts = [
        sec_statements(facts.filter(pl.col("cik").is_in(ciks[start : start + AT_ONCE].implode())))
        for start in range(0, ciks.len(), AT_ONCE)
    ]
    return stacked(*parts) if parts else sec_statements(facts)


def _as_known(facts: pl.DataFrame) -> pl.DataFrame:
    """Facts as if they had been filed when they became known here."""
    return facts.drop("filed").rename({"known_on": "filed"})


def _of_closed_days(rows: pl.DataFrame, file: LandedFile) -> list[pl.DataFrame]:
    if "fund_flows" not in SOURCES[file.source].roles:
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
