"""A scene on the local Azure: what it begins with, and the connections of its step."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

from tests.agent.endpoints import (
    arm_connection_with_certificate,
    arm_connection_with_federation,
    arm_connection_with_key,
    arm_connection_with_managed_identity,
    docker_connection,
)
from tests.faults.paper_azure import QUICK
from tests.faults.paper_host import FAILS
from tests.faults.scenes import NEW, OLD, REPOSITORY, SECRET
from tests.local_azure.registries.docker_registries import HARBOR, PASSWORD, USER, harbor
from tests.local_azure.state.client_certificate import new_client_certificate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.agent.endpoints import Endpoint
    from tests.faults.container_app_state import ContainerAppState
    from tests.faults.paper_azure import PaperAzure
    from tests.faults.scenes import Scene
    from tests.local_azure.state.insights import Component
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.site import Site

_SUBJECT = "sc://contoso/Functions/azure"
_SETTINGS = {"OLD_SECRET": "canary-of-the-old-setting", "COLOR": "blue", "SIZE": "small"}
_CERTIFICATE = new_client_certificate()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A scene, arranged."""

    scene: Scene
    azure: PaperAzure
    registry: RegistryState
    site: Site
    """The app that is to run the new image: of a swap, production."""
    container_app: ContainerAppState | None
    """The app that the step is about, where that is not `site`."""
    component: Component
    connections: tuple[Endpoint, ...]
    old_digest: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    slot: Site | None = None
    """Of a swap."""

    @property
    def host(self) -> str:
        """The registry that the step is about."""
        return HARBOR if self.scene.registry_connection == "harbor" else self.registry.login_server

    @property
    def hosts_of_the_app(self) -> tuple[str, ...]:
        """How the hosts begin at which the app itself answers."""
        return (self.container_app.name, self.site.host) if self.container_app else (self.site.host,)

    @property
    def machine(self) -> Mapping[str, str]:
        """What the agent's machine has in its environment to sign in."""
        sign_in = self.scene.sign_in
        return self.azure.machine_environment(sign_in) if sign_in in {"imds", "app_service"} else {}


def arrange(scene: Scene, azure: PaperAzure) -> Stage:
    """Have the local Azure hold what a scene begins with, and nothing else."""
    azure.reset()
    azure.use_weather(QUICK)
    azure.crash_where(lambda _: False)
    registry = azure.add_registry("contoso")
    registry.admin_user_enabled = True
    old = _stored(scene, azure, registry.login_server)
    component = azure.add_component("shop-insights")
    settings = {**_SETTINGS, "APPLICATIONINSIGHTS_CONNECTION_STRING": component.connection_string}
    image = f"{registry.login_server}/{REPOSITORY}:{OLD}"
    site = _site(scene, azure, image, settings)
    slot = _slot_to_swap(scene, azure, site, settings) if scene.swaps else None
    app = _container_app(scene, azure, registry, image, settings) if scene.on_container_apps else None
    inputs = {**scene.inputs}
    if "pullIdentity" in inputs:
        inputs["pullIdentity"], _ = azure.add_identity("puller")
    azure.crash_where(lambda digest: scene.crashes and digest != old)
    connections = _connections(scene, azure, registry)
    return Stage(
        scene=scene,
        azure=azure,
        registry=registry,
        site=site,
        container_app=app,
        component=component,
        connections=tuple(connections.values()),
        old_digest=old,
        inputs={name: one.id for name, one in connections.items()} | _inputs(inputs, scene),
        slot=slot,
    )


def _slot_to_swap(scene: Scene, azure: PaperAzure, site: Site, settings: Mapping[str, str]) -> Site:
    """Return a slot that runs the new image, where production pulls in another way or has no answer for a test."""
    image = f"contoso.azurecr.io/{REPOSITORY}:{NEW}"
    slot = azure.add_running_slot(site, image, name=scene.slot, pull=scene.pull, settings=settings)
    site.config["acrUseManagedIdentityCreds"] = "appPullAccess" not in scene.inputs
    if scene.fails_in_production:
        site.settings[FAILS], slot.settings[FAILS] = "yes", "no"
        site.slot_names["appSettingNames"] = ["SIZE", FAILS]
    return slot


def checkout(folder: Path, dockerfile: str) -> Path:
    """Return a checkout with a Dockerfile."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    return folder


def _stored(scene: Scene, azure: PaperAzure, login_server: str) -> str:
    """Have the registries hold what they begin with, and return the digest of the app's image."""
    store = azure.store(login_server)
    store.forget_tag(REPOSITORY, NEW)
    if scene.registry_connection == "harbor":
        azure.add_docker_registry(harbor())
        azure.store(HARBOR).forget_tag(REPOSITORY, NEW)
    if scene.command in {"deploy", "swap"}:
        store.put(REPOSITORY, (NEW,), b"FROM scratch\n")
    return store.put(REPOSITORY, (OLD,), b"the old image")


