"""The old tasks: by which names and ids a pipeline calls them, and where each of their inputs goes.

Source of names, ids and aliases: https://github.com/microsoft/azure-pipelines-tasks/tree/master/Tasks, the files
DockerV1/task.json, DockerV2/task.json, AzureFunctionAppContainerV1/task.json, AzureWebAppContainerV1/task.json,
AzureRmWebAppDeploymentV4/task.json, AzureContainerAppsV1/task.json and AzureAppServiceManageV0/task.json.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW_TASK = "FunctionAppContainerDeploy@1"
_REFERENCE = re.compile(r"([\w-]+)@(\d+)(?:\.[\d.*]+)?", re.ASCII)
_IDS = {
    "e28912f1-0114-4464-802a-a3a35437fd16": "Docker",
    "13c22ce0-3b93-43f9-aeb7-71fbce7bf5b2": "AzureFunctionAppContainer",
    "15858991-8bac-4542-99e7-577fef9b5be6": "AzureWebAppContainer",
    "497d490f-eea7-4f2b-ab94-48d9c1acdcb1": "AzureRmWebAppDeployment",
    "cad8dd6a-de28-4d89-a7db-1bc20a2fbb2d": "AzureContainerApps",
    "f045e430-8704-11e6-968f-e717e6411619": "AzureAppServiceManage",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OldTask:
    """A task that the new one replaces."""

    name: str
    inputs: Mapping[str, str]
    """The new step's name of each input that goes over, by the old name in small letters."""
    settled: frozenset[str] = frozenset()
    """Inputs whose meaning the move itself looks after, so that they are not named as lost."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Names, in small letters, under which a pipeline may give an input as well."""


def _same(names: str) -> dict[str, str]:
    return {name.lower(): name for name in names.split()}


_BUILD = _same("imageName dockerFile buildContext arguments")
_DEPLOY = _same(
    "azureSubscription appName resourceGroupName slotName imageName containerCommand appSettings configurationStrings"
)
TASKS = (
    OldTask(
        name="Docker@1",
        inputs={
            **_BUILD,
            "azuresubscriptionendpoint": "azureSubscription",
            "azurecontainerregistry": "azureContainerRegistry",
            "dockerregistryendpoint": "containerRegistry",
        },
        settled=frozenset({"command", "containerregistrytype", "usedefaultcontext", "includelatesttag"}),
    ),
    OldTask(
        name="Docker@2",
        inputs={**_BUILD, **_same("containerRegistry tags"), "repository": "imageName"},
        settled=frozenset({"command"}),
    ),
    OldTask(name="Docker@0", inputs={}),
    OldTask(name="AzureFunctionAppContainer@1", inputs=_DEPLOY, settled=frozenset({"deploytoslotorase"})),
    OldTask(
        name="AzureWebAppContainer@1",
        inputs=_DEPLOY,
        settled=frozenset({"deploytoslotorase"}),
        aliases={"containers": "imagename"},
    ),
    OldTask(
        name="AzureRmWebAppDeployment@4",
        inputs={
            **_same("azureSubscription resourceGroupName slotName appSettings"),
            "webappname": "appName",
            "startupcommand": "containerCommand",
            "configurationsettings": "configurationStrings",
            "imagename": "imageName",
        },
        settled=frozenset(
            {"connectiontype", "webappkind", "deploytoslotoraseflag", "dockernamespace", "dockerrepository"}
            | {"dockerimagetag"}
        ),
        aliases={
            "connectedservicename": "azuresubscription",
            "apptype": "webappkind",
            "deploytoslotorase": "deploytoslotoraseflag",
            "configurationstrings": "configurationsettings",
        },
    ),
    OldTask(
        name="AzureContainerApps@1",
        inputs={
            "azuresubscription": "azureSubscription",
            "containerappname": "appName",
            "resourcegroup": "resourceGroupName",
            "imagetodeploy": "imageName",
            "environmentvariables": "appSettings",
        },
        settled=frozenset({"kind", "disabletelemetry", "acrname", "workingdirectory", "cwd"}),
        aliases={"connectedservicenamearm": "azuresubscription"},
    ),
    OldTask(
        name="AzureAppServiceManage@0",
        inputs={
            "azuresubscription": "azureSubscription",
            "webappname": "appName",
            "resourcegroupname": "resourceGroupName",
            "sourceslot": "slotName",
        },
        settled=frozenset({"action", "swapwithproduction", "targetslot"}),
        aliases={"connectedservicename": "azuresubscription"},
    ),
)
_BY_NAME = {task.name.lower(): task for task in TASKS}


def find_task(reference: str) -> OldTask | None:
    """Return the old task that a step's `task` means, by name or id, with any minor version; None for others."""
    name = task_name(reference)
    return _BY_NAME.get(name.lower())


def task_name(reference: str) -> str:
    """Return `Name@major` of a step's `task`; an id that is known becomes its name."""
    found = _REFERENCE.fullmatch(reference.strip())
    return f"{_IDS.get(found[1].lower(), found[1])}@{found[2]}" if found else reference.strip()


REFUSED_PROPERTIES = frozenset(
    {"connectionstrings", "azurestorageaccounts", "metadata", "appsettings", "machinekey", "vnetname"}
)
"""Site properties that the new step refuses in configurationStrings without having an input for them."""
SITE_PROPERTIES = frozenset(
    _same(
        "alwaysOn apiDefinition apiManagementConfig autoHealEnabled autoHealRules autoSwapSlotName cors "
        "defaultDocuments detailedErrorLoggingEnabled documentRoot elasticWebAppScaleLimit experiments ftpsState "
        "functionAppScaleLimit functionsRuntimeScaleMonitoringEnabled handlerMappings healthCheckPath http20Enabled "
        "http20ProxyFlag httpLoggingEnabled ipSecurityRestrictions ipSecurityRestrictionsDefaultAction "
        "javaContainer javaContainerVersion javaVersion keyVaultReferenceIdentity limits loadBalancing "
        "localMySqlEnabled logsDirectorySizeLimit managedPipelineMode managedServiceIdentityId "
        "minimumElasticInstanceCount minTlsCipherSuite minTlsVersion netFrameworkVersion nodeVersion "
        "numberOfWorkers phpVersion powerShellVersion preWarmedInstanceCount publicNetworkAccess publishingUsername "
        "push pythonVersion remoteDebuggingEnabled remoteDebuggingVersion requestTracingEnabled "
        "requestTracingExpirationTime scmIpSecurityRestrictions scmIpSecurityRestrictionsDefaultAction "
        "scmIpSecurityRestrictionsUseMain scmMinTlsVersion scmType tracingOptions use32BitWorkerProcess "
        "virtualApplications vnetPrivatePortsCount vnetRouteAllEnabled websiteTimeZone webSocketsEnabled "
        "xManagedServiceIdentityId"
    )
)
"""Site properties that the new step sets. A test compares them with the program's own."""
