"""How ARM words a site and what belongs to it. Shapes only.

Source of all of them: https://github.com/Azure/azure-rest-api-specs, folder
specification/web/resource-manager/Microsoft.Web/AppService/stable/2025-05-01
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.state.subscription import LOCATION, TENANT_ID, group_id

if TYPE_CHECKING:
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.site import Site

_OUTBOUND_ROUTING_SINCE = "2025-05-01"
"""The api-version in which `vnetImagePullEnabled` became a part of `outboundVnetRouting`."""


def site_resource(site: Site, version: str) -> JSON:
    """Return the site itself, as that api-version words it."""
    return {
        "id": site.id,
        "name": site.resource_name,
        "type": site.type,
        "kind": site.told_kind,
        "location": LOCATION,
        "tags": {},
        "properties": _properties(site) | _hosting(site) | _image_pull(site, version),
        **_identity(site),
    }


def _properties(site: Site) -> JSON:
    scm = site.host.replace(".", ".scm.", 1)
    hosts = [_ssl_state(site.host, "Standard")]
    names = [site.host]
    if not site.kind.container_apps:  # which has no Kudu
        hosts.append(_ssl_state(scm, "Repository"))
        names.append(scm)
    return {
        "name": site.resource_name if site.slot is None else f"{site.name}({site.slot})",
        "state": site.state,
        "hostNames": [site.host],
        "repositorySiteName": site.name,
        "usageState": "Normal",
        "enabled": True,
        "enabledHostNames": names,
        "availabilityState": "Normal",
        "hostNameSslStates": hosts,
        "lastModifiedTimeUtc": f"{site.last_modified:%Y-%m-%dT%H:%M:%S.%f}",
        "siteConfig": _site_config(site),
        "daprConfig": None,
        "clientCertEnabled": False,
        "containerSize": 1536,
        "suspendedTill": None,
        "resourceGroup": site.resource_group,
        "defaultHostName": site.host,
        "httpsOnly": True,
        "publicNetworkAccess": "Enabled",
        "keyVaultReferenceIdentity": "SystemAssigned",
        "inProgressOperationId": site.suffix if site.pending or (site.swap and site.swap.state == "running") else None,
        "slotSwapStatus": site.last_swap,
    }


def _hosting(site: Site) -> JSON:
    kind = site.kind
    provider = f"{group_id(site.resource_group)}/providers"
    environment = f"{provider}/Microsoft.App/managedEnvironments/env-{site.name}"
    return {
        "serverFarmId": f"{provider}/Microsoft.Web/serverfarms/plan-{site.name}-{kind.tier}" if kind.tier else None,
        "managedEnvironmentId": environment if kind.container_apps else None,
        "reserved": kind.reserved,
        "isXenon": kind.is_xenon,
        "hyperV": kind.is_xenon,
        "sku": kind.sku,
        "functionAppConfig": _flex_config(site) if kind.flex else None,
    }


def _flex_config(site: Site) -> JSON:
    # https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
    storage = {"type": "blobContainer", "value": f"https://stcontoso.blob.core.windows.net/app-{site.name}"}
    return {
        "deployment": {"storage": storage | {"authentication": {"type": "SystemAssignedIdentity"}}},
        "runtime": {"name": "python", "version": "3.11"},
        "scaleAndConcurrency": {"maximumInstanceCount": 100, "instanceMemoryMB": 2048},
    }


def _image_pull(site: Site, version: str) -> JSON:
    # https://learn.microsoft.com/azure/app-service/configure-vnet-integration-routing#configure-container-image-pull
    if version >= _OUTBOUND_ROUTING_SINCE:
        return {"outboundVnetRouting": {"allTraffic": False, "imagePullTraffic": site.vnet_image_pull}}
    return {"vnetImagePullEnabled": site.vnet_image_pull}


def _site_config(site: Site) -> JSON:
    # A site shows only a part of its configuration: see the examples.
    shown = (
        "numberOfWorkers",
        "linuxFxVersion",
        "acrUseManagedIdentityCreds",
        "acrUserManagedIdentityID",
        "alwaysOn",
        "http20Enabled",
        "functionAppScaleLimit",
        "minimumElasticInstanceCount",
    )
    return {name: site.config[name] for name in shown}


def _ssl_state(host: str, kind: str) -> JSON:
    return {
        "name": host,
        "sslState": "Disabled",
        "virtualIP": None,
        "thumbprint": None,
        "toUpdate": None,
        "hostType": kind,
    }


def _identity(site: Site) -> JSON:
    kinds = ["SystemAssigned"] * (site.identity is not None) + ["UserAssigned"] * bool(site.user_identities)
    if not kinds:
        return {}
    identity: JSON = {"type": ", ".join(kinds), "tenantId": TENANT_ID}
    if site.identity is not None:
        identity["principalId"] = site.identity.object_id
    if site.user_identities:
        identity["userAssignedIdentities"] = {
            resource: {"principalId": one.object_id, "clientId": one.client_id}
            for resource, one in site.user_identities.items()
        }
    return {"identity": identity}


def config_resource(site: Site, *, answers_patch: bool = False) -> JSON:
    """Return the configuration; an answer to PATCH bears the site's own id and type."""
    return {
        "id": site.id if answers_patch else f"{site.id}/config/web",
        "name": site.resource_name,
        "type": site.type if answers_patch else f"{site.type}/config",
        "location": LOCATION,
        "properties": dict(site.config),
    }


