"""What a new site's configuration is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE_CONFIG: Mapping[str, Any] = {
    "numberOfWorkers": 1,
    "netFrameworkVersion": "v4.0",
    "linuxFxVersion": "",
    "windowsFxVersion": None,
    "requestTracingEnabled": False,
    "httpLoggingEnabled": False,
    "detailedErrorLoggingEnabled": False,
    "scmType": "None",
    "use32BitWorkerProcess": False,
    "webSocketsEnabled": False,
    "alwaysOn": False,
    "appCommandLine": "",
    "managedPipelineMode": "Integrated",
    "loadBalancing": "LeastRequests",
    "autoHealEnabled": False,
    "vnetRouteAllEnabled": False,
    "publicNetworkAccess": "Enabled",
    "acrUseManagedIdentityCreds": False,
    "acrUserManagedIdentityID": None,
    "http20Enabled": False,
    "minTlsVersion": "1.2",
    "ftpsState": "FtpsOnly",
    "preWarmedInstanceCount": 1,
    "functionAppScaleLimit": 0,
    "functionsRuntimeScaleMonitoringEnabled": False,
    "minimumElasticInstanceCount": 1,
    "healthCheckPath": None,
    "ipSecurityRestrictions": [
        {"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all"},
    ],
}
"""A new site's configuration. Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration"""
