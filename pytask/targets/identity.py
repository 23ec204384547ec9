"""The managed identities of an app, and assigning it another one.

Sources: https://learn.microsoft.com/azure/app-service/overview-managed-identity and
https://learn.microsoft.com/azure/container-apps/managed-identity
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pytask.access.setup import AppIdentity
from pytask.clock import Deadline
from pytask.cloud.answers import correlation_id, error_of, refusal
from pytask.cloud.arm import WEB_VERSION, ArmCall, needed_part
from pytask.decode import object_at, text_at
from pytask.errors import once_sent
from pytask.errors.azure import AzureFailing
from pytask.errors.pull import IdentityNotAssignable, PullIdentityNotAssigned, PullIdentityNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.model import App

_IDENTITY_VERSION = "2023-01-31"
_OWN = "systemassigned"
_LINKED = "LinkedAuthorizationFailed"


def identities_of(resource: Mapping[str, Any]) -> tuple[AppIdentity, ...]:
    """Return the app's identities, with the system-assigned one first if there is one."""
    identity = object_at(resource, "identity")
    own = _OWN in text_at(identity, "type").lower()
    others = object_at(identity, "userAssignedIdentities").items()
    return (
        *([AppIdentity(principal_id=text_at(identity, "principalId"), assigned=True)] if own else []),
        *(_assigned(resource_id, ids) for resource_id, ids in others),
    )


def choose_identity(arm: Arm, app: App, resource: Mapping[str, Any], wanted: str) -> AppIdentity:
    """Return the identity to pull with: the system-assigned one, or the user-assigned one with the id `wanted`.

    Raises:
        PullIdentityNotAssigned: for a client ID that the app does not have.
        PullIdentityNotFound: for a resource ID that the connection cannot see.
    """
    has = identities_of(resource)
    if not wanted:
        return next((one for one in has if not one.resource_id), AppIdentity())
    ids = {one.client_id.lower() for one in has} if "/" not in wanted else {one.resource_id.lower() for one in has}
    if wanted.lower() in ids:
        return next(one for one in has if wanted.lower() in {one.client_id.lower(), one.resource_id.lower()})
    if "/" in wanted:
        return _unassigned(arm, wanted)
    told = ", ".join(f"{one.client_id} ({one.title.removeprefix('the identity ')})" for one in has if one.resource_id)
    raise PullIdentityNotAssigned(app=app.title, client=wanted, identities=told or "none")


def give_identity(
    arm: Arm, app: App, identity: AppIdentity, *, command: str, api_version: str = WEB_VERSION
) -> AppIdentity:
    """Turn on the system-assigned identity, or assign a user-assigned one; existing identities stay.

    `command` does it by hand. Sources: https://learn.microsoft.com/rest/api/appservice/web-apps/update and
    https://learn.microsoft.com/rest/api/containerapps/container-apps/update

    Raises:
        IdentityNotAssignable: when the connection lacks a permission on one of the identities.
    """
    doing = f"give the Function App {identity.title}"
    has = identities_of(_whole(arm, app, api_version))  # read again: an identity that is not sent again is removed
    body = {"identity": _together((*has, identity))}
    call = ArmCall(
        "PATCH", app.resource_id, doing=doing, body=body, api_version=api_version, besides={HTTPStatus.FORBIDDEN}
    )
    answer = arm.send(call)
    if answer.status_code == HTTPStatus.FORBIDDEN:
        raise _refused(app, command, answer, doing)
    with once_sent():
        return _shown(arm, app, identity, doing, api_version)


def _assigned(resource_id: str, ids: object) -> AppIdentity:
    return AppIdentity(
        resource_id=resource_id,
        client_id=text_at(ids, "clientId"),
        principal_id=text_at(ids, "principalId"),
        assigned=True,
    )


def _unassigned(arm: Arm, resource_id: str) -> AppIdentity:
    """Return an identity that the app does not have yet.

    Source: https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities/get
    """
    doing = "look up the identity"
    invisible = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    answer = arm.send(ArmCall("GET", resource_id, doing=doing, api_version=_IDENTITY_VERSION, besides=invisible))
    if answer.status_code in invisible:
        correlation = correlation_id(answer)
        raise PullIdentityNotFound(identity=resource_id, status=answer.status_code, correlation_id=correlation)
    return replace(_assigned(resource_id, needed_part(answer, doing, "properties")), assigned=False)


def _together(identities: tuple[AppIdentity, ...]) -> dict[str, object]:
    own = any(not one.resource_id for one in identities)
    others = {one.resource_id.lower(): one.resource_id for one in identities if one.resource_id}
    kinds = [*(["SystemAssigned"] if own else []), *(["UserAssigned"] if others else [])]
    sent: dict[str, object] = {resource_id: {} for resource_id in others.values()}
    return {"type": ", ".join(kinds), **({"userAssignedIdentities": sent} if sent else {})}


def _shown(arm: Arm, app: App, identity: AppIdentity, doing: str, api_version: str) -> AppIdentity:
    """Return the identity as Azure shows it on the app, once it does."""
    http = arm.http
    deadline = Deadline.after(http.clock, http.timeouts.new_identity)
    while True:
        for one in identities_of(_whole(arm, app, api_version)):
            if one.resource_id.lower() == identity.resource_id.lower() and one.principal_id:
                return one
        if deadline.passed():
            detail = "Azure does not list the identity on the app"
            raise AzureFailing(doing=doing, status=HTTPStatus.OK.value, attempts=1, detail=detail)
        http.clock.sleep(http.timeouts.first_poll)


def _whole(arm: Arm, app: App, api_version: str) -> JSONObject:
    """Return the app as it is now.

    Raises:
        AzureFailing: for an incomplete answer, because writing identities from it would remove those that it lacks.
    """
    doing = "read the app's identities"
    answer = arm.get(app.resource_id, doing=doing, api_version=api_version)
    if not (text_at(answer, "name") and object_at(answer, "properties")):
        raise AzureFailing(doing=doing, status=HTTPStatus.OK, attempts=1, detail="the response is incomplete")
    return answer


def _refused(app: App, command: str, answer: HttpResponse, doing: str) -> Exception:
    code, message = error_of(answer)
    if code != _LINKED:
        return refusal(doing, answer)
    return IdentityNotAssignable(
        app=app.title,
        detail=f"{code}: {message}",
        command=command,
        correlation_id=correlation_id(answer),
    )
