"""Registries of Azure that another connection enters than the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.local_azure.state.subscription import FABRIKAM, SHARED, Subscription
from tests.on_paper.pipeline import change
from tests.registry_connections import (
    SHARED_SECRET,
    assert_by_whom,
    registry_in,
    run,
)

if TYPE_CHECKING:
    from tests.pipeline import Pipeline


@pytest.mark.parametrize("subscription", [SHARED, FABRIKAM], ids=lambda one: one.name)
@pytest.mark.parametrize("form", ["login server", "name", "resource ID"])
def test_a_registry_of_another_subscription_or_tenant_is_found_filled_and_read_by_its_own_connection(
    elsewhere: Pipeline, subscription: Subscription, form: str
) -> None:
    there = registry_in(elsewhere.azure, subscription)
    connection = there.connection()
    named = {"login server": there.registry.login_server, "name": "platform", "resource ID": there.registry.id}[form]
    given = {"azureSubscriptionForACR": connection.id, "azureContainerRegistry": named}
    done = run(elsewhere, connection, **given)
    assert (done.result, done.variables["verification"]) == ("Succeeded", "verified"), done.log
    assert elsewhere.site.config["linuxFxVersion"] == "DOCKER|platform.azurecr.io/team/hello-function:1"
    assert_by_whom(elsewhere, there)
    assert "Inspected in" in done.log
    if form != "login server":
        return

    change(elsewhere)
    again = run(elsewhere, connection, **given, tags="2")
    assert again.variables["previousImage"] == "platform.azurecr.io/team/hello-function:1"
    promoted = run(elsewhere, connection, **given, command="deploy", tags="1")
    assert (promoted.result, promoted.variables["imageDigest"]) == ("Succeeded", done.variables["imageDigest"])
    looked = run(elsewhere, connection, azureSubscriptionForACR=connection.id, command="check")
    assert "signed in to platform.azurecr.io" in looked.log
    assert_by_whom(elsewhere, there)


@pytest.mark.parametrize("scheme", ["ServicePrincipal", "WorkloadIdentityFederation", "ManagedServiceIdentity"])
@pytest.mark.parametrize("command", ["buildPushDeploy", "buildAndPush"])
def test_a_docker_connection_to_an_azure_registry_by_every_scheme(
    elsewhere: Pipeline, scheme: str, command: str
) -> None:
    azure = elsewhere.azure
    there = registry_in(azure, FABRIKAM, role="AcrPush")
    elsewhere.agent.machine |= azure.machine_environment()
    connection = there.docker_connection(azure, scheme)
    alone = {"azureSubscription": "", "appName": ""} if command == "buildAndPush" else {}
    done = run(elsewhere, connection, containerRegistry=connection.id, command=command, **alone)
    assert done.result == "Succeeded", done.log
    assert done.variables["imageReference"] == "platform.azurecr.io/team/hello-function:1"
    assert done.variables["imageDigest"].startswith("sha256:")
    secrets = {SHARED_SECRET, *(value for value in done.secret_values if len(value) > 20)}
    assert not [secret for secret in secrets if secret in done.log]
    assert len(azure.assertions_used) == len(set(azure.assertions_used))
    asked = {call.host for call in azure.calls if call.principal == there.principal.name}
    assert asked - {"login.microsoftonline.com"} == {"platform.azurecr.io"}


def test_a_docker_connection_with_a_wrong_secret_is_told_with_its_own_input(elsewhere: Pipeline) -> None:
    there = registry_in(elsewhere.azure, FABRIKAM, role="AcrPush")
    connection = there.docker_connection(elsewhere.azure, "ServicePrincipal", secret="not-the-secret-at-all")
    failed = run(elsewhere, connection, containerRegistry=connection.id)
    assert the_error(failed) == "secret-wrong"
    assert f"resourceId={connection.id}" in failed.log
    assert "not-the-secret-at-all" not in failed.log


def test_a_registry_of_another_tenant_without_its_own_connection_says_which_input_takes_one(
    elsewhere: Pipeline,
) -> None:
    there = registry_in(elsewhere.azure, FABRIKAM)
    failed = run(elsewhere, azureContainerRegistry=there.registry.login_server)
    assert the_error(failed) == "registry-sign-in-refused"
    assert "azureSubscriptionForACR" in failed.log
    failed = run(elsewhere, azureContainerRegistry="platform")
    assert the_error(failed) == "registry-not-found"
    assert "azureSubscriptionForACR" in failed.log
