"""What a refused sign-in means.

Sources: https://learn.microsoft.com/entra/identity-platform/reference-error-codes and
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError

from pytask.errors.azure import AzureFailing
from pytask.errors.base import facts_of
from pytask.errors.sign_in import (
    AssertionOutOfTime,
    AudienceUnknown,
    CertificateRefused,
    ClientDisabled,
    ClientUnknown,
    ConditionalAccessBlocks,
    FederationMismatch,
    ManagedIdentityMissing,
    ManagedIdentityUnreachable,
    OidcTokenRefused,
    SecretExpired,
    SecretWrong,
    SignInRefused,
    TenantUnknown,
)
from pytask.model import FederatedIdentity, ManagedIdentity

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.errors import AzureFailure, TaskFailure
    from pytask.model import ServiceConnection

_MEANINGS: dict[str, type[AzureFailure]] = {
    "53003": ConditionalAccessBlocks,
    "90002": TenantUnknown,
    **dict.fromkeys(("50001", "500011", "500014", "650057"), AudienceUnknown),
    "530032": ConditionalAccessBlocks,
    "700016": ClientUnknown,
    "700024": AssertionOutOfTime,
    "700027": CertificateRefused,
    "900023": TenantUnknown,
    "900382": TenantUnknown,
    "900439": TenantUnknown,
    "7000112": ClientDisabled,
    "7000215": SecretWrong,
    "7000222": SecretExpired,
    "7000229": ClientUnknown,
    **dict.fromkeys(("70021", "700211", "700212", "700213"), FederationMismatch),
}
_AUDIENCE = r"(?:resource principal named|Requested resource:|Resource value from request:) '?([^\s']+)"
_NO_SUCH_IDENTITY = re.compile(
    "identity not found|no .*managed identity found|multiple user assigned identities", re.IGNORECASE
)
"""In words only: every refusal of the endpoints is a 400."""
_TOO_MANY, _UNAUTHORIZED, _REFUSED, _SERVER_FAULTS = 429, 401, 400, 500
_LONGEST_DETAIL = 800


def keep_refusal(response: PipelineResponse[HttpRequest, HttpResponse]) -> None:
    """Raise a refused call as it is; azure-identity and MSAL would keep of it an exception without status or words.

    Azure Arc's challenge is let through: it is answered with a file that only the machine's own agents may read.
    https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
    """
    answer = response.http_response
    challenge = answer.status_code == _UNAUTHORIZED and response.http_request.method == "GET"
    if answer.status_code >= _REFUSED and not challenge:
        refusal = HttpResponseError(response=answer)
        refusal.message = _words(answer)
        raise refusal


def refusal_behind(error: Exception) -> Exception:
    """Give the refusal that an error of azure-identity stands for."""
    while isinstance(error.__cause__, AzureError):
        error = error.__cause__
    return error


def sign_in_failure(refusal: Exception, connection: ServiceConnection, *, attempts: int) -> TaskFailure:
    """Give the failure that it is when nobody gives a token."""
    if isinstance(refusal, OidcTokenRefused):
        return refusal
    text = str(refusal.message if isinstance(refusal, AzureError) else refusal)
    status = refusal.status_code or 0 if isinstance(refusal, HttpResponseError) else 0
    if status == _TOO_MANY or status >= _SERVER_FAULTS:
        told = {"detail": _line(text), "correlation_id": _correlation(text)}
        return AzureFailing(doing="sign the service connection in", status=status, attempts=attempts, **told)
    if isinstance(connection.identity, ManagedIdentity) and "AADSTS" not in text:
        return _machine_failure(text, connection.identity, connection)
    return entra_failure(text, connection)


def entra_failure(text: str, connection: ServiceConnection) -> AzureFailure:
    """Give the failure behind an AADSTS code."""
    code = _found(r"AADSTS(\d+)", text)
    identity = connection.identity
    issuer, subject = (identity.issuer, identity.subject) if isinstance(identity, FederatedIdentity) else ("", "")
    facts = {
        "tenant": connection.tenant_id,
        "authority": connection.cloud.authority_url,
        "audience": _found(_AUDIENCE, text) or "the service that the token is for",
        "issuer": issuer,
        "subject": subject,
        "page": connection.page,
        "detail": _line(text),
        "correlation_id": _correlation(text),
    }
    meaning = _MEANINGS.get(code, SignInRefused)
    return meaning(**{fact: facts[fact] for fact in facts_of(meaning)})


def _machine_failure(text: str, identity: ManagedIdentity, connection: ServiceConnection) -> TaskFailure:
    detail = _line(text)
    if not _NO_SUCH_IDENTITY.search(text):
        return ManagedIdentityUnreachable(page=connection.page, detail=detail)
    told = f"the managed identity {identity.client_id}" if identity.client_id else "a managed identity"
    return ManagedIdentityMissing(identity=told, page=connection.page, detail=detail)


def _words(answer: HttpResponse) -> str:
    """Give what an answer says of its refusal: Entra ID and machines word it in `error_description`."""
    text = answer.text().strip()
    try:
        body = json.loads(text)
        told = body.get("error_description") or body.get("message") or text
        return str(told)
    except (ValueError, AttributeError):
        return text or answer.reason


def _line(text: str) -> str:
    """Give the line that has the code, else the first."""
    lines = text.splitlines() or [""]
    return next((line for line in lines if "AADSTS" in line), lines[0]).strip()[:_LONGEST_DETAIL]


def _correlation(text: str) -> str:
    return _found(r"Correlation ID: ([0-9a-f-]{36})", text)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""
