"""Where the acceptance runs: a subscription of your own by the Azure CLI, or the local Azure without containers."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.acceptance.steps import BROKEN, REPOSITORY, Names
from tests.agent.endpoints import arm_connection_with_managed_identity
from tests.faults.child import LIMITS
from tests.faults.paper_azure import QUICK, PaperAzure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.agent.endpoints import Endpoint

TAGS = ("purpose=function-app-container-acceptance", f"run={os.environ.get('BUILD_BUILDID', 'by-hand')}")
"""Tags to find a group by that was left over."""
BASE = "mcr.microsoft.com/azure-functions/python:4-python3.11"


class Place(Protocol):
    """Somewhere that the steps can run."""

    @property
    def names(self) -> Names:
        """The names of what is created."""

    def create(self) -> None:
        """Create the group, the registry, the app with its slot, and the container app."""

    def delete(self) -> None:
        """Delete all of it, also what a failed creation has left."""

    @property
    def machine(self) -> Mapping[str, str]:
        """The environment of the machine."""

    @property
    def child(self) -> Mapping[str, Any]:
        """How the program's process is to be started."""

    @property
    def secrets(self) -> frozenset[str]:
        """Secrets of this place that a recording may not show."""

    @property
    def access_token(self) -> str:
        """The token of the job."""

    @property
    def connection(self) -> Endpoint:
        """The service connection."""


@dataclass(frozen=True, kw_only=True)
class AzureByCli:
    """A subscription that `az` is signed in to. It was written for real Azure and has never run against it."""

    names: Names
    location: str
    sku: str
    access_token: str = "there-is-no-job"
    secrets: frozenset[str] = frozenset()

    @classmethod
    def signed_in(cls, location: str, sku: str) -> AzureByCli:
        """Return the subscription that `az` uses, with names that nobody has yet."""
        account = json.loads(az("account", "show"))
        name = f"fac{secrets.token_hex(6)}"  # names of apps and registries are global
        return cls(
            names=Names(
                subscription=account["id"],
                tenant=account["tenantId"],
                group=f"rg-{name}",
                app=name,
                slot="staging",
                container_app=f"{name}c",
                registry=f"{name}r.azurecr.io",
            ),
            location=location,
            sku=sku,
        )

    def create(self) -> None:
        """Create everything in one group, which has a tag to find it by."""
        for command in self.creating():
            az(*command)

    def delete(self) -> None:
        """Delete the group, where it was created."""
        if json.loads(az("group", "exists", "--name", self.names.group)):
            az("group", "delete", "--name", self.names.group, "--yes")

    def creating(self) -> tuple[Sequence[str], ...]:
        """Return the commands that create everything, in their order."""
        names, group = self.names, ("--resource-group", self.names.group)
        registry, plan = names.registry.partition(".")[0], ("--plan", "plan", "--storage-account", names.app)
        hosted = (*group, "--functions-version", "4", "--disable-app-insights", "true", "--image", BASE)
        environment = ("--environment", "environment", "--storage-account", names.app)
        return (
            ("group", "create", "--name", names.group, "--location", self.location, "--tags", *TAGS),
            ("acr", "create", "--name", registry, *group, "--sku", "Basic", "--admin-enabled", "false"),
            ("storage", "account", "create", "--name", names.app, *group, "--sku", "Standard_LRS"),
            ("functionapp", "plan", "create", "--name", "plan", *group, "--is-linux", "--sku", self.sku),
            ("functionapp", "create", "--name", names.app, *plan, *hosted),
            ("functionapp", "deployment", "slot", "create", "--name", names.app, *group, "--slot", names.slot),
            ("containerapp", "env", "create", "--name", "environment", *group, "--location", self.location),
            ("functionapp", "create", "--name", names.container_app, *environment, *hosted),
            *self._pull_access(),
        )

    def _pull_access(self) -> tuple[Sequence[str], ...]:
        """Return the commands after which the container app pulls with its own identity."""
        app = ("--name", self.names.container_app, "--resource-group", self.names.group)
        return (
            ("functionapp", "identity", "assign", *app),
            (
                "functionapp",
                "config",
                "container",
                "set",
                *app,
                "--image",
                BASE,
                "--registry-server",
                self.names.registry,
            ),
        )

    @property
    def machine(self) -> Mapping[str, str]:
        """The environment of this machine."""
        kept = ("PATH", "HOME", "LANG", "DOCKER_HOST", "AZURE_CONFIG_DIR", "HTTPS_PROXY", "NO_PROXY")
        return {name: os.environ[name] for name in kept if name in os.environ}

    @property
    def child(self) -> Mapping[str, Any]:
        """Sign in by `az`, with the task's own limits and the machine's Docker."""
        return {"signed_in_by_az": True}

    @property
    def connection(self) -> Endpoint:
        """A connection of the machine's identity, for which `az` stands in."""
        return arm_connection_with_managed_identity(
            tenant_id=self.names.tenant, subscription_id=self.names.subscription
        )


