"""Failures of the Function App: finding it, updating it, proving that it runs the image."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.base import AzureFailure


@dataclass(kw_only=True, eq=False)
class AppNotFound(AzureFailure):
    """No site of that name is visible."""

    app: str
    where: str
    code = "app-not-found"
    title = "there is no Function App {app}"
    happened = "{where} shows this connection no app of that name"
    cause = "the name is misspelt, the app is in another subscription or group, or the connection has no role on it (that looks the same)"
    mend = "compare appName with the portal; give the connection's identity the role Website Contributor on the app if the name is right"


@dataclass(kw_only=True, eq=False)
class AppAmbiguous(AzureFailure):
    """Several sites have that name."""

    app: str
    candidates: str
    code = "app-ambiguous"
    title = "more than one app is named {app}"
    happened = "these have the name:\n{candidates}"
    cause = "apps with a unique default host name may share a name across resource groups"
    mend = "set resourceGroupName as well, or set appName to the resource id"


@dataclass(kw_only=True, eq=False)
class ImageNotSet(AzureFailure):
    """The configuration does not name the image that was just written."""

    app: str
    wanted: str
    found: str
    code = "image-not-set"
    title = "{app} is not configured with the image of this run"
    happened = "linuxFxVersion should read {wanted}, but reads {found}"
    cause = "somebody or something else changed it at the same time: another pipeline, a person, an Azure Policy"
    mend = "let only one pipeline deploy to the app, then run again"


@dataclass(kw_only=True, eq=False)
class ImagePullFailed(AzureFailure):
    """The platform could not pull the image."""

    app: str
    reference: str
    line: str
    code = "image-pull-failed"
    title = "{app} cannot pull {reference}"
    happened = "the app's platform log says: {line}"
    cause = "the app signs in to the registry on its own, not with the service connection, and was refused or did not find the image"
    mend = "give the app's managed identity the role AcrPull on the registry and set acrUseManagedIdentityCreds, or correct its DOCKER_REGISTRY_SERVER_* settings"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container#use-managed-identity-to-pull-image-from-azure-container-registry"


@dataclass(kw_only=True, eq=False)
class ContainerStartFailed(AzureFailure):
    """The platform started the image, and it did not come up."""

    app: str
    reference: str
    line: str
    code = "container-start-failed"
    title = "{app} does not start with {reference}"
    happened = "the app's platform log says: {line}"
    cause = "the program in the image ends, or does not answer on the port that the platform calls"
    mend = "run the image locally (docker run -p 8080:80 {reference}) and read what it prints; listen on 0.0.0.0, on port 80 or the one in WEBSITES_PORT"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container"


@dataclass(kw_only=True, eq=False)
class NoFunctions(AzureFailure):
    """The host runs the new image and lists no function."""

    app: str
    reference: str
    code = "no-functions"
    title = "{app} runs {reference}, but has no functions"
    happened = "the Functions host is running and its list of functions is empty"
    cause = "the functions are not in /home/site/wwwroot of the image, their worker cannot load them, or the platform's storage is mounted over /home"
    mend = "set the app setting WEBSITES_ENABLE_APP_SERVICE_STORAGE to false; see that the Dockerfile copies the app to /home/site/wwwroot and sets AzureWebJobsScriptRoot to it"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-recover-storage-account"


@dataclass(kw_only=True, eq=False)
class NotUpInTime(AzureFailure):
    """The new image did not come up within the time for the proof."""

    app: str
    reference: str
    minutes: str
    missing: str
    seen: str
    code = "not-up-in-time"
    title = "{app} did not come up with {reference} within {minutes} minutes"
    happened = "still missing: {missing}{seen}"
    cause = "the image is large, the app starts slowly, or it does not start at all"
    mend = "look at the app's log stream in the portal; if it only needs longer, raise verifyTimeoutMinutes and the app setting WEBSITES_CONTAINER_START_TIME_LIMIT"
