"""Failures of Functions apps on Azure Container Apps."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral
from pytask.errors.start import ImageNotSet, PullUnauthorized, StartFailure, ToldStartFailure

_HOSTING = "https://learn.microsoft.com/azure/container-apps/functions-overview"
_PULLING = "https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull"


class ContainerAppNotFound(AzureFailure):
    """The connection cannot see the container app that appName gives by its resource ID."""

    app: str
    where: str
    code = "container-app-not-found"
    title = "there is no container app {app}"
    happened = "{where} has no container app with this name that this connection can see"
    cause = "the resource ID is wrong, or the connection has no role on the app (Azure's response is the same in both cases)"
    fix = "compare appName with the portal; if it is right, give the connection's identity the role Container Apps Contributor on the app"


class ContainerAppIsNoFunctionApp(AzureFailure):
    """The container app was not created as a Functions app."""

    app: str
    kind: str
    code = "container-app-is-no-function-app"
    title = "{app} is a container app, but not a Functions app"
    happened = "its kind is {kind}"
    cause = "only a container app of the kind functionapp runs Functions with their scaling rules; the kind is chosen when the app is created"
    fix = "set appName to a Functions app (az containerapp create --kind functionapp …); for another container app use AzureContainerApps@1"
    link = _HOSTING


class ContainerAppHasNoSlots(AzureFailure):
    """The step names a slot of a container app."""

    app: str
    slot: str
    code = "container-app-has-no-slots"
    title = "{app} runs on Azure Container Apps, which has no slots"
    happened = "slotName is {slot}"
    cause = "slots belong to App Service; Container Apps has revisions instead"
    fix = (
        "remove slotName and swapWithProduction (command: swap is for slots of Function Apps): an image that does not "
        "become ready gets no traffic in single revision mode"
    )
    link = "https://learn.microsoft.com/azure/container-apps/revisions"


class ContainerAppMode(AzureFailure):
    """The app's revision mode is one that the task does not change."""

    app: str
    mode: str
    code = "container-app-revision-mode"
    title = "{app} is in the revision mode {mode}, which this version cannot deploy to"
    happened = "its activeRevisionsMode is {mode}"
    cause = "in this mode labels decide which revisions are active, and a new revision takes a label from the revision that has it"
    fix = "set single or multiple revision mode: az containerapp revision set-mode --name {app!q} --resource-group <group> --mode single"
    link = "https://learn.microsoft.com/azure/container-apps/functions-overview#multi-revision-storage"


class TrafficChanged(AzureFailure):
    """Someone else has changed the app between the update and the release of its traffic."""

    app: str
    found: str
    command: str
    code = "container-app-traffic-changed"
    title = "the traffic of {app} was not given to the new revision: someone else has changed the app"
    happened = "its traffic now reads: {found}"
    cause = "another pipeline or person has moved the traffic or made a revision during the verification"
    fix = "let only one pipeline change the app at a time; to give the new revision its share: {command}"
    link = "https://learn.microsoft.com/azure/container-apps/traffic-splitting"


class ContainerUnknown(AzureFailure):
    """The app has several containers, and none runs the repository of this run."""

    app: str
    repository: str
    containers: str
    code = "container-unknown"
    title = "{app} has several containers, and it is not clear which one is to run {repository}"
    happened = "its containers are:\n{containers}"
    cause = "the container to update is the one whose image is in the same repository, or the only one"
    fix = "point the right container at {repository} once by hand (az containerapp update --container-name …), then run again"
    link = "https://learn.microsoft.com/azure/container-apps/containers#multiple-containers"


class InputsForSites(AzureFailure):
    """The step sets site properties, which a container app does not have."""

    app: str
    names: str
    code = "container-app-has-no-site-configuration"
    title = "{app} runs on Azure Container Apps, which has no site configuration"
    happened = "containerCommand or configurationStrings sets {names}"
    cause = "these are properties of App Service; a container app has a template instead"
    fix = "remove containerCommand and configurationStrings from the step, and make the equivalent change to the app itself (az containerapp update)"
    link = "https://learn.microsoft.com/cli/azure/containerapp#az-containerapp-update"


class ContainerAppAdminUser(AzureFailure):
    """The step asks for the admin user on a container app."""

    app: str
    code = "container-app-admin-user"
    title = "{app} runs on Azure Container Apps, where the task does not set up the registry's admin user"
    happened = "appPullAccess is adminUser"
    cause = "the password would become a secret of the app, and Azure replaces all secrets of an app at once"
    fix = "set appPullAccess to managedIdentity, which needs no password"
    link = _PULLING


class SecretMissing(AzureFailure):
    """A setting refers to a secret that the app does not have."""

    app: str
    names: str
    code = "container-app-secret-missing"
    title = "{app} has no secret that appSettings refers to"
    happened = "the app does not have these secrets: {names}"
    cause = "secretref: refers to a secret of the app by name, and the task adds no secrets"
    fix = "correct the name, or add the secret once: az containerapp secret set --name {app!q} --resource-group <group> --secrets NAME=…"
    link = "https://learn.microsoft.com/azure/container-apps/manage-secrets"


class SettingIsSecret(AzureFailure):
    """The value of a setting comes from a secret variable, and would be visible on the app."""

    app: str
    names: str
    first: str
    code = "container-app-setting-is-secret"
    title = "appSettings would show a secret to everyone who can read {app}"
    happened = "the values of these come from secret variables: {names}"
    cause = "settings are plain environment variables there; the task adds no secrets to the app, because Azure replaces all secrets of an app at once"
    fix = "add the secret to the app once (az containerapp secret set --name {app!q} --resource-group <group> --secrets NAME=…), then write {first}=secretref:NAME in appSettings"
    link = "https://learn.microsoft.com/azure/container-apps/manage-secrets"