@dataclass(kw_only=True)
class PaperPlace:
    """The local Azure with containers of paper: it needs neither Docker nor root."""

    azure: PaperAzure
    sources: Path
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(
            subscription=self.azure.subscription_id,
            tenant=self.azure.tenant_id,
            group="rg-func",
            app="fac0123456789ab",
            slot="staging",
            container_app="fac0123456789abc",
            registry="fac0123456789abr.azurecr.io",
        )

    def create(self) -> None:
        """Have the local Azure hold what `AzureByCli` creates."""
        names, azure = self.names, self.azure
        azure.use_weather(QUICK)
        registry = azure.add_registry(names.registry.partition(".")[0])
        store = azure.store(registry.login_server)
        store.put(REPOSITORY, ("0",), b"the image before")
        image, settings = f"{names.registry}/{REPOSITORY}:0", {"STORED_SECRET": "canary-of-a-setting"}
        app = azure.add_running_app(names.app, image, pull="managed_identity", settings=settings)
        azure.add_running_slot(app, image, name=names.slot, pull="managed_identity", settings=settings)
        entry = {"server": registry.login_server, "identity": "system"}
        container_app = azure.add_paper_container_app(names.container_app, image, settings=settings, entry=entry)
        if container_app.identity:
            azure.grant(container_app.identity, "AcrPull", registry.id)
        broken = (self.sources / BROKEN).read_bytes()
        bad = store.put("broken", ("x",), broken)
        azure.crash_where(lambda digest: digest == bad)
        roles = {f"/subscriptions/{azure.subscription_id}": "Owner"}
        azure.assign_to_machine(own=azure.add_principal("machine", roles=roles), users=[])

    def delete(self) -> None:
        """Empty the local Azure."""
        self.azure.reset()

    @property
    def machine(self) -> Mapping[str, str]:
        """A machine with an identity of its own."""
        path = f"{Path(shutil.which('node') or '').parent}:/usr/bin:/bin"
        return {"PATH": path, "LANG": "C.UTF-8", **self.azure.environment, **self.azure.machine_environment("imds")}

    @property
    def child(self) -> Mapping[str, Any]:
        """Build with paper, and wait as short as the platform here is quick."""
        return {
            "signed_in_by_az": False,
            "stores": self.azure.stores(),
            "limits": {**LIMITS, "http_read": 5.0, "http_total": 10.0},
        }

    @property
    def secrets(self) -> frozenset[str]:
        """Those of the settings."""
        return frozenset({"canary-of-a-setting", self.azure.job_access_token})

    @property
    def access_token(self) -> str:
        """The token that the local Azure DevOps knows."""
        return self.azure.job_access_token

    @property
    def connection(self) -> Endpoint:
        """A connection of the machine's identity."""
        return arm_connection_with_managed_identity(
            tenant_id=self.names.tenant, subscription_id=self.names.subscription
        )


def az(*words: str) -> str:
    """Run a command of the Azure CLI, and return what it prints. Raises subprocess.CalledProcessError."""
    command = ["az", *words, "--output", "json", "--only-show-errors"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
