"""Finding the Function App, with what it is configured with now. Reads only.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from azure.mgmt.web.models import Site, SiteConfigResource

from pytask.cloud.answers import correlation_id
from pytask.cloud.arm import RESOURCES_VERSION
from pytask.errors.app import AppAmbiguous, AppNotFound
from pytask.model import Target

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.model import AppAddress

_FOUND_OR_NOT = frozenset({200, 403, 404})
_FOUND = 200


def find_target(arm: Arm, address: AppAddress) -> Target:
    """Give the app as it is now.

    Raises:
        AppNotFound: when the connection sees none of that name.
        AppAmbiguous: when it sees several.
    """
    path = _site_path(arm, address)
    answer = arm.send("GET", path, doing="read the Function App", accept=_FOUND_OR_NOT)
    if answer.status_code != _FOUND:
        # Without a role on the group, Azure answers 403 also for an app that does not exist.
        where = f"the resource group {path.split('/')[4]} (answer {answer.status_code})"
        raise AppNotFound(app=address.name, where=where, correlation_id=correlation_id(answer))
    site = Site(answer.json())
    configuration = read_configuration(arm, path)
    return Target(
        resource_id=path,
        name=str(site.name),
        resource_group=path.split("/")[4],
        url=f"https://{site.properties.default_host_name}" if site.properties else "",
        fx_version=configuration.properties.linux_fx_version or "" if configuration.properties else "",
        state=str(site.properties.state or "") if site.properties else "",
    )


def read_configuration(arm: Arm, path: str) -> SiteConfigResource:
    """Give the site's configuration.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
    """
    return SiteConfigResource(arm.send("GET", f"{path}/config/web", doing="read the app's configuration").json())


def _site_path(arm: Arm, address: AppAddress) -> str:
    """Give the path of the site; its group is looked up only when nobody said it."""
    if address.resource_group:
        subscription = address.subscription_id or arm.subscription
        group = quote(address.resource_group, safe="()")
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{address.name}"
    found = {str(item["id"]).lower(): str(item["id"]) for item in _named(arm, address.name)}
    if not found:
        raise AppNotFound(app=address.name, where=f"the subscription {arm.subscription}")
    if len(found) > 1:
        raise AppAmbiguous(app=address.name, candidates="\n".join(sorted(found.values())))
    return next(iter(found.values()))


def _named(arm: Arm, name: str) -> list[dict[str, str]]:
    """Give the sites of that name; the filter leaves out what the connection may not see.

    Source: https://learn.microsoft.com/rest/api/resources/resources/list
    """
    wanted = f"resourceType eq 'Microsoft.Web/sites' and name eq '{name}'"
    path = f"/subscriptions/{arm.subscription}/resources"
    pages = arm.pages(path, doing="find the Function App", params={"$filter": wanted}, api_version=RESOURCES_VERSION)
    return list(pages)
