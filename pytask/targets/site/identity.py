"""The managed identities of an app, and assigning it another one.

Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pytask.access.setup import AppIdentity
from pytask.clock import Deadline
from pytask.cloud.answers import correlation_id, error_of, refusal
from pytask.cloud.arm import ArmCall, needed_part
from pytask.decode import object_at, text_at
from pytask.errors import once_sent
from pytask.errors.azure import AzureFailing
from pytask.errors.foreign import shell_word
from pytask.errors.pull import IdentityNotAssignable, PullIdentityNotAssigned, PullIdentityNotFound
from pytask.targets.site.site import az_flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.targets.site.site import Site

_IDENTITY_VERSION = "2023-01-31"
_OWN = "systemassigned"
_LINKED = "LinkedAuthorizationFailed"


def pulls_with(identity: AppIdentity) -> Mapping[str, object]:
    """Return the site properties that make the app pull with an identity.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-managed-identity-to-pull-image-from-azure-container-registry
    """
    return {"acrUseManagedIdentityCreds": True, "acrUserManagedIdentityID": identity.client_id}


def identities_of(resource: Mapping[str, Any]) -> tuple[AppIdentity, ...]:
    """Return the site's identities, with the system-assigned one first if there is one."""
    identity = object_at(resource, "identity")
    own = _OWN in text_at(identity, "type").lower()
    others = object_at(identity, "userAssignedIdentities").items()
    return (
        *([AppIdentity(principal_id=text_at(identity, "principalId"), assigned=True)] if own else []),
        *(_assigned(resource_id, ids) for resource_id, ids in others),
    )


def choose_identity(arm: Arm, site: Site, resource: Mapping[str, Any], wanted: str) -> AppIdentity:
    """Return the identity to pull with: the system-assigned one, or the user-assigned one with the id `wanted`.

    Raises:
        PullIdentityNotAssigned: for a client id that the app does not have.
        PullIdentityNotFound: for a resource id that the connection cannot see.
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
    raise PullIdentityNotAssigned(app=site.title, client=wanted, identities=told or "none")


def give_identity(arm: Arm, site: Site, identity: AppIdentity) -> AppIdentity:
    """Turn on the system-assigned identity, or assign a user-assigned one; existing identities stay.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update

    Raises:
        IdentityNotAssignable: when the connection lacks a permission on one of the identities.
    """
    doing = f"give the Function App {identity.title}"
    has = identities_of(_site(arm, site))  # read again: an identity that is not sent again is removed
    body = {"identity": _together((*has, identity))}
    call = ArmCall("PATCH", site.resource_id, doing=doing, body=body, besides={HTTPStatus.FORBIDDEN})
    answer = arm.send(call)
    if answer.status_code == HTTPStatus.FORBIDDEN:
        raise _refused(site, identity, answer, doing)
    with once_sent():
        return _shown(arm, site, identity, doing)


def identity_command(site: Site, identity: AppIdentity) -> str:
    """Return the command that assigns the identity to the app by hand.

    Source: https://learn.microsoft.com/cli/azure/functionapp/identity#az-functionapp-identity-assign
    """
    which = f" --identities {shell_word(identity.resource_id)}" if identity.resource_id else ""
    return f"az functionapp identity assign {az_flags(site.name, site.resource_group, site.slot)}{which}"


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


def _shown(arm: Arm, site: Site, identity: AppIdentity, doing: str) -> AppIdentity:
    """Return the identity as Azure shows it on the app, once it does."""
    http = arm.http
    deadline = Deadline.after(http.clock, http.timeouts.new_identity)
    while True:
        for one in identities_of(_site(arm, site)):
            if one.resource_id.lower() == identity.resource_id.lower() and one.principal_id:
                return one
        if deadline.passed():
            detail = "Azure does not list the identity on the app"
            raise AzureFailing(doing=doing, status=HTTPStatus.OK.value, attempts=1, detail=detail)
        http.clock.sleep(http.timeouts.first_poll)


def _site(arm: Arm, site: Site) -> JSONObject:
    """Return the site; an incomplete answer does not say which identities there are.

    Raises:
        AzureFailing: for such an answer, because writing identities from it would remove the missing ones.
    """
    doing = "read the app's identities"
    answer = arm.get(site.resource_id, doing=doing)
    if not (text_at(answer, "name") and object_at(answer, "properties")):
        raise AzureFailing(doing=doing, status=HTTPStatus.OK, attempts=1, detail="the answer is not a whole site")
    return answer


def _refused(site: Site, identity: AppIdentity, answer: HttpResponse, doing: str) -> Exception:
    code, message = error_of(answer)
    if code != _LINKED:
        return refusal(doing, answer)
    return IdentityNotAssignable(
        app=site.title,
        detail=f"{code}: {message}",
        command=identity_command(site, identity),
        correlation_id=correlation_id(answer),
    )
