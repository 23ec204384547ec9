"""What goes wrong is told once, with cause and fix, and nothing is changed that is not said."""

from __future__ import annotations

import re
import uuid
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline


BASE = "FROM mcr.microsoft.com/azure-functions/python:4-python3.11\n"


def the_error(run: TaskRun) -> str:
    """Return the code of the run's one error; the rest that every failure has is asserted."""
    assert run.result == "Failed", run.log
    assert run.exit_code == 0
    assert "Traceback" not in run.log
    (issue,) = [issue for issue in run.issues if issue.type == "error"]
    assert re.search(r"^  cause  .*^  fix  .*^  docs ", issue.message, re.MULTILINE | re.DOTALL)
    return issue.properties["code"]


def assert_untouched(pipeline: Pipeline, *, pushes: bool = False) -> None:
    assert pipeline.site.config["linuxFxVersion"] == ""
    assert bool(pipeline.registry.pushes) is pushes


def change(pipeline: Pipeline) -> None:
    """Make the image a new one: an engine with containerd's store sends no manifest that a tag has already."""
    pipeline.edit("Hello", f"Hello {uuid.uuid4().hex}")


def after_the_push(pipeline: Pipeline, *, status: int, headers: dict[str, str] | None = None) -> None:
    """Have the next question for the tag meet a fault once it is pushed: before, some engines ask for it themselves."""
    change(pipeline)
    faults, tag = pipeline.azure.faults, r"contoso\.azurecr\.io/v2/hello-function/manifests/1"
    asked = partial(faults.script, f"HEAD {tag}", status=status, headers=headers)
    faults.meanwhile(f"PUT {tag}", asked, after=True)


def test_a_wrong_app_name_stops_the_build(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE + "RUN sleep 60\n")
    run = pipeline.run(appName="no-such-app")
    assert the_error(run) == "app-not-found"
    assert run.seconds < 15


def test_a_failing_instruction_is_named(pipeline: Pipeline) -> None:
    pipeline.edit("RUN pip install", "RUN echo about to fail && exit 3 && pip install", file="Dockerfile")
    run = pipeline.run()
    assert the_error(run) == "build-failed"
    assert "exit code: 3" in run.log
    assert_untouched(pipeline)


def test_a_push_that_is_refused_after_all_says_what_may_be_in_the_registry(pipeline: Pipeline) -> None:
    body = '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'
    headers = {"Content-Type": "application/json"}
    uploads = r"PUT contoso\.azurecr\.io/v2/.*/manifests/"
    pipeline.azure.faults.script(uploads, status=403, headers=headers, body=body, times=None)
    change(pipeline)
    run = pipeline.run()
    assert the_error(run) == "push-denied"
    assert "parts of it may be in the registry; docker-func-sample was not changed" in run.log


def test_a_failed_pull_is_no_success_though_the_old_image_goes_on_serving(pipeline: Pipeline) -> None:
    assert pipeline.run(build_id="1").result == "Succeeded"
    pipeline.edit("Hello", "Bonjour")
    pipeline.site.config["acrUseManagedIdentityCreds"] = False
    run = pipeline.run(build_id="2", verifyTimeoutMinutes="0.1", rollbackOnFailure="false")
    assert the_error(run) == "pull-unauthorized"
    assert run.variables["verification"] == "failed"
    app = "--name docker-func-sample --resource-group rg-func"
    assert f"az functionapp config container set {app} --image contoso.azurecr.io/hello-function:1" in run.log
    assert pipeline.call()[1].startswith("Hello")


def test_an_image_that_ends_at_once_is_told_with_the_platforms_words(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(
        'FROM mcr.microsoft.com/azure-functions/python:4-python3.11\nENTRYPOINT ["false"]\n'
    )
    run = pipeline.run(verifyTimeoutMinutes="0.1")
    assert the_error(run) == "container-exits"


def test_an_image_without_functions_is_no_success(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE)
    run = pipeline.run(verifyTimeoutMinutes="0.15")
    assert the_error(run) == "no-functions"


def test_an_outage_behind_the_push_is_waited_out_and_told(pipeline: Pipeline) -> None:
    after_the_push(pipeline, status=500)
    run = pipeline.run()
    assert run.result == "Succeeded", run.log
    assert "retrying in" in run.log
    assert not pipeline.azure.faults.unused


def test_a_tag_that_another_run_pushed_meanwhile_is_not_deployed(pipeline: Pipeline) -> None:
    after_the_push(pipeline, status=200, headers={"Docker-Content-Digest": "sha256:" + "0" * 64})
    assert the_error(pipeline.run()) == "digest-differs"
    assert_untouched(pipeline, pushes=True)


def test_a_push_that_breaks_off_is_tried_again_and_then_told(pipeline: Pipeline) -> None:
    pipeline.azure.faults.script(r"PUT contoso\.azurecr\.io/v2/.*/manifests/", status=500, times=None)
    change(pipeline)
    run = pipeline.run()
    assert the_error(run) == "push-failed"
    assert "retrying in 1 s" in run.log
