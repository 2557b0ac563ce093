"""One run: what was asked, where it works, and the record it fills in."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from flows.edge.clock import monotonic_seconds
from flows.edge.landing import Landing
from flows.edge.staging_store import StagingStore
from flows.paths import DataPaths
from flows.run_record import RunRecord
from flows.settings import Settings
from transforms.schemes.model import Scheme

Kind = Literal["nightly", "backfill", "rebuild"]
log = logging.getLogger(__name__)


@dataclass
class Run:
    """The context every step works in. Frames never live here, only where things are and what was asked."""

    kind: Kind
    run_id: str
    started_at: datetime
    settings: Settings
    paths: DataPaths
    record: RunRecord
    archive: Path | None = None
    asked: list[date] = field(default_factory=list)
    schemes: dict[str, Scheme] = field(default_factory=dict)
    """The enabled bucket schemes by id."""

    @property
    def landing(self) -> Landing:
        """The landing of this data folder."""
        return Landing(self.paths.landing)

    @property
    def staging(self) -> StagingStore:
        """The staging cache of this data folder."""
        return StagingStore(self.paths.staging)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the block's seconds to the record under the stage's name."""
        log.info("%s: %s", self.run_id, stage, extra={"stage": stage})
        start = monotonic_seconds()
        try:
            yield
        finally:
            spent = self.record.seconds_per_stage
            spent[stage] = round(spent.get(stage, 0.0) + monotonic_seconds() - start, 3)

    def count(self, what: str, rows: int) -> None:
        """Add to the record's rows."""
        counts = self.record.rows_per_stage
        counts[what] = counts.get(what, 0) + rows
