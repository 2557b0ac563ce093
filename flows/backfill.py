"""Many sessions at once: a range from an archive, or the whole warehouse again from landing."""

from datetime import date
from pathlib import Path

from prefect import flow

from flows.edge.clock import utc_now
from flows.engine import conduct, new_run
from flows.errors import MissingData, UsageError
from flows.market_calendar import last_completed, sessions_between
from flows.pipeline import Step, plainly, refresh
from flows.prefect_steps import as_task, report
from flows.run_record import RunOutcome
from flows.steps.land import asked_range


def run_backfill(
    from_date: date,
    to_date: date,
    archive: Path | None,
    data_dir: Path | None,
    strict: bool = False,
    *,
    step: Step = plainly,
) -> RunOutcome:
    """Judge and publish every session of a range, oldest first; refused ones are listed.

    Raises:
        UsageError: the range has no session, or reaches into the future.
        LockHeld: another run is at work.
    """
    asked = sessions_between(from_date, to_date)
    if not asked:
        raise UsageError(f"There is no session from {from_date} to {to_date}.", next_step="Give a longer range.")
    if asked[-1] > last_completed(utc_now()):
        raise UsageError(
            f"The range reaches into the future: {asked[-1]} is not over yet.",
            next_step=f"End it with {last_completed(utc_now())}.",
        )
    run = new_run("backfill", archive, data_dir)
    run.asked = asked
    outcome = conduct(run, lambda run: refresh(run, step))
    refused = run.record.sessions_with("refused")
    if strict and outcome.exit_code == 0 and refused:
        return RunOutcome(2, outcome.summary, "smallcaps check --session D", outcome.run_id, outcome.record_path)
    return outcome


def run_rebuild(data_dir: Path | None, *, step: Step = plainly) -> RunOutcome:
    """The whole warehouse again, from landing alone.

    Raises:
        MissingData: nothing was ever landed.
        LockHeld: another run is at work.
    """
    run = new_run("rebuild", None, data_dir)
    span = asked_range(run)
    if span is None:
        raise MissingData("Nothing was ever landed here.", next_step="Run: smallcaps backfill --from D --to D")
    run.asked = sessions_between(*span)
    return conduct(run, lambda run: refresh(run, step))


@flow(name="backfill", flow_run_name="backfill-{from_date}-{to_date}")
def backfill(
    from_date: date, to_date: date, archive: Path | None = None, data_dir: Path | None = None, strict: bool = False
) -> str:
    """A range of sessions. Fails when nothing could be published, or with ``strict`` when one was refused."""
    return report(lambda: run_backfill(from_date, to_date, archive, data_dir, strict, step=as_task))
