"""What an answer of Azure means.

Source of the shape: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pytask.errors.azure import (
    ApiVersionUnsupported,
    AzureRefused,
    Forbidden,
    Locked,
    OperationInProgress,
    SubscriptionDisabled,
    SubscriptionNotVisible,
    SubscriptionOfAnotherTenant,
    TokenRefused,
)

if TYPE_CHECKING:
    from collections.abc import Callable

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
        ("InvalidAuthenticationToken", "InvalidAuthenticationTokenAudience", "ExpiredAuthenticationToken"), TokenRefused
    ),
}
_VERSION_CODES = frozenset({"InvalidApiVersionParameter", "NoRegisteredProviderFound", "InvalidResourceType"})
_VERSION = re.compile(r"\b\d{4}-\d{2}-\d{2}(?![-\w])")
"""A version without a suffix such as `-preview`."""
_LONGEST_DETAIL = 800


def correlation_id(response: HttpResponse) -> str:
    """Give the id by which Microsoft's support finds the call; empty when there is none."""
    return next((response.headers[name] for name in _CORRELATION_HEADERS if name in response.headers), "")


def retry_after(response: HttpResponse) -> float | None:
    """Give the seconds that the server asks to wait; None when it does not ask.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = response.headers.get("Retry-After", "")
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return None


def says_busy(response: HttpResponse) -> bool:
    """Tell whether Azure is at work on the same app, so that the call was not begun.

    Source: https://github.com/Azure/azure-functions-on-container-apps/issues/59
    """
    return response.status_code == 409 and "another operation is in progress" in response.text().lower()  # noqa: PLR2004 - HTTP


def error_of(response: HttpResponse) -> tuple[str, str]:
    """Give code and message of Azure's error; the body itself when it has another shape."""
    text = response.text().strip()
    try:
        body = json.loads(text)
        error = body.get("error", body)
        return str(error.get("code") or error.get("Code") or ""), str(
            error.get("message") or error.get("Message") or text
        )
    except (ValueError, AttributeError):
        return "", text or response.reason


def version_refusal(doing: str, response: HttpResponse) -> ApiVersionUnsupported | None:
    """Give the refusal of an api-version, with the newest that is supported; None for any other answer.

    Sources of the words: https://github.com/Azure/azure-cli/issues/23985, https://github.com/Azure/azure-cli/issues/28038
    """
    code, message = error_of(response)
    if code not in _VERSION_CODES:
        return None
    known = _VERSION.findall(message.partition("supported")[2])
    return ApiVersionUnsupported(
        doing=doing,
        newest=max(known, default=""),
        detail=f"{code}: {message}"[:_LONGEST_DETAIL],
        correlation_id=correlation_id(response),
    )


def refusal(doing: str, response: HttpResponse) -> TaskFailure:
    """Give the failure that a refused call to Azure Resource Manager is."""
    code, message = error_of(response)
    detail = f"{code}: {message}"[:_LONGEST_DETAIL] if code else message[:_LONGEST_DETAIL]
    correlation = correlation_id(response)
    if too_new := version_refusal(doing, response):
        return too_new
    if response.status_code == 403 and code in _FORBIDDEN_CODES:  # noqa: PLR2004 - HTTP
        return Forbidden(doing=doing, detail=detail, correlation_id=correlation)
    if code in _MEANINGS:
        return _MEANINGS[code](doing=doing, detail=detail, correlation_id=correlation)
    if says_busy(response):
        return OperationInProgress(doing=doing, detail=detail, correlation_id=correlation)
    return AzureRefused(doing=doing, status=response.status_code, detail=detail, correlation_id=correlation)
