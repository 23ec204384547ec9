"""What goes wrong is told once, with cause and fix, and nothing is changed that is not said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.on_paper.pipeline import a_pipeline, assert_untouched, change, tags

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.pipeline import Pipeline


BASE = "FROM mcr.microsoft.com/azure-functions/python:4-python3.11\n"


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"appName": "no-such-app"}, "app-not-found"),
        ({"appName": "no-such-app", "resourceGroupName": "rg-func"}, "app-not-found"),
        ({"azureContainerRegistry": "nosuchregistry"}, "registry-not-found"),
        ({"dockerFile": "deploy/Dockerfile"}, "dockerfile-not-found"),
        ({"appName": ""}, "input-required"),
        ({"azureContainerRegistry": ""}, "input-required"),
        ({"tags": "feature/x"}, "tag-invalid"),
    ],
)
def test_a_wrong_input_ends_with_its_own_error(pipeline: Pipeline, inputs: dict[str, str], code: str) -> None:
    run = pipeline.run(inputs)
    assert the_error(run) == code
    assert "nothing was pushed and nothing was changed" in run.log
    assert_untouched(pipeline)


def test_three_bad_inputs_give_three_errors_at_once(pipeline: Pipeline) -> None:
    run = pipeline.run(tags="a/b", platform="everything", dockerFile="none")
    assert run.result == "Failed"
    codes = {issue.properties["code"] for issue in run.issues}
    assert codes == {"tag-invalid", "platform-invalid", "dockerfile-not-found"}


def test_a_wrong_secret_is_told_as_such(azure: PaperAzure, pipeline: Pipeline) -> None:
    other = azure.add_principal("other", secret="another-secret-entirely", roles={})
    parameters = {**pipeline.connection.parameters, "serviceprincipalid": other.client_id}
    run = replace(pipeline, connection=replace(pipeline.connection, parameters=parameters)).run()
    assert the_error(run) == "secret-wrong"
    assert "AADSTS7000215" in run.log
    assert_untouched(pipeline)


def test_a_refused_push_says_which_role_is_missing(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, registry_role="AcrPull") as pipeline:
        run = pipeline.run()
        assert the_error(run) == "push-denied"
        assert "AcrPush" in run.log
        assert "nothing was pushed and nothing was changed" in run.log
        assert_untouched(pipeline)


def test_a_refused_change_of_the_app_says_that_the_image_was_pushed(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, app_role="Reader") as pipeline:
        change(pipeline)
        run = pipeline.run()
        assert the_error(run) == "azure-forbidden"
        assert "contoso.azurecr.io/hello-function:1 is in the registry; docker-func-sample was not changed" in run.log
        assert "az functionapp config container set --name docker-func-sample" in run.log
        assert run.variables["imageDigest"]
        assert pipeline.site.config["linuxFxVersion"] == ""
        assert tags(pipeline) == {"stable", "1"}


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        (r"POST login\.microsoftonline\.com/.*/token", {"status": 503}),
        (r"GET management\.azure\.com/.*/docker-func-sample\?", {"status": 429, "headers": {"Retry-After": "1"}}),
        (r"PATCH management\.azure\.com", {"status": 503}),
        (r"GET management\.azure\.com/.*/docker-func-sample\?", {"drop": True}),
        (r"POST contoso\.azurecr\.io/oauth2/exchange", {"status": 502}),
    ],
)
def test_a_passing_outage_is_waited_out_and_told(
    azure: PaperAzure, tmp_path: Path, pattern: str, fault: dict[str, object]
) -> None:
    with a_pipeline(azure, tmp_path, scheme="federation") as pipeline:
        azure.faults.script(pattern, **fault)  # type: ignore[arg-type] # a table of keyword arguments
        run = pipeline.run()
        assert run.result == "Succeeded", run.log
        assert "retrying in" in run.log
        assert not azure.faults.unused
        assert len(azure.assertions_used) == len(set(azure.assertions_used))


def test_a_registry_that_does_not_know_the_identity_says_so(pipeline: Pipeline) -> None:
    body = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
    pipeline.azure.faults.script(r"POST contoso\.azurecr\.io/oauth2/exchange", status=401, body=body, times=None)
    assert the_error(pipeline.run()) == "registry-sign-in-refused"
    assert_untouched(pipeline)
