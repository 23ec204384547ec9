"""A native container app and its revisions. State only.

Shapes: recorded traffic of https://github.com/Azure/azure-cli (containerapp tests: …_ingress_traffic_e2e,
…_update_containers, …_scale_revision_copy) and https://github.com/Azure/azure-cli-extensions (containerapp).
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tests.local_azure.state.function_keys import FunctionKeys
from tests.local_azure.state.site import CONTAINER_APPS_DOMAIN
from tests.local_azure.state.subscription import group_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_azure.state.principal import Principal

EVENTS_HOST = "westeurope.azurecontainerapps.dev"


@dataclass(kw_only=True, slots=True)
class Revision:
    """One template of an app, and what became of it."""

    name: str
    template: dict[str, Any]
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    active: bool = True
    ready: bool = False
    was_ready: bool = False
    restarts: int = 0
    details: str = ""
    """What is told of its container while it is not ready."""
    digest: str = ""
    """Of the image that its container runs."""
    port: int | None = None
    """Where the container answers on this machine."""
    calls: int = 0
    """How many requests the app's own name brought it."""

    @property
    def image(self) -> str:
        """The image of its first container."""
        return str(self.template["containers"][0]["image"])

    @property
    def states(self) -> dict[str, str]:
        """Its three states, as recorded: `Failed` comes only when the platform has given up."""
        if not self.active:
            return {"provisioningState": "Deprovisioned", "runningState": "Stopped", "healthState": "None"}
        if self.ready:
            states = ("Provisioned", "RunningAtMaxScale", "Healthy")
        else:
            states = ("Provisioning", "Processing", "Unhealthy" if self.restarts else "None")
        return dict(zip(("provisioningState", "runningState", "healthState"), states, strict=True))


@dataclass(kw_only=True, slots=True)
class ContainerApp:
    """A container app of the kind `functionapp`."""

    name: str
    resource_group: str
    identity: Principal | None
    configuration: dict[str, Any]
    template: dict[str, Any]
    revisions: list[Revision] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    """Its system log."""
    keys: FunctionKeys = field(default_factory=FunctionKeys, repr=False)
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    """Opens the system log."""
    busy_until: float = 0.0
    """Monotonic time until which an operation is under way."""
    failed: str = ""
    """Why the last operation failed."""

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{group_id(self.resource_group)}/providers/Microsoft.App/containerApps/{self.name}"

    @property
    def host(self) -> str:
        """The name that leads to whichever revisions have traffic."""
        return f"{self.name}.{CONTAINER_APPS_DOMAIN}"

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way."""
        return time.monotonic() < self.busy_until

    @property
    def latest(self) -> Revision | None:
        """The revision that was made last."""
        return self.revisions[-1] if self.revisions else None

    @property
    def latest_ready(self) -> Revision | None:
        """The revision that became ready last."""
        return next((one for one in reversed(self.revisions) if one.was_ready), None)

    @property
    def traffic(self) -> list[dict[str, Any]]:
        """The configured distribution."""
        found: list[dict[str, Any]] = (self.configuration.get("ingress") or {}).get("traffic", [])
        return found

    def is_multiple(self) -> bool:
        """Say whether several revisions may be active."""
        return bool(self.configuration["activeRevisionsMode"] == "Multiple")

    def revision(self, name: str) -> Revision | None:
        """Return the revision of that name."""
        return next((one for one in self.revisions if one.name == name), None)

    def revision_at(self, host: str) -> Revision | None:
        """Return the revision that answers at a host name of its own."""
        return next((one for one in self.revisions if revision_host(one) == host), None)

    def served(self) -> Iterator[tuple[Revision, int]]:
        """Yield who gets how much of the traffic; what goes to the latest waits until that is ready.

        Source: https://learn.microsoft.com/azure/container-apps/revisions
        """
        latest = self.latest_ready
        if not self.is_multiple():
            if latest:
                yield latest, 100
            return
        for one in self.traffic:
            revision = latest if one.get("latestRevision") else self.revision(str(one.get("revisionName")))
            if revision is not None and int(one.get("weight") or 0):
                yield revision, int(one["weight"])

    def note(self, revision: Revision, reason: str, message: str, *, warning: bool = False) -> None:
        """Write a line of the system log."""
        self.events.append(
            {
                "TimeStamp": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} +0000 UTC",
                "Type": "Warning" if warning else "Normal",
                "ContainerAppName": self.name,
                "RevisionName": revision.name,
                "ReplicaName": "",
                "Msg": message,
                "Reason": reason,
                "EventSource": "ContainerAppController",
                "Count": 1,
            }
        )


def revision_host(revision: Revision) -> str:
    """Return the host name that leads to one revision, whatever traffic it has."""
    return f"{revision.name}.{CONTAINER_APPS_DOMAIN}"


def new_container_app(
    name: str, resource_group: str, identity: Principal, registry: str, *, multiple: bool
) -> ContainerApp:
    """Return an app without a revision yet, as `az containerapp create --kind functionapp` leaves it."""
    ingress = {
        "fqdn": f"{name}.{CONTAINER_APPS_DOMAIN}",
        "external": True,
        "targetPort": 80,
        "transport": "Auto",
        "traffic": [{"weight": 100, "latestRevision": True}],
    }
    return ContainerApp(
        name=name,
        resource_group=resource_group,
        identity=identity,
        configuration={
            "activeRevisionsMode": "Multiple" if multiple else "Single",
            "ingress": ingress,
            "secrets": None,
            "registries": [{"server": registry, "username": "", "passwordSecretRef": "", "identity": "system"}],
        },
        template={
            "revisionSuffix": "",
            "containers": [
                {"image": "", "name": name, "resources": {"cpu": 0.5, "memory": "1Gi"}, "env": [], "probes": []}
            ],
            "scale": {"minReplicas": 1, "maxReplicas": 1},
        },
    )
