"""Prefect as the README sets it up: a real server, the deployments, a worker; runs are theirs, not this process's."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from flows.prefect_steps import ARTIFACT_KEY
from tests.flows.conftest import Site
from tests.vendors.alert_channels import Webhook, webhook
from tests.vendors.market import SESSIONS
from tests.vendors.market_faults import repeated
from tests.vendors.prefect_server import CHECKOUT, PrefectServer, prefect_server

pytestmark = [pytest.mark.prefect, pytest.mark.slow]
MANUAL, SCHEDULED, REFUSED, KILLED = SESSIONS[5:9]
START_S, RUN_S = 120.0, 90.0
"""What the server, and what one run with its start, may take on a busy machine; they need 15 and 15."""
AUTOMATION = "smallcaps-run-ended-badly"


@dataclass
class Installation:
    """A site with its nights under Prefect."""

    site: Site
    prefect: PrefectServer
    hook: Webhook

    def runs(self, flow: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.prefect.post("/flow_runs/filter", {"flows": {"name": {"any_": [flow]}}})
        return found

    def ended(self, what: str, flow: str, **equal: object) -> dict[str, Any]:
        """The one run of a flow with these fields or parameters that has ended, once it has."""

        def probe() -> dict[str, Any] | None:
            runs = [run for run in self.runs(flow) if equal.items() <= (run["parameters"] | _fields(run)).items()]
            over = [run for run in runs if run["state"]["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}]
            assert len(over) <= 1, f"{what}: {len(over)} runs"
            return over[0] if over else None

        return self.prefect.wait_for(what, RUN_S, probe)

    def artifacts(self, run: dict[str, Any]) -> list[str]:
        of_run = {"flow_run_id": {"any_": [run["id"]]}, "key": {"any_": [ARTIFACT_KEY]}}
        return [artifact["data"] for artifact in self.prefect.post("/artifacts/filter", {"artifacts": of_run})]

    def told(self, title: str) -> str:
        """The message with this title, once it has arrived."""
        posts = self.hook.posts
        return self.prefect.wait_for(
            title,
            RUN_S,
            lambda: next((str(post["message"]) for post in posts if post["title"].startswith(title)), None),
        )

    def run_night(self, session: date) -> None:
        """What an operator types."""
        self.prefect.command("deployment", "run", "nightly/nightly", "--param", f'session="{session}"')


def _fields(run: dict[str, Any]) -> dict[str, Any]:
    return {"id": run["id"], "created_by": (run["created_by"] or {}).get("type")}


@pytest.fixture(scope="module")
def installation(base_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Server, pool, deployments and worker, by the commands of the README."""
    if (CHECKOUT / ".env").exists():
        pytest.skip("the checkout has an operator's .env, which every run of its deployments would read")
    root = tmp_path_factory.mktemp("prefect")
    site = base_site.copy_to(root / "site")
    for session in (MANUAL, SCHEDULED, KILLED):
        site.serve(session)
    site.serve(REFUSED, repeated())
    with webhook() as hook:
        settings = {
            "SMALLCAPS_DATA_DIR": str(site.paths.root),
            "SMALLCAPS_ARCHIVE": str(site.archive),
            "SMALLCAPS_ALERT_URLS": hook.url,
        }
        with prefect_server(root / "home", settings) as prefect:
            prefect.wait_for("the server", START_S, prefect.is_up)
            prefect.command("work-pool", "create", "smallcaps", "--type", "process")
            with prefect.running("worker", "worker", "start", "--pool", "smallcaps"):
                prefect.command_on_a_terminal("deploy", "--all")
                made = Installation(site, prefect, hook)
                _stop_the_clocks(made)
                yield made


def _stop_the_clocks(made: Installation) -> None:
    """The schedules of prefect.yaml ask for today's session, of which the tiny market knows nothing."""
    for name, cron in (("nightly", "15 18 * * 1-5"), ("watch", "0 17 * * 1-5")):
        deployment = made.prefect.get(f"/deployments/name/{name}/{name}")
        (schedule,) = deployment["schedules"]
        told = schedule["schedule"]
        assert (schedule["active"], told["cron"], told["timezone"]) == (True, cron, "America/New_York")
        made.prefect.patch(f"/deployments/{deployment['id']}/schedules/{schedule['id']}", {"active": False})


def test_night_started_by_hand_completes_and_leaves_its_artifact(installation: Installation) -> None:
    installation.run_night(MANUAL)
    installation.prefect.command("deploy", "--name", "watch")  # once more, without a terminal, while the night runs
    run = installation.ended("the manual night", "nightly", session=MANUAL.isoformat())
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert run["auto_scheduled"] is False
    assert run["name"] == f"nightly-{MANUAL}"
    (artifact,) = installation.artifacts(run)
    assert "Exit code 0" in artifact
    assert '"status": "published"' in artifact
    assert installation.site.verdicts()[MANUAL][0] == "published"