def _site(scene: Scene, azure: PaperAzure, image: str, settings: Mapping[str, str]) -> Site:
    site = azure.add_running_app("shop-app", image, pull=scene.pull, settings=settings)
    site.slot_names.update({"appSettingNames": ["SIZE"], "connectionStringNames": ["Db"]})
    if scene.slot and not scene.swaps:
        site = azure.add_running_slot(site, image, name=scene.slot, pull=scene.pull, settings=settings)
    azure.assign_identity(site, "worker")
    return site


def _container_app(
    scene: Scene, azure: PaperAzure, registry: RegistryState, image: str, settings: Mapping[str, str]
) -> ContainerAppState:
    server, by_user = registry.login_server, scene.pull == "admin_user"
    own = {"username": registry.name, "passwordSecretRef": "registry-password"} if by_user else {"identity": "system"}
    app = azure.add_paper_container_app("shop-capp", image, settings=dict(settings), entry={"server": server, **own})
    app.traffic = [{"latestRevision": True, "weight": 100}] if scene.several_revisions else []
    if app.identity:
        azure.grant(app.identity, "AcrPull", registry.id)
    return app


def _inputs(inputs: Mapping[str, str], scene: Scene) -> dict[str, str]:
    named = {"imageName": REPOSITORY, "tags": NEW, **inputs}
    if scene.command not in {"build", "buildAndPush"}:
        named["appName"] = "shop-capp" if scene.on_container_apps else "shop-app"
    if scene.on_container_apps:
        named["resourceGroupName"] = "rg-func"
    if scene.command not in {"deploy", "swap"} and not scene.registry_connection:
        named["azureContainerRegistry"] = "contoso.azurecr.io"
    if scene.slot:
        named["slotName"] = scene.slot
    return named


def _connections(scene: Scene, azure: PaperAzure, registry: RegistryState) -> dict[str, Endpoint]:
    """Return the connections of the step, each by its input."""
    match scene.registry_connection:
        case "harbor":
            return {"containerRegistry": docker_connection(registry=HARBOR, user=USER, password=PASSWORD)}
        case "azure":
            user, password = registry.name, registry.admin_password
            own = docker_connection(registry=registry.login_server, user=user, password=password)
            return {"containerRegistry": own, "azureSubscription": _azure_connection(scene, azure)}
        case _:
            return {"azureSubscription": _azure_connection(scene, azure)}


def _azure_connection(scene: Scene, azure: PaperAzure) -> Endpoint:
    connection_id = str(uuid.uuid4())
    principal = azure.add_principal(
        "pipeline",
        secret=SECRET if scene.sign_in == "key" else None,
        certificate=_CERTIFICATE if scene.sign_in == "certificate" else None,
        federated_subject=_SUBJECT if scene.sign_in == "federation" else None,
        service_connection_id=connection_id,
        roles={f"/subscriptions/{azure.subscription_id}": "Owner"},
    )
    common: _Common = {
        "tenant_id": azure.tenant_id,
        "subscription_id": azure.subscription_id,
        "id": connection_id,
    }
    client = principal.client_id
    match scene.sign_in:
        case "certificate":
            return arm_connection_with_certificate(client_id=client, certificate=_CERTIFICATE.pem, **common)
        case "federation":
            return arm_connection_with_federation(client_id=client, subject=_SUBJECT, **common)
        case "key":
            return arm_connection_with_key(client_id=client, client_secret=SECRET, **common)
        case "imds" | "app_service":
            azure.assign_to_machine(own=azure.add_principal("machine"), users=[principal])
            return arm_connection_with_managed_identity(client_id=client, **common)


class _Common(TypedDict):
    tenant_id: str
    subscription_id: str
    id: str


def with_principal(stage: Stage, name: str, roles: Mapping[str, str]) -> Stage:
    """Return the stage with a connection whose identity has these roles, by their scopes, and no other."""
    azure, secret = stage.azure, "another-s3cret~of-the-pipeline"
    principal = azure.add_principal(name, secret=secret, roles=roles)
    connection = arm_connection_with_key(
        tenant_id=azure.tenant_id,
        client_id=principal.client_id,
        client_secret=secret,
        subscription_id=azure.subscription_id,
    )
    return replace(stage, connections=(connection,), inputs={**stage.inputs, "azureSubscription": connection.id})
