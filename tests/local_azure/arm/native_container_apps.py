"""Microsoft.App: container apps, their revisions, replicas and functions. Routes over `Cloud`.

Answers as recorded traffic of https://github.com/Azure/azure-cli and azure-cli-extensions (containerapp tests).
"""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError, Operation
from tests.local_azure.front.routes import NotServedError
from tests.local_azure.state.container_app import EVENTS_HOST, ContainerApp, Revision, revision_host
from tests.local_azure.state.subscription import group_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tests.local_azure.container_apps.environment import Environment
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.state import Cloud

    OfApp = Callable[[ContainerApp, ArmCall], Awaitable[web.Response]]

APPS = "Microsoft.App/containerApps"
_VERSIONS = frozenset({"2026-01-01", "2025-10-02-preview"})
_APP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{APPS}/{{name}}"
_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.App/locations/{location}"
_RESULTS = f"{_LOCATION}/containerappOperationResults/{{id}}"
_SUFFIX = re.compile(r"^[a-z0-9](?!.*-{2})([-a-z0-9]*[a-z0-9])?$")
_WRITABLE = frozenset({"template", "configuration"})


class NativeContainerApps:
    """The container apps of the subscription."""

    def __init__(self, cloud: Cloud, environment: Environment) -> None:
        self._cloud = cloud
        self._environment = environment
        self._operations: dict[str, ContainerApp] = {}

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        revision = f"{_APP}/revisions/{{revision}}"
        return (
            self._on("GET", _APP, "read", self._get),
            self._on("PATCH", _APP, "write", self._patch),
            self._on("POST", f"{_APP}/getAuthToken", "getAuthToken/action", self._token),
            self._on("GET", revision, "revisions/read", self._revision),
            self._on("GET", f"{revision}/replicas", "revisions/replicas/read", self._replicas),
            self._on("GET", f"{revision}/functions", "revisions/functions/read", self._functions),
            self._on("POST", f"{revision}/deactivate", "revisions/deactivate/action", self._deactivate),
            Operation(
                method="GET",
                template=_RESULTS,
                action="Microsoft.App/locations/containerappOperationResults/read",
                versions=_VERSIONS,
                parameters=frozenset({"t"}),
                answer=self._operation,
            ),
        )

    def _on(self, method: str, template: str, action: str, answer: OfApp) -> Operation:
        async def found(call: ArmCall) -> web.Response:
            return await answer(self._app(call), call)

        return Operation(method=method, template=template, action=f"{APPS}/{action}", versions=_VERSIONS, answer=found)

    def _app(self, call: ArmCall) -> ContainerApp:
        group, name = call.values["group"], call.values["name"]
        app = self._cloud.container_apps.get(f"{group_id(group)}/providers/{APPS}/{name}".lower())
        if app is None:
            # https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
            text = f"The Resource '{APPS}/{name}' under resource group '{group}' was not found."
            raise ArmError(404, "ResourceNotFound", text)
        return app

    def _found(self, app: ContainerApp, call: ArmCall) -> Revision:
        name = call.values["revision"]
        revision = app.revision(name)
        if revision is None:
            raise ArmError(404, "RevisionNotFound", f"The revision '{name}' was not found.")
        return revision

    async def _get(self, app: ContainerApp, _call: ArmCall) -> web.Response:
        """Return the app. Source: https://learn.microsoft.com/rest/api/containerapps/container-apps/get."""
        return web.json_response(_resource(app))

    async def _patch(self, app: ContainerApp, call: ArmCall) -> web.Response:
        """Merge what was sent: objects are merged and lists are replaced; a change of the template is a revision.

        Source: https://learn.microsoft.com/rest/api/containerapps/container-apps/update
        """
        sent = (await call.body()).get("properties", {})
        if set(sent) - _WRITABLE:
            raise NotServedError(f"a PATCH of {sorted(sent)}")
        if app.is_busy:
            text = f"Cannot modify a container app '{app.name}' because there is an active provisioning operation"
            raise ArmError(409, "ContainerAppOperationInProgress", f"{text} in progress. OperationId: '7'")
        configuration = merged(app.configuration, sent.get("configuration", {}))
        _check_traffic(app, configuration, sent.get("template"))
        template = merged(app.template, sent["template"]) if "template" in sent else None
        if template is not None:
            await self._check_image(app, template)
        app.configuration = configuration
        if template is not None:
            self._revise(app, template)
        return self._accepted(app)

    async def _check_image(self, app: ContainerApp, template: JSON) -> None:
        """Refuse an image that cannot be pulled; an unchanged reference is not looked up.

        Source: https://learn.microsoft.com/azure/container-apps/troubleshoot-image-pull-failures
        """
        one = template["containers"][0]
        if one["image"] == app.template["containers"][0]["image"]:
            return
        if words := await self._environment.check_image(app, one["image"]):
            field = f"Field 'template.containers.{one['name']}.image' is invalid with details"
            detail = f"'Invalid value: \"{one['image']}\": GET https:: {words}'"
            text = f"The following field(s) are either invalid or missing. {field}: {detail};."
            raise ArmError(400, "InvalidParameterValueInContainerTemplate", text)

    def _revise(self, app: ContainerApp, template: JSON) -> None:
        suffix = template.get("revisionSuffix") or f"{len(app.revisions) + 1:07}"
        if not _SUFFIX.match(suffix) or app.revision(f"{app.name}--{suffix}"):
            text = f"Field 'template.revisionsuffix' is invalid: revision with suffix {suffix} already exists."
            raise ArmError(400, "ContainerAppOperationError", text)
        app.template = template
        self._environment.begin(app, Revision(name=f"{app.name}--{suffix}", template=template))

    def _accepted(self, app: ContainerApp) -> web.Response:
        """Answer that the change began, and where to ask for its end."""
        app.busy_until = time.monotonic() + self._environment.operation * self._environment.second
        operation = str(uuid.uuid4())
        self._operations[operation] = app
        return web.Response(status=202, headers=self._location(operation))

    def _location(self, operation: str) -> Mapping[str, str]:
        scope = group_id("x").partition("/resourceGroups/")[0]
        path = f"{scope}/providers/Microsoft.App/locations/westeurope/containerappOperationResults/{operation}"
        address = f"https://{self._cloud.environment.resource_manager}{path}?api-version=2026-01-01&t=1"
        return {"Location": address, "Retry-After": "15"}

    async def _operation(self, call: ArmCall) -> web.Response:
        """Answer 202 while the change is under way, then with the whole app, whether or not its revision is ready."""
        operation = call.values["id"]
        app = self._operations.get(operation)
        if app is None:
            raise ArmError(404, "ResourceNotFound", "The operation was not found.")
        if app.is_busy:
            return web.Response(status=202, headers=self._location(operation))
        return web.json_response(_resource(app))

    async def _token(self, app: ContainerApp, _call: ArmCall) -> web.Response:
        """Return what opens the system log."""
        return web.json_response({"name": app.name, "properties": {"token": app.token}})

    async def _revision(self, app: ContainerApp, call: ArmCall) -> web.Response:
        """Return one revision."""
        one = self._found(app, call)
        weights = {revision.name: weight for revision, weight in app.served()}
        properties = {
            "createdTime": one.created.isoformat(),
            "fqdn": revision_host(one) if app.configuration.get("ingress") else "",
            "template": one.template,
            "active": one.active,
            "replicas": int(one.active),
            "trafficWeight": weights.get(one.name, 0),
            **one.states,
        }
        return web.json_response({"id": f"{app.id}/revisions/{one.name}", "name": one.name, "properties": properties})

    async def _replicas(self, app: ContainerApp, call: ArmCall) -> web.Response:
        """Return the revision's one replica; none of an inactive one."""
        one = self._found(app, call)
        container = {
            "name": one.template["containers"][0]["name"],
            "ready": one.ready,
            "started": one.ready,
            "restartCount": one.restarts,
            "runningState": "Running" if one.ready else "Waiting",
            "runningStateDetails": one.details,
        }
        replica = {"name": f"{one.name}-5bf79fc6b4-7rc5z", "properties": {"containers": [container]}}
        return web.json_response({"value": [replica] if one.active else []})

    async def _functions(self, app: ContainerApp, call: ArmCall) -> web.Response:
        """Return the functions of a revision; without a host that answers, there are none to tell."""
        one = self._found(app, call)
        listed = await self._environment.functions(one)
        if listed is None:
            raise ArmError(404, "NotFound", "The functions host of the revision does not respond.")
        return web.json_response({"value": [_function(app, one, item) for item in listed]})

    async def _deactivate(self, app: ContainerApp, call: ArmCall) -> web.Response:
        """End a revision."""
        await self._environment.deactivate(self._found(app, call))
        return web.json_response({})


