"""The main job: build, push, deploy, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pipeline import DOCKER_MANIFEST

if TYPE_CHECKING:
    from tests.pipeline import Pipeline


def test_a_change_of_the_source_is_what_the_app_answers_with(pipeline: Pipeline) -> None:
    first = pipeline.run(build_id="1292")
    assert first.result == "Succeeded", first.log
    assert pipeline.call() == (200, "Hello, you. This HTTP triggered function executed successfully.")

    pipeline.edit("Hello", "Bonjour")
    second = pipeline.run(build_id="1293")
    assert second.result == "Succeeded", second.log
    assert pipeline.call() == (200, "Bonjour, you. This HTTP triggered function executed successfully.")

    assert pipeline.site.config["linuxFxVersion"] == "DOCKER|contoso.azurecr.io/hello-function:1293"
    assert first.variables["imageDigest"] != second.variables["imageDigest"]
    assert second.variables["previousImage"] == first.variables["imageReference"]


def test_the_outputs_and_the_summary_say_what_was_done(pipeline: Pipeline) -> None:
    run = pipeline.run(build_id="7")
    assert dict(run.variables) == {
        "imageReference": "contoso.azurecr.io/hello-function:7",
        "imageDigest": run.variables["imageDigest"],
        "previousImage": "",
        "runningImage": "contoso.azurecr.io/hello-function:7",
        "verification": "verified",
        "functions": "HttpTriggerSample",
        "AppServiceApplicationUrl": "https://docker-func-sample.azurewebsites.net",
    }
    assert run.variables["imageDigest"].startswith("sha256:")
    assert run.groups == ("Build image", "Push image", "Update docker-func-sample", "Verify")
    ((_, summary),) = run.summaries
    assert run.variables["imageDigest"] in summary
    assert "`HttpTriggerSample` (httpTrigger)" in summary
    assert run.issues == ()
    assert run.unknown_commands == ()


def test_the_image_is_one_docker_manifest_for_linux_amd64(pipeline: Pipeline) -> None:
    run = pipeline.run()
    media_type, configuration = pipeline.in_the_registry(run.variables["imageDigest"])
    assert media_type == DOCKER_MANIFEST
    assert (configuration["os"], configuration["architecture"]) == ("linux", "amd64")


def test_every_tag_is_pushed_and_the_first_is_deployed(pipeline: Pipeline) -> None:
    run = pipeline.run(tags="v1\nlatest")
    assert run.result == "Succeeded", run.log
    pushed = {push.reference for push in pipeline.registry.pushes if push.kind == "manifests"}
    assert {"v1", "latest"} <= pushed
    assert pipeline.site.config["linuxFxVersion"].endswith("hello-function:v1")


def test_the_same_tag_again_restarts_the_app_so_that_it_is_pulled_again(pipeline: Pipeline) -> None:
    pipeline.run(tags="stable")
    pipeline.edit("Hello", "Bonjour")
    run = pipeline.run(tags="stable")
    assert run.result == "Succeeded", run.log
    assert pipeline.call()[1].startswith("Bonjour")
    assert "the app was restarted, so that it pulls the image again" in run.log


@pytest.mark.parametrize(
    "registry", ["contoso", "Contoso.azurecr.io", '{{"loginServer":"contoso.azurecr.io","id":"{id}"}}', "{id}"]
)
def test_the_registry_may_be_named_in_any_form(pipeline: Pipeline, registry: str) -> None:
    pipeline.azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
    run = pipeline.run(azureContainerRegistry=registry.format(id=pipeline.registry.id), verify="false")
    assert run.result == "Succeeded", run.log
    assert run.variables["imageReference"] == "contoso.azurecr.io/hello-function:1"


def test_the_app_may_be_named_with_its_group_or_by_its_id(pipeline: Pipeline) -> None:
    for inputs in ({"resourceGroupName": "rg-func"}, {"appName": pipeline.site.id}):
        run = pipeline.run(inputs, verify="false")
        assert run.result == "Succeeded", run.log
    assert not [call for call in pipeline.azure.calls if call.path.endswith("/resources")]


def test_without_verification_azures_answer_to_the_change_is_what_is_read_back(pipeline: Pipeline) -> None:
    run = pipeline.run(verify="false")
    assert (run.result, run.variables["verification"]) == ("Succeeded", "skipped")
    arm = [
        (call.method, call.path.rpartition("/")[2])
        for call in pipeline.azure.calls
        if call.host == "management.azure.com"
    ]
    assert arm[-1] == ("PATCH", "web")


def test_build_options_reach_docker(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(
        "FROM mcr.microsoft.com/azure-functions/python:4-python3.11 AS base\n"
        "ARG GREETING\nARG HTTP_PROXY\nARG BUILD_BUILDID\n"
        'RUN test "$GREETING" = "a b=c" && test "$BUILD_BUILDID" = 1 && echo proxy "$HTTP_PROXY"\n'
        "FROM base AS other\nRUN false\n"
    )
    run = pipeline.run(
        verify="false",
        buildArgs="GREETING=a b=c\nHTTP_PROXY=",
        buildTarget="base",
        arguments="--build-arg BUILD_BUILDID --label team='a b' --no-cache",
    )
    assert run.result == "Succeeded", run.log
    _, configuration = pipeline.in_the_registry(run.variables["imageDigest"])
    labels = configuration["config"]["Labels"]
    assert labels["team"] == "a b"
    assert labels["org.opencontainers.image.revision"]
