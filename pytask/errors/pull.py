"""Failures of the app's pull access to the registry."""

from __future__ import annotations

from pytask.errors.base import AzureFailure, TaskFailure
from pytask.errors.inputs import InputMistake

_GRANTING = "https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview"


class PullIdentityInvalid(InputMistake):
    """Neither a client ID nor the resource ID of a user-assigned identity."""

    value: str
    code = "pull-identity-invalid"
    title = "{input} does not name a user-assigned identity"
    happened = "{input} is '{value}'"
    cause = "a user-assigned identity is named by its client ID (a GUID) or by its resource ID (/subscriptions/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…)"
    fix = "set {input} to one of the two; leave it empty to pull with the system-assigned identity"


class PullImpossible(AzureFailure):
    """The app has no way to pull from the registry."""

    app: str
    reason: str
    identity: str
    code = "pull-impossible"
    title = "{app} has no way to pull from the registry"
    happened = "{reason}"
    cause = "the app signs in to the registry on its own, not with the service connection"
    fix = "set appPullAccess to managedIdentity, or give {identity} the role AcrPull on the registry (Container Registry Repository Reader where it uses ABAC) and set acrUseManagedIdentityCreds to true (az functionapp config set --generic-configurations …)"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container#use-managed-identity-to-pull-image-from-azure-container-registry"


class PullCredentialsMissing(TaskFailure):
    """The app has no user name and password for a registry that is not an Azure Container Registry."""

    app: str
    registry: str
    code = "pull-credentials-missing"
    title = "{app} has no user name and password to pull from {registry}"
    happened = "the settings DOCKER_REGISTRY_SERVER_URL and DOCKER_REGISTRY_SERVER_PASSWORD are missing, and {registry} does not allow the image to be read without credentials"
    cause = "the app signs in to the registry on its own; the connection in containerRegistry is for this step only"
    fix = "set DOCKER_REGISTRY_SERVER_URL to {registry} with https:// before it (for Docker Hub https://index.docker.io/v1), and DOCKER_REGISTRY_SERVER_USERNAME and DOCKER_REGISTRY_SERVER_PASSWORD to the credentials of a user with pull access: in appSettings of this step, with a secret variable or a Key Vault reference for the password"
    link = (
        "https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry"
    )


class PullAccessNeedsAzure(InputMistake):
    """An identity or an admin user for a registry that supports neither."""

    access: str
    registry: str
    code = "pull-access-needs-azure"
    title = "{input} is {access}, but {registry} is not an Azure Container Registry"
    happened = "the image is in {registry}, whose name is not that of an Azure Container Registry"
    cause = "managed identities and the admin user work only with Azure Container Registries; any other registry takes a user name and password"
    fix = "leave {input} out, and set DOCKER_REGISTRY_SERVER_URL, DOCKER_REGISTRY_SERVER_USERNAME and DOCKER_REGISTRY_SERVER_PASSWORD in appSettings"
    link = (
        "https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry"
    )


class PullAcrossTenants(AzureFailure):
    """The registry is in another tenant than the app."""

    app: str
    registry: str
    tenant: str
    registry_tenant: str
    code = "pull-across-tenants"
    title = "{app} cannot pull from {registry} with a managed identity"
    happened = "azureSubscription is in the tenant {tenant}, azureSubscriptionForACR in {registry_tenant}"
    cause = "a managed identity exists only in its own tenant, so a registry in another tenant cannot grant it a role"
    fix = "push to a registry in the app's own tenant; or set appPullAccess to keep and give the app a token for the registry in its DOCKER_REGISTRY_SERVER_* settings"
    link = "https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-faq"


class PullIdentityNotAssigned(AzureFailure):
    """The app has no user-assigned identity with this client ID."""

    app: str
    client: str
    identities: str
    code = "pull-identity-not-assigned"
    title = "{app} has no user-assigned identity {client}"
    happened = "pullIdentity is this client ID; the app's user-assigned identities are: {identities}"
    cause = "the id is misspelled, or the identity was not assigned to the app (a slot has its own identities)"
    fix = "set pullIdentity to the identity's resource ID, so that the task assigns it to the app; or correct the client ID"
    link = "https://learn.microsoft.com/azure/app-service/overview-managed-identity"


