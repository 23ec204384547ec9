"""Finding a Functions app on Container Apps. Nothing here writes.

Sources: https://learn.microsoft.com/rest/api/containerapps/container-apps/get and
https://learn.microsoft.com/cli/azure/containerapp
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytask.cloud.arm import RESOURCES_VERSION
from pytask.decode import object_at, objects_at, text_at
from pytask.errors.app import AppAmbiguous
from pytask.errors.azure import ApiVersionUnsupported, AzureFailing, AzureRefused
from pytask.errors.container_app import ContainerAppHasNoSlots, ContainerAppIsNoFunctionApp, ContainerAppNotFound
from pytask.model.reference import is_dns_name
from pytask.targets.container_app.app import (
    VERSION,
    ContainerApp,
    commands,
    has_whole_containers,
    image_of,
    is_whole,
)
from pytask.targets.container_app.traffic import candidates

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.model import AppAddress

TYPE = "Microsoft.App/containerApps"
_READING = "read the container app"
_SHOWS_KIND = "2025-10-02-preview"
"""An api-version that certainly returns `kind`.
https://github.com/Azure/azure-cli-extensions/tree/main/src/containerapp/azext_containerapp/tests/latest/recordings"""
_AT_ONCE = 5
"""Apps of one environment that are updated at once: while revisions change, each needs its cores twice, of a quota that
the environment has. https://learn.microsoft.com/azure/container-apps/quotas"""
_INVISIBLE = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


def find_app(arm: Arm, address: AppAddress) -> ContainerApp | None:
    """Return the Functions app that an address names, as it is now; None when the connection can see none.

    Raises:
        AppAmbiguous: when more than one app has the name.
        AzureFailing: when the answer shows nothing of the app.
        ContainerAppNotFound: when the address is a resource ID that the connection cannot see.
        ContainerAppIsNoFunctionApp, ContainerAppHasNoSlots: when it is not a Functions app, or a slot was named.
    """
    path = _path(arm, address)
    resource = _visible(arm, path) if path else None
    if resource is None:
        if address.on_container_apps:
            where = f"the resource group {address.resource_group}"
            raise ContainerAppNotFound(app=address.name, where=where)
        return None
    if not object_at(resource, "properties"):
        raise _incomplete()
    _confirm_kind(arm, path, address.name, resource)
    if address.slot:
        raise ContainerAppHasNoSlots(app=address.name, slot=address.slot)
    return _app(path, address.name, resource)


def _visible(arm: Arm, path: str) -> JSONObject | None:
    """Return the container app; None when there is none, or when the cloud has no Container Apps."""
    try:
        return arm.find(path, doing=_READING, api_version=VERSION, none_for=_INVISIBLE)
    except (ApiVersionUnsupported, AzureRefused):
        return None


def read_app(arm: Arm, app: ContainerApp) -> ContainerApp:
    """Return the app as it is now.

    Raises:
        TaskFailure: when it cannot be read, or not whole: lists that are sent back replace everything that is there.
    """
    resource = arm.get(app.resource_id, doing=_READING, api_version=VERSION)
    if not is_whole(resource, app.container):
        raise _incomplete()
    return app.reading(resource)


def _incomplete() -> AzureFailing:
    detail = "the answer is not a whole container app"
    failure = AzureFailing(doing=_READING, status=HTTPStatus.OK.value, attempts=1, detail=detail)
    failure.leaves_open = False
    return failure


def serving(arm: Arm, app: ContainerApp) -> ContainerApp:
    """Return the app with the template of the revision that serves, because a later one may never have become ready.

    Revisions cannot be changed.
    Source: https://learn.microsoft.com/azure/container-apps/revisions
    """
    if app.ready_revision in {"", app.latest_revision}:
        return app
    path = f"{app.resource_id}/revisions/{app.ready_revision}"
    found = arm.find(path, doing="read the revision that serves", api_version=VERSION)
    template = object_at(found or {}, "properties", "template")
    return app.with_template(template) if has_whole_containers(template, app.container) else app


def repeated(arm: Arm, app: ContainerApp) -> str:
    """Return the only revision with traffic that has the latest ready revision's images; empty when there is none.

    So it is after a rollback, whose revision repeats the one that served before and gets no traffic of its own.
    """
    wanted = candidates(app)
    if not wanted:
        return ""
    images = {name: _images(arm, app, name) for name in (app.ready_revision, *wanted)}
    same = [name for name in wanted if images[name] and images[name] == images[app.ready_revision]]
    return same[0] if len(same) == 1 else ""


def _images(arm: Arm, app: ContainerApp, revision: str) -> tuple[tuple[str, str], ...]:
    path = f"{app.resource_id}/revisions/{revision}"
    found = arm.find(path, doing="read a revision with traffic", api_version=VERSION)
    containers = objects_at(found or {}, "properties", "template", "containers")
    return tuple((text_at(one, "name"), text_at(one, "image")) for one in containers)


def _app(path: str, name: str, resource: JSONObject) -> ContainerApp:
    group = path.split("/")[4]
    containers = objects_at(resource, "properties", "template", "containers")
    container = text_at(containers[0], "name") if containers else ""
    host = text_at(resource, "properties", "configuration", "ingress", "fqdn").lower()
    return ContainerApp(
        resource_id=path,
        name=text_at(resource, "name") or name,
        slot="",
        resource_group=group,
        url=f"https://{host}" if is_dns_name(host) else "",
        image=image_of(resource, container),
        stopped=text_at(resource, "properties", "runningStatus").lower() == "stopped",
        by_hand=commands(name, group, resource, container),
        container=container,
        resource=resource,
        workers=_environment(resource),
        at_once=_AT_ONCE,
        keeps_serving=True,
    )


def _environment(resource: JSONObject) -> str:
    """Return the app's environment; Azure gives its id under two names."""
    names = ("managedEnvironmentId", "environmentId")
    return next((found for name in names if (found := text_at(resource, "properties", name).lower())), "")


def _confirm_kind(arm: Arm, path: str, name: str, resource: JSONObject) -> None:
    """Raise ContainerAppIsNoFunctionApp unless its kind is functionapp; read it again if the answer has no kind."""
    kind = text_at(resource, "kind")
    if not kind:
        again = arm.find(path, doing=_READING, api_version=_SHOWS_KIND)
        kind = text_at(again or {}, "kind")
    if "functionapp" not in kind.lower():
        raise ContainerAppIsNoFunctionApp(app=name, kind=kind or "containerapp")


def _path(arm: Arm, address: AppAddress) -> str:
    """Return the app's path, or an empty one when there is none; look up its group only when it was not given."""
    if address.resource_group:
        subscription = address.subscription_id or arm.subscription
        group = quote(address.resource_group, safe="()")
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{TYPE}/{address.name}"
    wanted = f"resourceType eq '{TYPE}' and name eq '{address.name}'"
    path = f"/subscriptions/{arm.subscription}/resources"
    pages = arm.pages(path, doing="find the container app", params={"$filter": wanted}, api_version=RESOURCES_VERSION)
    ids = (text_at(item, "id") for item in pages)
    found = {one.lower(): one for one in ids if f"/{TYPE.lower()}/" in one.lower()}
    if len(found) > 1:
        raise AppAmbiguous(app=address.name, candidates="\n".join(sorted(found.values())))
    return next(iter(found.values()), "")
