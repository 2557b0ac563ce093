"""How the steps look in Prefect: tasks that are called directly, and a run's end as artifact and state."""

from collections.abc import Callable
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.edge.run_records import record_text
from flows.errors import SmallcapsError
from flows.run_record import RunOutcome

ARTIFACT_KEY = "smallcaps-run"


class RunFailed(RuntimeError):
    """A run that ended badly and has said so; its text is its own line about what happened and what to do."""


def as_task(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a step as a task: no cache, since a step's effect is not its return value; no retry, the edge has its own."""
    step = task(name=name, cache_policy=NO_CACHE, persist_result=False)(work)
    return step(*arguments)


def report(work: Callable[[], RunOutcome]) -> str:
    """Do a run, leave its record as an artifact, and fail the flow run where the command line would fail.

    Raises:
        RunFailed: the exit code is not 0.
    """
    outcome = _outcome(work)
    record = record_text(outcome.record_path)
    text = f"**{outcome.one_line}**\n\nExit code {outcome.exit_code}\n\n```json\n{record}\n```\n"
    create_markdown_artifact(key=ARTIFACT_KEY, markdown=text, description=f"Run {outcome.run_id}")
    return _end(outcome)


def report_plainly(work: Callable[[], RunOutcome]) -> str:
    """The same without an artifact, for what leaves no record.

    Raises:
        RunFailed: the exit code is not 0.
    """
    return _end(_outcome(work))


def told_itself(message: str) -> bool:
    """Whether a state's message is that of a run that ended in its own words: it sent its own alert, too."""
    return f"{RunFailed.__name__}: exit code" in message


def _outcome(work: Callable[[], RunOutcome]) -> RunOutcome:
    try:
        return work()
    except SmallcapsError as error:  # before there was a run: a lock that is held, a day without a session
        raise RunFailed(f"exit code {error.exit_code}: {error.one_line}") from error


def _end(outcome: RunOutcome) -> str:
    if outcome.exit_code:
        raise RunFailed(f"exit code {outcome.exit_code}: {outcome.one_line}")
    return outcome.one_line
