"""What is run: each scene is an app in a subscription, and the step that deploys to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.agent.endpoints import arm_connection_with_federation, arm_connection_with_key
from tests.faults.paper_azure import QUICK
from tests.faults.paper_host import FAILS, FUNCTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.agent.endpoints import Endpoint
    from tests.faults.paper_azure import PaperAzure
    from tests.local_azure.state.insights import Component
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.site import Site

REPOSITORY, OLD, NEW = "shop", "1", "2"
SECRET = "cl1ent-s3cret~of-the-pipeline"
CANARIES = ("canary-of-the-new-setting", "canary-of-the-old-setting", SECRET)
"""Secrets of a run that no output may show."""
_SUBJECT = "sc://contoso/Functions/azure"
_SETTINGS = {"OLD_SECRET": "canary-of-the-old-setting", "COLOR": "blue", "SIZE": "small"}
_DEPLOYS = {
    "appSettings": "COLOR=green\nNEW_SECRET=canary-of-the-new-setting",
    "configurationStrings": "alwaysOn=true",
    "smokeTestPath": f"/api/{FUNCTION}",
    "verifyTimeoutMinutes": "0.1",
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One step, and the app that it finds."""

    name: str
    inputs: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    """The app settings that it asks for."""
    sticky: tuple[str, ...] = ()
    """Those of them that are to stay with their slot."""
    federated: bool = False
    pull: Literal["managed_identity", "admin_user"] = "managed_identity"
    """How the app pulls its image before the step."""
    crashes: bool = False
    """Whether the new image's container exits at once."""
    slot: str = ""
    fails_in_production: bool = False
    """Whether the app has no answer for the smoke test with production's slot settings."""

    @property
    def swaps(self) -> bool:
        """Whether the slot is swapped with production."""
        return self.command == "swap"

    @property
    def bad(self) -> bool:
        """Whether the new image does not run where it is wanted."""
        return self.crashes or self.fails_in_production

    @property
    def command(self) -> str:
        """What the step does."""
        return self.inputs["command"]

    @property
    def image(self) -> str:
        """The tag of the image that the step deploys."""
        return OLD if self.name == "restart" else NEW


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A scene, arranged."""

    scene: Scene
    azure: PaperAzure
    registry: RegistryState
    site: Site
    """The app that is to run the new image: of a swap, production."""
    component: Component
    connection: Endpoint
    old_digest: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    slot: Site | None = None
    """Of a swap."""


SCENES = (
    Scene(
        name="grant",
        pull="admin_user",
        settings={"COLOR": "green", "NEW_SECRET": "canary-of-the-new-setting"},
        inputs={**_DEPLOYS, "command": "buildPushDeploy", "appPullAccess": "managedIdentity"},
    ),
    Scene(
        name="roll back",
        crashes=True,
        slot="staging",
        settings={"COLOR": "green"},
        sticky=("COLOR",),
        inputs={
            **_DEPLOYS,
            "command": "buildPushDeploy",
            "appSettings": '[{"name": "COLOR", "value": "green", "slotSetting": true}]',
        },
    ),
    Scene(
        name="admin user",
        federated=True,
        settings={"NEW_SECRET": "canary-of-the-new-setting"},
        sticky=("NEW_SECRET",),
        inputs={
            **_DEPLOYS,
            "command": "deploy",
            "appPullAccess": "adminUser",
            "imageName": f"contoso.azurecr.io/{REPOSITORY}:{NEW}",
            "whenUnchanged": "skip",
            "appSettings": '[{"name": "NEW_SECRET", "value": "canary-of-the-new-setting", "slotSetting": true}]',
        },
    ),
    Scene(
        name="user identity",
        settings={"COLOR": "green", "NEW_SECRET": "canary-of-the-new-setting"},
        inputs={**_DEPLOYS, "command": "buildPushDeploy", "appPullAccess": "managedIdentity", "pullIdentity": "puller"},
    ),
    Scene(
        name="restart",
        inputs={
            "command": "deploy",
            "imageName": f"contoso.azurecr.io/{REPOSITORY}:{OLD}",
            "verifyTimeoutMinutes": "0.1",
        },
    ),
    Scene(
        name="swap",
        slot="staging",
        inputs={
            "command": "swap",
            "imageName": f"contoso.azurecr.io/{REPOSITORY}:{NEW}",
            "appPullAccess": "managedIdentity",
            "smokeTestPath": f"/api/{FUNCTION}",
            "verifyTimeoutMinutes": "0.1",
        },
    ),
    Scene(
        name="swap back",
        slot="staging",
        fails_in_production=True,
        inputs={
            "command": "swap",
            "imageName": "",
            "tags": "",
            "recordFile": "",
            "smokeTestPath": f"/api/{FUNCTION}",
            "verifyTimeoutMinutes": "0.05",
        },
    ),
    Scene(name="verification off", inputs={"command": "buildPushDeploy", "verify": "false", "deployBy": "digest"}),
    Scene(name="check", inputs={"command": "check", "resourceGroupName": "rg-func"}),
)


def arrange(scene: Scene, azure: PaperAzure) -> Stage:
    """Have the local Azure hold what a scene begins with, and nothing else."""
    azure.reset()
    azure.use_weather(QUICK)
    azure.host.crashes = lambda _: False
    registry = azure.add_registry("contoso")
    registry.admin_user_enabled = True
    store = azure.store(registry.login_server)
    store.forget_tag(REPOSITORY, NEW)
    old = store.put(REPOSITORY, (OLD,), b"the old image")
    if scene.inputs["command"] in {"deploy", "swap"}:
        store.put(REPOSITORY, (NEW,), b"FROM scratch\n")
    component = azure.add_component("shop-insights")
    settings = {**_SETTINGS, "APPLICATIONINSIGHTS_CONNECTION_STRING": component.connection_string}
    image = f"{registry.login_server}/{REPOSITORY}:{OLD}"
    site = azure.add_running_app("shop-app", image, pull=scene.pull, settings=settings)
    site.slot_names.update({"appSettingNames": ["SIZE"], "connectionStringNames": ["Db"]})
    slot = _slot_to_swap(scene, azure, site, settings) if scene.swaps else None
    if scene.slot and not scene.swaps:
        site = azure.add_running_slot(site, image, name=scene.slot, pull=scene.pull, settings=settings)
    azure.assign_identity(site, "worker")
    inputs = {**scene.inputs}
    if "pullIdentity" in inputs:
        inputs["pullIdentity"], _ = azure.add_identity("puller")
    azure.host.crashes = lambda digest: scene.crashes and digest != old
    return Stage(
        scene=scene,
        azure=azure,
        registry=registry,
        site=site,
        component=component,
        connection=_connection(scene, azure),
        old_digest=old,
        inputs=_inputs(inputs, scene),
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


def checkout(folder: Path) -> Path:
    """Return a checkout with a Dockerfile."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    return folder


def _inputs(inputs: Mapping[str, str], scene: Scene) -> dict[str, str]:
    named = {"imageName": REPOSITORY, "tags": NEW, "appName": "shop-app", **inputs}
    if named["command"] not in {"deploy", "swap"}:
        named["azureContainerRegistry"] = "contoso.azurecr.io"
    if scene.slot:
        named["slotName"] = scene.slot
    return named


def _connection(scene: Scene, azure: PaperAzure) -> Endpoint:
    connection_id = str(uuid.uuid4())
    principal = azure.add_principal(
        "pipeline",
        secret=None if scene.federated else SECRET,
        federated_subject=_SUBJECT if scene.federated else None,
        service_connection_id=connection_id,
        roles={f"/subscriptions/{azure.subscription_id}": "Owner"},
    )
    tenant, subscription = azure.tenant_id, azure.subscription_id
    if scene.federated:
        return arm_connection_with_federation(
            tenant_id=tenant,
            client_id=principal.client_id,
            subscription_id=subscription,
            subject=_SUBJECT,
            id=connection_id,
        )
    return arm_connection_with_key(
        tenant_id=tenant,
        client_id=principal.client_id,
        client_secret=SECRET,
        subscription_id=subscription,
        id=connection_id,
    )
