"""Letting the app into the registry without the right to do so: what is told, and that nothing is half done."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.agent.endpoints import arm_connection_with_key
from tests.end_to_end.test_failures import the_error
from tests.on_paper.pipeline import a_pipeline, assert_untouched
from tests.on_paper.pull_access import BY_IDENTITY, GRANTER, STABLE, WRITER, new_app, roles, written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.state.principal import Principal
    from tests.pipeline import Pipeline

IDENTITY_COMMAND = "az functionapp identity assign --name docker-func-sample --resource-group rg-func"
REFUSED = (
    '{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization or an ABAC condition not '
    'fulfilled to perform action Microsoft.Authorization/roleAssignments/write over the scope."}}'
)


def as_written(run: TaskRun) -> str:
    """Return the log with ids spelled as the tests do: Azure writes `resourcegroups` as often."""
    return run.log.replace("/resourcegroups/", "/resourceGroups/")


def command(principal: str, scope: str, role: str = "AcrPull") -> str:
    assignee = f"--assignee-object-id {principal} --assignee-principal-type ServicePrincipal"
    return f'az role assignment create {assignee} --role "{role}" --scope {scope}'


def test_without_the_right_to_grant_nothing_is_done_and_the_administrators_command_is_told(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path, granter=False) as pipeline:
        azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
        run = pipeline.run(BY_IDENTITY)
        assert the_error(run) == "role-not-grantable"
        principal = f"$({IDENTITY_COMMAND} --query principalId --output tsv)"
        assert command(principal, pipeline.registry.id) in as_written(run)
        assert "nothing was pushed and nothing was changed" in run.log
        assert written(pipeline) == []
        assert_untouched(pipeline)


def test_what_the_registry_accepts_is_what_the_administrator_is_told(azure: PaperAzure, tmp_path: Path) -> None:
    azure.add_registry(role_assignment_mode="AbacRepositoryPermissions")
    with new_app(azure, tmp_path, granter=False, role=WRITER) as pipeline:
        azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
        identity = pipeline.site.identity = azure.add_principal("docker-func-sample")
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert the_error(run) == "role-not-grantable"
        role = "Container Registry Repository Reader"
        assert command(identity.object_id, pipeline.registry.id, role) in as_written(run)
        assert written(pipeline) == []


def test_a_grant_that_is_refused_only_when_it_is_tried_says_that_the_identity_was_switched_on(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path) as pipeline:
        azure.faults.script(r"PUT management\.azure\.com/.*/roleAssignments/", status=403, body=REFUSED, times=None)
        run = pipeline.run(BY_IDENTITY)
        assert the_error(run) == "role-not-grantable"
        assert pipeline.site.identity
        assert command(pipeline.site.identity.object_id, pipeline.registry.id) in as_written(run)
        assert "an ABAC condition not fulfilled" in run.log
        assert re.search(
            "state +nothing was pushed; docker-func-sample still has its previous image and pull configuration; "
            "the system-assigned identity was turned on\n",
            run.log,
        )
        assert pipeline.site.config["acrUseManagedIdentityCreds"] is False
        assert_untouched(pipeline)

        azure.faults.forget()
        azure.grant(pipeline.site.identity, "AcrPull", pipeline.registry.id)
        before = len(azure.writes)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert written(pipeline, before) == ["PATCH app/config/web", "POST app/syncfunctiontriggers"]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("PATCH .*/sites/docker-func-sample", "it is not known whether the system-assigned identity was turned on"),
        (
            "PUT .*/roleAssignments/",
            (
                "the system-assigned identity was turned on; it is not known whether AcrPull on contoso was granted to "
                "the system-assigned identity"
            ),
        ),
    ],
)
def test_a_change_whose_outcome_is_not_known_is_told_as_such(
    azure: PaperAzure, tmp_path: Path, call: str, told: str
) -> None:
    with new_app(azure, tmp_path, http_first_wait=0.01) as pipeline:
        azure.faults.script(call, status=503, times=None)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert the_error(run) == "azure-failing"
        assert (
            f"nothing was pushed; docker-func-sample still has its previous image and pull configuration; {told}\n"
            in run.log
        )


def test_with_the_least_rights_the_command_is_told_and_once_it_was_run_the_app_pulls(
    azure: PaperAzure, tmp_path: Path
) -> None:
    with new_app(azure, tmp_path, granter=False) as pipeline:
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert the_error(run) == "role-not-grantable"
        principal = f"$({IDENTITY_COMMAND} --query principalId --output tsv)"
        assert command(principal, "$(az acr show --name contoso --query id --output tsv)") in as_written(run)
        assert written(pipeline) == []

        identity = pipeline.site.identity = azure.add_principal("docker-func-sample")
        azure.grant(identity, "AcrPull", pipeline.registry.id)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert "note    it is not certain that the system-assigned identity can pull from contoso.azurecr.io" in run.log
        assert f"if it has none, run {command(identity.object_id, '$(az acr show')[:150]}" in run.log


def test_who_may_grant_but_not_read_grants_all_the_same(azure: PaperAzure, tmp_path: Path) -> None:
    blind = azure.add_role(
        "blind granter",
        actions=["Microsoft.Authorization/roleAssignments/write", "Microsoft.ContainerRegistry/registries/read"],
    )
    with new_app(azure, tmp_path, granter=False) as pipeline:
        azure.grant(pipeline.principal, blind, pipeline.registry.id)
        assert pipeline.run({**STABLE, **BY_IDENTITY}).variables["verification"] == "verified"
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert run.variables["verification"] == "verified", run.log
        assert roles(pipeline, pipeline.site.identity) == [("AcrPull", pipeline.registry.id)]
        assert "the system-assigned identity already has AcrPull on contoso" in run.log

        other = azure.add_slot(pipeline.site, "staging", pull=None)
        other.identity = azure.add_principal("docker-func-sample/staging")
        azure.grant(other.identity, "AcrPull", pipeline.registry.id)
        azure.add_role("blind granter", actions=["Microsoft.ContainerRegistry/registries/read"])
        run = pipeline.run({**STABLE, **BY_IDENTITY}, slotName="staging")
        assert run.variables["verification"] == "verified", run.log
        assert "AcrPull cannot be granted; the pull will show whether the system-assigned identity has it" in run.log


def test_a_connection_of_the_registrys_own_grants_the_role(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path, granter=False, role="AcrPull") as pipeline:
        other = azure.add_principal("of the registry", secret="its own secret")
        azure.grant(other, GRANTER, pipeline.registry.id)
        azure.grant(other, "AcrPull", pipeline.registry.id)
        run = run_with(pipeline, other)
        assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
        assert roles(pipeline, pipeline.site.identity) == [("AcrPull", pipeline.registry.id)]
        (granting,) = [call for call in azure.writes if "/roleAssignments/" in call.path]
        assert granting.principal == "of the registry"


def test_an_identity_is_of_no_use_in_another_tenant(azure: PaperAzure, tmp_path: Path) -> None:
    with new_app(azure, tmp_path) as pipeline:
        other = azure.add_principal("of the registry", secret="its own secret")
        run = run_with(pipeline, other, tenantid="00000000-0000-4000-8000-000000000000")
        assert the_error(run) == "pull-across-tenants"
        assert written(pipeline) == []


def run_with(pipeline: Pipeline, other: Principal, **changed: str) -> TaskRun:
    """Run the step with a connection of the registry's own, its parameters changed as given."""
    azure = pipeline.azure
    connection = arm_connection_with_key(
        tenant_id=azure.tenant_id,
        client_id=other.client_id,
        client_secret=other.secret or "",
        subscription_id=azure.subscription_id,
        subscription_name=azure.subscription_name,
        id=str(uuid.uuid4()),
    )
    connection = replace(connection, parameters={**connection.parameters, **changed})
    inputs = {
        **STABLE,
        **BY_IDENTITY,
        "azureSubscription": pipeline.connection.id,
        "azureSubscriptionForACR": connection.id,
        "azureContainerRegistry": pipeline.registry.login_server,
        "appName": pipeline.site.name,
        "verifyTimeoutMinutes": "1",
    }
    return pipeline.agent.start(inputs, [pipeline.connection, connection]).wait(120)


