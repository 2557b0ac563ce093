"""The night as Prefect runs it: states, tasks and the artifact that people look at."""

import os
import time
from uuid import UUID

import pytest
from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterId,
)

from flows.edge.run_records import latest_record, write_record
from flows.nightly import nightly
from flows.prefect_steps import ARTIFACT_KEY
from flows.run_record import RunStatus
from flows.watch import watch
from tests.flows.conftest import Site
from tests.flows.test_watch import gone_pid
from tests.vendors.alert_channels import webhook
from tests.vendors.market import SESSIONS
from tests.vendors.market_faults import repeated

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "light_gate")]
GOOD, BAD = SESSIONS[5], SESSIONS[6]


def test_good_night_completes_and_refused_night_fails_with_the_reason(site: Site) -> None:
    site.serve(GOOD)
    site.serve(BAD, repeated())
    good: State[str] = nightly(session=GOOD, return_state=True)
    assert good.is_completed()
    bad: State[str] = nightly(session=BAD, return_state=True)
    assert bad.is_failed()
    assert bad.message is not None
    assert "exit code 2" in bad.message
    assert "ADM_REPEATED" in bad.message
    assert list(site.verdicts())[-1] == GOOD

    assert {"land", "build", "publish", "report"} <= _task_names(_run_id(good))
    assert "publish" not in _task_names(_run_id(bad))
    published, refused = _artifact(_run_id(good)), _artifact(_run_id(bad))
    assert "Exit code 0" in published
    assert "Exit code 2" in refused
    assert "ADM_REPEATED" in refused
    assert BAD.isoformat() in refused


def _run_id(state: State[str]) -> UUID:
    assert state.state_details.flow_run_id is not None
    return UUID(str(state.state_details.flow_run_id))


def _task_names(flow_run: UUID) -> set[str]:
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run])))
    return {run.name.rsplit("-", 1)[0] for run in runs}


def _artifact(flow_run: UUID) -> str:
    of_run = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run]), key=ArtifactFilterKey(any_=[ARTIFACT_KEY])
    )
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(artifact_filter=of_run)
    return str(artifact.data)


def test_night_that_hangs_is_ended_and_the_watch_tells_of_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's timeout cuts a run off like a kill does: it cannot tell itself."""
    site.serve(GOOD)
    monkeypatch.setattr("flows.pipeline.gate", lambda *_: time.sleep(60))
    with webhook() as hook:
        monkeypatch.setenv("SMALLCAPS_ALERT_URLS", hook.url)
        ended: State[str] = nightly.with_options(timeout_seconds=5)(session=GOOD, return_state=True)
        assert (ended.is_failed(), ended.name) == (True, "TimedOut")
        assert hook.posts == []
        _let_its_process_be_gone(site)
        watched: State[str] = watch(run="the-night", state="TimedOut", message=ended.message or "", return_state=True)
    assert watched.is_failed()
    failed, stale = hook.posts
    assert failed["title"] == f"smallcaps FAILED: session {GOOD}"
    assert "Prefect run the-night ended as TimedOut: Flow run exceeded timeout of 5.0 second(s)." in failed["message"]
    assert "STALE" in stale["title"]
    assert GOOD not in site.verdicts()


def _let_its_process_be_gone(site: Site) -> None:
    """Under a worker each run has a process of its own, which ends with it; here it ran in that of the test."""
    record = latest_record(site.paths)
    assert record is not None
    assert (record.status, record.pid) == (RunStatus.RUNNING, os.getpid())
    record.pid = gone_pid()
    write_record(site.paths, record)
