"""A schedule or limit cannot change unseen, and every entrypoint is a flow."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def deployments() -> dict[str, dict[str, Any]]:
    content = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text(encoding="utf-8"))
    return {deployment["name"]: deployment for deployment in content["deployments"]}


def test_the_declared_deployments(deployments: dict[str, dict[str, Any]]) -> None:
    shared = {
        "tags": ["smallcaps"],
        "work_pool": {"name": "smallcaps"},
        "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
        "enforce_parameter_schema": True,
    }
    nightly, backfill = deployments["nightly"], deployments["backfill"]
    assert set(deployments) == {"nightly", "backfill", "watch"}
    assert nightly.pop("description")
    assert backfill.pop("description")
    assert nightly == shared | {
        "name": "nightly",
        "entrypoint": "flows.nightly:nightly",
        "schedules": [
            {
                "slug": "after-us-close",
                "cron": "15 18 * * 1-5",
                "timezone": "America/New_York",
                "active": True,
            }
        ],
    }
    # Without an empty list `prefect deploy` asks on a terminal for a schedule.
    assert backfill == shared | {"name": "backfill", "entrypoint": "flows.backfill:backfill", "schedules": []}


def test_the_watch_is_scheduled_and_started_by_every_run_that_ended_badly(
    deployments: dict[str, dict[str, Any]],
) -> None:
    watch = deployments["watch"]
    assert watch["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    (schedule,) = watch["schedules"]
    assert (schedule["cron"], schedule["timezone"], schedule["active"]) == ("0 17 * * 1-5", "America/New_York", True)
    (trigger,) = watch["triggers"]
    assert trigger["enabled"] is True
    assert trigger["match_related"] == [
        {"prefect.resource.role": "flow", "prefect.resource.name": ["nightly", "backfill"]},
        {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.smallcaps"},
    ]
    assert trigger["expect"] == [f"prefect.flow-run.{state}" for state in ("Failed", "Crashed", "TimedOut")]
    assert set(trigger["parameters"]) == {"run", "state", "message"}


@pytest.mark.parametrize("entrypoint", ["flows.nightly:nightly", "flows.backfill:backfill", "flows.watch:watch"])
def test_entrypoint_is_a_flow(entrypoint: str) -> None:
    flow: Flow[..., object] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    assert isinstance(flow, Flow)
    assert flow.name == entrypoint.rpartition(":")[2]


@pytest.mark.parametrize(
    ("entrypoint", "parameters"),
    [
        ("flows.nightly:nightly", {"session", "archive", "data_dir"}),
        ("flows.backfill:backfill", {"from_date", "to_date", "archive", "data_dir", "strict"}),
        ("flows.watch:watch", {"run", "state", "message", "data_dir", "most_behind"}),
    ],
)
def test_parameters_hold_dates_and_paths_and_no_secret(entrypoint: str, parameters: set[str]) -> None:
    flow: Flow[..., object] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    assert set(flow.parameters.properties) == parameters


def test_pool_and_version_are_those_of_the_project() -> None:
    content = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text(encoding="utf-8"))
    assert content["prefect-version"] == "3.8.8"


def test_runs_work_in_the_checkout_they_were_deployed_from_and_the_file_names_no_folder() -> None:
    content = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text(encoding="utf-8"))
    (build,), (pull,) = content["build"], content["pull"]
    assert build["prefect.deployments.steps.run_shell_script"]["script"] == "pwd -P"
    assert pull == {"prefect.deployments.steps.set_working_directory": {"directory": "{{ checkout.stdout }}"}}
