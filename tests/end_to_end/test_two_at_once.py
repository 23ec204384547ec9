"""Two runs at the same time on one machine, with its one home and its one Docker engine, and to one app."""

from __future__ import annotations

import shutil
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.agent.agent import Agent
from tests.agent.endpoints import arm_connection_with_key
from tests.agent.under_test import TASK
from tests.end_to_end.test_failures import the_error
from tests.end_to_end.watch import files_with
from tests.pipeline import EXAMPLE, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline

OTHER_SECRET = "an0ther-cl1ent-s3cret~of-the-second"
SHORTEST_TOKEN = 20


def second_on(pipeline: Pipeline, folder: Path) -> Pipeline:
    """Return another team's pipeline on the same machine: its own agent, checkout, connection, and app."""
    azure, sources = pipeline.azure, folder / "second-checkout"
    shutil.copytree(EXAMPLE, sources)
    site = azure.add_app("second-func", resource_group="rg-func", pull="managed_identity")
    roles = {pipeline.registry.id: "AcrPush", site.id: "Website Contributor"}
    principal = azure.add_principal("second", secret=OTHER_SECRET, roles=roles)
    connection = arm_connection_with_key(
        client_id=principal.client_id,
        client_secret=OTHER_SECRET,
        tenant_id=azure.tenant_id,
        subscription_id=azure.subscription_id,
        subscription_name=azure.subscription_name,
        id=str(uuid.uuid4()),
        cloud=azure.place,
    )
    agent = Agent(
        folder=folder / "second-agent",
        task=TASK,
        environment=pipeline.agent.machine,
        sources=sources,
        access_token=azure.job_access_token,
    )
    return replace(pipeline, agent=agent, connection=connection, principal=principal, site=site, sources=sources)


def both(one: Pipeline, other: Pipeline, **inputs: str) -> tuple[TaskRun, TaskRun]:
    """Run two steps at the same time."""
    tasks = [one.start(inputs, build_id="1"), other.start(inputs, build_id="2")]
    first, second = (task.wait(180) for task in tasks)
    return first, second


def minted(run: TaskRun) -> set[str]:
    return {value for value in run.secret_values if len(value) > SHORTEST_TOKEN}


def test_two_runs_on_one_machine_mix_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    second = second_on(pipeline, tmp_path)
    pipeline.edit("Hello", "Bonjour")
    second.edit("Hello", "Hej")
    with second.agent:
        one, other = both(pipeline, second)
        assert (one.result, other.result) == ("Succeeded", "Succeeded"), f"{one.log}\n{other.log}"
        assert pipeline.call()[1].startswith("Bonjour, you")
        assert second.call()[1].startswith("Hej, you")
        assert one.variables["imageDigest"] != other.variables["imageDigest"]
        assert one.variables["imageReference"].endswith(":1")
        assert other.variables["imageReference"].endswith(":2")
        secrets = {*minted(one), *minted(other), SECRET, OTHER_SECRET}
        for run, neighbor in ((one, other), (other, one)):
            only_the_neighbors = minted(neighbor) - minted(run)
            assert only_the_neighbors
            assert not [line for line in run.lines if any(secret in line for secret in only_the_neighbors)]
        assert not [secret for secret in secrets if secret in one.log + other.log]
        assert files_with(secrets, tmp_path) == []
        assert not (tmp_path / "home" / ".docker" / "config.json").exists()


def test_two_runs_that_push_the_same_tag_deploy_their_own_image_or_say_why_not(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    second = second_on(pipeline, tmp_path)
    pipeline.edit("Hello", "Bonjour")
    second.edit("Hello", "Hej")
    with second.agent:
        runs = both(pipeline, second, tags="shared", deployBy="digest")
        for run, owner, greeting in zip(runs, (pipeline, second), ("Bonjour", "Hej"), strict=True):
            if run.result == "Succeeded":
                assert owner.call()[1].startswith(f"{greeting}, you"), run.log
            else:
                assert the_error(run) in {"digest-differs", "tag-moved-on-agent"}, run.log
                assert owner.site.config["linuxFxVersion"] == ""
        assert "Succeeded" in {run.result for run in runs}


def test_a_run_whose_app_another_run_takes_over_says_so_and_leaves_it(pipeline: Pipeline, tmp_path: Path) -> None:
    second = replace(second_on(pipeline, tmp_path), site=pipeline.site)
    pipeline.azure.grant(second.principal, "Website Contributor", pipeline.site.id)
    for tag in ("one", "other"):
        assert pipeline.run(command="buildAndPush", appName="", tags=tag).result == "Succeeded"
    written = threading.Event()
    pipeline.azure.faults.meanwhile("PATCH .*/config/web", written.set, after=True)
    pipeline.site.settings["SANDBOX_START_SECONDS"] = "200"  # of the platform's; 10 of this machine's
    with second.agent:
        first = pipeline.start(command="deploy", imageName="hello-function:one")
        assert written.wait(60)
        last = second.run(command="deploy", imageName="hello-function:other")
        run = first.wait(120)
        assert last.result in {"Succeeded", "SucceededWithIssues"}, last.log
        assert (run.result, the_error(run)) == ("Failed", "image-not-set"), run.log
        assert "someone else has changed docker-func-sample" in run.log
        assert pipeline.site.config["linuxFxVersion"] == "DOCKER|contoso.azurecr.io/hello-function:other"
