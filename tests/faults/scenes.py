"""What is run: each scene is an app in a subscription, and a step that finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.faults.paper_host import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY, OLD, NEW = "shop", "1", "2"
SECRET = "cl1ent-s3cret~of-the-pipeline"
CANARIES = ("canary-of-the-new-setting", "canary-of-the-old-setting", "canary-of-the-build-secret", SECRET)
"""Secrets of a run that no output may show."""
SignIn = Literal["key", "certificate", "federation", "imds", "app_service"]
"""How the step's connection signs in; the last two are the endpoints of a machine's managed identity."""
_DEPLOYS = {
    "appSettings": "COLOR=green\nNEW_SECRET=canary-of-the-new-setting",
    "configurationStrings": "alwaysOn=true",
    "smokeTestPath": f"/api/{FUNCTION}",
    "verifyTimeoutMinutes": "0.1",
}
_RESTARTS = {
    "command": "deploy",
    "imageName": f"contoso.azurecr.io/{REPOSITORY}:{OLD}",
    "verifyTimeoutMinutes": "0.1",
}
_ON_CONTAINER_APPS = {
    "appSettings": "COLOR=green",
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
    sign_in: SignIn = "key"
    registry_connection: Literal["", "azure", "harbor"] = ""
    """Whose registry a Docker registry connection of the step is for; empty for a step without one."""
    several_revisions: bool = False
    """Whether the container app is in multiple revision mode."""
    on_container_apps: bool = False
    dockerfile: str = "FROM scratch\n"
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
    def deploys(self) -> bool:
        """Whether the step changes the app."""
        return self.command in {"buildPushDeploy", "deploy", "swap"}

    @property
    def pushes(self) -> bool:
        """Whether the step changes the registry."""
        return self.command in {"buildPushDeploy", "buildAndPush"}

    @property
    def image(self) -> str:
        """The tag of the image that the step deploys."""
        return OLD if self.inputs.get("imageName", "").endswith(f":{OLD}") else NEW


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
        sign_in="federation",
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
        inputs=_RESTARTS,
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
    Scene(
        name="buildOn acr",
        settings={"COLOR": "green", "NEW_SECRET": "canary-of-the-new-setting"},
        inputs={
            **_DEPLOYS,
            "command": "buildPushDeploy",
            "buildOn": "acr",
            "buildSecrets": "token=canary-of-the-build-secret",
            "resourceGroupName": "rg-func",
        },
    ),
    Scene(
        name="buildOn acr, build",
        inputs={"command": "build", "buildOn": "acr", "azureContainerRegistry": "contoso"},
    ),
    Scene(name="verification off", inputs={"command": "buildPushDeploy", "verify": "false", "deployBy": "digest"}),
    Scene(name="check", inputs={"command": "check", "resourceGroupName": "rg-func"}),
    Scene(name="certificate", sign_in="certificate", inputs=_RESTARTS),
    Scene(name="managed identity", sign_in="imds", inputs=_RESTARTS),
    Scene(name="identity endpoint", sign_in="app_service", inputs=_RESTARTS),
    Scene(
        name="registry connection",
        registry_connection="azure",
        inputs={"command": "buildPushDeploy", "smokeTestPath": f"/api/{FUNCTION}", "verifyTimeoutMinutes": "0.1"},
    ),
    Scene(name="harbor", registry_connection="harbor", inputs={"command": "buildAndPush"}),
    Scene(
        name="build cache",
        dockerfile="FROM scratch AS base\nCOPY . /\nFROM scratch\nCOPY --from=base / /\n",
        inputs={"command": "buildAndPush", "cache": "registry"},
    ),
    Scene(
        name="build",
        dockerfile=f"FROM contoso.azurecr.io/{REPOSITORY}:{OLD}\n",
        inputs={"command": "build"},
    ),
    Scene(
        name="container app",
        on_container_apps=True,
        pull="admin_user",
        settings={"COLOR": "green"},
        inputs={**_ON_CONTAINER_APPS, "command": "buildPushDeploy", "appPullAccess": "managedIdentity"},
    ),
    Scene(
        name="container app, roll back",
        on_container_apps=True,
        crashes=True,
        settings={"COLOR": "green"},
        inputs={**_ON_CONTAINER_APPS, "command": "buildPushDeploy"},
    ),
    Scene(
        name="revisions",
        on_container_apps=True,
        several_revisions=True,
        settings={"COLOR": "green"},
        inputs={**_ON_CONTAINER_APPS, "command": "buildPushDeploy"},
    ),
    Scene(
        name="revisions, roll back",
        on_container_apps=True,
        several_revisions=True,
        crashes=True,
        settings={"COLOR": "green"},
        inputs={**_ON_CONTAINER_APPS, "command": "buildPushDeploy"},
    ),
    Scene(
        name="container app, verification off",
        on_container_apps=True,
        inputs={"command": "buildPushDeploy", "resourceGroupName": "rg-func", "verify": "false"},
    ),
    Scene(
        name="container app, check", on_container_apps=True, inputs={"command": "check", "resourceGroupName": "rg-func"}
    ),
)
