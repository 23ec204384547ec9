"""Microsoft.App without containers: a container app whose revisions are ready, or fail, a moment after the change.

The answers have the shapes and the order of the traffic that azure-cli has recorded
(https://github.com/Azure/azure-cli, src/azure-cli/azure/cli/command_modules/containerapp/tests/latest/recordings).
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.faults.container_app_state import GROUP, READY_AFTER, TYPE, ContainerAppState, Revision, shown
from tests.faults.paper_host import AN_HOUR, FUNCTION
from tests.local_azure.arm.front import ArmCall, ArmError, Operation
from tests.local_azure.front.certificates import SYSTEM_LOG_HOST
from tests.local_azure.registries.acr import TOKEN_USER
from tests.local_azure.state.site import CONTAINER_APPS_DOMAIN
from tests.local_azure.state.subscription import SUBSCRIPTION_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.local_azure.registries.acr import ContainerRegistries
    from tests.local_azure.state.state import Cloud

_VERSIONS = frozenset({"2026-01-01", "2025-10-02-preview"})
_TOKEN_OF_THE_LOG = "t0ken-of-the-system-log"
_REFUSED = (
    "The following field(s) are either invalid or missing. Field 'template.containers.{name}.image' is invalid with "
    "details: 'Invalid value: \"{image}\": {why}';."
)


class PaperContainerApps:
    """The resource provider, the apps' own hosts, and the host of their system logs."""

    def __init__(
        self, cloud: Cloud, registries: ContainerRegistries, digest_of: Callable[[str, str, str], str | None]
    ) -> None:
        self._cloud = cloud
        self._registries = registries
        self._digest_of = digest_of
        self.crashes: Callable[[str], bool] = lambda _digest: False
        """Says whether the container of an image exits at once."""
        self.apps: dict[str, ContainerAppState] = {}

    def add(self, name: str, image: str, *, settings: dict[str, str], entry: dict[str, str]) -> ContainerAppState:
        """Create an app that has run an image for an hour; `entry` is how it signs in to the image's registry."""
        app = ContainerAppState(name=name, registries=[entry])
        if entry.get("identity") == "system":
            app.identity = self._cloud.add_principal(name)
        env = [{"name": one, "value": value} for one, value in settings.items()]
        container = {"name": name, "image": image, "env": env, "resources": {"cpu": 0.5, "memory": "1Gi"}}
        template = {"containers": [container], "scale": {"minReplicas": 1, "maxReplicas": 3}, "revisionSuffix": "first"}
        self._revise(app, template, began=time.monotonic() - AN_HOUR)
        self.apps[name.lower()] = app
        return app

    def operations(self) -> Sequence[Operation]:
        """Return what the resource provider answers."""
        below, one = (
            f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}/{{name}}",
            "{revision}",
        )
        places = "/subscriptions/{subscription}/providers/Microsoft.App/locations/{location}"
        of_locations = "Microsoft.App/locations/containerappOperationResults/read"
        known = (
            ("GET", below, f"{TYPE}/read", self._get),
            ("PATCH", below, f"{TYPE}/write", self._patch),
            ("GET", f"{below}/revisions/{one}", f"{TYPE}/revisions/read", self._get_revision),
            ("GET", f"{below}/revisions/{one}/replicas", f"{TYPE}/revisions/replicas/read", self._replicas),
            ("GET", f"{below}/revisions/{one}/functions", f"{TYPE}/revisions/functions/read", self._functions),
            ("POST", f"{below}/revisions/{one}/deactivate", f"{TYPE}/revisions/deactivate/action", self._deactivate),
            ("POST", f"{below}/getAuthToken", f"{TYPE}/getAuthToken/action", self._log_token),
            ("GET", f"{places}/containerappOperationResults/{{operation}}", of_locations, self._operation),
        )
        return [
            Operation(method=method, template=template, action=action, versions=_VERSIONS, answer=answer)
            for method, template, action, answer in known
        ]

    def serves(self, host: str) -> bool:
        """Answer for the apps and their system log."""
        return host.endswith(f".{CONTAINER_APPS_DOMAIN}") or host == SYSTEM_LOG_HOST

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Answer as the function does, or with the system log."""
        if host == SYSTEM_LOG_HOST:
            return self._log(request)
        revision = next(filter(None, (app.called(host) for app in self.apps.values())), None)
        return web.Response(text="Hello") if revision and revision.is_ready else web.Response(status=404)

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        """Return that status."""
        del request
        return web.Response(status=status)

    def _app(self, call: ArmCall) -> ContainerAppState:
        """Return the app of a call; raises ArmError where there is none.

        Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
        """
        group, name = call.values["group"], call.values["name"]
        if name.lower() not in self.apps or group.lower() != GROUP:
            text = f"The Resource '{TYPE}/{name}' under resource group '{group}' was not found."
            raise ArmError(404, "ResourceNotFound", text)
        return self.apps[name.lower()]

    def _revision(self, call: ArmCall) -> Revision:
        name = call.values["revision"]
        for revision in self._app(call).revisions:
            if revision.name == name:
                return revision
        raise ArmError(404, "RevisionNotFound", f"Revision '{name}' was not found.")

    async def _get(self, call: ArmCall) -> web.Response:
        return web.json_response(shown(self._app(call)))

    async def _patch(self, call: ArmCall) -> web.Response:
        """Take what is sent, a list as a whole, and make a revision of a template."""
        app, body = self._app(call), await call.body()
        sent = body.get("properties") or {}
        configuration = sent.get("configuration") or {}
        registries = configuration.get("registries", app.registries)
        if "template" in sent:
            self._confirm_pulled(app, {**app.template, **sent["template"]}, registries)
            self._revise(app, {**app.template, **sent["template"]}, began=time.monotonic())
        app.registries = registries
        app.traffic = (configuration.get("ingress") or {}).get("traffic", app.traffic)
        if "SystemAssigned" in (body.get("identity") or {}).get("type", "") and app.identity is None:
            app.identity = self._cloud.add_principal(app.name)
        operation = str(uuid.uuid4())
        app.operations[operation] = time.monotonic()
        place = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.App/locations/eastus2"
        where = f"https://management.azure.com{place}/containerappOperationResults/{operation}?api-version=2026-01-01"
        return web.Response(status=202, headers={"Location": where, "Retry-After": "15"})

    def _confirm_pulled(
        self, app: ContainerAppState, template: dict[str, Any], registries: Sequence[dict[str, str]]
    ) -> None:
        """Refuse an image that cannot be pulled, as Container Apps does at once."""
        image = str(template["containers"][0]["image"])
        host, _, repository = image.partition("@")[0].rpartition(":")[0].partition("/")
        entry = next((one for one in registries if one["server"] == host), {})
        user, password = entry.get("username"), entry.get("passwordSecretRef")
        registry = self._cloud.registry_at(host)
        if entry.get("identity") == "system" and app.identity and registry:
            user, password = TOKEN_USER, self._registries.refresh_token(registry, app.identity)
        if not self._registries.lets_pull(host, repository, user, password):
            text = _REFUSED.format(name=app.name, image=image, why="UNAUTHORIZED: authentication required")
            raise ArmError(400, "InvalidParameterValueInContainerTemplate", text)

    def _revise(self, app: ContainerAppState, template: dict[str, Any], *, began: float) -> None:
        name = f"{app.name}--{template['revisionSuffix']}"
        if any(one.name == name for one in app.revisions):
            return  # the same name once more makes none
        image = str(template["containers"][0]["image"])
        repository, _, digest = image.partition("@")
        host, _, path = repository.partition("/")
        tag = path.rpartition(":")[2] if ":" in path else ""
        found = digest or self._digest_of(host, path.removesuffix(f":{tag}"), tag) or ""
        revision = Revision(name=name, template=template, digest=found, began=began, crashes=self.crashes(found))
        app.revisions.append(revision)

    async def _get_revision(self, call: ArmCall) -> web.Response:
        one = self._revision(call)
        waits = time.monotonic() < one.began + READY_AFTER
        words = ("Provisioned", "Running", "Healthy")
        if not one.is_ready:
            words = ("Provisioning", "Processing", "None") if waits else ("Failed", "Failed", "Unhealthy")
        states = dict(zip(("provisioningState", "runningState", "healthState"), words, strict=True))
        properties = {**states, "template": one.template, "fqdn": f"{one.name}.{CONTAINER_APPS_DOMAIN}"}
        return web.json_response({"name": one.name, "properties": properties})

    async def _deactivate(self, call: ArmCall) -> web.Response:
        """Say that it was done; whether it is active decides nothing here."""
        self._revision(call)
        return web.json_response({})

    async def _replicas(self, call: ArmCall) -> web.Response:
        one = self._revision(call)
        container = {
            "name": "shop",
            "ready": one.is_ready,
            "started": one.is_ready,
            "restartCount": 3 if one.crashes else 0,
            "runningState": "Running" if one.is_ready else "Waiting",
            "runningStateDetails": "Container 'shop' was terminated with exit code '1'" if one.crashes else "",
        }
        replica = {"name": f"{one.name}-5bf79fc6b4-7rc5z", "properties": {"containers": [container]}}
        return web.json_response({"value": [replica]})

    async def _functions(self, call: ArmCall) -> web.Response:
        self._revision(call)
        properties = {"name": FUNCTION, "triggerType": "httpTrigger", "language": "python", "isDisabled": False}
        return web.json_response({"value": [{"properties": properties}]})

    async def _log_token(self, call: ArmCall) -> web.Response:
        return web.json_response({"name": self._app(call).name, "properties": {"token": _TOKEN_OF_THE_LOG}})

    async def _operation(self, call: ArmCall) -> web.Response:
        began = next((app.operations.get(call.values["operation"]) for app in self.apps.values()), None)
        if began is None:
            raise ArmError(404, "NotFound", "There is no such operation.")
        done = time.monotonic() >= began + READY_AFTER
        return web.json_response({"status": "Succeeded"}) if done else web.Response(status=202)

    def _log(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {_TOKEN_OF_THE_LOG}":
            return web.Response(status=401)
        return web.Response(text="".join(f"{json.dumps(one)}\n" for one in self._events()))

    def _events(self) -> Iterator[dict[str, str]]:
        for one in (revision for app in self.apps.values() for revision in app.revisions if revision.crashes):
            told = "Container shop failed: exit code 1"
            yield {"Type": "Warning", "Reason": "ContainerTerminated", "Msg": told, "RevisionName": one.name}
