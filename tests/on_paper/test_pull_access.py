"""`appPullAccess`: the app is let into the registry, once, and nothing that was there is lost."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.end_to_end.test_failures import the_error
from tests.local_azure.client import arm
from tests.local_azure.state.roles import ROLES
from tests.on_paper.pipeline import change
from tests.on_paper.pull_access import (
    BY_IDENTITY,
    FROM_NOTHING,
    IMAGE_ONLY,
    READER,
    STABLE,
    WRITER,
    new_app,
    roles,
    written,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.state.principal import Principal
    from tests.pipeline import Pipeline


def granted_by_hand(pipeline: Pipeline, identity: Principal) -> None:
    """Grant AcrPull as an administrator does, so that it propagates as late as any."""
    definitions = f"/subscriptions/{pipeline.azure.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definitions}/{ROLES['AcrPull'].id}",
        "principalId": identity.object_id,
        "principalType": "ServicePrincipal",
    }
    path = f"{pipeline.registry.id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    body = {"properties": properties}
    assert arm(pipeline.azure, pipeline.principal, "PUT", path, version="2022-04-01", json=body).status_code == 201


def test_a_role_that_propagates_late_is_waited_for_by_restarts(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        azure.delay_roles(2)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, verifyTimeoutMinutes="0.05")
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert "the new role has not propagated to the registry yet; restarting the app to pull again (0:" in run.log
        assert set(written(pipeline)) == {*FROM_NOTHING, "POST app/restart"}


def test_an_image_from_before_that_the_platform_makes_do_with_is_waited_out_as_well(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path) as pipeline:
        azure.grant(pipeline.principal, "Contributor", pipeline.registry.id)
        pipeline.registry.admin_user_enabled = True
        assert pipeline.run(appPullAccess="adminUser", tags="moving").variables["verification"] == "verified"
        change(pipeline)
        azure.delay_roles(3)
        run = pipeline.run(BY_IDENTITY, tags="moving")
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert "restarting the app to pull again" in run.log
        assert azure.running(pipeline.site) == run.variables["imageDigest"]


def test_a_role_that_never_propagates_fails_in_the_end(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path, role_propagation_limit=4.0) as pipeline:
        azure.delay_roles(1000)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, verifyTimeoutMinutes="0.03")
        assert the_error(run) == "pull-unauthorized"
        assert "restarting the app to pull again" in run.log
        kept = "the system-assigned identity was turned on; AcrPull on contoso was granted to"
        assert f"the pull access that this run set up remains: {kept}" in run.log


def test_only_a_role_that_this_run_granted_is_waited_for(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        identity = pipeline.site.identity = azure.add_principal("docker-func-sample")
        azure.delay_roles(1000)
        granted_by_hand(pipeline, identity)
        run = pipeline.run({**STABLE, **BY_IDENTITY}, verifyTimeoutMinutes="0.03")
        assert the_error(run) == "pull-unauthorized"
        assert written(pipeline)[1:] == ["PATCH app/config/web"]


def test_a_registry_by_repository_gets_the_role_that_counts_there(azure: PaperAzure, tmp_path: Path) -> None:
    azure.add_registry(role_assignment_mode="AbacRepositoryPermissions")
    with new_app(azure, tmp_path, role=WRITER) as pipeline:
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert roles(pipeline, pipeline.site.identity) == [(READER, pipeline.registry.id)]
        assert f"role {READER} to be granted on contoso" in run.log


def test_a_role_on_the_resource_group_or_of_ones_own_is_enough(azure: PaperAzure, tmp_path: Path) -> None:
    puller = azure.add_role("puller", actions=["Microsoft.ContainerRegistry/registries/pull/*"])
    with new_app(azure, tmp_path) as pipeline:
        pipeline.site.identity = azure.add_principal("docker-func-sample")
        group = pipeline.registry.id.partition("/providers/")[0]
        azure.grant(pipeline.site.identity, "Website Contributor", group)
        azure.grant(pipeline.site.identity, puller, group)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert written(pipeline) == IMAGE_ONLY


def test_a_role_with_a_condition_is_taken_for_what_an_administrator_meant(azure: PaperAzure, tmp_path: Path) -> None:
    azure.add_registry(role_assignment_mode="AbacRepositoryPermissions")
    with new_app(azure, tmp_path, role=WRITER) as pipeline:
        pipeline.site.identity = azure.add_principal("docker-func-sample")
        azure.grant(pipeline.site.identity, READER, pipeline.registry.id, condition="@Resource[…] StringEquals 'a'")
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert run.variables["verification"] == "verified", run.log
        assert written(pipeline) == IMAGE_ONLY
        assert "on contoso.azurecr.io has a condition" in run.log


def test_a_new_identity_that_the_directory_does_not_know_everywhere_is_waited_for(
    azure: PaperAzure, tmp_path: Path
) -> None:
    body = '{"error":{"code":"PrincipalNotFound","message":"Principal x does not exist in the directory y."}}'
    with new_app(azure, tmp_path) as pipeline:
        azure.faults.script(r"PUT management\.azure\.com/.*/roleAssignments/", status=400, body=body, times=2)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert run.log.count("the new identity has not replicated throughout Entra ID yet") == 2


def test_settings_of_the_registry_stay_and_that_is_said(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        pipeline.site.settings["DOCKER_REGISTRY_SERVER_URL"] = "https://docker.io"
        before = dict(pipeline.site.settings)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert run.variables["verification"] == "verified", run.log
        assert pipeline.site.settings == before
        assert "note    the app's settings DOCKER_REGISTRY_SERVER_URL are kept, but not used" in run.log


def test_a_check_tells_what_would_be_done_and_does_nothing(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        assert pipeline.run({**STABLE, **BY_IDENTITY}).variables["verification"] == "verified"
        assert pipeline.site.identity
        azure.revoke(pipeline.site.identity, "AcrPull")
        before = len(azure.writes)
        run = pipeline.run({**BY_IDENTITY, "command": "check", "azureContainerRegistry": "", "imageName": ""})
        assert run.result == "Succeeded", run.log
        assert "pull    with the system-assigned identity (role AcrPull to be granted on contoso)" in run.log
        assert len(azure.writes) == before


def test_an_unchanged_app_is_still_set_up_to_pull(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        assert pipeline.run({**STABLE, **BY_IDENTITY}).variables["verification"] == "verified"
        assert pipeline.site.identity
        skip = {**STABLE, **BY_IDENTITY, "whenUnchanged": "skip"}
        before = len(azure.writes)
        assert "and is healthy: nothing is written" in pipeline.run(skip).log
        assert written(pipeline, before) == []
        azure.revoke(pipeline.site.identity, "AcrPull")
        assert "and is healthy: nothing else is written" in pipeline.run(skip).log
        assert written(pipeline, before) == FROM_NOTHING[1:2]
        pipeline.site.config["acrUseManagedIdentityCreds"] = False
        run = pipeline.run(skip)
        assert "to be changed: property acrUseManagedIdentityCreds" in run.log
        assert pipeline.site.config["acrUseManagedIdentityCreds"] is True


def test_without_verification_it_is_said_that_a_new_role_needs_time(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        run = pipeline.run({**STABLE, **BY_IDENTITY}, verify="false")
        assert run.result == "Succeeded", run.log
        assert "the new role may take up to 1 minutes to propagate" in run.log
