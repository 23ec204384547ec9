"""The whole program has ACR Tasks build, in a process of its own: nothing on this agent can build anything."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytask.errors.acr_build import (
    AcrRegistryUnseen,
    AcrRunLost,
    AcrRunRefused,
    AcrTasksForbidden,
    AcrTasksNotPermitted,
    AcrUploadRefused,
)
from tests.end_to_end.permissions_document import rows
from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import run, start
from tests.faults.scenes import NEW, REPOSITORY, Scene
from tests.faults.stage import Stage, arrange, with_principal
from tests.local_azure.state.state import group_id
from tests.local_azure.tasks.task_file import definition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.end_to_end.permissions_document import Row
    from tests.local_azure.tasks.run import TaskRun

DEPLOYS = Scene(
    name="acr",
    inputs={
        "command": "buildPushDeploy",
        "buildOn": "acr",
        "verifyTimeoutMinutes": "5",
        "resourceGroupName": "rg-func",
    },
)
RUN = "POST .*/scheduleRun"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def stage(azure: PaperAzure) -> Iterator[Stage]:
    """Return the scene on the local Azure, whose runs are carried out as usual."""
    yield arrange(DEPLOYS, azure)
    azure.play_runs(None)


def given(stage: Stage, **inputs: str) -> Stage:
    return replace(stage, inputs={**stage.inputs, **inputs})


def calls(azure: PaperAzure, part: str) -> list[int]:
    return [call.status for call in azure.calls if part in f"{call.method} {call.path}"]


def saying(status: str, *lines: str, step: str = "build", push: bool = False) -> Callable[[TaskRun], None]:
    """Return a run that prints lines in its build step, or in its push, and ends."""

    def carry_out(run: TaskRun) -> None:
        run.status = "Running"
        if step:
            run.say(f"Executing step ID: {step}. Timeout(sec): 28800, Working directory: '', Network: ''")
        if push:
            run.say("Executing step ID: push. Timeout(sec): 28800, Working directory: '', Network: ''")
        for line in lines:
            run.say(line, stamped=False)
        run.end(status, "" if status == "Succeeded" else "failed during run, err: exit status 1")

    return carry_out


def test_an_image_is_built_inspected_deployed_and_verified(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    done = run(given(stage, tags=f"{NEW}, latest", buildArgs="A=arg-value"), tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    tags = azure.store(stage.host).tags(REPOSITORY)
    assert azure.running(stage.site) == tags[NEW] == tags["latest"] == done.variables["imageDigest"]
    assert "Inspected in" in done.log
    assert done.variables["verification"] == "verified"
    (built,) = azure.task_runs
    assert "arg-value" not in definition(built.body)
    assert calls(azure, "PUT /container-") == [201]


def test_the_context_is_uploaded_beside_the_preflight_and_nothing_scheduled_before_it_passed(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    done = run(given(stage, appName="nobodys-app", resourceGroupName=""), tmp_path / "run")
    assert done.code == "app-not-found"
    assert done.state == "nothing was pushed and nothing was changed"
    assert (azure.task_runs, calls(azure, "/scheduleRun")) == ([], [])


def test_command_build_pushes_nothing_and_says_what_it_did_not_see(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    asked = given(stage, command="build")
    done = run(asked, tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    assert "Not inspected: ACR Tasks keeps only images that are pushed" in done.log
    assert NEW not in azure.store(stage.host).tags(REPOSITORY)
    assert len(azure.task_runs) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        (
            saying(
                "Failed",
                "#5 [2/3] RUN pip install flaks",
                "#5 1.2 ERROR: No matching distribution found for flaks",
                '#5 ERROR: process "/bin/sh -c pip install flaks" did not complete successfully: exit code: 1',
                "------",
                " > [2/3] RUN pip install flaks:",
                "1.2 ERROR: No matching distribution found for flaks",
                "------",
                'ERROR: failed to solve: process "/bin/sh -c pip install" did not complete successfully: exit code: 1',
            ),
            "build-failed",
            "No matching distribution found for flaks",
        ),
        (
            saying(
                "Failed",
                "failed to login, ran out of retries",
                "denied: client with IP '20.1.2.3' is not allowed access. Refer https://aka.ms/acr/firewall",
                step="",
            ),
            "acr-run-failed",
            "acrAgentPool",
        ),
        (
            saying("Failed", "denied: requested access to the resource is denied", push=True),
            "acr-run-failed",
            "Repository Writer",
        ),
        (saying("Failed", "something else", push=True), "acr-run-failed", "something else"),
        (saying("Error", "agent lost"), "acr-run-failed", "agent lost"),
        (saying("Timeout"), "acr-run-timed-out", "8 hours"),
        (saying("Canceled"), "acr-run-canceled", "somebody canceled ACR Tasks run ca1"),
        (saying("Succeeded", push=True), "acr-image-missing", "although ACR Tasks run ca1 succeeded"),
    ],
    ids=["Dockerfile", "firewall", "denied", "push", "error", "timeout", "canceled", "nothing pushed"],
)
def test_a_run_that_fails_is_told_with_its_first_cause(
    azure: PaperAzure, stage: Stage, tmp_path: Path, wrong: tuple[Callable[[TaskRun], None], str, str]
) -> None:
    ended, code, told = wrong
    azure.play_runs(ended)
    done = run(stage, tmp_path / "run")
    assert done.code == code, done.log[-3000:]
    assert told in done.log
    assert azure.running(stage.site) == stage.old_digest


def test_a_push_that_was_begun_leaves_open_what_is_in_the_registry(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    azure.play_runs(saying("Failed", "denied: requested access to the resource is denied", push=True))
    assert run(stage, tmp_path / "run").state.startswith("it is not known whether contoso")


def test_a_failed_instruction_leaves_nothing_open(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    azure.play_runs(saying("Failed", 'ERROR: failed to solve: process "/bin/sh -c x" did not complete successfully'))
    assert run(stage, tmp_path / "run").state == "nothing was pushed and nothing was changed"


def test_a_subscription_without_acr_tasks_is_told_to_build_on_the_agent(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    stage.registry.tasks_permitted = False
    done = run(stage, tmp_path / "run")
    assert done.code == AcrTasksNotPermitted.code
    assert "buildOn: agent" in done.log
    assert done.state == "nothing was pushed and nothing was changed"
    assert azure.task_runs == []


def test_an_agent_pool_is_used_and_one_that_is_not_there_is_named(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    done = run(given(stage, acrAgentPool="pool1"), tmp_path / "run")
    assert done.code == AcrRunRefused.code
    assert "compare acrAgentPool with az acr agentpool list --registry contoso" in done.log
    stage.registry.agent_pools.add("pool1")
    assert run(given(stage, acrAgentPool="pool1"), tmp_path / "again").result == "Succeeded"
    assert azure.task_runs[-1].body["agentPoolName"] == "pool1"


def test_a_registry_with_permissions_per_repository_gets_the_callers_rights(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    stage.registry.role_assignment_mode = "AbacRepositoryPermissions"
    done = run(stage, tmp_path / "run")
    assert done.code == "push-denied", "Owner has no rights on repositories"
    assert azure.task_runs == []
    principal = next(one for one in azure.principals() if one.name == "pipeline")
    azure.grant(principal, "Container Registry Repository Writer", stage.registry.id)
    assert run(stage, tmp_path / "again").code != "push-denied"
    assert azure.task_runs[-1].body["credentials"] == {"sourceRegistry": {"identity": "[caller]"}}


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}], ids=["503", "cut"])
def test_a_run_whose_answer_was_lost_is_found_again_and_not_begun_twice(
    azure: PaperAzure, stage: Stage, tmp_path: Path, fault: dict[str, Any]
) -> None:
    azure.faults.script(RUN, after=True, times=1, **fault)
    done = run(stage, tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    assert len(azure.task_runs) == 1
    azure.faults.script(RUN, times=1, **fault)
    assert run(stage, tmp_path / "again").result == "Succeeded"
    assert len(azure.task_runs) == 2, "it was not begun, and so it was sent again"


def test_a_tag_that_somebody_else_moves_meanwhile_is_not_deployed(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    def moved(run: TaskRun) -> None:
        azure.carry_out(run)
        azure.store(stage.host).put(REPOSITORY, (NEW,), b"somebody else's")

    azure.play_runs(moved)
    done = run(stage, tmp_path / "run")
    assert done.code == "digest-differs", done.log[-2000:]
    assert azure.running(stage.site) == stage.old_digest


def test_a_tag_is_no_evidence_of_what_a_run_pushed(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    def push_and_say_nothing(run: TaskRun) -> None:
        azure.store(stage.host).put(REPOSITORY, (NEW,), b"an image of somebody else")
        run.end("Succeeded")

    azure.play_runs(push_and_say_nothing)
    done = run(stage, tmp_path / "run")
    assert (done.variables["imageDigest"], done.variables["verification"]) == ("", "unverified"), done.log[-2000:]
    assert "pushed; its digest is not known" in done.log


def test_a_job_that_is_canceled_cancels_the_run(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    building = threading.Event()

    def slow(run: TaskRun) -> None:
        run.status = "Running"
        run.say("Executing step ID: build-x. Timeout(sec): 28800, Working directory: '', Network: ''")
        building.set()
        run.canceled.wait(30)
        run.end("Canceled")

    azure.play_runs(slow)
    running = start(stage, tmp_path / "run")
    assert building.wait(30)
    os.kill(running.process.pid or 0, signal.SIGINT)
    done = running.finish()
    assert done.result == "Canceled"
    assert "ACR Tasks run ca1 was canceled" in done.log
    assert azure.task_runs[0].canceled.is_set()
    assert "az acr task list-runs --registry contoso" in done.state


def test_agents_without_buildkit_build_with_the_older_builder(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    def without_buildkit(run: TaskRun) -> None:
        if run.body["type"] == "EncodedTaskRunRequest":
            saying("Failed", "ERROR: BuildKit is enabled but the buildx component is missing or broken.")(run)
        else:
            azure.carry_out(run)

    azure.play_runs(without_buildkit)
    done = run(stage, tmp_path / "run")
    assert "its older builder, without the source labels" in done.raw
    assert [one.body["type"] for one in azure.task_runs] == ["EncodedTaskRunRequest", "DockerBuildRequest"]
    assert azure.running(stage.site) == azure.store(stage.host).tags(REPOSITORY)[NEW]
    with_secret = given(stage, buildSecrets="token=canary-of-the-build-secret")
    assert run(with_secret, tmp_path / "again").result == "Failed", "the older builder has no secrets"


def test_no_secret_is_in_the_request_but_as_a_secret_value(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    done = run(given(stage, buildSecrets='token=it\'s "quoted" $HOME'), tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    (built,) = azure.task_runs
    apart = json.dumps({name: value for name, value in built.body.items() if name != "values"})
    log = "".join(line for line in done.raw.splitlines() if "task.setsecret" not in line)
    assert "quoted" not in apart + definition(built.body) + bytes(built.log.content).decode() + log
    assert all(one["isSecret"] for one in built.body["values"])


def test_a_registry_that_the_connection_cannot_see_is_named(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    asked = with_roles(stage, without="Microsoft.ContainerRegistry/registries/read")
    done = run(given(asked, azureContainerRegistry="contoso.azurecr.io"), tmp_path / "run")
    assert done.code == AcrRegistryUnseen.code
    assert calls(azure, "listBuildSourceUploadUrl") == []


def test_an_upload_that_the_storage_refuses_is_told_before_anything_is_scheduled(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    azure.faults.script(r"PUT weuacrtaskprod064", status=403)
    done = run(stage, tmp_path / "run")
    assert done.code == AcrUploadRefused.code
    assert azure.task_runs == []
    assert "sig=" not in done.log


BUILD = rows("To build by ACR Tasks")
"""What docs/permissions.md says of the registry that builds."""


def with_roles(stage: Stage, *, without: str = "") -> Stage:
    """Return the stage with a connection that has the permissions of the document only, less one of them."""
    azure, actions = stage.azure, [row.permission for row in BUILD if row.permission != without]
    azure.add_role("Builder", actions=actions, not_actions=[])
    roles = {group_id("rg-func"): "Website Contributor", stage.registry.id: "Builder"}
    return with_principal(stage, "builder", roles)


def test_the_documents_permissions_are_enough(stage: Stage, tmp_path: Path) -> None:
    done = run(with_roles(stage), tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    assert "Inspected in" in done.log


def test_the_documents_role_is_enough(azure: PaperAzure, stage: Stage, tmp_path: Path) -> None:
    azure.add_role("Builder", actions=[], not_actions=[])
    limited = with_roles(stage)
    principal = next(one for one in reversed(azure.principals()) if one.name == "builder")
    for role in ("Container Registry Tasks Contributor", "AcrPull"):
        azure.grant(principal, role, stage.registry.id)
    assert run(limited, tmp_path / "run").result == "Succeeded"


@pytest.mark.parametrize("row", BUILD, ids=lambda row: row.permission)
def test_without_one_of_them_a_run_says_what_the_document_says(
    azure: PaperAzure, stage: Stage, tmp_path: Path, row: Row
) -> None:
    done = run(with_roles(stage, without=row.permission), tmp_path / "run")
    assert done.code == row.code, done.log[-2000:]
    if row.code:
        assert done.code in {AcrRegistryUnseen.code, AcrTasksForbidden.code}
        assert done.state == "nothing was pushed and nothing was changed"
        assert azure.task_runs == []
    else:
        assert done.result in {"Succeeded", "SucceededWithIssues"}, done.log[-2000:]
        assert azure.running(stage.site) == azure.store(stage.host).tags(REPOSITORY)[NEW]


def test_the_end_of_the_log_counts_where_the_status_cannot_be_read(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    azure.faults.script(r"GET .*/runs/ca1", status=500, times=None)
    assert run(stage, tmp_path / "run").result == "Succeeded"


def test_a_run_of_which_nothing_can_be_seen_is_not_taken_for_a_success(
    azure: PaperAzure, stage: Stage, tmp_path: Path
) -> None:
    azure.faults.script(r"GET .*/runs/ca1", status=500, times=None)
    azure.faults.script(r"POST .*/listLogSasUrl", status=500, times=None)
    began = time.monotonic()
    done = run(stage, tmp_path / "run")
    assert done.code == AcrRunLost.code, (done.log[-2000:], time.monotonic() - began)
    assert "it is not known whether contoso" in done.state
    assert azure.running(stage.site) == stage.old_digest