def test_deployed_are_the_three_flows_in_the_checkout_and_the_automation_once(installation: Installation) -> None:
    for name in ("nightly", "backfill", "watch"):
        (pull,) = installation.prefect.get(f"/deployments/name/{name}/{name}")["pull_steps"]
        assert pull["prefect.deployments.steps.set_working_directory"]["directory"] == str(CHECKOUT)
    automations = installation.prefect.post("/automations/filter", {})
    assert [(each["name"], each["enabled"]) for each in automations] == [(AUTOMATION, True)]
    by_role = {each["prefect.resource.role"]: each for each in automations[0]["trigger"]["match_related"]}
    assert by_role["flow"]["prefect.resource.name"] == ["nightly", "backfill"]
    assert by_role["tag"]["prefect.resource.id"] == "prefect.tag.smallcaps"  # flows of other projects start no watch


def test_night_started_by_the_scheduler_completes(installation: Installation) -> None:
    """The server's own scheduler makes the run; the session is a parameter, since the tiny market lies in the past."""
    prefect = installation.prefect
    deployment = prefect.get("/deployments/name/nightly/nightly")
    every_ten_seconds = {"interval": 10, "anchor_date": datetime.now(UTC).isoformat(), "timezone": "America/New_York"}
    asked = {"active": True, "schedule": every_ten_seconds, "parameters": {"session": SCHEDULED.isoformat()}}
    (made,) = prefect.post(f"/deployments/{deployment['id']}/schedules", [asked])
    begun = prefect.wait_for("a scheduled night", RUN_S, lambda: _begun(installation.runs("nightly")))
    prefect.patch(f"/deployments/{deployment['id']}/schedules/{made['id']}", {"active": False})
    run = installation.ended("the scheduled night", "nightly", id=begun["id"])
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert (run["auto_scheduled"], run["created_by"]["type"]) == (True, "SCHEDULE")
    assert run["parameters"]["session"] == SCHEDULED.isoformat()
    assert installation.artifacts(run)
    assert installation.site.verdicts()[SCHEDULED][0] == "published"


def _begun(runs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first run that the scheduler made and the worker took."""
    scheduled = [run for run in runs if run["auto_scheduled"] and run["state"]["type"] != "SCHEDULED"]
    return min(scheduled, key=lambda run: str(run["expected_start_time"]), default=None)


def test_refused_night_fails_with_its_reason_and_the_automation_starts_the_watch(installation: Installation) -> None:
    before = installation.site.digest()
    installation.run_night(REFUSED)
    run = installation.ended("the refused night", "nightly", session=REFUSED.isoformat())
    assert run["state"]["type"] == "FAILED"
    assert "exit code 2" in run["state"]["message"]
    assert "ADM_REPEATED" in run["state"]["message"]
    (artifact,) = installation.artifacts(run)
    assert "Exit code 2" in artifact
    assert installation.site.digest() == before
    assert "ADM_REPEATED" in installation.told(f"smallcaps FAILED: session {REFUSED} ADM_REPEATED")

    watch = installation.ended("its watch", "watch", run=run["name"], created_by="AUTOMATION")
    assert watch["parameters"]["state"] == "Failed"
    assert watch["parameters"]["message"] == run["state"]["message"]
    assert watch["state"]["type"] == "FAILED"
    assert "exit code 3: The published file ends with session" in watch["state"]["message"]
    assert "is the last completed one" in installation.told("smallcaps STALE: ")
    failed = [post["title"] for post in installation.hook.posts if "FAILED" in post["title"]]
    assert len(failed) == 1, "it told itself: nobody repeats it"


def test_killed_night_is_told_by_the_watch_because_it_could_not_tell_itself(installation: Installation) -> None:
    installation.run_night(KILLED)
    holder = installation.prefect.wait_for("the night at work", RUN_S, lambda: _lock_holder(installation.site))
    os.kill(holder, signal.SIGKILL)
    run = installation.ended("the killed night", "nightly", session=KILLED.isoformat())
    assert run["state"]["type"] == "CRASHED"
    message = installation.told(f"smallcaps FAILED: session {KILLED}")
    assert "The run was cut off" in message
    assert f"Prefect run {run['name']} ended as Crashed" in message
    installation.ended("its watch", "watch", run=run["name"], created_by="AUTOMATION")


def _lock_holder(site: Site) -> int | None:
    """The process of the run at work, as the lock file names it for people."""
    try:
        return int(json.loads(site.paths.lock.read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError):
        return None
