"""Every path below the data folder, derived from its root and nothing else."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
"""The checkout that holds the code; `sql/` is read from here."""

SQL_FOLDER = CHECKOUT / "sql"


@dataclass(frozen=True)
class DataPaths:
    """The data folder's layout; creates nothing (see `flows.edge.lock.prepare`)."""

    root: Path

    @property
    def landing(self) -> Path:
        """Bytes as served, write-once; everything else can be rebuilt from it."""
        return self.root / "landing"

    @property
    def staging(self) -> Path:
        """Typed tables by content hash; a cache, safe to delete."""
        return self.root / "staging"

    @property
    def builds(self) -> Path:
        """Warehouse builds by run id; the last few stay for a rollback."""
        return self.root / "builds"

    @property
    def quarantine(self) -> Path:
        """Rows that could not be read or were set aside, with reasons."""
        return self.root / "quarantine"

    @property
    def review(self) -> Path:
        """What an operator should look at, as of the last run that judged a session."""
        return self.quarantine / "review.csv"

    @property
    def quality(self) -> Path:
        """Gate results and Great Expectations Data Docs."""
        return self.root / "quality"

    @property
    def reports(self) -> Path:
        """HTML reports, one page per session."""
        return self.root / "reports"

    @property
    def runs(self) -> Path:
        """Run records, one JSON file per run."""
        return self.root / "runs"

    @property
    def warehouse(self) -> Path:
        """The published DuckDB file that analysts open."""
        return self.root / "warehouse.duckdb"

    @property
    def lock(self) -> Path:
        """The writer lock."""
        return self.root / "writer.lock"

    @property
    def stale_note(self) -> Path:
        """What was last told about a stale file."""
        return self.root / "stale.json"

    def build(self, run_id: str) -> Path:
        """The build of one run."""
        return self.builds / f"{run_id}.duckdb"

    def report(self, session: date) -> Path:
        """The page about one session."""
        return self.reports / f"report-{session.isoformat()}.html"

    @property
    def latest_report(self) -> Path:
        """The page about the last published session."""
        return self.reports / "latest.html"

    def run_record(self, run_id: str) -> Path:
        """The record of one run."""
        return self.runs / f"{run_id}.json"

    def folders(self) -> tuple[Path, ...]:
        """The folders that a run expects to exist."""
        return (
            self.landing,
            self.staging,
            self.builds,
            self.quarantine,
            self.quality,
            self.reports,
            self.runs,
        )
