"""The properties of a site's configuration that a step may set, with their types in Azure.

This is our own list, because the inputs are read before any vendor's library loads; a test compares it with
azure-mgmt-web's `SiteConfig`. Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration
"""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING

from pytask.errors.setting_inputs import PropertyRefused, PropertyUnknown, PropertyValueInvalid
from pytask.targets.site.site import IMAGE_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.targets.site.setting_forms import Setting

SWITCHES = [
    "requestTracingEnabled",
    "remoteDebuggingEnabled",
    "httpLoggingEnabled",
    "detailedErrorLoggingEnabled",
    "use32BitWorkerProcess",
    "webSocketsEnabled",
    "alwaysOn",
    "autoHealEnabled",
    "vnetRouteAllEnabled",
    "localMySqlEnabled",
    "scmIpSecurityRestrictionsUseMain",
    "http20Enabled",
    "functionsRuntimeScaleMonitoringEnabled",
]
NUMBERS = [
    "numberOfWorkers",
    "logsDirectorySizeLimit",
    "vnetPrivatePortsCount",
    "managedServiceIdentityId",
    "xManagedServiceIdentityId",
    "http20ProxyFlag",
    "preWarmedInstanceCount",
    "functionAppScaleLimit",
    "elasticWebAppScaleLimit",
    "minimumElasticInstanceCount",
]
TEXTS = [
    "netFrameworkVersion",
    "phpVersion",
    "pythonVersion",
    "nodeVersion",
    "powerShellVersion",
    "requestTracingExpirationTime",
    "remoteDebuggingVersion",
    "publishingUsername",
    "documentRoot",
    "javaVersion",
    "javaContainer",
    "javaContainerVersion",
    "tracingOptions",
    "autoSwapSlotName",
    "keyVaultReferenceIdentity",
    "healthCheckPath",
    "websiteTimeZone",
    "publicNetworkAccess",
]
CHOICES: Mapping[str, tuple[str, ...]] = {
    "scmType": (
        *("None", "Dropbox", "Tfs", "LocalGit", "GitHub", "CodePlexGit", "CodePlexHg", "BitbucketGit", "BitbucketHg"),
        *("ExternalGit", "ExternalHg", "OneDrive", "VSO", "VSTSRM"),
    ),
    "managedPipelineMode": ("Integrated", "Classic"),
    "loadBalancing": (
        *("WeightedRoundRobin", "LeastRequests", "LeastResponseTime", "WeightedTotalTraffic", "RequestHash"),
        *("PerSiteRoundRobin", "LeastRequestsWithTieBreaker"),
    ),
    "ipSecurityRestrictionsDefaultAction": ("Allow", "Deny"),
    "scmIpSecurityRestrictionsDefaultAction": ("Allow", "Deny"),
    "minTlsVersion": ("1.0", "1.1", "1.2", "1.3"),
    "scmMinTlsVersion": ("1.0", "1.1", "1.2", "1.3"),
    "minTlsCipherSuite": (),
    "ftpsState": ("AllAllowed", "FtpsOnly", "Disabled"),
}
"""Texts with one spelling in Azure; a value that is not listed is left for Azure to validate."""
LISTS = [
    "defaultDocuments",
    "handlerMappings",
    "virtualApplications",
    "ipSecurityRestrictions",
    "scmIpSecurityRestrictions",
]
OBJECTS = ["experiments", "limits", "autoHealRules", "cors", "push", "apiDefinition", "apiManagementConfig"]
REFUSED: Mapping[str, str] = {
    IMAGE_PROPERTY: "the image is named by imageName and tags",
    "windowsFxVersion": "the image is named by imageName and tags, and it is a Linux image",
    "appCommandLine": "set containerCommand",
    "acrUseManagedIdentityCreds": "set appPullAccess",
    "acrUserManagedIdentityID": "set appPullAccess and pullIdentity",
    "appSettings": "use the input appSettings, which keeps the existing settings",
    "connectionStrings": "Azure would drop the existing ones: run az webapp config connection-string set",
    "azureStorageAccounts": "run az webapp config storage-account add",
    "metadata": "Azure does not return it, so its existing values would be dropped",
    "machineKey": "Azure does not allow it to be changed",
    "vnetName": "Azure accepts it only for a new app: run az functionapp vnet-integration add",
}
_TAKES = {
    **dict.fromkeys(SWITCHES, "true or false"),
    **dict.fromkeys(NUMBERS, "a whole number"),
    **dict.fromkeys((*TEXTS, *CHOICES), "text (in JSON, in quotes)"),
    **dict.fromkeys(LISTS, "a JSON array"),
    **dict.fromkeys(OBJECTS, "a JSON object"),
}
_SPELLING = {name.casefold(): name for name in (*_TAKES, *REFUSED)}
_WHOLE = re.compile(r"-?\d{1,18}")


def property_of(setting: Setting, *, input_name: str) -> tuple[str, object]:
    """Return a property with Azure's name and type for it.

    Raises:
        PropertyUnknown, PropertyRefused, PropertyValueInvalid: when it cannot be set, or not to this value.
    """
    name = _SPELLING.get(setting.name.casefold(), "")
    if not name:
        raise PropertyUnknown(input=input_name, name=setting.name, near=_near(setting.name))
    if name in REFUSED:
        raise PropertyRefused(input=input_name, name=name, instead=REFUSED[name])
    value = _typed(name, setting.value)
    if value is None:
        raise PropertyValueInvalid(input=input_name, name=name, takes=_TAKES[name])
    return name, value


def _typed(name: str, value: object) -> object:
    """Return the value converted to the property's type; None when it has another type."""
    if name in SWITCHES:
        spelled = value.casefold() if isinstance(value, str) else ""
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(spelled)
    if name in NUMBERS:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole else int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None
    if name in LISTS or name in OBJECTS:
        read = _read_json(value) if isinstance(value, str) else value
        return read if isinstance(read, list if name in LISTS else dict) else None
    if not isinstance(value, str) or "\0" in value:
        return None
    return next((one for one in CHOICES.get(name, ()) if one.casefold() == value.casefold()), value)


def _read_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _near(name: str) -> str:
    found = difflib.get_close_matches(name.casefold(), _SPELLING, n=1)
    return f"; the closest name is {_SPELLING[found[0]]}" if found else ""