def settings_resource(site: Site) -> JSON:
    """Return the application settings."""
    return {
        "id": f"{site.id}/config/appsettings",
        "name": "appsettings",
        "type": f"{site.type}/config",
        "location": LOCATION,
        "properties": dict(site.settings),
    }


def slot_names_resource(site: Site) -> JSON:
    """Return the names that stay with their slot."""
    return {
        "id": f"{site.id}/config/slotConfigNames",
        "name": site.resource_name,
        "type": f"{site.type}/config",
        "location": LOCATION,
        "properties": dict(site.slot_names),
    }


def status_resource(site: Site, status: JSON) -> JSON:
    """Return the host's status."""
    return {
        "id": f"{site.id}/host/default/properties/status",
        "name": "status",
        "type": f"{site.type}/host/properties",
        "location": LOCATION,
        "properties": status,
    }


def function_resource(site: Site, function: JSON) -> JSON:
    """Return a function, from what the host says of it."""
    name = function["name"]
    config = function.get("config", {})
    route = next(
        (
            binding.get("route") or name
            for binding in config.get("bindings", [])
            if binding.get("type") == "httpTrigger"
        ),
        None,
    )
    base = f"{site.url}/admin"
    return {
        "id": f"{site.id}/functions/{name}",
        "name": f"{site.resource_name}/{name}",
        "type": f"{site.type}/functions",
        "location": LOCATION,
        "properties": {
            "name": name,
            "function_app_id": None,
            "script_root_path_href": f"{base}/vfs/home/site/wwwroot/{name}/",
            "config_href": f"{base}/vfs/home/site/wwwroot/{name}/function.json",
            "href": f"{base}/functions/{name}",
            "config": config,
            "invoke_url_template": None if route is None else f"{site.url}/api/{route.lower()}",
            "language": "python",
            "isDisabled": function.get("isDisabled", False),
        },
    }


def instance_resource(site: Site, instance: str, *, ready: bool) -> JSON:
    """Return one instance; which image it runs is not said."""
    return {
        "id": f"{site.id}/instances/{instance}",
        "name": instance,
        "type": f"{site.type}/instances",
        "location": LOCATION,
        "properties": {"state": "READY" if ready else "UNKNOWN", "healthCheckUrl": None},
    }


def container_resource(site: Site, name: str) -> JSON:
    """Return one sitecontainer; its password is not shown."""
    shown = {key: value for key, value in site.containers[name].items() if key != "passwordSecret"}
    return {
        "id": f"{site.id}/sitecontainers/{name}",
        "name": name,
        "type": f"{site.type}/sitecontainers",
        "location": LOCATION,
        "properties": shown,
    }


def reference_resource(site: Site, name: str, reference: str, *, found: bool) -> JSON:
    """Return what became of a setting that lies in a key vault."""
    return {
        "id": f"{site.id}/config/configreferences/appsettings/{name}",
        "name": name,
        "type": f"{site.type}/config/configreferences",
        "location": LOCATION,
        "properties": {
            "reference": f"@Microsoft.KeyVault({reference})",
            "status": "Resolved" if found else "SecretNotFound",
            "identityType": "SystemAssigned",
            "details": "Reference has been successfully resolved." if found else "Secret was not found.",
            "source": "KeyVault",
        },
    }
