"""The commands: check, build, buildAndPush and deploy, on slots too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.end_to_end.test_failures import BASE, the_error
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

NOTHING_OF_AZURE = {"azureSubscription": "", "azureContainerRegistry": "", "appName": ""}


def test_one_build_is_promoted_to_a_slot_and_to_production_by_its_digest(pipeline: Pipeline) -> None:
    staging = pipeline.azure.add_slot(pipeline.site, "staging")
    pipeline.azure.grant(pipeline.principal, "Website Contributor", staging.id)
    built = pipeline.run(command="buildAndPush", appName="", recordFile="out/record.json")
    assert built.result == "Succeeded", built.log
    record = json.loads((pipeline.sources / "out" / "record.json").read_text())
    assert record["imageDigest"] == built.variables["imageDigest"]
    pushes = len(pipeline.registry.pushes)

    for slot in ("staging", "production"):
        run = pipeline.run(command="deploy", imageName="", recordFile="out/record.json", slotName=slot)
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert run.variables["imageDigest"] == built.variables["imageDigest"]
        assert "Build image" not in run.groups
    assert len(pipeline.registry.pushes) == pushes
    assert staging.config["linuxFxVersion"] == pipeline.site.config["linuxFxVersion"]
    assert pipeline.call()[1].startswith("Hello, you")


def test_a_check_writes_nothing_and_needs_no_docker(pipeline: Pipeline) -> None:
    pipeline.run()
    before = len(pipeline.azure.writes)
    without_docker = {name: value for name, value in pipeline.agent.machine.items() if name != "DOCKER_HOST"}
    pipeline.agent.machine.clear()
    pipeline.agent.machine.update(without_docker)
    run = pipeline.run(command="check", azureContainerRegistry="", imageName="")
    assert run.result == "Succeeded", run.log
    assert "functions  HttpTriggerSample (httpTrigger)" in run.log
    assert len(pipeline.azure.writes) == before
    assert run.groups == ("Check docker-func-sample",)


def test_a_check_explains_an_app_that_is_not_well(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE + 'ENTRYPOINT ["false"]\n')
    assert the_error(pipeline.run(verifyTimeoutMinutes="0.1")) == "container-exits"
    run = pipeline.run(command="check")
    assert run.result == "Succeeded"
    (warning,) = run.issues
    assert "container-exits" in warning.message


def test_a_build_needs_no_azure(pipeline: Pipeline) -> None:
    run = pipeline.run(NOTHING_OF_AZURE, command="build")
    assert run.result == "Succeeded", run.log
    assert pipeline.azure.calls == [call for call in pipeline.azure.calls if call.host == "mcr.microsoft.com"]
    assert run.groups == ("Build image",)
    assert re.search(r"^Inspected in \d+\.\d s: linux/amd64, \d+ layers, owners within 0-65535$", run.log, re.MULTILINE)


def test_a_build_refuses_an_image_that_the_host_could_not_unpack(pipeline: Pipeline) -> None:
    owner = "RUN echo x > /tmp/x && chown 1000000000:0 /tmp/x\nRUN chown 0:0 /tmp/x\n"
    (pipeline.sources / "Dockerfile").write_text(BASE + owner)
    run = pipeline.run(NOTHING_OF_AZURE, command="build")
    assert the_error(run) == "owner-out-of-range"
    assert "x belongs to user 1000000000, group 0" in run.log
    assert "created by RUN echo x > /tmp/x && chown 1000000000:0 /tmp/x" in run.log
    assert "nothing was pushed and nothing was changed" in run.log
    assert {call.host for call in pipeline.azure.calls} <= {"mcr.microsoft.com"}


def test_an_image_that_is_not_in_the_registry_is_not_deployed(pipeline: Pipeline) -> None:
    run = pipeline.run(command="deploy", imageName="hello-function:never")
    assert the_error(run) == "manifest-missing"
    assert pipeline.site.config["linuxFxVersion"] == ""


def test_an_app_can_be_pinned_to_the_digest(pipeline: Pipeline) -> None:
    run = pipeline.run(deployBy="digest")
    assert run.result == "Succeeded", run.log
    pinned = f"DOCKER|contoso.azurecr.io/hello-function@{run.variables['imageDigest']}"
    assert pipeline.site.config["linuxFxVersion"] == pinned


def test_an_app_is_not_pinned_to_a_digest_that_nobody_may_tell(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, registry_role=None) as pipeline:
        run = pipeline.run(command="deploy", imageName="hello-function:1", deployBy="digest")
        assert the_error(run) == "digest-unknown"
        assert pipeline.site.config["linuxFxVersion"] == ""


def test_an_image_that_runs_already_is_left_alone_when_asked(pipeline: Pipeline) -> None:
    first = pipeline.run(build_id="1")
    before = len(pipeline.azure.writes)
    second = pipeline.run(build_id="2", whenUnchanged="skip")
    assert second.result == "Succeeded", second.log
    assert second.variables["imageDigest"] == first.variables["imageDigest"]
    assert "and is healthy: nothing is written" in second.log
    assert len(pipeline.azure.writes) == before

    pipeline.edit("Hello", "Bonjour")
    assert pipeline.run(build_id="3", whenUnchanged="skip").variables["verification"] == "verified"
    assert pipeline.call()[1].startswith("Bonjour")


def test_a_deployment_is_marked_in_application_insights(pipeline: Pipeline) -> None:
    component = pipeline.azure.add_component("insights")
    pipeline.azure.grant(pipeline.principal, "Contributor", f"/subscriptions/{pipeline.azure.subscription_id}")
    pipeline.site.settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] = component.connection_string
    run = pipeline.run()
    assert run.result == "Succeeded", run.log
    (mark,) = component.annotations
    assert run.variables["imageDigest"] in json.dumps(mark)


def test_an_image_nobody_may_run_is_refused_before_the_app_is_changed(pipeline: Pipeline, tmp_path: Path) -> None:
    del tmp_path
    owner = "RUN echo x > /tmp/x && chown 1000000000:0 /tmp/x\nRUN chown 0:0 /tmp/x\n"
    (pipeline.sources / "Dockerfile").write_text(BASE + owner)
    run = pipeline.run()
    assert the_error(run) == "owner-out-of-range"
    assert "tmp/x" in run.log
    assert "chown 1000000000:0 /tmp/x" in run.log
    assert "docker-func-sample was not changed" in run.log
    assert pipeline.site.config["linuxFxVersion"] == ""
