"""The night: land one session, judge it, build the next warehouse, gate it, publish it."""

from datetime import date
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from flows.edge.clock import utc_now
from flows.engine import conduct, new_run
from flows.market_calendar import last_completed, require_session
from flows.pipeline import Step, plainly, refresh
from flows.prefect_steps import as_task, report
from flows.run_record import RunOutcome

LONGEST_S = 4 * 60 * 60
"""A night takes minutes; one that hangs would hold the deployment's only slot. No retry: what was refused stays so,
and the sources are asked again by the edge itself."""


def run_nightly(
    session: date | None, archive: Path | None, data_dir: Path | None, *, step: Step = plainly
) -> RunOutcome:
    """One night, without Prefect. ``session`` defaults to the last completed one.

    Raises:
        UsageError: the day has no session, or its session is not over yet.
        LockHeld: another run is at work.
    """
    now = utc_now()
    asked = require_session(session, now) if session else last_completed(now)
    run = new_run("nightly", archive, data_dir)
    run.asked = [asked]
    return conduct(run, lambda run: refresh(run, step))


def _run_name() -> str:
    return f"nightly-{flow_run.parameters.get('session') or 'last-completed'}"


@flow(name="nightly", flow_run_name=_run_name, timeout_seconds=LONGEST_S, retries=0)
def nightly(session: date | None = None, archive: Path | None = None, data_dir: Path | None = None) -> str:
    """The scheduled night. Fails when nothing could be published, with the reason."""
    return report(lambda: run_nightly(session, archive, data_dir, step=as_task))
