"""What would make the run fail at its end is found in its first seconds, before anything is pushed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.on_paper.pipeline import a_pipeline, assert_untouched, tags

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.state.app_kinds import KindName
    from tests.pipeline import Pipeline


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("windows_container", "app-is-windows"),
        ("windows_code", "app-is-windows"),
        ("linux_code", "app-is-code"),
        ("flex_consumption", "app-is-flex"),
        ("linux_consumption", "app-is-consumption"),
        ("sitecontainers", "app-is-sitecontainers"),
    ],
)
def test_an_app_that_cannot_run_the_image_is_refused_with_what_to_do(
    pipeline: Pipeline, kind: KindName, code: str
) -> None:
    other = pipeline.azure.add_app("another-app", resource_group="rg-func", kind=kind)
    pipeline.azure.grant(pipeline.principal, "Website Contributor", other.id)
    run = pipeline.run(appName="another-app")
    assert the_error(run) == code
    assert tags(pipeline) == {"stable"}


def test_a_second_app_of_the_same_name_is_asked_about(pipeline: Pipeline) -> None:
    other = pipeline.azure.add_app(pipeline.site.name, resource_group="rg-other")
    pipeline.azure.grant(pipeline.principal, "Website Contributor", other.id)
    run = pipeline.run()
    assert the_error(run) == "app-ambiguous"
    assert "rg-other" in run.log
    assert_untouched(pipeline)


def test_a_missing_slot_is_told_with_those_there_are(pipeline: Pipeline) -> None:
    pipeline.azure.add_slot(pipeline.site, "staging")
    run = pipeline.run(slotName="stagging")
    assert the_error(run) == "slot-not-found"
    assert "its slots are: staging" in run.log
    assert_untouched(pipeline)


def test_an_app_that_has_no_way_to_pull_is_told_before_the_push(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, app_pull=None) as pipeline:
        run = pipeline.run()
        assert the_error(run) == "pull-impossible"
        assert_untouched(pipeline)


def test_a_registry_behind_a_firewall_names_the_address(pipeline: Pipeline) -> None:
    pipeline.registry.firewall_denies_agent = True
    run = pipeline.run()
    assert the_error(run) == "registry-firewall"
    assert "is not allowed access" in run.log


def test_an_unknown_tenant_and_an_unknown_client_are_told_apart(pipeline: Pipeline) -> None:
    for changed, code in (
        ({"tenantid": "00000000-0000-4000-8000-000000000000"}, "tenant-unknown"),
        ({"serviceprincipalid": "00000000-0000-4000-8000-000000000000"}, "client-unknown"),
    ):
        parameters = {**pipeline.connection.parameters, **changed}
        run = replace(pipeline, connection=replace(pipeline.connection, parameters=parameters)).run()
        assert the_error(run) == code


def test_a_federated_credential_that_does_not_match_says_what_to_enter(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, scheme="federation") as pipeline:
        principal = azure.add_principal(
            "renamed", federated_subject="sc://contoso/Functions/old", service_connection_id=pipeline.connection.id
        )
        parameters = {**pipeline.connection.parameters, "serviceprincipalid": principal.client_id}
        run = replace(pipeline, connection=replace(pipeline.connection, parameters=parameters)).run()
        assert the_error(run) in {"federation-mismatch", "oidc-token-refused"}


def test_a_job_whose_token_azure_devops_refuses_says_so(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, scheme="federation") as pipeline:
        azure.faults.script(r"POST dev\.azure\.com/.*oidctoken", status=401, times=None)
        assert the_error(pipeline.run()) == "oidc-token-refused"
