"""Finding the Function App or slot and its present configuration. Nothing here writes.

Sources: https://learn.microsoft.com/rest/api/appservice/web-apps/get,
https://learn.microsoft.com/cli/azure/functionapp/config/container, https://learn.microsoft.com/cli/azure/functionapp#az-functionapp-restart
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytask.background import Background
from pytask.cloud.answers import correlation_id
from pytask.cloud.arm import RESOURCES_VERSION, ArmCall, needed_object, needed_part
from pytask.decode import object_at, objects_at, text_at
from pytask.errors.app import AppAmbiguous, AppNotFound, SlotNotFound
from pytask.model import ByHand
from pytask.model.reference import is_dns_name
from pytask.targets.site.address import is_site_id
from pytask.targets.site.kind import is_on_container_apps, unfit
from pytask.targets.site.settings import read_settings
from pytask.targets.site.site import Site, az_flags, fx_version_in, image_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.model import AppAddress

_DOING = "read the Function App"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An app with everything that ARM returns about it."""

    site: Site
    resource: JSONObject
    settings: Mapping[str, str] | None
    """None when the connection may not read them."""
    at: float
    """When it was read, by the monotonic clock: no part of it is older."""


def find_app(arm: Arm, address: AppAddress) -> Found:
    """Return the app or slot as it is now; its three parts are requested at the same time, because each is slow.

    Raises:
        AppNotFound, AppAmbiguous, SlotNotFound: when it is missing or not unique.
        TaskFailure: when it is of a kind that cannot run a container image (`targets.site.kind`).
    """
    app_path = _site_path(arm, address)
    path = f"{app_path}/slots/{address.slot}" if address.slot else app_path
    at = arm.http.clock.monotonic()
    reading = Background(lambda: read_configuration(arm, path))
    listing = Background(lambda: read_settings(arm, path))
    invisible = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    answer = arm.send(ArmCall("GET", path, doing=_DOING, besides=invisible))
    if answer.status_code in invisible:
        _refuse(arm, address, app_path, answer)
    resource = needed_object(answer, _DOING)
    site = _site(address, path, resource, reading.result())
    if failure := unfit(address.name, resource, site.fx_version):
        raise failure
    return Found(site=site, resource=resource, settings=listing.result(), at=at)


def read_configuration(arm: Arm, path: str) -> JSONObject:
    """Return the properties of the site's configuration.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
    """
    doing = "read the app's configuration"
    return needed_part(arm.send(ArmCall("GET", f"{path}/config/web", doing=doing)), doing, "properties")


def _site(address: AppAddress, path: str, resource: JSONObject, configuration: JSONObject) -> Site:
    properties = object_at(resource, "properties")
    host = text_at(properties, "defaultHostName").lower()
    name, group = text_at(resource, "name").partition("/")[0] or address.name, path.split("/")[4]
    flags, fx_version = az_flags(name, group, address.slot), fx_version_in(configuration)
    return Site(
        resource_id=path,
        name=name,
        slot=address.slot,
        resource_group=group,
        url=f"https://{host}" if is_dns_name(host) else "",
        image=image_in(fx_version),
        stopped=text_at(properties, "state").lower() == "stopped",
        by_hand=ByHand(
            use_image=f"az functionapp config container set {flags} --image",
            restart=f"az functionapp restart {flags}",
        ),
        fx_version=fx_version,
        configuration=configuration,
        on_container_apps=is_on_container_apps(resource),
        workers=text_at(properties, "serverFarmId").lower(),
    )


def _refuse(arm: Arm, address: AppAddress, app_path: str, answer: HttpResponse) -> None:
    """Raise the failure for a missing slot or app; without a role on the group, Azure answers 403 for both."""
    correlation = correlation_id(answer)
    if address.slot:
        listed = arm.find(f"{app_path}/slots", doing="list the slots")
        if listed is not None:
            slots = [text_at(slot, "name").rpartition("/")[2] for slot in objects_at(listed, "value")]
            raise SlotNotFound(
                app=address.name, slot=address.slot, slots=", ".join(slots) or "none", correlation_id=correlation
            )
    where = f"the resource group {app_path.split('/')[4]} (Azure returned {answer.status_code})"
    raise AppNotFound(app=address.name, where=where, correlation_id=correlation)


def _site_path(arm: Arm, address: AppAddress) -> str:
    """Return the site's path; look its group up only when it was not given."""
    if address.resource_group:
        subscription = address.subscription_id or arm.subscription
        group = quote(address.resource_group, safe="()")
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{address.name}"
    ids = (text_at(item, "id") for item in _named(arm, address.name))
    found = {one.lower(): one for one in ids if is_site_id(one)}
    if not found:
        raise AppNotFound(app=address.name, where=f"the subscription {arm.subscription}")
    if len(found) > 1:
        raise AppAmbiguous(app=address.name, candidates="\n".join(sorted(found.values())))
    return next(iter(found.values()))


def _named(arm: Arm, name: str) -> list[JSONObject]:
    """Return the sites with this name that the connection can see.

    Source: https://learn.microsoft.com/rest/api/resources/resources/list
    """
    wanted = f"resourceType eq 'Microsoft.Web/sites' and name eq '{name}'"
    path = f"/subscriptions/{arm.subscription}/resources"
    pages = arm.pages(path, doing="find the Function App", params={"$filter": wanted}, api_version=RESOURCES_VERSION)
    return list(pages)