def merged(old: JSON, new: JSON) -> JSON:
    """Return what a merge patch makes of an object (RFC 7386)."""
    both = {name: merged(old[name], one) for name, one in new.items() if isinstance(one, dict) and old.get(name)}
    return {**old, **new, **both}


def _check_traffic(app: ContainerApp, configuration: JSON, template: JSON | None) -> None:
    """Refuse a distribution that names no revision there is or will be, or is not of 100 percent."""
    entries = (configuration.get("ingress") or {}).get("traffic", [])
    coming = f"{app.name}--{(template or {}).get('revisionSuffix')}"
    names = {str(one["revisionName"]) for one in entries if not one.get("latestRevision")}
    unknown = {name for name in names - {coming} if (found := app.revision(name)) is None or not found.active}
    total = sum(int(one.get("weight") or 0) for one in entries)
    if unknown or (entries and total != 100):
        text = f"The traffic is invalid: {sorted(unknown)} do not exist or are inactive; the weights sum up to {total}."
        raise ArmError(400, "ContainerAppInvalidTraffic", text)


def _resource(app: ContainerApp) -> JSON:
    latest, ready = app.latest, app.latest_ready
    properties: dict[str, Any] = {
        "provisioningState": "InProgress" if app.is_busy else "Succeeded",
        "runningStatus": "Running",
        "latestRevisionName": latest.name if latest else "",
        "latestReadyRevisionName": ready.name if ready else "",
        "latestRevisionFqdn": revision_host(latest) if latest else "",
        "configuration": app.configuration,
        "template": app.template,
        "eventStreamEndpoint": f"https://{EVENTS_HOST}{app.id}/eventstream",
    }
    own = {"principalId": app.identity.object_id} if app.identity else {}
    return {
        "id": app.id.replace("containerApps", "containerapps"),
        "name": app.name,
        "type": APPS,
        "location": "West Europe",
        "kind": "functionapp",
        "identity": {"type": "SystemAssigned" if own else "None", **own},
        "properties": properties,
    }


def _function(app: ContainerApp, revision: Revision, item: JSON) -> JSON:
    bindings = (item.get("config") or {}).get("bindings", [])
    trigger = next((str(one["type"]) for one in bindings if str(one["type"]).lower().endswith("trigger")), "")
    properties = {"name": item["name"], "triggerType": trigger, "language": "python", "isDisabled": False}
    return {"id": f"{app.id}/revisions/{revision.name}/functions/{item['name']}", "properties": properties}
