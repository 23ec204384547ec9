"""Whole runs against registries of every kind, with a real docker command and engine; `tests/on_paper` has all else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import BASE, the_error
from tests.end_to_end.watch import files_with, watched
from tests.local_azure.registries.docker_registries import (
    PASSWORD,
)
from tests.local_azure.state.subscription import FABRIKAM
from tests.pipeline import a_pipeline
from tests.registry_connections import (
    KINDS,
    SHARED_SECRET,
    connection_to,
    registry_in,
    run,
    set_up_pull_access,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline


@pytest.fixture
def elsewhere(azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline whose app does not pull from Azure, and whose connection has no role on Azure's registry."""
    with a_pipeline(azure, tmp_path, app_pull=None, registry_role=None) as pipeline:
        yield pipeline


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_run_by_user_and_password(elsewhere: Pipeline, tmp_path: Path, kind: str) -> None:
    make, url, image = KINDS[kind]
    registry = elsewhere.azure.add_docker_registry(make())
    set_up_pull_access(elsewhere, url)
    connection = connection_to(url)
    with watched(elsewhere.sources) as seen:
        first = run(elsewhere, connection, containerRegistry=connection.id)
    assert (first.result, first.variables["verification"], first.issues) == ("Succeeded", "verified", ()), first.log
    assert elsewhere.site.config["linuxFxVersion"] == f"DOCKER|{image}:1"
    assert elsewhere.call()[1].startswith("Hello")
    assert "Inspected in" in first.log

    tokens = {value for value in first.secret_values if len(value) > 20}
    assert PASSWORD not in first.log
    assert not [secret for secret in {PASSWORD, *tokens} if secret.encode() in b"".join(seen.command_lines)]
    assert not [secret for secret in {PASSWORD, *tokens} if secret.encode() in b"".join(seen.docker_environments)]
    assert files_with({PASSWORD, *tokens}, tmp_path) == []
    assert ("Basic" in registry.shown) is (kind == "password file"), "passwords go to the token service where one is"
    assert "contoso.azurecr.io" not in {call.host for call in elsewhere.azure.calls}

    digest = first.variables["imageDigest"]
    again = run(elsewhere, connection, command="deploy", containerRegistry=connection.id, tags="1", deployBy="digest")
    assert (again.result, again.variables["imageDigest"]) == ("Succeeded", digest), again.log
    assert elsewhere.site.config["linuxFxVersion"] == f"DOCKER|{image}@{digest}"


def test_a_firewall_that_refuses_the_push_names_the_address_to_allow(pipeline: Pipeline) -> None:
    text = "client with IP '52.166.10.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
    body = json.dumps({"errors": [{"code": "DENIED", "message": text}]})
    every = r"(POST|PUT|HEAD|GET) contoso\.azurecr\.io/v2/hello-function/(blobs|manifests)"
    json_type = {"Content-Type": "application/json"}
    pipeline.azure.faults.script(every, status=403, headers=json_type, body=body, times=None)
    failed = pipeline.run()
    assert the_error(failed) == "registry-firewall"
    assert "which connects from 52.166.10.7" in failed.log
    assert "az acr network-rule add --ip-address 52.166.10.7" in failed.log


def test_a_rollback_reads_the_registry_by_its_own_connection(elsewhere: Pipeline) -> None:
    there = registry_in(elsewhere.azure, FABRIKAM)
    there.registry.anonymous_pull = False
    there.registry.admin_user_enabled = True
    elsewhere.site.settings["DOCKER_REGISTRY_SERVER_URL"] = "https://platform.azurecr.io"
    elsewhere.site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = "platform"
    elsewhere.site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = there.registry.admin_password
    connection = there.connection()
    given = {"azureSubscriptionForACR": connection.id, "azureContainerRegistry": "platform.azurecr.io"}
    first = run(elsewhere, connection, **given, tags="stable")
    assert first.result == "Succeeded", first.log
    (elsewhere.sources / "Dockerfile").write_text(BASE + 'ENTRYPOINT ["false"]\n')
    failed = run(elsewhere, connection, **given, tags="stable", verifyTimeoutMinutes="0.2")
    assert the_error(failed) == "container-exits"
    pinned = f"platform.azurecr.io/team/hello-function@{first.variables['imageDigest']}"
    assert elsewhere.site.config["linuxFxVersion"] == f"DOCKER|{pinned}", "its tag means the broken image by now"


@pytest.mark.parametrize("scheme", ["ServicePrincipal", "WorkloadIdentityFederation", "ManagedServiceIdentity"])
def test_a_docker_connection_to_an_azure_registry_by_every_scheme(
    elsewhere: Pipeline, tmp_path: Path, scheme: str
) -> None:
    azure = elsewhere.azure
    there = registry_in(azure, FABRIKAM, role="AcrPush")
    elsewhere.agent.machine |= azure.machine_environment()
    connection = there.docker_connection(azure, scheme)
    alone = {"azureSubscription": "", "appName": "", "command": "buildAndPush"}
    with watched(elsewhere.sources) as seen:
        done = run(elsewhere, connection, containerRegistry=connection.id, **alone)
    assert done.result == "Succeeded", done.log
    assert done.variables["imageReference"] == "platform.azurecr.io/team/hello-function:1"
    assert done.variables["imageDigest"].startswith("sha256:")
    secrets = {SHARED_SECRET, *(value for value in done.secret_values if len(value) > 20)}
    assert not [secret for secret in secrets if secret in done.log]
    assert not [secret for secret in secrets if secret.encode() in b"".join(seen.command_lines)]
    assert not [secret for secret in secrets if secret.encode() in b"".join(seen.docker_environments)]
    assert files_with(secrets, tmp_path) == []
    assert len(azure.assertions_used) == len(set(azure.assertions_used))
    asked = {call.host for call in azure.calls if call.principal == there.principal.name}
    assert asked - {"login.microsoftonline.com"} == {"platform.azurecr.io"}
