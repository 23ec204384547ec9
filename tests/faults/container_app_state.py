"""A container app and its revisions, which are ready or fail a moment after they were made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.local_azure.front.certificates import SYSTEM_LOG_HOST
from tests.local_azure.state.site import CONTAINER_APPS_DOMAIN
from tests.local_azure.state.subscription import SUBSCRIPTION_ID

if TYPE_CHECKING:
    from tests.local_azure.state.principal import Principal

TYPE, GROUP = "Microsoft.App/containerApps", "rg-func"
READY_AFTER = 0.15
"""Seconds after a change; it has ended then, too."""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A revision that the app was given."""

    name: str
    template: dict[str, Any]
    digest: str
    began: float
    crashes: bool

    @property
    def image(self) -> str:
        """The image of its one container."""
        return str(self.template["containers"][0]["image"])

    @property
    def is_ready(self) -> bool:
        """Whether it serves."""
        return not self.crashes and time.monotonic() >= self.began + READY_AFTER


@dataclass(kw_only=True)
class ContainerAppState:
    """The app, as everybody sees it."""

    name: str
    registries: list[dict[str, str]]
    identity: Principal | None = None
    revisions: list[Revision] = field(default_factory=list)
    operations: dict[str, float] = field(default_factory=dict)
    """When each change began, by the name of its operation."""
    traffic: list[dict[str, Any]] = field(default_factory=list)
    """Its distribution in multiple revision mode; empty in single revision mode."""

    @property
    def id(self) -> str:
        """Its resource ID."""
        return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{GROUP}/providers/{TYPE}/{self.name}"

    @property
    def template(self) -> dict[str, Any]:
        """What it is configured to run."""
        return self.revisions[-1].template

    @property
    def image(self) -> str:
        """The image that it is configured to run."""
        return self.revisions[-1].image

    @property
    def settings(self) -> dict[str, str]:
        """Its environment variables."""
        return {one["name"]: one["value"] for one in self.template["containers"][0]["env"]}

    @property
    def others(self) -> dict[str, Any]:
        """What no step changes."""
        container = {name: one for name, one in self.template["containers"][0].items() if name not in {"image", "env"}}
        return {"scale": self.template["scale"], "container": container}

    def settled(self) -> str:
        """Wait until the latest revision is ready or failed, and return the digest of the image that serves."""
        time.sleep(max(0.0, self.revisions[-1].began + READY_AFTER - time.monotonic()))
        return self.serving.digest if self.serving else ""

    @property
    def serving(self) -> Revision | None:
        """The revision that has the traffic."""
        name = next((one.get("revisionName") for one in self.traffic if one["weight"]), None)
        return next((one for one in self.revisions if one.name == name), self.ready)

    @property
    def ready(self) -> Revision | None:
        """The revision that became ready last."""
        return next((one for one in reversed(self.revisions) if one.is_ready), None)

    def called(self, host: str) -> Revision | None:
        """Return the revision that answers at a host."""
        return next((one for one in self.revisions if host == f"{one.name}.{CONTAINER_APPS_DOMAIN}"), None)


def shown(app: ContainerAppState) -> dict[str, Any]:
    """Return the app as ARM shows it."""
    ready = app.ready
    identity = {"type": "SystemAssigned", "principalId": app.identity.object_id} if app.identity else {"type": "None"}
    properties = {
        "provisioningState": "Succeeded",
        "runningStatus": "Running",
        "latestRevisionName": app.revisions[-1].name,
        "latestReadyRevisionName": ready.name if ready else "",
        "eventStreamEndpoint": f"https://{SYSTEM_LOG_HOST}{app.id}/eventstream",
        "configuration": {
            "activeRevisionsMode": "Multiple" if app.traffic else "Single",
            "ingress": {"fqdn": f"{app.name}.{CONTAINER_APPS_DOMAIN}", "external": True, "traffic": app.traffic},
            "registries": app.registries,
        },
        "template": app.template,
    }
    return {"id": app.id, "name": app.name, "kind": "functionapp", "identity": identity, "properties": properties}
