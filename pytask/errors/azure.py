"""Failures of Azure Resource Manager."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral


class ForbiddenCause(Cause):
    """Which role grants the missing permission."""

    APP = (
        "its identity has no role with {permission} on {scope} (a new role takes a few minutes to take effect)",
        "give the connection's identity the role Website Contributor on the Function App or its resource group",
    )
    SUBNET = (
        "the app uses a virtual network, and changing such an app also requires the permission {permission} on its subnet: {scope}",
        "give the connection's identity the role Network Contributor on that subnet, or a custom role with {permission}",
    )
    IDENTITY = (
        "changing an app that has a user-assigned identity also requires the permission {permission} on that identity: {scope}",
        "give the connection's identity the role Managed Identity Operator on that identity",
    )
    CONTAINER_APP = (
        "its identity has no role with {permission} on {scope} (a new role takes a few minutes to take effect)",
        "give the connection's identity the role Container Apps Contributor on it or its resource group",
    )
    OTHER = (
        "its identity has no role with {permission} on {scope} (a new role takes a few minutes to take effect)",
        "give the connection's identity a role that includes {permission} on {scope}",
    )


class Forbidden(OneOfSeveral, AzureFailure):
    """Azure refuses a call because a role is missing."""

    known: ForbiddenCause = ForbiddenCause.APP
    doing: str
    detail: str
    permission: str = "this permission"
    scope: str = "the app or its resource group"
    """Where the permission is missing; a resource linked to the app has its own scope."""
    code = "azure-forbidden"
    title = "the service connection has no permission to {doing}"
    happened = "{detail}"
    link = "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"


class Locked(AzureFailure):
    """A resource lock prevents the change."""

    doing: str
    detail: str
    code = "azure-locked"
    title = "a lock does not allow the task to {doing}"
    happened = "{detail}"
    cause = "the app, its resource group or the subscription has a ReadOnly lock"
    fix = "remove the lock during the deployment, or replace the ReadOnly lock with a CanNotDelete lock"


class SubscriptionNotVisible(AzureFailure):
    """The identity cannot see the subscription (SubscriptionNotFound, InvalidSubscriptionId)."""

    doing: str
    detail: str
    code = "subscription-not-visible"
    title = "the service connection's identity cannot see its subscription"
    happened = "trying to {doing}: {detail}"
    cause = "the identity has no role on anything in it, or the subscription ID in the connection is wrong or belongs to another cloud"
    fix = "give the identity a role on the Function App or its resource group, or correct the subscription of the service connection"
    link = "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found"


class SubscriptionOfAnotherTenant(AzureFailure):
    """The token is from a different tenant than the subscription (InvalidAuthenticationTokenTenant)."""

    doing: str
    detail: str
    code = "subscription-of-another-tenant"
    title = "the service connection signs in to a different tenant than the one its subscription is in"
    happened = "trying to {doing}: {detail}"
    cause = "the subscription was moved to another tenant, or the connection's subscription and tenant do not match"
    fix = "create a service connection in the subscription's own tenant (az account show -s <subscription> --query tenantId shows it)"


class SubscriptionDisabled(AzureFailure):
    """The subscription is read-only (ReadOnlyDisabledSubscription)."""

    doing: str
    detail: str
    code = "subscription-disabled"
    title = "the subscription is disabled: nothing in it can be changed"
    happened = "trying to {doing}: {detail}"
    cause = "its credit or spending limit is used up, an invoice is unpaid, or its owner canceled it"
    fix = "ask its account administrator to enable it again (portal, Subscriptions), or deploy to another subscription"
    link = "https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-disabled"


class TokenRefused(AzureFailure):
    """Resource Manager does not accept the token."""

    doing: str
    detail: str
    code = "azure-token-refused"
    title = "Azure does not accept the service connection's token"
    happened = "trying to {doing}: {detail}"
    cause = "the connection's environment, server URL, and authority belong to different clouds, or this agent's clock is wrong"
    fix = "correct the service connection's environment, or set the agent's clock (timedatectl set-ntp true)"


class ApiVersionUnsupported(AzureFailure):
    """The cloud's Resource Manager does not support the API version."""

    doing: str
    newest: str
    detail: str
    code = "api-version-unsupported"
    title = "this cloud's Resource Manager is too old to {doing}"
    happened = "{detail}"
    cause = "Azure Stack Hub supports older API versions than Azure; the newest one that it offers ('{newest}') does not work either"
    fix = "update the App Service and Container Registry resource providers of the Azure Stack Hub, and run again"
    link = "https://learn.microsoft.com/azure-stack/user/azure-stack-profiles-azure-resource-manager-versions"


class OperationInProgress(AzureFailure):
    """Azure is still busy with another change to the same app."""

    doing: str
    detail: str
    code = "azure-busy"
    title = "Azure is still busy with another change to the app"
    happened = "trying to {doing}: {detail}"
    cause = "another pipeline or person is changing the same app"
    fix = "run again when that change is complete; let only one pipeline at a time deploy to an app (exclusive lock check)"


class AzureRefusedCause(Cause):
    """What the refusal is about, judged by Azure's error code."""

    OWN = (
        "the response above gives Azure's reason",
        "correct what it names; if it names nothing, run again, and give Microsoft support the correlation ID",
    )
    POLICY = (
        "a policy of the subscription or its management group does not allow the change: {subject}",
        "ask the policy's owner for an exemption (portal: Policy > Assignments), or change the step or the app so that it complies with the policy",
    )
    PROVIDER = (
        "the subscription has not registered the resource provider {subject}",
        "ask someone with the role Contributor on the subscription to run az provider register --namespace {subject!q} once, then run again",
    )
    ASSIGNMENT = (
        "a role assignment with the same name exists for another identity or scope",
        "delete that role assignment on the registry (az role assignment list --scope <registry> --all shows it), then run again",
    )


class AzureRefused(OneOfSeveral, AzureFailure):
    """Azure refuses a request for another reason."""

    known: AzureRefusedCause = AzureRefusedCause.OWN
    doing: str
    status: int
    detail: str
    subject: str = ""
    """The policy or the resource provider."""
    code = "azure-refused"
    title = "Azure refused the request to {doing}"
    happened = "it returned {status}: {detail}"


class AzureFailingCause(Cause):
    """Whether Azure is failing or throttling."""

    FAILING = (
        "the service has a temporary problem",
        "run again later; see https://azure.status.microsoft, and give Microsoft support the correlation ID",
    )
    THROTTLED = (
        "Azure limits how many requests a subscription or an identity can send in a given time, and that limit has been reached",
        "run again later; let fewer pipelines run at the same time with this service connection or subscription",
    )


class AzureFailing(OneOfSeveral, AzureFailure):
    """Azure keeps returning errors."""

    doing: str
    status: int
    attempts: int
    detail: str
    code = "azure-failing"
    leaves_open = True
    title = "the request to {doing} failed"
    happened = "attempts: {attempts}; the last response was {status}: {detail}"

    @cached_property
    def known(self) -> AzureFailingCause:
        """Whether Azure is failing or has had too many requests."""
        throttled = self.status == HTTPStatus.TOO_MANY_REQUESTS
        return AzureFailingCause.THROTTLED if throttled else AzureFailingCause.FAILING
