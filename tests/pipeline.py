"""A pipeline of a small team: a service connection, a registry, a Function App, a checkout and an agent to run it."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import requests

from tests.agent.agent import Agent
from tests.agent.endpoints import (
    arm_connection_with_certificate,
    arm_connection_with_federation,
    arm_connection_with_key,
    arm_connection_with_managed_identity,
)
from tests.agent.under_test import PYTHON, ROOT, TASK
from tests.local_azure.environments import PUBLIC, AzureEnvironment
from tests.local_azure.state.client_certificate import new_client_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.agent.agent_network import AgentNetwork
    from tests.agent.endpoints import Endpoint
    from tests.agent.job_kinds import JobKind
    from tests.agent.running_task import RunningTask, TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState, Site

EXAMPLE = ROOT / "examples" / "hello-function"
SECRET = "cl1ent-s3cret~of-the-pipeline"
SUBJECT = "sc://contoso/Functions/azure"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
Scheme = Literal["key", "certificate", "federation", "system_identity", "user_identity"]
"""The ways a connection signs in; the last two as the agent's machine."""
CERTIFICATE = new_client_certificate()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """All that a step needs, ready to run."""

    azure: LocalAzure
    agent: Agent
    connection: Endpoint
    principal: Principal
    registry: RegistryState
    site: Site
    sources: Path

    def start(
        self,
        inputs: Mapping[str, str] | None = None,
        *,
        on_line: Callable[[str], None] | None = None,
        build_id: str = "1",
        variables: Mapping[str, str] | None = None,
        **more: str,
    ) -> RunningTask:
        """Start the step; without further inputs it deploys the checkout to the app.

        `variables` are further ones of the job; with an empty `build_id` that is the job's own, if it has one.
        """
        given = {
            "azureSubscription": self.connection.id,
            "azureContainerRegistry": self.registry.login_server,
            "imageName": "hello-function",
            "appName": self.site.name,
            "verifyTimeoutMinutes": "1",
            **(inputs or {}),
            **more,
        }
        named = {**({"Build.BuildId": build_id} if build_id else {}), **(variables or {})}
        return self.agent.start(given, [self.connection], variables=named, on_line=on_line)

    def run(
        self,
        inputs: Mapping[str, str] | None = None,
        *,
        on_line: Callable[[str], None] | None = None,
        build_id: str = "1",
        variables: Mapping[str, str] | None = None,
        timeout: float = 120,
        **more: str,
    ) -> TaskRun:
        """Run the step to its end."""
        return self.start(inputs, on_line=on_line, build_id=build_id, variables=variables, **more).wait(timeout)

    def edit(self, old: str, new: str, *, file: str = "HttpTriggerSample/__init__.py") -> None:
        """Change the checkout as a developer would; raises ValueError when there is nothing to change."""
        path = self.sources / file
        text = path.read_text()
        if old not in text:
            raise ValueError(old)
        path.write_text(text.replace(old, new))

    def call(self, path: str = "/api/HttpTriggerSample?name=you") -> tuple[int, str]:
        """Call the app from outside, independently of the task, with the key of its functions."""
        key = {"x-functions-key": self.site.keys.host}
        return self.azure.get(f"https://{self.site.host}{path}", headers=key)

    def in_the_registry(self, digest: str) -> tuple[str, Mapping[str, Any]]:
        """Return the media type and the configuration of an image, as the registry has them."""
        manifest, media_type = self._registry_json(f"manifests/{digest}")
        configuration, _ = self._registry_json(f"blobs/{manifest['config']['digest']}")
        return media_type, configuration

    def _registry_json(self, path: str) -> tuple[Any, str]:
        host, session = self.registry.login_server, requests.Session()
        session.trust_env = False
        session.proxies["https"] = self.azure.environment["HTTPS_PROXY"]
        session.verify = self.azure.environment["REQUESTS_CA_BUNDLE"]
        entra = self.azure.token(self.principal, "https://containerregistry.azure.net")
        form = {"grant_type": "access_token", "service": host, "tenant": self.azure.tenant_id, "access_token": entra}
        refresh = session.post(f"https://{host}/oauth2/exchange", data=form, timeout=30).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "service": host, "scope": "repository:hello-function:pull"}
        form["refresh_token"] = refresh
        token = session.post(f"https://{host}/oauth2/token", data=form, timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": DOCKER_MANIFEST}
        answer = session.get(f"https://{host}/v2/hello-function/{path}", headers=headers, timeout=30)
        return answer.json(), answer.headers["Content-Type"]


@contextmanager
def a_pipeline(
    azure: LocalAzure,
    folder: Path,
    *,
    scheme: Scheme = "key",
    cloud: AzureEnvironment = PUBLIC,
    identity_endpoint: Literal["imds", "app_service"] = "imds",
    task: Path = TASK,
    path: str | None = None,
    registry_role: str | None = "AcrPush",
    app_role: str | None = "Website Contributor",
    app_pull: Literal["managed_identity", "admin_user"] | None = "managed_identity",
    network: AgentNetwork | None = None,
    enter: Sequence[str] = (),
    kind: JobKind = "build",
    built: bool = True,
    make_agent: Callable[..., Agent] = Agent,
) -> Iterator[Pipeline]:
    """Return a pipeline with a copy of the example as its checkout, in one of the clouds; roles may be left out.

    A deployment job has checked nothing out; a release has the example as an artifact, of a build if `built`.
    An agent with a `network` of its own has nothing of the machine's; the task's command runs behind `enter`.
    `make_agent` takes what `Agent` does.
    """
    azure.move_to(cloud)
    connection_id = str(uuid.uuid4())
    registry = azure.add_registry("contoso")
    site = azure.add_app("docker-func-sample", resource_group="rg-func", pull=app_pull)
    roles = {registry.id: registry_role, site.id: app_role}
    principal = _principal(azure, scheme, connection_id, {scope: role for scope, role in roles.items() if role})
    sources = folder / ("checkout" if kind == "build" else "artifacts")
    if kind == "deployment":
        sources.mkdir()
    else:
        shutil.copytree(EXAMPLE, sources / "_hello-function" / "drop" if kind == "release" else sources)
    agent = make_agent(
        folder=folder / "agent",
        task=task,
        environment={
            **machine(azure, folder, path=path, online=network is None),
            **_identities(azure, scheme, identity_endpoint),
        },
        sources=sources,
        access_token=azure.job_access_token,
        network=network,
        enter=enter,
        kind=kind,
        built=built,
    )
    with agent:
        yield Pipeline(
            azure=azure,
            agent=agent,
            connection=_connection(azure, principal, scheme, connection_id),
            principal=principal,
            registry=registry,
            site=site,
            sources=sources,
        )


def machine(azure: LocalAzure, folder: Path, *, path: str | None = None, online: bool = True) -> dict[str, str]:
    """Return the environment of an agent's machine: its own home, the Python to be tried, Docker, and the network."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": path or os.pathsep.join([str(PYTHON.parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "DOCKER_HOST": azure.agent_engine.url,
        **(azure.environment if online else {}),
    }


def _identities(azure: LocalAzure, scheme: Scheme, endpoint: Literal["imds", "app_service"]) -> Mapping[str, str]:
    return azure.machine_environment(endpoint) if scheme.endswith("identity") else {}


def _principal(azure: LocalAzure, scheme: Scheme, connection_id: str, roles: Mapping[str, str]) -> Principal:
    principal = azure.add_principal(
        "pipeline",
        secret=SECRET if scheme == "key" else None,
        certificate=CERTIFICATE if scheme == "certificate" else None,
        federated_subject=SUBJECT if scheme == "federation" else None,
        service_connection_id=connection_id,
        roles=roles,
    )
    if scheme == "system_identity":
        azure.assign_to_machine(own=principal)
    if scheme == "user_identity":
        azure.assign_to_machine(own=azure.add_principal("machine"), users=[principal])
    return principal


def _connection(azure: LocalAzure, principal: Principal, scheme: Scheme, connection_id: str) -> Endpoint:
    common: _Common = {
        "tenant_id": azure.tenant_id,
        "subscription_id": azure.subscription_id,
        "subscription_name": azure.subscription_name,
        "id": connection_id,
        "cloud": azure.place,
    }
    client = principal.client_id
    match scheme:
        case "key":
            return arm_connection_with_key(client_id=client, client_secret=SECRET, **common)
        case "certificate":
            return arm_connection_with_certificate(client_id=client, certificate=CERTIFICATE.pem, **common)
        case "federation":
            return arm_connection_with_federation(client_id=client, subject=SUBJECT, **common)
        case "system_identity":
            return arm_connection_with_managed_identity(**common)
        case "user_identity":
            return arm_connection_with_managed_identity(client_id=client, **common)


class _Common(TypedDict):
    tenant_id: str
    subscription_id: str
    subscription_name: str
    id: str
    cloud: AzureEnvironment
