"""Failures of finding, updating and verifying the Function App."""

from __future__ import annotations

from pytask.errors.base import AzureFailure


class AppNotFound(AzureFailure):
    """The connection cannot see an app with this name."""

    app: str
    where: str
    code = "app-not-found"
    title = "there is no Function App {app}"
    happened = "{where} has no app with this name that this connection can see"
    cause = "the name is misspelled, the app is in another subscription or resource group, or the connection has no role on it (Azure's response is the same in all three cases)"
    fix = "compare appName with the portal; if the name is right, give the connection's identity the role Website Contributor on it, or Container Apps Contributor if it is an app on Container Apps (this requires Microsoft.Web/sites/read, or Microsoft.Web/sites/slots/read for a slot)"


class AppAmbiguous(AzureFailure):
    """Several apps have this name."""

    app: str
    candidates: str
    code = "app-ambiguous"
    title = "more than one app is named {app}"
    happened = "these apps have this name:\n{candidates}"
    cause = "apps with a unique default host name may share a name across resource groups"
    fix = "set resourceGroupName as well, or set appName to the resource ID"


class SlotNotFound(AzureFailure):
    """The app has no such slot."""

    app: str
    slot: str
    slots: str
    code = "slot-not-found"
    title = "{app} has no slot {slot}"
    happened = "its slots are: {slots}"
    cause = "the slot's name is misspelled, or the slot has not been created yet"
    fix = "set slotName to one of them, or create it: az functionapp deployment slot create --slot {slot!q} …"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-deployment-slots"


class AppIsWindows(AzureFailure):
    """The app runs on Windows."""

    app: str
    code = "app-is-windows"
    title = "{app} runs on Windows and cannot run a Linux image"
    happened = "Azure says that the app is not a Linux app"
    cause = "the operating system of an app is chosen when it is created and cannot be changed"
    fix = "create a Linux container Function App (az functionapp create --image …) and set appName to it"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-how-to-custom-container"


class AppIsFlex(AzureFailure):
    """The app is on the Flex Consumption plan."""

    app: str
    code = "app-is-flex"
    title = "{app} is on the Flex Consumption plan, which runs no containers"
    happened = "Azure says that the app's plan is Flex Consumption"
    cause = "container images run only on the Premium and Dedicated plans and on Azure Container Apps"
    fix = "create a container Function App on a Premium or Dedicated plan and set appName to it"
    link = "https://learn.microsoft.com/azure/azure-functions/container-concepts"


class AppIsConsumption(AzureFailure):
    """The app is on the Consumption plan."""

    app: str
    code = "app-is-consumption"
    title = "{app} is on the Consumption plan, which runs no containers"
    happened = "Azure says that the app's plan is Consumption (Dynamic)"
    cause = "container images run only on the Premium and Dedicated plans and on Azure Container Apps"
    fix = "create a container Function App on a Premium or Dedicated plan and set appName to it"
    link = "https://learn.microsoft.com/azure/azure-functions/container-concepts"


class AppIsCode(AzureFailure):
    """The app runs published code instead of a container."""

    app: str
    runs: str
    code = "app-is-code"
    title = "{app} runs published code, not a container"
    happened = "its linuxFxVersion is {runs}"
    cause = "pointing a code app at an image would take its published functions out of service"
    fix = "create a container Function App (az functionapp create --image …) and set appName to it"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-how-to-custom-container"


class AppIsSidecar(AzureFailure):
    """The app consists of several containers."""

    app: str
    code = "app-is-sitecontainers"
    title = "{app} is made of several containers (sitecontainers), which this version cannot change"
    happened = "its linuxFxVersion is sitecontainers"
    cause = "its images are set container by container; setting linuxFxVersion would break the app"
    fix = "update its main container by hand: az webapp sitecontainers update --name {app!q} …"
    link = "https://learn.microsoft.com/azure/app-service/tutorial-custom-container-sidecar"


class AppOnContainerApps(AzureFailure):
    """The step asks for pull access of an app that runs on Container Apps through Microsoft.Web."""

    app: str
    access: str
    code = "app-on-container-apps"
    title = "{app} runs in a Container Apps environment, where the task does not set up pull access for a Function App"
    happened = "appPullAccess is {access}"
    cause = "what such an app signs in with is in a container app that Azure manages and nobody else may change"
    fix = "remove appPullAccess, and give the app its registry once: az functionapp config container set --name {app!q} --resource-group <group> --registry-server … ; for new apps use the kind that docs/container-apps.md recommends"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-container-apps-hosting"


class AppIsLogicApp(AzureFailure):
    """The app is a Logic App (Standard), which is built on Functions."""

    app: str
    kind: str
    code = "app-is-logic-app"
    title = "{app} is a Logic App, which runs workflows, not your own images"
    happened = "its kind is {kind}"
    cause = "Logic Apps (Standard) are hosted like Function Apps and listed with them, but Azure provides their runtime"
    fix = "set appName to a Function App; deploy workflows with AzureFunctionApp@2 or the Azure Logic Apps extension"
    link = "https://learn.microsoft.com/azure/logic-apps/set-up-devops-deployment-single-tenant-azure-logic-apps"


class AppIsNoFunctionApp(AzureFailure):
    """The app is a web app."""

    app: str
    kind: str
    code = "app-is-no-function-app"
    title = "{app} is not a Function App"
    happened = "its kind is {kind}"
    cause = "an app with this name exists, but it is a web app"
    fix = "set appName to a Function App; for a web app use AzureWebAppContainer@1"


class SettingsNotReadable(AzureFailure):
    """The step changes settings, but the connection cannot read the existing ones."""

    app: str
    permission: str
    code = "settings-not-readable"
    title = "the service connection is not allowed to read the settings of {app}, so it cannot change them"
    happened = "Azure refuses {permission}"
    cause = "Azure replaces all settings at once, so every existing setting has to be read and written again"
    fix = "give the connection's identity the role Website Contributor on the Function App (it includes {permission}), or remove the settings from the step"
    link = "https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings"


class SettingsOverwritten(AzureFailure):
    """Someone else overwrites the settings that this run wrote."""

    app: str
    names: str
    code = "settings-overwritten"
    title = "someone else has overwritten settings of {app} that this run wrote"
    happened = "these no longer have the values that were written: {names}"
    cause = "another pipeline, a template or a person changed settings at the same time: Azure replaces all of them at once, and the last writer wins"
    fix = "let only one pipeline at a time change the app (exclusive lock check), then run again"
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/approvals#exclusive-lock"
