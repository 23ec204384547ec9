"""Registries besides the pipeline's own, and the connections that enter them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.agent.endpoints import Endpoint, arm_connection_with_key, docker_connection, docker_connection_of_azure
from tests.local_azure.registries.docker_registries import (
    PASSWORD,
    USER,
    docker_hub,
    harbor,
    plain_registry,
)
from tests.pipeline import SUBJECT

if TYPE_CHECKING:
    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState
    from tests.local_azure.state.subscription import Subscription
    from tests.pipeline import Pipeline


KINDS = {
    "Docker Hub": (docker_hub, "https://index.docker.io/v1/", "docker.io/team/hello-function"),
    "Harbor": (harbor, "https://harbor.contoso.example", "harbor.contoso.example/team/hello-function"),
    "password file": (plain_registry, "registry.contoso.example", "registry.contoso.example/team/hello-function"),
}


def run(pipeline: Pipeline, *connections: Endpoint, **inputs: str) -> TaskRun:
    """Run a step that may name further connections."""
    given = {
        "azureSubscription": pipeline.connection.id,
        "imageName": "team/hello-function",
        "appName": pipeline.site.name,
        "verifyTimeoutMinutes": "1",
        **inputs,
    }
    return pipeline.agent.run(given, [pipeline.connection, *connections], variables={"Build.BuildId": "1"})


def connection_to(url: str, *, user: str = USER, password: str = PASSWORD) -> Endpoint:
    return docker_connection(registry=url, user=user, password=password)


def set_up_pull_access(pipeline: Pipeline, url: str) -> None:
    """Have the app pull with the same user and password, as one sets it up for such a registry."""
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_URL"] = url if "://" in url else f"https://{url}"
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = USER
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = PASSWORD


SHARED_SECRET = "another-cl1ent-s3cret~of-the-registry"


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """A registry in another subscription, and whoever may push there."""

    registry: RegistryState
    principal: Principal
    subscription: Subscription

    def connection(self) -> Endpoint:
        """Return an Azure Resource Manager connection to that subscription."""
        return arm_connection_with_key(
            tenant_id=self.subscription.tenant_id,
            client_id=self.principal.client_id,
            client_secret=SHARED_SECRET,
            subscription_id=self.subscription.id,
            subscription_name=self.subscription.name,
        )

    def docker_connection(self, azure: LocalAzure, scheme: str, *, secret: str = SHARED_SECRET) -> Endpoint:
        """Return a Docker Registry connection to it."""
        client = {"servicePrincipalId": self.principal.client_id}
        parameters = {
            "ServicePrincipal": {**client, "servicePrincipalKey": secret, "authenticationType": "spnKey"},
            "WorkloadIdentityFederation": {**client, "workloadIdentityFederationSubject": SUBJECT},
            "ManagedServiceIdentity": {},
        }[scheme]
        if scheme == "ManagedServiceIdentity":
            azure.assign_to_machine(own=self.principal)
        return docker_connection_of_azure(
            login_server=self.registry.login_server,
            scheme=scheme,
            parameters=parameters,
            tenant_id=self.subscription.tenant_id,
            subscription_id=self.subscription.id,
            id=self.principal.service_connection_id,
        )


def registry_in(azure: LocalAzure, subscription: Subscription, *, role: str = "Contributor") -> Elsewhere:
    """Have a registry in another subscription, with a principal of that one's tenant that has a role on it."""
    registry = azure.add_registry("platform", subscription=subscription, anonymous_pull=True)
    principal = azure.add_principal(
        "platform team",
        secret=SHARED_SECRET,
        federated_subject=SUBJECT,
        tenant_id=subscription.tenant_id,
        roles={registry.id: role},
    )
    return Elsewhere(registry=registry, principal=principal, subscription=subscription)


def assert_by_whom(pipeline: Pipeline, there: Elsewhere) -> None:
    """See that the registry met its own connection only, and the app the other one only."""
    calls = [call for call in pipeline.azure.calls if call.principal]
    mine = {call.principal for call in calls if "/sites/" in call.path}
    theirs = {call.principal for call in calls if call.host == there.registry.login_server}
    assert mine == {pipeline.principal.name}
    assert theirs <= {there.principal.name, "anonymous", USER}
    assert there.principal.name in theirs