class PullIdentityNotFound(AzureFailure):
    """The connection cannot see the user-assigned identity to assign."""

    identity: str
    status: int
    code = "pull-identity-not-found"
    title = "there is no user-assigned identity {identity}"
    happened = "Azure returned {status} for it"
    cause = "the resource ID is wrong, or the service connection has no role on the identity (Azure's response is the same in both cases)"
    fix = "compare pullIdentity with the portal; if it is right, give the connection's identity the role Managed Identity Operator on it"
    link = (
        "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/identity#managed-identity-operator"
    )


class IdentityNotAssignable(AzureFailure):
    """Azure requires a permission on the identities themselves, including those that the app already has."""

    app: str
    detail: str
    command: str
    code = "identity-not-assignable"
    title = "this connection is not allowed to change the identities of {app}"
    happened = "{detail}"
    cause = "changing an app's identities requires a permission on each of its user-assigned identities, including those that are kept"
    fix = "give the connection's identity the role Managed Identity Operator on the identities named above, or ask someone who has that role to run this once:\n{command}"
    link = (
        "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/identity#managed-identity-operator"
    )


class RoleNotGrantable(AzureFailure):
    """The app's identity lacks the role, and the connection is not allowed to grant it."""

    app: str
    role: str
    registry: str
    detail: str
    command: str
    code = "role-not-grantable"
    title = "{app} needs the role {role} on {registry}, and this connection is not allowed to grant it"
    happened = "{detail}"
    cause = "granting it requires Microsoft.Authorization/roleAssignments/write on the registry, without a condition that excludes this role; Contributor and Website Contributor do not have it"
    fix = "give the connection's identity the Role Based Access Control Administrator role on the registry; or ask an administrator of the registry to run this command once, then run the pipeline again:\n{command}"
    link = _GRANTING


class IdentityNotReplicated(AzureFailure):
    """A new identity has not replicated throughout the directory yet (PrincipalNotFound)."""

    app: str
    detail: str
    code = "identity-not-replicated"
    title = "the identity of {app} has not replicated throughout Entra ID yet"
    happened = "{detail}"
    cause = "a new identity takes a few minutes to replicate, and this run stopped waiting before it had"
    fix = "run the pipeline again in a few minutes; if it persists, the identity was deleted: turn it off and on again for {app} (az functionapp identity assign)"
    link = "https://aka.ms/docs-principaltype"


class AdminUserUnreadable(AzureFailure):
    """The connection cannot read the registry's admin user."""

    registry: str
    detail: str
    code = "admin-user-unreadable"
    title = "this connection cannot read the admin user of {registry}"
    happened = "{detail}"
    cause = "reading its password requires Microsoft.ContainerRegistry/registries/read and …/listCredentials/action on the registry; AcrPush has neither"
    fix = "set appPullAccess to managedIdentity, which needs no password; or give the connection's identity the role Contributor on the registry"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account"


class AdminUserDisabled(AzureFailure):
    """The registry's admin user is disabled."""

    registry: str
    code = "admin-user-disabled"
    title = "the admin user of {registry} is disabled"
    happened = "appPullAccess is adminUser, but the registry's admin user is not enabled"
    cause = "it is disabled by default, because its password gives access to the whole registry"
    fix = "set appPullAccess to managedIdentity, which needs no password; or enable it: az acr update --name {registry!q} --admin-enabled true"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account"


class PullSettingIsReference(AzureFailure):
    """A setting that would be overwritten is a Key Vault reference."""

    app: str
    names: str
    code = "pull-setting-is-reference"
    title = "{app} has its registry password in a key vault, which the task does not overwrite"
    happened = "appPullAccess is adminUser, and these settings are Key Vault references: {names}"
    cause = "someone moved the password out of the app's settings on purpose"
    fix = "set appPullAccess to keep and store the password in the key vault's secret; or delete these settings first"
    link = "https://learn.microsoft.com/azure/app-service/app-service-key-vault-references"
