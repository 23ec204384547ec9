"""The clouds there are, by the names and addresses that differ; the local Azure is one of them at a time.

Sources: https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure,
https://docs.azure.cn/en-us/articles/guidance/developerdifferences, https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use
and, for what a service connection's data says of each, `endpoints` in
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/azure-arm-rest/azure-arm-endpoint.ts
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACR_AUDIENCE = "https://containerregistry.azure.net"
"""The same in every cloud that has Entra ID's newer tokens for registries.

Source: https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/acr/_constants.py
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AzureEnvironment:
    """One cloud. Hosts are names without scheme."""

    name: str
    """As a service connection names it."""
    resource_manager: str
    authorities: tuple[str, ...]
    """The hosts that sign in, the usual one first."""
    issuer: str
    """The host that tokens name as their maker."""
    audiences: tuple[str, ...]
    """What tokens for ARM may be for, each with or without a slash at the end.

    Source: https://learn.microsoft.com/azure/azure-resource-manager/management/authenticate-multi-tenant
    """
    registries: str
    apps: str
    """The domains of login servers and of apps."""
    registry_audience: bool = True
    """Whether a tenant here knows `ACR_AUDIENCE`."""
    adfs: bool = False
    """Whether AD FS signs in, instead of Entra ID."""
    versions: Mapping[str, frozenset[str]] | None = None
    """The api-versions by provider, where they are older than those of the public cloud."""
    data: Mapping[str, str] = field(default_factory=dict)
    """What the data of a service connection says of it."""

    @property
    def authority(self) -> str:
        """The usual authority's address, without a slash at its end."""
        return f"https://{self.authorities[0]}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every host name, with wildcards, for a server's certificate."""
        apps = (f"*.{self.apps}", f"*.scm.{self.apps}")
        return (self.resource_manager, *self.authorities, f"*.{self.registries}", *apps)


def _data(name: str, *, arm: str, authority: str, resource: str, vault: str) -> Mapping[str, str]:
    return {
        "environment": name,
        "scopeLevel": "Subscription",
        "creationMode": "Manual",
        "environmentUrl": f"https://{arm}/",
        "environmentAuthorityUrl": f"https://{authority}/",
        "activeDirectoryAuthority": f"https://{authority}/",
        "activeDirectoryServiceEndpointResourceId": resource,
        "resourceManagerUrl": f"https://{arm}/",
        "AzureKeyVaultDnsSuffix": vault,
        "AzureKeyVaultServiceEndpointResourceId": f"https://{vault}",
    }


PUBLIC = AzureEnvironment(
    name="AzureCloud",
    resource_manager="management.azure.com",
    authorities=("login.microsoftonline.com", "login.windows.net"),
    issuer="sts.windows.net",
    audiences=("https://management.azure.com", "https://management.core.windows.net"),
    registries="azurecr.io",
    apps="azurewebsites.net",
    data={
        **_data(
            "AzureCloud",
            arm="management.azure.com",
            authority="login.microsoftonline.com",
            resource="https://management.core.windows.net/",
            vault="vault.azure.net",
        ),
        "environmentAuthorityUrl": "https://login.windows.net/",
        "graphUrl": "https://graph.windows.net/",
        "microsoftGraphUrl": "https://graph.microsoft.com/",
    },
)
US_GOVERNMENT = AzureEnvironment(
    name="AzureUSGovernment",
    resource_manager="management.usgovcloudapi.net",
    authorities=("login.microsoftonline.us",),
    issuer="sts.windows.net",
    audiences=("https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"),
    registries="azurecr.us",
    apps="azurewebsites.us",
    data=_data(
        "AzureUSGovernment",
        arm="management.usgovcloudapi.net",
        authority="login.microsoftonline.us",
        resource="https://management.core.usgovcloudapi.net/",
        vault="vault.usgovcloudapi.net",
    ),
)
CHINA = AzureEnvironment(
    name="AzureChinaCloud",
    resource_manager="management.chinacloudapi.cn",
    authorities=("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
    issuer="sts.chinacloudapi.cn",
    audiences=("https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"),
    registries="azurecr.cn",
    apps="chinacloudsites.cn",
    data=_data(
        "AzureChinaCloud",
        arm="management.chinacloudapi.cn",
        authority="login.chinacloudapi.cn",
        resource="https://management.core.chinacloudapi.cn/",
        vault="vault.azure.cn",
    ),
)
STACK = AzureEnvironment(
    name="AzureStack",
    resource_manager="management.local.azurestack.external",
    authorities=("login.windows.net", "login.microsoftonline.com"),
    issuer="sts.windows.net",
    audiences=("https://management.contoso.onmicrosoft.com/4de154de-f8a8-4017-af41-df619da68155",),
    # https://learn.microsoft.com/azure-stack/user/container-registry-overview
    registries="azsacr.local.azurestack.external",
    apps="appservice.local.azurestack.external",
    registry_audience=False,
    # https://learn.microsoft.com/azure-stack/user/azure-stack-profiles-azure-resource-manager-versions
    versions={
        "Microsoft.Web": frozenset({"2016-03-01", "2016-08-01", "2018-02-01", "2018-12-01-alpha"}),
        "Microsoft.ContainerRegistry": frozenset({"2017-10-01", "2019-05-01", "2019-12-01-preview"}),
        "Microsoft.Resources": frozenset({"2016-09-01", "2018-05-01", "2019-10-01"}),
        "Microsoft.Authorization": frozenset({"2015-07-01", "2016-09-01"}),
        "Microsoft.Insights": frozenset({"2018-01-01", "2018-09-01"}),
    },
    data={"environment": "AzureStack", "scopeLevel": "Subscription", "creationMode": "Manual"},
)
"""An Azure Stack Hub of the development kit; its connections leave to ARM to say where one signs in."""
STACK_WITH_ADFS = replace(
    STACK,
    authorities=("adfs.local.azurestack.external",),
    issuer="adfs.local.azurestack.external",
    audiences=("https://management.adfs.azurestack.local/4de154de-f8a8-4017-af41-df619da68155",),
    adfs=True,
)
ENVIRONMENTS = (PUBLIC, US_GOVERNMENT, CHINA, STACK, STACK_WITH_ADFS)
