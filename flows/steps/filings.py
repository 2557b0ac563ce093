"""stage, what was landed of the SEC, the exchanges' directory, the list of splits and the exchange rates."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import polars as pl

from flows.edge.clock import new_york_date
from flows.edge.landing import FileId, LandedFile
from flows.errors import SourceError
from flows.run import Run
from flows.sources import corporate_actions, nasdaq_directory, sec_datasets, sec_edgar
from flows.sources.sec_night import EVENTS
from flows.steps.fx import rates_read
from flows.steps.reader import Reader
from flows.steps.reading import read
from transforms.core.declared_splits import DECLARED, filed_ratios, no_declared
from transforms.core.delistings import FORMS
from transforms.core.filer_categories import STANDING, told_by_filings, untold
from transforms.core.fx import NO_RATES
from transforms.core.reported_counts import book_of
from transforms.core.sec_facts import rejected_facts
from transforms.core.sec_identity import NAMES
from transforms.staging import no_rejects
from transforms.staging.nasdaq_directory import DIRECTORY
from transforms.staging.sec_cover import COVER
from transforms.staging.sec_facts import FACTS
from transforms.staging.sec_fsds import FSDS_SUB
from transforms.staging.sec_source import SEC
from transforms.staging.sec_submissions import SUBMISSIONS
from transforms.staging.sec_tags import SPLIT_RATIO
from transforms.staging.sec_tickers import TICKERS

log = logging.getLogger(__name__)

KNOWN: dict[str, pl.DataType] = {"known_on": pl.Date()}
SEEN: dict[str, pl.DataType] = {"seen_from": pl.Date()}
"""The day of the download of a file that a night fetched; null for one of an archive or a bulk file."""
_FACTS = (sec_datasets.COMPANYFACTS, sec_datasets.COMPANYFACTS_BULK)
_FACT = ["cik", "taxonomy", "tag", "unit", "period_start", "period_end", "accession"]


@dataclass(frozen=True)
class Filings:
    """What lies in landing of the SEC, the directory, the list of splits and the rates; filed rows with ``known_on``.

    What came in an archive or a bulk file counts from its filing on, what a night fetched from that night on: so a
    night that comes late never changes a session that was published.
    """

    tickers: pl.DataFrame
    names: pl.DataFrame
    directory: pl.DataFrame
    covers: pl.DataFrame
    facts: pl.DataFrame
    submissions: pl.DataFrame
    declared: pl.DataFrame = field(default_factory=no_declared)
    """Splits of the public list (DECLARED)."""
    data_sets: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={**FSDS_SUB, **KNOWN}))
    standing: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STANDING))
    """Categories of filers as submissions told them, those of files that were replaced since included."""
    rates: pl.DataFrame = field(default_factory=lambda: NO_RATES.with_columns(source=pl.lit(None, pl.String)))
    """USD for one unit of other currencies (RATES), with their source."""
    rejects: pl.DataFrame = field(default_factory=no_rejects)
    failures: dict[str, str] = field(default_factory=dict)

    @cached_property
    def book(self) -> pl.DataFrame:
        """Every share count in the order in which it became known."""
        return book_of(self.covers, self.facts)

    @cached_property
    def filed_ratios(self) -> pl.DataFrame:
        """Ratios of splits in companies' reports (FILED_RATIOS)."""
        return filed_ratios(self.facts, SPLIT_RATIO)

    @cached_property
    def forms(self) -> pl.DataFrame:
        """Filings of the forms that are kept: cik, form, filed, items."""
        listed = self.submissions.select("cik", "filings").explode("filings").drop_nulls("filings").unnest("filings")
        return listed.select(list(FORMS)).unique(maintain_order=True) if listed.height else pl.DataFrame(schema=FORMS)


def load_filings(run: Run, seen: Collection[FileId] = ()) -> Filings:
    """Read what lies in landing. A file that cannot be read is marked, and the others count."""
    reader, answered = Reader(run, seen), _answered(run)
    submissions = [*_seen(reader, (sec_datasets.SUBMISSIONS,)), *_seen(reader, (sec_datasets.SUBMISSIONS_BULK,))]
    covers = [*_known(reader, (sec_datasets.COVER,), answered), *_known(reader, (sec_datasets.NOTES,), answered)]
    facts = [frame for dataset in _FACTS for frame in _known(reader, (dataset,), answered)]
    paged = _first_known(_stacked(covers, {**COVER, **KNOWN}), ["cik", "accession", "share_class", "period_end"])
    data_sets = _stacked(_known(reader, (sec_datasets.FSDS_SUB,), answered), {**FSDS_SUB, **KNOWN})
    standing = [frame for frame in submissions if "filer_category" in frame.columns]
    return Filings(
        tickers=_stacked(_seen(reader, (sec_datasets.TICKERS,)), {**TICKERS, **SEEN}),
        names=_stacked(submissions, {**NAMES, **SEEN}),
        directory=_stacked(_seen(reader, (), nasdaq_directory.NAME), {**DIRECTORY, **SEEN}),
        covers=paged,
        facts=_first_known(_stacked(facts, {**FACTS, **KNOWN}), _FACT),
        submissions=_whole(submissions),
        declared=_declared(reader),
        data_sets=data_sets,
        rates=rates_read(run, reader),
        standing=_stacked([*standing, *_replaced(run, told_by_filings(paged, data_sets))], STANDING),
        rejects=pl.concat([no_rejects(), *reader.rejects]),
        failures=reader.failures,
    )


