"""Failures of building by ACR Tasks."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral, TaskFailure
from pytask.errors.inputs import InputMistake

_TASKS = "https://learn.microsoft.com/azure/container-registry/container-registry-tasks-overview"
_POOLS = "https://learn.microsoft.com/azure/container-registry/tasks-agent-pools"
_ON_THE_AGENT = "build on an agent with a Docker engine instead (buildOn: agent, pool: vmImage: ubuntu-latest)"


class AcrBuildNeedsRegistry(InputMistake):
    """A build by ACR Tasks without a registry to build in."""

    code = "acr-build-needs-registry"
    title = "buildOn: acr needs a registry to build the image in"
    happened = "{input} is empty, and the image name does not include a registry"
    cause = "ACR Tasks is a feature of an Azure Container Registry, so a build needs a registry even if the image is not pushed (command: build)"
    fix = "set {input} to the registry, such as contoso.azurecr.io"
    link = _TASKS


class AcrBuildNeedsAzure(InputMistake):
    """A build by ACR Tasks in a registry, or with a connection, that is not Azure's."""

    registry: str
    code = "acr-build-needs-azure"
    title = "{registry} cannot build images with this step's connections"
    happened = "buildOn is acr, but no connection of this step reaches {registry} through Azure Resource Manager"
    cause = "only Azure Container Registries have ACR Tasks, and builds are scheduled through Azure Resource Manager; a user name and password for the registry are not enough"
    fix = "set azureSubscription (or azureSubscriptionForACR) to a service connection whose identity has a role on the registry, and azureContainerRegistry to an Azure Container Registry"
    link = _TASKS


class AcrFlagUnavailable(InputMistake):
    """A flag of `docker build` that has a meaning only on an agent."""

    flag: str
    code = "acr-flag-unavailable"
    title = "{flag} has no effect on a build by ACR Tasks"
    happened = "{input} contains {flag}, and buildOn is acr"
    cause = "the flag is about the machine that builds, or names a file or folder on this agent, but ACR Tasks gets only the build context"
    fix = "remove {flag}; put what the build needs into the build context, or use buildOn: agent"


class AcrSecretUnsendable(TaskFailure):
    """A build secret that ACR Tasks cannot take."""

    id: str
    reason: str
    code = "acr-secret-unsendable"
    title = "the build secret {id} cannot be passed to ACR Tasks"
    happened = "{reason}"
    cause = "secrets reach the build in environment variables of the run, which take only text, and at most 64 KB for all secrets and arguments together"
    fix = "shorten the secret, or encode it as text if it is a binary file (base64), or use buildOn: agent"


class AcrRegistryUnseen(AzureFailure):
    """The connection cannot see the registry that is to build the image."""

    registry: str
    subscription: str
    code = "acr-registry-not-found"
    title = "this connection cannot see {registry}, which is to build the image"
    happened = "the subscription {subscription} has no registry with this login server that this connection can see"
    cause = "a build by ACR Tasks goes through Azure Resource Manager, which requires Microsoft.ContainerRegistry/registries/read; AcrPush and AcrPull do not include it"
    fix = "grant the connection's identity the role Container Registry Tasks Contributor on {registry}; for a registry in another subscription, set azureSubscriptionForACR to a connection there"
    link = _TASKS


class AcrTasksForbidden(AzureFailure):
    """The connection may not schedule builds."""

    registry: str
    detail: str
    scope: str
    code = "acr-tasks-forbidden"
    title = "this connection is not allowed to build in {registry}"
    happened = "{detail}"
    cause = "scheduling a build requires Microsoft.ContainerRegistry/registries/listBuildSourceUploadUrl/action, scheduleRun/action and runs/*; AcrPush does not include them"
    fix = 'grant it: az role assignment create --assignee-object-id … --assignee-principal-type ServicePrincipal --role "Container Registry Tasks Contributor" --scope {scope!q}'
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference"


class AcrTasksNotPermitted(AzureFailure):
    """The subscription may not use ACR Tasks at all."""

    registry: str
    detail: str
    code = "acr-tasks-not-permitted"
    title = "Azure does not permit ACR Tasks for {registry} and its subscription"
    happened = "Azure says: {detail}"
    cause = "Azure turns off ACR Tasks for subscriptions that use free credits (trial, student, sponsored, Visual Studio) and for those that it has flagged; no role changes that"
    fix = f"{_ON_THE_AGENT}; for a paid subscription, open a support request at https://aka.ms/azuresupport"
    link = _TASKS


class AcrRunRefusedCause(Cause):
    """Why a run is not scheduled."""

    POOL = (
        "the registry has no agent pool with this name, or it is not ready",
        "compare acrAgentPool with az acr agentpool list --registry {registry!q}; leave it empty for the shared agents",
        _POOLS,
    )
    OTHER = (
        "ACR Tasks did not accept the run",
        f"run the step again; if that fails too, {_ON_THE_AGENT}",
    )


