"""gate: nothing reaches the analysts that did not pass; says which rules refused, with failing rows."""

from collections.abc import Collection
from datetime import date

from flows.alert import FailingRows
from flows.edge.builds import Build
from flows.edge.datadocs import write_data_docs
from flows.edge.quality import gate_build
from flows.errors import Refused
from flows.run import Run

SHOWN = 10


def gate(run: Run, build: Build, sessions: Collection[date]) -> None:
    """Judge the build over its replaced sessions; its checks and Data Docs stay, whatever the outcome.

    Raises:
        Refused: a critical rule failed, or a check could not run. Both block.
    """
    result = gate_build(build, sessions)
    docs = write_data_docs(run.paths, result)
    run.record.gate = {
        "passed": result.passed,
        "summary": result.summary,
        "checks": result.checks.height,
        "rule_codes": [*result.failed, *result.errored],
        "failed": list(result.failed),
        "errored": list(result.errored),
        "warned": list(result.warned),
        "docs": str(docs),
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
