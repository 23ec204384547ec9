"""How ARM words a site and what belongs to it. Shapes only.

Source of all of them: https://github.com/Azure/azure-rest-api-specs, folder
specification/web/resource-manager/Microsoft.Web/AppService/stable/2025-05-01
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .state import LOCATION, TENANT_ID, Site, group_id

if TYPE_CHECKING:
    from .routes import JSON

_KIND = "functionapp,linux,container"


def site_resource(site: Site) -> JSON:
    """Give the site itself."""
    scm = site.host.replace(".", ".scm.", 1)
    plan = f"{group_id(site.resource_group)}/providers/Microsoft.Web/serverfarms/plan-{site.name}"
    body: JSON = {
        "id": site.id,
        "name": site.name,
        "type": "Microsoft.Web/sites",
        "kind": _KIND,
        "location": LOCATION,
        "tags": {},
        "properties": {
            "name": site.name,
            "state": "Running",
            "hostNames": [site.host],
            "repositorySiteName": site.name,
            "usageState": "Normal",
            "enabled": True,
            "enabledHostNames": [site.host, scm],
            "availabilityState": "Normal",
            "hostNameSslStates": [_ssl_state(site.host, "Standard"), _ssl_state(scm, "Repository")],
            "serverFarmId": plan,
            "reserved": True,
            "isXenon": False,
            "hyperV": False,
            "lastModifiedTimeUtc": f"{site.last_modified:%Y-%m-%dT%H:%M:%S.%f}",
            "siteConfig": _site_config(site),
            "functionAppConfig": None,
            "daprConfig": None,
            "managedEnvironmentId": None,
            "clientCertEnabled": False,
            "containerSize": 1536,
            "suspendedTill": None,
            "resourceGroup": site.resource_group,
            "defaultHostName": site.host,
            "httpsOnly": True,
            "publicNetworkAccess": "Enabled",
            "keyVaultReferenceIdentity": "SystemAssigned",
            "inProgressOperationId": None,
            "sku": "ElasticPremium",
        },
    }
    return body | _identity(site)


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
    if site.identity is None:
        return {}
    principal = site.identity.object_id
    return {"identity": {"type": "SystemAssigned", "tenantId": TENANT_ID, "principalId": principal}}


def config_resource(site: Site, *, answers_patch: bool = False) -> JSON:
    """Give the configuration; an answer to PATCH bears the site's own id and type."""
    return {
        "id": site.id if answers_patch else f"{site.id}/config/web",
        "name": site.name,
        "type": "Microsoft.Web/sites" if answers_patch else "Microsoft.Web/sites/config",
        "location": LOCATION,
        "properties": dict(site.config),
    }


def settings_resource(site: Site) -> JSON:
    """Give the application settings."""
    return {
        "id": f"{site.id}/config/appsettings",
        "name": "appsettings",
        "type": "Microsoft.Web/sites/config",
        "location": LOCATION,
        "properties": dict(site.settings),
    }


def status_resource(site: Site, status: JSON) -> JSON:
    """Give the host's status."""
    return {
        "id": f"{site.id}/host/default/properties/status",
        "name": "status",
        "type": "Microsoft.Web/sites/host/properties",
        "location": LOCATION,
        "properties": status,
    }


def function_resource(site: Site, function: JSON) -> JSON:
    """Give a function, from what the host says of it."""
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
        "name": f"{site.name}/{name}",
        "type": "Microsoft.Web/sites/functions",
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
            "isDisabled": False,
        },
    }
