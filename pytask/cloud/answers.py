"""What an error response from Azure means.

Source of the format: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from __future__ import annotations

import re
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pytask.decode import decode, object_at, text_at
from pytask.errors.azure import (
    ApiVersionUnsupported,
    AzureFailing,
    AzureRefused,
    AzureRefusedCause,
    Forbidden,
    ForbiddenCause,
    Locked,
    OperationInProgress,
    SubscriptionDisabled,
    SubscriptionNotVisible,
    SubscriptionOfAnotherTenant,
    TokenRefused,
)
from pytask.errors.foreign import shortened, without_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.rest import HttpResponse

    from pytask.errors import AzureFailure, TaskFailure

_CORRELATION_HEADERS = ("x-ms-correlation-request-id", "x-ms-request-id", "x-ms-client-request-id")
_FORBIDDEN_CODES = frozenset({"AuthorizationFailed", "LinkedAuthorizationFailed", "Forbidden"})
_MEANINGS: dict[str, Callable[..., AzureFailure]] = {
    "ScopeLocked": Locked,
    "SubscriptionNotFound": SubscriptionNotVisible,
    "InvalidSubscriptionId": SubscriptionNotVisible,
    "ReadOnlyDisabledSubscription": SubscriptionDisabled,
    "InvalidAuthenticationTokenTenant": SubscriptionOfAnotherTenant,
    **dict.fromkeys(
        (
            "AuthenticationFailed",
            "InvalidAuthenticationToken",
            "InvalidAuthenticationTokenAudience",
            "ExpiredAuthenticationToken",
        ),
        TokenRefused,
    ),
}
_EXPIRED_CODES = frozenset({"AuthenticationFailed", "ExpiredAuthenticationToken", "InvalidAuthenticationToken"})
_EXPIRED = 'error="invalid_token"'
_VERSION_CODES = frozenset({"InvalidApiVersionParameter", "NoRegisteredProviderFound", "InvalidResourceType"})
_VERSION = re.compile(r"\b\d{4}-\d{2}-\d{2}(?![-\w])")
"""A version without a suffix such as `-preview`."""
_BUSY_WORDS = (
    "another operation is in progress",
    "operationinprogress",
    "ongoing provisioning operation",
    "acquire exclusive lock",
    "another modification is in progress",
)
"""https://github.com/Azure/azure-functions-on-container-apps/issues/59,
https://github.com/microsoft/vscode-azurefunctions/issues/1907"""
_BUSY_CODES = frozenset({"59203", "59207"})
"""App Service's own codes, in `ExtendedCode`."""
_PROVIDER_CODES = frozenset({"MissingSubscriptionRegistration", "SubscriptionNotRegistered"})
_POLICY_CODES = frozenset({"RequestDisallowedByPolicy", "PolicyViolation"})
_ASSIGNMENT_CODE = "RoleAssignmentUpdateNotPermitted"
_POLICY_NAMES = ("policyAssignmentDisplayName", "policyDefinitionDisplayName")
_SCOPES = ("linked scope", "over scope", "on scope")
"""The linked resource first: in its sentence, the other scope is where the identity does have the permission."""
_LONGEST_DETAIL = 1_200


def correlation_id(response: HttpResponse) -> str:
    """Return the id by which Microsoft support finds the call; empty when there is none."""
    return next((response.headers[name] for name in _CORRELATION_HEADERS if name in response.headers), "")


def text_of(response: HttpResponse) -> str:
    """Return an answer's body as text, even when it names a wrong encoding."""
    try:
        return response.text()
    except (LookupError, ValueError):
        return response.content.decode("utf-8-sig", errors="replace")


def says_busy(response: HttpResponse) -> bool:
    """Tell whether Azure is busy with the same app, so that it did not begin to carry out the call."""
    if response.status_code not in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
        return False
    text = text_of(response).lower()
    by_words = any(words in text for words in _BUSY_WORDS)
    return by_words or any(f'"extendedcode":"{code}"' in text.replace(" ", "") for code in _BUSY_CODES)


def error_of(response: HttpResponse) -> tuple[str, str]:
    """Return code and message of Azure's error in any of its known formats; otherwise the body as the message."""
    text = text_of(response).strip()
    code, message = _code_and_message(decode(response.content))
    return code, message or without_page(text) or response.reason


def _code_and_message(body: object) -> tuple[str, str]:
    """Return code and message of an error in JSON.

    Resource Manager nests it in `error`, App Service writes `Code` and `Message`, OAuth `error` and
    `error_description`, and OData a `message` with a `value`.
    """
    if code := text_at(body, "error"):
        return code, text_at(body, "error_description") or text_at(body, "message")
    error = object_at(body, "error") or object_at(body, "odata.error") or body
    message = text_at(error, "message") or text_at(error, "Message") or text_at(error, "message", "value")
    return text_at(error, "code") or text_at(error, "Code"), message