class ContainerAppCannotPull(AzureFailure):
    """The app has no way to pull from the registry."""

    app: str
    reason: str
    code = "container-app-cannot-pull"
    title = "{app} has no way to pull from the registry"
    happened = "{reason}"
    cause = "the app signs in to the registry on its own, not with the service connection"
    fix = "set appPullAccess to managedIdentity, which sets this up; or do it by hand: give the app's identity the role AcrPull on the registry (Container Registry Repository Reader where it uses ABAC), then az containerapp registry set --name {app!q} --server <registry> --identity system"
    link = _PULLING


class ImageRefusedCause(Cause):
    """Why Container Apps refuses an image."""

    MISSING = (
        "the registry has no such tag or digest",
        "run the pipeline again; check the registry's purge tasks and retention policy",
    )
    ACCESS = (
        "the registry refuses the app's own identity or credentials (a new role takes a few minutes to take effect)",
        "set appPullAccess to managedIdentity, which sets this up; or give the app's identity the role AcrPull on the registry (Container Registry Repository Reader where it uses ABAC)",
        _PULLING,
    )
    FIREWALL = (
        "the registry allows only selected networks, and Container Apps is not among them",
        "allow the environment's outbound addresses on the registry's Networking page, or give the environment's network a private endpoint of the registry",
        "https://aka.ms/acr/firewall",
    )
    OWN = ("Azure's response above gives the reason", "correct what it names, then run again")


class ImageRefused(OneOfSeveral, AzureFailure):
    """Container Apps looks the image up before it creates a revision, and refuses it."""

    app: str
    reference: str
    detail: str
    code = "container-app-refuses-image"
    title = "Container Apps refuses {reference} for {app}"
    happened = "Azure says: {detail}"

    @cached_property
    def known(self) -> ImageRefusedCause:
        """The cause that Azure's words name; the first one counts, as an anonymous attempt may follow it."""
        return next((cause for sign, cause in _SIGNS if sign in self.detail.lower()), ImageRefusedCause.OWN)


_SIGNS = (
    ("client with ip", ImageRefusedCause.FIREWALL),
    ("manifest_unknown", ImageRefusedCause.MISSING),
    ("name_unknown", ImageRefusedCause.MISSING),
    ("unauthorized", ImageRefusedCause.ACCESS),
    ("unable to pull image using managed identity", ImageRefusedCause.ACCESS),
    ("denied", ImageRefusedCause.ACCESS),
)


class ContainerImageNotSet(ImageNotSet):
    """The app's template does not name the image that was just written."""

    code = "container-image-not-set"
    happened = "the container's image should be {wanted}, but is {found}"


class RevisionPullUnauthorized(PullUnauthorized):
    """The registry refuses the credentials of a revision."""

    code = "revision-pull-unauthorized"
    happened = "Container Apps says: {line}{tail}"
    cause = "the app signs in to the registry on its own, not with the service connection, and its identity or its credentials were refused (a new role takes a few minutes to take effect)"
    fix = "set appPullAccess to managedIdentity, which sets this up; or give the app's identity the role AcrPull on the registry (Container Registry Repository Reader where it uses ABAC), and name it in the app's registries"
    link = _PULLING


class RevisionProbeFails(ToldStartFailure):
    """The program runs, but a probe of the platform fails."""

    code = "revision-probe-fails"
    title = "{app} runs {reference}, but its probe fails"
    happened = "Container Apps says: {line}{tail}"
    cause = "the program listens on a different port than the app's target port or on 127.0.0.1 only, or it starts more slowly than its startup probe allows"
    fix = "compare the ingress's target port with the port of the program (80 in the Functions images); give a slow program a startup probe with a longer initialDelaySeconds and failureThreshold"
    link = "https://learn.microsoft.com/azure/container-apps/health-probes"


class RevisionFailed(ToldStartFailure):
    """The revision failed in another way."""

    code = "revision-failed"
    title = "{app} does not start with {reference}: its revision failed"
    happened = "Container Apps says: {line}{tail}"
    cause = (
        "Container Apps reports nothing more; a quota of the environment or of the subscription may also be the reason"
    )
    fix = "check the revision's details and the system log in the portal; run the image locally with docker run {reference!q}"
    link = "https://learn.microsoft.com/azure/container-apps/deployment-errors"


class RevisionNotReady(StartFailure):
    """The new revision is still not ready when the verification times out, as Container Apps says."""

    minutes: str
    seen: str
    code = "revision-not-ready"
    title = "the revision of {app} with {reference} was not ready within {minutes} minutes"
    happened = "Container Apps last reported: {seen}"
    cause = "the image is large, the app starts slowly, or it does not start at all"
    fix = "check the app's system log in the portal; if it only needs longer, raise verifyTimeoutMinutes"
    link = "https://learn.microsoft.com/azure/container-apps/troubleshooting"


class RevisionWithoutFunctions(StartFailure):
    """The new revision is ready, but Azure lists no functions of it."""

    code = "revision-without-functions"
    title = "{app} runs {reference}, but has no functions"
    happened = "the revision is ready and its list of functions is empty"
    cause = "the functions are not in /home/site/wwwroot of the image, or their worker cannot load them"
    fix = "make sure that the Dockerfile copies the app to /home/site/wwwroot and sets AzureWebJobsScriptRoot to it; check the app's console log in the portal"
    link = _HOSTING
