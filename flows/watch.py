"""The watch: tells what no run can tell itself. The published file is stale, or a run ended without a word."""

from pathlib import Path

from prefect import flow

from flows.edge.clock import utc_now
from flows.freshness import MOST_BEHIND
from flows.paths import DataPaths
from flows.prefect_steps import report_plainly, told_itself
from flows.run_record import RunOutcome, new_run_id
from flows.settings import load_settings
from flows.watching import KIND, RUNBOOK, Finding, PrefectRun, Watch, look_at_age, look_at_runs


def run_watch(data_dir: Path | None, *, ended: PrefectRun | None = None, most_behind: int = MOST_BEHIND) -> RunOutcome:
    """Look once, and tell somebody what is wrong and new. ``ended``: a run that Prefect says ended without a word.

    The exit code is 0 where all is well, 3 where the file is stale, else 1 where a run ended without a word.

    Raises:
        UsageError: a setting cannot be used.
    """
    settings = load_settings(data_dir=data_dir)
    now = utc_now()
    watch = Watch(settings, DataPaths(settings.data_dir), now, new_run_id(KIND, now))
    found = [finding for finding in (look_at_runs(watch, ended), look_at_age(watch, most_behind)) if finding]
    exit_code = max(finding.exit_code for finding in found)
    return RunOutcome(
        exit_code=exit_code,
        summary=" ".join([*(finding.text for finding in found), *_unheard(found)]),
        next_step=f"Read {RUNBOOK}." if exit_code else "",
        run_id=watch.run_id,
        record_path=watch.paths.run_record(watch.run_id),
    )


def _unheard(found: list[Finding]) -> list[str]:
    """What of it did not reach everybody; a watch that nobody hears is worth a word."""
    alerts = [finding.alert for finding in found if finding.alert]
    reasons = dict.fromkeys(alert.error if alert.channels else "no alert channel is set" for alert in alerts)
    return [f"Not everybody was told: {reason}." for reason in reasons if reason]


@flow(name="watch", flow_run_name="watch", timeout_seconds=600, retries=0)
def watch(
    run: str = "", state: str = "", message: str = "", data_dir: Path | None = None, most_behind: int = MOST_BEHIND
) -> str:
    """Look once; ``run``, ``state`` and ``message`` are what the automation knows of a flow run that ended badly."""
    is_silent = bool(run) and not told_itself(message)
    ended = PrefectRun(run, state, message) if is_silent else None
    return report_plainly(lambda: run_watch(data_dir, ended=ended, most_behind=most_behind))