def test_an_app_may_not_be_changed_without_the_right_to(azure: PaperAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, app_pull=None, app_role="Reader") as pipeline:
        azure.grant(pipeline.principal, GRANTER, pipeline.registry.id)
        run = pipeline.run({**STABLE, **BY_IDENTITY})
        assert the_error(run) == "azure-forbidden"
        assert "Microsoft.Web/sites/write" in run.log
        assert pipeline.site.identity is None
        assert [one for one in written(pipeline) if one != "PATCH app"] == []


@pytest.mark.parametrize("granted", [True, False], ids=["has it", "lacks it"])
def test_keep_tells_whether_the_identity_has_the_right(azure: PaperAzure, tmp_path: Path, *, granted: bool) -> None:
    with a_pipeline(azure, tmp_path) as pipeline:
        azure.grant(pipeline.principal, "Reader", pipeline.registry.id)
        assert pipeline.site.identity
        if not granted:
            azure.revoke(pipeline.site.identity, "AcrPull")
        run = pipeline.run({**STABLE})
        if granted:
            assert run.variables["verification"] == "verified", run.log
            told = (
                "the app pulls with its managed identity; the system-assigned identity can pull from contoso.azurecr.io"
            )
            assert f"note    {told}" in run.log
            return
        assert the_error(run) == "pull-impossible"
        assert "the system-assigned identity has no role on contoso.azurecr.io that allows it to pull" in run.log
        assert "set appPullAccess to managedIdentity" in run.log
        pipeline.registry.anonymous_pull = True
        assert pipeline.run({**STABLE}).variables["verification"] == "verified"


def test_keep_says_so_when_the_right_is_not_certain(pipeline: Pipeline) -> None:
    run = pipeline.run({**STABLE})
    assert run.variables["verification"] == "verified", run.log
    assert "the system-assigned identity can pull from contoso.azurecr.io: its roles there are not visible" in run.log
