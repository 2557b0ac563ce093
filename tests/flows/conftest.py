"""A site: an archive of the tiny market, a data folder, and the commands of an operator."""

import hashlib
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from expectations.gate_rules import thresholds
from expectations.sql_checks import judge_sql
from flows.backfill import run_backfill, run_rebuild
from flows.edge import warehouse
from flows.edge.builds import Build
from flows.edge.diff import content_hashes
from flows.edge.quality import read_checks
from flows.edge.run_records import read_record
from flows.nightly import run_nightly
from flows.paths import DataPaths
from flows.run import Run
from flows.run_record import RunOutcome, RunRecord
from tests.vendors.market import SESSIONS, Edit, Market
from tests.vendors.market_facts import write_facts
from transforms.contracts import table

BASE_SESSIONS = SESSIONS[:5]
ALL_SESSIONS = SESSIONS[:12]
"""Up to 10 January 2025, over the change of year."""
WITHOUT_FILINGS = {
    "SMALLCAPS_SOURCES__FUNDAMENTALS": '["simfin"]',
    "SMALLCAPS_SOURCES__SHARE_COUNTS": "[]",
    "SMALLCAPS_SOURCES__REFERENCE": "[]",
}
"""The simulated markets' companies file nothing with the SEC."""
WITHOUT_PUBLISHERS = {"SMALLCAPS_SOURCES__MACRO": '["treasury"]', "SMALLCAPS_SOURCES__POSITIONS": "[]"}
"""The tiny market's archive has the Treasury's files alone; tests of the others bring theirs."""
FEW_SCHEMES = "fixed_usd crsp_like"
"""One by cap and one with seats and packets; tests of what schemes do enable their own."""


@dataclass
class Site:
    """One installation. Its archive and its data folder are set by the environment, as an operator does."""

    root: Path
    market: Market = field(default_factory=Market)
    has_filings: bool = False
    """Whether the archive holds what companies filed with the SEC; sources that it lacks degrade every night."""
    schemes: str = FEW_SCHEMES

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def paths(self) -> DataPaths:
        return DataPaths(self.root / "data")

    def use(self, monkeypatch: pytest.MonkeyPatch) -> "Site":
        """Set the environment to this site and stand in a folder without an operator's `.env`."""
        self.root.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("SMALLCAPS_DATA_DIR", str(self.paths.root))
        monkeypatch.setenv("SMALLCAPS_ARCHIVE", str(self.archive))
        monkeypatch.setenv("SMALLCAPS_RATE_DIR", str(self.root / "rate"))
        monkeypatch.setenv("SMALLCAPS_SCHEMES", self.schemes)
        for name, value in (WITHOUT_PUBLISHERS | ({} if self.has_filings else WITHOUT_FILINGS)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(self.root)
        return self

    def serve(self, session: date, *edits: Edit) -> None:
        """The vendor's files of one session, with errors if any."""
        self.market.write(self.archive, [session], {session: edits})

    def nightly(self, session: date) -> RunOutcome:
        return run_nightly(session, None, None)

    def night(self, session: date, *edits: Edit) -> RunOutcome:
        """Serve a session and run its night."""
        self.serve(session, *edits)
        return self.nightly(session)

    def backfill(self, first: date, last: date, *, strict: bool = False) -> RunOutcome:
        return run_backfill(first, last, None, None, strict)

    def rebuild(self) -> RunOutcome:
        return run_rebuild(None)

    def record(self, outcome: RunOutcome) -> RunRecord:
        return read_record(outcome.record_path)

    def query(self, sql: str) -> pl.DataFrame:
        """Rows of the published file."""
        return warehouse.query(self.paths, sql)

    def rows(self, table_name: str, *columns: str, **equal: object) -> pl.DataFrame:
        """Rows of a published table in the order of its key, those where columns equal these values."""
        found = self.query(f"from {table_name}").sort(table(table_name).key)
        kept = found.filter(*(pl.col(name) == value for name, value in equal.items()))
        return kept.select(columns) if columns else kept

    def verdicts(self) -> dict[date, tuple[str, list[str]]]:
        """Session to status and rule codes, as ops.sessions tells."""
        rows = self.rows("ops.sessions", "session_date", "status", "rule_codes")
        return {day: (status, codes) for day, status, codes in rows.iter_rows()}

    def digest(self) -> str:
        """Hash of the published file's bytes."""
        return hashlib.sha256(self.paths.warehouse.read_bytes()).hexdigest()

    def hashes(self) -> dict[str, str]:
        """Contents of the compared tables, without run ids and clock times."""
        return content_hashes(self.paths.warehouse)

    def copy_to(self, root: Path) -> "Site":
        """The same installation elsewhere."""
        shutil.copytree(self.root, root, symlinks=True)
        return Site(root, self.market, self.has_filings, self.schemes)


@pytest.fixture(scope="session")
def base_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Five sessions backfilled and gated; never changed, see `site`."""
    site = Site(tmp_path_factory.mktemp("base"))
    site.market.write(site.archive, BASE_SESSIONS)
    write_facts(site.market, site.archive, ALL_SESSIONS)
    with pytest.MonkeyPatch.context() as patch:
        site.use(patch)
        outcome = site.backfill(BASE_SESSIONS[0], BASE_SESSIONS[-1])
    assert outcome.exit_code == 0, outcome.one_line
    return site


@pytest.fixture
def site(base_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A copy of the base site for one test."""
    return base_site.copy_to(tmp_path / "site").use(monkeypatch)


@pytest.fixture
def new_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Market], Site]:
    """Makes empty sites by name; the one made or used last is the one that commands work on."""

    def make(name: str, market: Market) -> Site:
        return Site(tmp_path / name, market).use(monkeypatch)

    return make


@pytest.fixture
def light_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """For nights in a row: a gate of all SQL checks, without the suites and their Data Docs, which take seconds."""
    lighten_gate(monkeypatch)


def lighten_gate(patch: pytest.MonkeyPatch) -> None:
    """The same for fixtures of a wider scope."""
    patch.setattr("flows.pipeline.gate", _sql_checks_alone)


def _sql_checks_alone(_: Run, build: Build, sessions: Collection[date], *_others: object) -> None:
    build.commit()
    build.scope(sessions, thresholds())
    findings = judge_sql(build.query, read_checks(), {})
    assert [finding for finding in findings if finding.outcome != "passed"] == []


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A temporary Prefect server with an empty database; starting it takes ten seconds and more."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