def _declared(reader: Reader) -> pl.DataFrame:
    """A split of the list is known from its own date on: nobody noted when it was announced."""
    told = [
        rows.select("symbol", "declared_on", "ratio", known_on="declared_on", source=pl.lit(file.source))
        for file, rows in reader.files(corporate_actions.NAME)
    ]
    return _stacked(told, DECLARED)


def is_history(file: LandedFile) -> bool:
    """Whether a landed file tells of the past as it was filed, not of the night that fetched it."""
    return file.url.startswith("archive:") or file.dataset in sec_edgar.SOURCE.large


def _seen(reader: Reader, datasets: tuple[str, ...], source: str = SEC) -> Iterator[pl.DataFrame]:
    for file, rows in reader.files(source, datasets):
        day = None if is_history(file) else new_york_date(file.landed_at)
        yield rows.with_columns(seen_from=pl.lit(day, pl.Date))


def _known(reader: Reader, datasets: tuple[str, ...], answered: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for file, rows in reader.files(SEC, datasets):
        if file.dataset in _FACTS and not reader.is_told(file):
            reader.rejects.append(rejected_facts(rows))
        if is_history(file):
            yield rows.with_columns(known_on="filed")
        elif file.dataset in _FACTS and answered.height:
            yield _since_answered(rows, answered)
        else:
            landed = pl.lit(new_york_date(file.landed_at), pl.Date)
            yield rows.with_columns(known_on=pl.max_horizontal("filed", landed))


def _since_answered(facts: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Facts of a company's file, which is fetched again with each report, since the night that asked for their filing.

    Those of a filing that no night has asked for yet are left to that night; older ones than the first night are known
    since they were filed.
    """
    first = min(answered["known_on"].unique().to_list())
    since = facts.join(answered, on=["cik", "accession"], how="left", maintain_order="left")
    is_old = pl.col("known_on").is_null() & (pl.col("filed") < first)
    told = since.with_columns(known_on=pl.when(is_old).then("filed").otherwise("known_on"))
    return told.filter(pl.col("known_on").is_not_null())


def _answered(run: Run) -> pl.DataFrame:
    """cik, accession and the day of the night that asked for the filing first (``known_on``), as nights noted it."""
    rows = [
        (int(cik), accession, new_york_date(datetime.fromisoformat(str(event["at"]))))
        for event in run.landing.events(EVENTS)
        for cik, _, accession in (str(name).partition("/") for name in _names(event))
    ]
    schema: dict[str, pl.DataType] = {"cik": pl.Int64(), "accession": pl.String(), **KNOWN}
    return _first_known(pl.DataFrame(rows, schema, orient="row"), ["cik", "accession"])


def _names(event: Mapping[str, object]) -> list[object]:
    names = event.get("answered")
    return names if isinstance(names, list) else []


def _replaced(run: Run, filed: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Submissions that a later download took the place of, of registrants whose standing no filing had told by then.

    A night published what they say, so a rebuild must know it, too.
    """
    if SEC not in run.settings.enabled_sources:
        return
    in_use = {file.file_id for file in run.landing.newest(SEC, sec_datasets.SUBMISSIONS)}
    files = [
        file
        for file in run.landing.files(SEC, sec_datasets.SUBMISSIONS)
        if file.file_id not in in_use and not file.fault and not is_history(file)
    ]
    places = {"cik": pl.Int64, "known_on": pl.Date, "at": pl.UInt32}
    rows = [(int(file.key), new_york_date(file.landed_at), at) for at, file in enumerate(files)]
    for cik, day, at in untold(pl.DataFrame(rows, places, orient="row"), filed).sort("at").iter_rows():
        try:
            told, _ = read(run, files[at])
        except SourceError as error:  # it was told when it was the newest
            log.debug("%s: %s", cik, error.message)
            continue
        yield told.with_columns(seen_from=pl.lit(day, pl.Date))


def _stacked(frames: list[pl.DataFrame] | Iterator[pl.DataFrame], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    parts = [frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items()) for frame in frames]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _whole(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema=SUBMISSIONS)


def _first_known(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """A fact of several downloads is known since the first of them."""
    return rows.sort("known_on").unique(key, keep="first", maintain_order=True)