def version_refusal(doing: str, response: HttpResponse) -> ApiVersionUnsupported | None:
    """Return the failure for a refused api-version, with the newest supported one; None for any other answer.

    Sources of the messages: https://github.com/Azure/azure-cli/issues/23985, https://github.com/Azure/azure-cli/issues/28038
    """
    code, message = error_of(response)
    if code not in _VERSION_CODES:
        return None
    known = _VERSION.findall(message.partition("supported")[2])
    return ApiVersionUnsupported(
        doing=doing,
        newest=max(known, default=""),
        detail=shortened(f"{code}: {message}", _LONGEST_DETAIL),
        correlation_id=correlation_id(response),
    )


def refusal(doing: str, response: HttpResponse) -> TaskFailure:
    """Return the failure behind a refused call to Azure Resource Manager."""
    code, message = error_of(response)
    told: dict[str, Any] = {
        "doing": doing,
        "detail": _detail(code, message),
        "correlation_id": correlation_id(response),
    }
    if too_new := version_refusal(doing, response):
        return too_new
    if response.status_code == HTTPStatus.FORBIDDEN and code in _FORBIDDEN_CODES:
        return _forbidden(message, told)
    if code in _MEANINGS:
        return _MEANINGS[code](**told)
    if says_busy(response):
        return OperationInProgress(**told)
    return _refused(code, message, response, told)


def failing(doing: str, response: HttpResponse, attempts: int) -> TaskFailure:
    """Return the failure after the last attempt, whose answer has a status that is worth a retry."""
    detail, correlation = _detail(*error_of(response)), correlation_id(response)
    if says_busy(response):
        return OperationInProgress(doing=doing, detail=detail, correlation_id=correlation)
    status = response.status_code
    return AzureFailing(doing=doing, status=status, attempts=attempts, detail=detail, correlation_id=correlation)


def told_wait(failure: TaskFailure, words: str) -> TaskFailure:
    """Return a failure with the requested wait added to its detail, if it has one."""
    detail = vars(failure).get("detail")
    if words and isinstance(detail, str):
        vars(failure)["detail"] = f"{detail}{words}"
    return failure


def says_expired(response: HttpResponse) -> bool:
    """Tell whether a refusal means that the token is no longer valid, or never was.

    Source: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    """
    if response.status_code != HTTPStatus.UNAUTHORIZED:
        return False
    return error_of(response)[0] in _EXPIRED_CODES or _EXPIRED in response.headers.get("WWW-Authenticate", "")


def _detail(code: str, message: str) -> str:
    return shortened(f"{code}: {message}" if code else message, _LONGEST_DETAIL)


def _forbidden(message: str, told: dict[str, Any]) -> Forbidden:
    """Return the failure for a missing permission, with its name and scope as Azure reports them.

    Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
    """
    scope = next((_quoted(message, sign) for sign in _SCOPES if sign in message), "")
    linked = _SCOPES[0] in message
    permission = _quoted(message.partition("it does not have")[2] if linked else message, "perform action")
    if not permission:
        return Forbidden(**told)
    known = _known_right(permission, scope, linked=linked)
    return Forbidden(known=known, permission=permission, scope=scope or Forbidden.scope, **told)


def _known_right(permission: str, scope: str, *, linked: bool) -> ForbiddenCause:
    action, place = permission.lower(), scope.lower()
    if "/subnets/" in place:
        return ForbiddenCause.SUBNET
    if "microsoft.managedidentity" in action or "/userassignedidentities/" in place:
        return ForbiddenCause.IDENTITY
    if action.startswith("microsoft.app/"):
        return ForbiddenCause.CONTAINER_APP
    of_the_app = action.startswith("microsoft.web/") and not linked
    return ForbiddenCause.APP if of_the_app else ForbiddenCause.OTHER


def _refused(code: str, message: str, response: HttpResponse, told: dict[str, Any]) -> AzureRefused:
    known, subject = AzureRefusedCause.OWN, ""
    if code in _POLICY_CODES:
        known, subject = AzureRefusedCause.POLICY, _policies(message, response)
    elif code in _PROVIDER_CODES:
        known, subject = AzureRefusedCause.PROVIDER, _quoted(message, "namespace") or "<namespace>"
    elif code == _ASSIGNMENT_CODE:
        known = AzureRefusedCause.ASSIGNMENT
    return AzureRefused(known=known, status=response.status_code, subject=subject, **told)


def _policies(message: str, response: HttpResponse) -> str:
    """Return the names of the policies: in the newer format they are beside the message, in the older one within it.

    Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy
    """
    within = decode(message.partition("Policy identifiers: '")[2].rpartition("'")[0])
    known = (*_named(decode(response.content), _POLICY_NAMES), *_named(within, ("name",)))
    return shortened(", ".join(dict.fromkeys(known)), _LONGEST_DETAIL) or "its name is in the response above"


def _named(body: object, names: tuple[str, ...]) -> Iterator[str]:
    """Return the texts with one of these names, anywhere in a body."""
    waiting = deque([body])
    while waiting:
        one = waiting.popleft()
        if isinstance(one, dict):
            yield from filter(None, (text_at(one, name) for name in names))
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _quoted(text: str, sign: str) -> str:
    """Return the text in the first quotes after a sign."""
    return text.partition(sign)[2].partition("'")[2].partition("'")[0]
