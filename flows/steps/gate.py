"""gate: nothing reaches the analysts that did not pass; says which rules refused, with failing rows."""

import logging
from collections.abc import Collection
from datetime import date

from expectations.gate import GateResult
from flows.alert import FailingRows
from flows.edge.builds import Build
from flows.edge.datadocs import write_data_docs
from flows.edge.quality import GATED, gate_build
from flows.errors import Refused, SmallcapsError
from flows.run import Run

log = logging.getLogger(__name__)
SHOWN = 10


def gate(run: Run, build: Build, sessions: Collection[date], untouched: Collection[str] = ()) -> None:
    """Judge the build over its replaced sessions; its checks and Data Docs stay, whatever the outcome.

    ``untouched`` tables are those of the published file, which passed.

    Raises:
        Refused: a critical rule failed, or a check could not run. Both block.
    """
    result = gate_build(build, sessions, tables=[table for table in GATED if table.full_name not in untouched])
    docs = _docs(run, result)
    run.record.gate = {
        "passed": result.passed,
        "summary": result.summary,
        "checks": result.checks.height,
        "rule_codes": [*result.failed, *result.errored],
        "failed": list(result.failed),
        "errored": list(result.errored),
        "warned": list(result.warned),
        "docs": docs,
    }
    if result.passed:
        return
    samples = result.samples
    total = int(result.checks["failing_rows"].fill_null(0).sum())
    raise Refused(
        f"The build is not published: {result.summary}.",
        next_step="See docs/runbooks/gate-failed.md; the published file is the one before.",
        rule_codes=(*result.failed, *result.errored),
        sessions=tuple(session.isoformat() for session in sessions),
        failing=FailingRows.of(samples.columns, samples.head(SHOWN).rows(), total),
    )


def _docs(run: Run, result: GateResult) -> str:
    """Where the Data Docs are; a site that cannot be written says nothing about the data and blocks nothing."""
    try:
        return str(write_data_docs(run.paths, result))
    except (OSError, SmallcapsError):
        log.exception("%s: the Data Docs could not be written", run.run_id)
        return ""