class AcrRunRefused(OneOfSeveral, AzureFailure):
    """ACR Tasks did not accept the run."""

    registry: str
    detail: str
    code = "acr-run-refused"
    title = "{registry} did not accept the build"
    happened = "Azure says: {detail}"
    link = _TASKS

    @cached_property
    def known(self) -> AcrRunRefusedCause:
        """The cause that Azure's words name."""
        said = self.detail.lower().replace(" ", "")
        return AcrRunRefusedCause.POOL if "agentpool" in said else AcrRunRefusedCause.OTHER


class AcrUploadRefused(AzureFailure):
    """The storage account of ACR Tasks refused the build context."""

    detail: str
    code = "acr-upload-refused"
    title = "the build context could not be uploaded"
    happened = "the storage account says: {detail}"
    cause = "the address that ACR Tasks gave for the upload is no longer valid (it expires after an hour), or a proxy changed the request"
    fix = "run the step again; if the upload itself takes that long, leave files out of the context with .dockerignore"
    link = _TASKS


class AcrRunFailedCause(Cause):
    """Why a run failed outside of the Dockerfile."""

    FIREWALL = (
        "the registry allows only selected networks, and the shared agents of ACR Tasks are in none of them",
        "set acrAgentPool to an agent pool in the registry's network, or build on an agent that the registry accepts (buildOn: agent)",
        "https://learn.microsoft.com/azure/container-registry/manage-network-bypass-policy-for-tasks",
    )
    DENIED = (
        "the run may not push to the registry: in a registry that uses ABAC, it has only the permissions of the identity that scheduled it",
        "grant the connection's identity the role Container Registry Repository Writer on {registry}",
        "https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions",
    )
    OTHER = (
        "something in the run other than the Dockerfile failed",
        "fix what the end of the build log above names; az acr task logs --registry {registry!q} --run-id {run!q} shows it again",
    )


class AcrRunFailed(OneOfSeveral, AzureFailure):
    """The run failed, and not because of the Dockerfile."""

    registry: str
    run: str
    detail: str
    code = "acr-run-failed"
    title = "ACR Tasks run {run} in {registry} failed"
    happened = "{detail}"
    link = _TASKS

    @cached_property
    def known(self) -> AcrRunFailedCause:
        """The cause that the log names."""
        said = self.detail.lower()
        if "client with ip" in said or "acr/firewall" in said:
            return AcrRunFailedCause.FIREWALL
        is_denied = any(sign in said for sign in ("denied", "unauthorized", "authentication required", "forbidden"))
        return AcrRunFailedCause.DENIED if is_denied else AcrRunFailedCause.OTHER


class AcrRunTimedOut(AzureFailure):
    """The run took longer than ACR Tasks allows."""

    registry: str
    run: str
    code = "acr-run-timed-out"
    title = "ACR Tasks run {run} in {registry} took too long"
    happened = "ACR Tasks ended it with the status Timeout"
    cause = (
        "a run may take up to 8 hours; an instruction in the Dockerfile may be waiting for something that never happens"
    )
    fix = "fix the instruction that does not end; it is the last one in the log above"
    link = _TASKS


class AcrRunCanceled(AzureFailure):
    """Somebody else canceled the run."""

    registry: str
    run: str
    code = "acr-run-canceled"
    title = "somebody canceled ACR Tasks run {run} in {registry}"
    happened = "its status is Canceled, and this step did not cancel it"
    cause = "a person or another program ran az acr task cancel-run, or pressed Cancel in the portal"
    fix = "run the step again; the registry's activity log shows who canceled the run"


class AcrRunLost(AzureFailure):
    """It is not known how the run ended."""

    registry: str
    run: str
    detail: str
    leaves_open = True
    code = "acr-run-lost"
    title = "it is not known how ACR Tasks run {run} in {registry} ended"
    happened = "{detail}"
    cause = "Azure does not show the status of the run: it has an outage, or the connection's role does not include Microsoft.ContainerRegistry/registries/runs/read"
    fix = "look at the run (az acr task list-runs --registry {registry!q}); if it succeeded, deploy its image with command: deploy, else run the step again"
    link = _TASKS


class AcrImageMissing(AzureFailure):
    """The run succeeded, but its image is not in the registry."""

    reference: str
    run: str
    code = "acr-image-missing"
    title = "{reference} is not in the registry, although ACR Tasks run {run} succeeded"
    happened = "the registry answers that it has no such image"
    cause = "the tag has been deleted since then, or the run pushed to another registry"
    fix = "run the step again, and check the registry's purge tasks and retention policies"
