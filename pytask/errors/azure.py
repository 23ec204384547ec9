"""Failures of Azure Resource Manager."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.base import AzureFailure


@dataclass(kw_only=True, eq=False)
class Forbidden(AzureFailure):
    """Azure refuses a call for want of a role."""

    doing: str
    detail: str
    code = "azure-forbidden"
    title = "the service connection has no right to {doing}"
    happened = "{detail}"
    cause = (
        "its identity has no role with this permission on the app or its resource group (a new role needs some minutes)"
    )
    mend = "give the connection's identity the role Website Contributor on the Function App or its resource group"
    link = (
        "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/web-and-mobile#website-contributor"
    )


@dataclass(kw_only=True, eq=False)
class Locked(AzureFailure):
    """A resource lock is in the way."""

    doing: str
    detail: str
    code = "azure-locked"
    title = "a lock keeps the task from trying to {doing}"
    happened = "{detail}"
    cause = "a read-only lock on the app, its resource group or the subscription"
    mend = "remove the lock for the deployment, or use a lock of the kind Delete instead of Read-only"


@dataclass(kw_only=True, eq=False)
class OperationInProgress(AzureFailure):
    """Azure is still at work on the same app."""

    doing: str
    detail: str
    code = "azure-busy"
    title = "Azure is still busy with another change of the app"
    happened = "trying to {doing}: {detail}"
    cause = "another pipeline or person is changing the same app"
    mend = "run again when that is over; let only one pipeline at a time deploy to an app (exclusive lock check)"


@dataclass(kw_only=True, eq=False)
class AzureRefused(AzureFailure):
    """Azure refuses a call for a reason of its own."""

    doing: str
    status: int
    detail: str
    code = "azure-refused"
    title = "Azure did not {doing}"
    happened = "it answered {status}: {detail}"
    cause = "the answer above is Azure's own reason"
    mend = "correct what it names; if it names nothing, run again, and give Microsoft support the correlation id"


@dataclass(kw_only=True, eq=False)
class AzureFailing(AzureFailure):
    """Azure goes on answering with its own faults."""

    doing: str
    status: int
    attempts: int
    detail: str
    code = "azure-failing"
    leaves_open = True
    title = "Azure did not {doing}, also when asked again"
    happened = "{attempts} attempts; the last answer was {status}: {detail}"
    cause = "the service is disturbed or throttles this subscription"
    mend = "run again later; see https://azure.status.microsoft, and give Microsoft support the correlation id"
